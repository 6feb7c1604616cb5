"""Every template is one that a compiler could read: syntax, names, types, calls, versions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.infra.bicep import Output, Parameter
from tests.infra.names import FUNCTIONS, declared, used, wrong
from tests.infra.template import FOLDER, Template, parse, read

TEMPLATES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.bicep"))
FILES = [*TEMPLATES, *sorted(path.name for path in FOLDER.glob("*.bicepparam"))]
each_file = pytest.mark.parametrize("name", FILES)
each_template = pytest.mark.parametrize("name", TEMPLATES)
# One version a type, none of them a year old and none in preview where there is another.
# https://github.com/Azure/bicep-types-az, August 2026
VERSIONS = {
    "Microsoft.Authorization/roleAssignments": "2022-04-01",
    "Microsoft.Insights/actionGroups": "2023-01-01",
    "Microsoft.Insights/components": "2020-02-02",
    "Microsoft.Insights/diagnosticSettings": "2021-05-01-preview",  # there is no other
    "Microsoft.Insights/metricAlerts": "2018-03-01",
    "Microsoft.Insights/scheduledQueryRules": "2023-12-01",
    "Microsoft.Insights/workbooks": "2023-06-01",
    "Microsoft.KeyVault/vaults": "2024-11-01",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "2024-11-30",
    "Microsoft.Network/privateDnsZones": "2024-06-01",
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": "2024-06-01",
    "Microsoft.Network/privateEndpoints": "2025-05-01",
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": "2025-05-01",
    "Microsoft.Network/virtualNetworks": "2025-05-01",
    "Microsoft.OperationalInsights/workspaces": "2025-02-01",
    "Microsoft.Resources/resourceGroups": "2024-03-01",
    "Microsoft.Storage/storageAccounts": "2025-06-01",
    "Microsoft.Storage/storageAccounts/blobServices": "2025-06-01",
    "Microsoft.Storage/storageAccounts/blobServices/containers": "2025-06-01",
    "Microsoft.Storage/storageAccounts/queueServices": "2025-06-01",
    "Microsoft.Storage/storageAccounts/queueServices/queues": "2025-06-01",
    "Microsoft.Storage/storageAccounts/tableServices": "2025-06-01",
    "Microsoft.Storage/storageAccounts/tableServices/tables": "2025-06-01",
    "Microsoft.Web/serverfarms": "2024-11-01",
    "Microsoft.Web/sites": "2024-11-01",
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": "2024-11-01",
    "Microsoft.Web/sites/config": "2024-11-01",
}
IMPORT = re.compile(r"^import \{([^}]+)\} from '([^']+)'$", re.MULTILINE)
EXPORT = re.compile(r"^@export\(\)\n(?:@.*\n)*type (\w+)", re.MULTILINE)
TYPES = ("string", "int", "bool", "object", "array")


@each_file
def test_it_can_be_read(name: str) -> None:
    """The grammar understands every line."""
    assert wrong(read(name)) == []


@each_file
def test_nothing_is_used_that_is_not_there(name: str) -> None:
    """Each name is declared in the file, by a loop around it, or is one of Bicep's functions."""
    template = read(name)
    assert set(used(template.root)) - declared(template) - FUNCTIONS == set()


@each_template
def test_what_is_imported_is_exported_there(name: str) -> None:
    """A type of another file is one that this file lets out."""
    for names, path in IMPORT.findall((FOLDER / name).read_text(encoding="utf-8")):
        let_out = EXPORT.findall((FOLDER / name).parent.joinpath(path).read_text(encoding="utf-8"))
        assert {one.strip() for one in names.split(",")} - {*let_out} == set()


@each_template
def test_nothing_is_there_that_is_not_used(name: str) -> None:
    """Each parameter and variable is taken somewhere."""
    template = read(name)
    assert (template.parameters.keys() | template.variables.keys()) - set(used(template.root)) == set()


