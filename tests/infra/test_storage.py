"""The storage account: opened by identities alone, with every queue and table that the code reads."""

from __future__ import annotations

import json
from pathlib import Path

from shared.platform import cursors, links, parked, pauses
from tests.infra.bicep import Expression
from tests.infra.template import FOLDER, read

STORAGE = "Microsoft.Storage/storageAccounts"
CODE = Path(__file__).parents[2] / "shared"


def test_no_key_opens_it() -> None:
    """Shared keys are off, signatures made from them with it, and local users too."""
    account = read("modules/storage.bicep").resource(STORAGE)
    assert account.at("properties.allowSharedKeyAccess") is False
    assert account.at("properties.isLocalUserEnabled") is False
    assert account.at("properties.defaultToOAuthAuthentication") is True


def test_nothing_in_it_is_public() -> None:
    """No container can be opened to everybody, and the one that is made is not."""
    template = read("modules/storage.bicep")
    assert template.resource(STORAGE).at("properties.allowBlobPublicAccess") is False
    assert template.resource(f"{STORAGE}/blobServices/containers").at("properties.publicAccess") == "None"
    assert template.resource(STORAGE).at("properties.allowCrossTenantReplication") is False


def test_it_talks_tls_alone() -> None:
    """https, and TLS 1.2 at least."""
    account = read("modules/storage.bicep").resource(STORAGE)
    assert account.at("properties.minimumTlsVersion") == "TLS1_2"
    assert account.at("properties.supportsHttpsTrafficOnly") is True


def test_every_queue_is_there_with_its_poison_twin() -> None:
    """Both loops run over infra/queues.json, which the code's own tests hold to its triggers."""
    template = read("modules/storage.bicep")
    assert str(template.variables["queues"]) == "loadJsonContent('../queues.json')"
    queues = {one.symbol: one for one in template.made if one.type == f"{STORAGE}/queueServices/queues"}
    assert {one.each for one in queues.values()} == {"for flow in queues"}
    assert {str(one.at("name")) for one in queues.values()} == {"flow", "'${flow}-poison'"}
    assert all(isinstance(one, str) for one in json.loads((FOLDER / "queues.json").read_text("utf-8")))


def test_the_tables_are_those_of_the_code() -> None:
    """Each table that the code opens, and no other."""
    template = read("modules/storage.bicep")
    assert set(template.variables["tables"]) == {cursors.TABLE, links.TABLE, parked.TABLE, pauses.TABLE}
    assert template.resource(f"{STORAGE}/tableServices/tables").each == "for kind in tables"


def test_no_other_module_of_the_code_names_a_table() -> None:
    """The four modules above are all that have one, so that a fifth is missed here and not in Azure."""
    named = {path.stem for path in CODE.rglob("*.py") if "\nTABLE = " in path.read_text("utf-8")}
    assert named == {"cursors", "links", "parked", "pauses"}


def test_outputs_are_names_and_addresses() -> None:
    """No output calls listKeys or reads a property that holds a key."""
    for output in read("modules/storage.bicep").outputs.values():
        assert isinstance(output.value, Expression)
        assert "list" not in output.value
        assert "key" not in str(output.value).lower()
