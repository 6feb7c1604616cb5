"""One list: the code's settings, the template's parameters, the sample file and the README's table."""

from __future__ import annotations

import json
import re
from typing import Any, get_args

import pytest
from annotated_types import Ge, Le
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from shared.setting_model import Settings
from tests.infra.bicep import Value
from tests.infra.template import FOLDER, read
from tests.unit.test_docs import shown

ROOT = FOLDER.parent
SETTINGS = {field.alias or name.upper(): field for name, field in Settings.model_fields.items()}
GIVEN = read("main.bicep").variables["given"]
KNOWN = read("main.bicep").variables["known"]
# In Azure these are nobody's to decide.
HOSTS_ALONE = {"AzureWebJobsStorage__blobServiceUri"}  # the host's locks and keys: the code has no blobs
PLATFORM = {
    "WEBSITE_HOSTNAME": "the platform says what the app is called",
    "WEBSITE_AUTH_ENABLED": "the platform says whether it signs people in",
}
NOT_IN_AZURE = {
    "AzureWebJobsStorage": "a connection string holds a key, and the account takes none",
    "AzureWebJobsStorage__accountName": "the services' addresses are set, which are right in every cloud",
    "PARTNER_CENTER_AUTH": "its one other value is the sandbox's",
    "PARTNER_CENTER_REFRESH_TOKEN": "a secret, for development; in Azure it lies in its vault",
    "PARTNER_CENTER_TOKEN": "the sandbox's",
    "DATAVERSE_TOKEN": "the sandbox's",
}
# On a machine the connection string of the emulator takes the place of these.
NOT_ON_A_MACHINE = PLATFORM | {
    name: "an identity of Azure's"
    for name in SETTINGS
    if name.startswith("AzureWebJobsStorage__") or name == "AZURE_CLIENT_ID"
}
CORE_TOOLS = {"FUNCTIONS_WORKER_RUNTIME": "python"}  # what the functions host of a machine asks for
NARROWER = {  # what the code allows and a template does not
    "DATAVERSE_AUTH": {"default", "static"},  # whoever is signed in on a machine; the sandbox
}
PLACEHOLDERS = re.compile(r"^<.+>$|^0{8}(-0{4}){3}-0{12}$|^https://contoso\.")
TABLE = re.compile(r"^\| `(\w+)` \| (.+?) \| .+ \|$", re.MULTILINE)
each_given = pytest.mark.parametrize("name", sorted(GIVEN))


def camel(name: str) -> str:
    first, *others = name.lower().split("_")
    return first + "".join(word.capitalize() for word in others)


def plain(default: Any) -> str:
    """A default as an environment variable would hold it."""
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    if isinstance(default, bool):
        return str(default).lower()
    return (
        ",".join(sorted(default))
        if isinstance(default, frozenset)
        else ",".join(default)
        if isinstance(default, tuple)
        else str(default)
    )


def of_parameter(default: Value) -> str:
    return ",".join(default) if isinstance(default, tuple) else plain(default)


def literals(field: FieldInfo) -> set[str]:
    return {one for one in get_args(field.annotation) if isinstance(one, str)}


def test_every_setting_is_somebodys() -> None:
    """Each is a parameter, known to the template, the platform's, or for a machine alone; never two of these."""
    groups = [set(GIVEN), set(KNOWN) - HOSTS_ALONE, set(PLATFORM), set(NOT_IN_AZURE)]
    assert sorted(name for group in groups for name in group) == sorted(SETTINGS)


@each_given
def test_a_parameter_is_called_like_its_setting(name: str) -> None:
    """`DEAL_VALUE_FIELD` is `dealValueField`, and nothing else goes into it."""
    words = re.findall(r"\w+", str(GIVEN[name]))
    assert [word for word in words if word in read("main.bicep").parameters] == [camel(name)]


@each_given
def test_a_parameter_has_its_settings_default(name: str) -> None:
    """Who gives nothing gets what the code would take by itself."""
    parameter = read("main.bicep").parameters[camel(name)]
    assert not parameter.required
    assert of_parameter(parameter.default) == plain(SETTINGS[name].default)


@each_given
def test_a_parameter_has_its_settings_type(name: str) -> None:
    """A switch is a bool, a number an int, a list an array of texts."""
    kinds = {bool: "bool", int: "int", frozenset: "string[]", tuple: "string[]"}
    assert read("main.bicep").parameters[camel(name)].type == kinds.get(type(SETTINGS[name].default), "string")


@each_given
def test_a_parameter_allows_what_its_setting_allows(name: str) -> None:
    """The same words, less those that are for a machine; the same bounds."""
    said, field = read("main.bicep").parameters[camel(name)].decorators, SETTINGS[name]
    assert set(said.get("allowed", ((),))[0]) == literals(field) - NARROWER.get(name, set())
    low = [one.ge for one in field.metadata if isinstance(one, Ge)]
    high = [one.le for one in field.metadata if isinstance(one, Le)]
    assert ([*said.get("minValue", ())], [*said.get("maxValue", ())]) == (low, high)


def test_the_names_of_secrets_are_parameters() -> None:
    """Where the code reads a secret by a reference, its name in the vault is somebody's to choose."""
    parameters = read("main.bicep").parameters
    for name in ("PARTNER_CENTER_CLIENT_SECRET", "DATAVERSE_CLIENT_SECRET"):
        assert parameters[f"{camel(name)}Name"].default == name.lower().replace("_", "-")
        assert camel(name) + "Name" in KNOWN[name]
        assert isinstance(SETTINGS[name].default, SecretStr)


def test_the_sample_file_is_the_same_list() -> None:
    """What a newcomer copies has every setting that works on a machine, in the code's own words."""
    values = json.loads((ROOT / "local.settings.sample.json").read_text("utf-8"))["Values"]
    assert values.keys() == (SETTINGS.keys() - NOT_ON_A_MACHINE.keys()) | CORE_TOOLS.keys()
    assert {name: values[name] for name in CORE_TOOLS} == CORE_TOOLS
    told = {name: text for name, text in values.items() if name in SETTINGS and not PLACEHOLDERS.match(text)}
    own = {"AzureWebJobsStorage": "UseDevelopmentStorage=true", "DATAVERSE_AUTH": "client_secret"}  # a machine's
    assert told == {name: own.get(name, plain(SETTINGS[name].default)) for name in told}


def test_the_readmes_table_is_the_same_list() -> None:
    """Every setting with its default, once."""
    text = (ROOT / "README.md").read_text("utf-8")
    table = text.partition("<!-- settings: begin -->")[2].partition("<!-- settings: end -->")[0]
    rows = TABLE.findall(table)
    assert len(rows) == len(dict(rows)) == len(table.strip().splitlines()) - 2
    assert dict(rows) == {name: shown(field.default) for name, field in SETTINGS.items()}