@each_template
def test_every_parameter_and_output_says_what_it_is(name: str) -> None:
    """A description of at least two words, and a type that exists."""
    template = read(name)
    said: list[Parameter | Output] = [*template.parameters.values(), *template.outputs.values()]
    assert [one.name for one in said if len(one.description.split()) < 2] == []
    kinds = {one.name: one.type.rstrip("?").removesuffix("[]") for one in said}
    assert {name for name, kind in kinds.items() if kind not in TYPES and kind not in declared(template)} == set()


@each_template
def test_every_number_has_a_lower_bound(name: str) -> None:
    """Minus one instance, day or gigabyte is refused before anything is made."""
    numbers = [one for one in read(name).parameters.values() if one.type == "int"]
    assert [one.name for one in numbers if not one.decorators.keys() & {"minValue", "allowed"}] == []


@each_template
def test_a_default_is_one_of_the_values_that_are_allowed(name: str) -> None:
    """Of a parameter with a list of values, the default is in the list; of one with bounds, between them."""
    for one in read(name).parameters.values():
        if not one.required and "allowed" in one.decorators:
            assert one.default in one.decorators["allowed"][0], one.name
        if not one.required and one.type == "int":
            (low,), (high,) = one.decorators.get("minValue", (0,)), one.decorators.get("maxValue", (10**9,))
            assert low <= one.default <= high, one.name


@each_template
def test_a_module_is_given_what_it_asks_for(name: str) -> None:
    """A call names every parameter without a default, none that the module lacks, and outputs that it has."""
    template = read(name)
    for module in template.modules:
        called = read(str(Path(name).parent / module.path))
        required = {one.name for one in called.parameters.values() if one.required}
        assert required - module.given.keys() == set(), module.symbol
        assert module.given.keys() - called.parameters.keys() == set(), module.symbol
        assert outputs_taken(template, module.symbol) - called.outputs.keys() == set(), module.symbol


@each_template
def test_each_type_has_one_version(name: str) -> None:
    """What is made and what is referred to is asked for at the version that was checked against its schema."""
    assert {one.type: one.version for one in read(name).resources if VERSIONS.get(one.type) != one.version} == {}


def test_no_version_is_kept_that_nobody_asks_for() -> None:
    """The table holds what the templates make."""
    assert VERSIONS.keys() == {one.type for name in TEMPLATES for one in read(name).resources}


def test_every_module_is_part_of_the_whole() -> None:
    """A file that main.bicep does not call would be checked and never deployed."""
    assert {module.path for module in read("main.bicep").modules} == set(TEMPLATES) - {"main.bicep"}


def outputs_taken(template: Template, symbol: str) -> set[str]:
    words = template.root.text or b""
    parts = words.decode("utf-8").split(f"{symbol}.outputs.")[1:]
    return {
        "".join(letter if letter.isalnum() or letter == "_" else " " for letter in part).split()[0] for part in parts
    }


WRONG = {
    "param name string\noutput other string = nmae": "nmae",
    "var list = [for one in many: one]": "many",
    "var list = map([1], one => two)": "two",
    "resource r 'T@1' = if (on) { name: 'x' }": "on",
    "var text = 'a-${missing}'": "missing",
}


@pytest.mark.parametrize(("source", "name"), WRONG.items())
def test_a_name_that_is_nowhere_is_found(source: str, name: str) -> None:
    """The check itself: loops and lambdas declare their own names and nothing else's."""
    template = parse(Path("seeded.bicep"), source)
    assert set(used(template.root)) - declared(template) - FUNCTIONS == {name}


@pytest.mark.parametrize("source", ["param name = ", "resource r 'T@1' {", "var a = [1, 2"])
def test_a_line_that_nobody_can_read_is_found(source: str) -> None:
    """The check itself: what is missing or too much has a line."""
    assert wrong(parse(Path("seeded.bicep"), source)) != []
