"""The npm package dynamics-web-api, unchanged, over TLS: everything it has a call for and the sandbox plays.

Its script runs once and prints what each step gave; here is what each has to give. Of the client's own making: a stale
`If-Match` is no error for it but false, and so is a row that exists already, whose upsert gives nothing.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.dynamics.organization import ORGANIZATION
from sandbox.dynamics.seed import APPLICATION
from sandbox.host.node import find_node
from sandbox.host.packages import CLIENTS

if TYPE_CHECKING:
    from tests.contract.clients.served import Served

SCRIPT = Path(__file__).parent / "clients" / "dynamics_web_api.js"
FORMATTED = "OData.Community.Display.V1.FormattedValue"
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def row(number: int) -> str:
    return f"00000000-0000-4000-8000-0000000000{number:02}"


def error(status: int, code: str) -> dict[str, Any]:
    return {"error": {"status": status, "code": code}}


def rivera(*numbers: int) -> list[dict[str, Any]]:
    return [{"contactid": row(10 + number), "lastname": f"Rivera {number}"} for number in numbers]


ACCOUNT, PERSON = row(1), row(3)
# A dictionary names what has to be in the found one, a pattern what a text has to look like; all else has to be equal.
ROWS: dict[str, Any] = {
    "create": ACCOUNT,
    "createWhole": {"name": "Fabrikam", "customertypecode": 3, f"customertypecode@{FORMATTED}": "Customer"},
    "retrieve": {"@odata.etag": re.compile(r'W/"\d+"'), "name": "Contoso", "telephone1": None, "accountid": ACCOUNT},
    "notModified": None,
    "update": True,
    "updateStale": False,
    "updateSingleProperty": None,
    "clear": True,
    "cleared": {"name": "Contoso", "telephone1": None},
    "tagged": True,
    "deleteStale": False,
    "delete": True,
    "gone": error(404, "0x80040217"),
    "updateGone": error(404, "0x80040217"),
    "upsertNew": row(2),
    "upsertOnlyNew": None,
    "upsertOnlyOld": {"name": "Still", "accountid": row(2)},
    "unknownProperty": error(400, "0x80048d19"),
    "unknownSet": error(404, "0x8006088a"),
}
QUERIES: dict[str, Any] = {
    "firstPage": {"oDataCount": 5, "value": rivera(5, 4), "oDataNextLink": re.compile("https://.*skiptoken.*")},
    "secondPage": {"value": rivera(3, 2), "oDataNextLink": re.compile("https://.*skiptoken.*")},
    "all": {"value": rivera(5, 4, 3, 2, 1)},
    "filtered": {"value": [{**each, "parentcustomerid_account": {"name": "Contoso"}} for each in rivera(4, 3)]},
    "annotated": {
        "value": [
            {
                "_parentcustomerid_value": ACCOUNT,
                "_parentcustomerid_value_Formatted": "Contoso",
                "_parentcustomerid_value_LogicalName": "account",
                "_parentcustomerid_value_NavigationProperty": "parentcustomerid_account",
                "statecode_Formatted": "Active",
            }
        ]
    },
    "count": 5,
    "countFiltered": 1,
    "collection": {"name": "Contoso", "contact_customer_accounts": rivera(5, 4)},
    "fetchXml": error(400, "0x80060888"),
    "tracked": {"value": rivera(1, 2, 3, 4, 5), "oDataDeltaLink": re.compile("https://.*deltatoken.*")},
    "delta": {
        "value": [{"contactid": row(11), "lastname": "Okafor"}, {"id": row(12), "reason": "deleted"}],
        "oDataDeltaLink": re.compile("https://.*deltatoken.*"),
    },
    "trackedRefused": error(400, "0x80060888"),
}
TOGETHER: dict[str, Any] = {
    "whoAmI": {"UserId": APPLICATION, "OrganizationId": ORGANIZATION},
    "associateChild": None,
    "child": {"_parentcustomerid_value": ACCOUNT},
    "disassociateChild": None,
    "associateMany": None,
    "associateTwice": error(412, "0x80040237"),
    "members": {"teammembership_association": [{"systemuserid": APPLICATION, "fullname": "Cosell Sync"}]},
    "disassociateMany": None,
    "associateSingle": None,
    "single": {"_primarycontactid_value": PERSON},
    "disassociateSingle": None,
    "win": None,
    "won": {"statecode": 1, "statuscode": 3},
    "loseWon": error(400, "0x80040515"),
    "qualify": {"value": [{"contactid": GUID}, {"opportunityid": GUID}]},
    "version": {"Version": re.compile(r"9\.2\..*")},
    "batch": [row(21), row(22), None, {"value": [{"name": "In a set", "primarycontactid": {"lastname": "In a set"}}]}],
    "batchFailed": error(400, "0x80048d19"),
    "batchGoesOn": [{"status": 404, "error": {"code": "0x8006088a"}}, {"value": []}],
}
METADATA: dict[str, Any] = {
    "createEntity": GUID,
    "createAttribute": GUID,
    "createAttributeTwice": error(400, "0x80047013"),
    "retrieveEntity": {"LogicalName": "abc_visit", "EntitySetName": "abc_visits", "Keys": []},
    "retrieveEntities": {"value": [{"LogicalName": "account"}, {"LogicalName": "abc_visit"}]},
    "retrieveAttributes": {
        "value": [{"LogicalName": "abc_name", "MaxLength": 100}, {"LogicalName": "abc_place", "MaxLength": 100}]
    },
    "retrieveAttribute": {"SchemaName": "abc_Place", "AttributeType": "String", "MaxLength": 100},
    "updateAttribute": True,
    "createRelationship": GUID,
    "tooLong": error(400, "0x80044331"),
    "visit": GUID,
    "retrieveRelationship": {"ReferencedEntity": "account", "ReferencingEntity": "abc_visit"},
    "deleteRelationship": True,
}
EXPECTED = ROWS | QUERIES | TOGETHER | METADATA


def holds(found: Any, expected: Any) -> bool:
    if isinstance(expected, re.Pattern):
        return isinstance(found, str) and expected.fullmatch(found) is not None
    if isinstance(expected, dict):
        return isinstance(found, dict) and all(holds(found.get(name), each) for name, each in expected.items())
    if isinstance(expected, list):
        paired = isinstance(found, list) and len(found) == len(expected)
        return paired and all(holds(*pair) for pair in zip(found, expected, strict=True))
    return bool(found == expected and type(found) is type(expected))


@pytest.fixture(scope="module")
def results(tls_sandbox: Served) -> dict[str, Any]:
    """Without npm this says so and fails: a client that is not tried is not one that the sandbox is held to."""
    CLIENTS.install()
    tls_sandbox.control("reset")
    # The client takes a proxy from the environment, and asks it for loopback too.
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(  # noqa: S603 - node as found on this machine, with a script of ours
        [find_node().program, str(SCRIPT), tls_sandbox.url, "sandbox-app"],
        env=environment | {"NODE_PATH": str(CLIENTS.modules), "NODE_EXTRA_CA_CERTS": tls_sandbox.ca},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("step", EXPECTED)
def test_each_step_gives_what_the_vendor_documents(results: dict[str, Any], step: str) -> None:
    """What the client makes of the sandbox's answer is what it makes of the vendor's."""
    assert holds(results[step], EXPECTED[step]), results[step]


def test_no_step_goes_unlooked_at(results: dict[str, Any]) -> None:
    """What the script does and what is expected are the same list."""
    assert list(results) == list(EXPECTED)
