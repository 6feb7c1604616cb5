"""Microsoft's own Python client, unchanged, over TLS: how it understands the sandbox's refusals, and what is outside.

Of its own making: it never retries an answer, whatever that says, and it sends again what the network lost.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PowerPlatform.Dataverse.client import DataverseClient
from PowerPlatform.Dataverse.core.config import DataverseConfig
from PowerPlatform.Dataverse.core.errors import HttpError
from PowerPlatform.Dataverse.models.upsert import UpsertItem

from tests.contract.clients.served import Fixed, Served

UNKNOWN = "00000000-0000-4000-8000-00000000dead"
Ask = Callable[[DataverseClient], object]


def refused(served: Served, ask: Ask, token: str = "sandbox-app") -> HttpError:
    with DataverseClient(served.url, Fixed(token)) as client, pytest.raises(HttpError) as caught:
        ask(client)
    return caught.value


@pytest.mark.parametrize(
    ("ask", "token", "status", "code"),
    [
        (lambda client: client.records.update("account", UNKNOWN, {"name": "x"}), "sandbox-app", 404, "0x80040217"),
        (lambda client: client.records.create("account", {"nosuch": 1}), "sandbox-app", 400, "0x80048d19"),
        (lambda client: client.records.create("account", {"name": "x" * 161}), "sandbox-app", 400, "0x80044331"),
        (lambda client: client.records.create("account", {"customertypecode": 99}), "sandbox-app", 400, "0x8004431A"),
        (lambda client: client.records.list("account", select=["nosuch"]), "sandbox-app", 400, "0x80060888"),
        (
            lambda client: client.records.upsert("account", [UpsertItem({"name": "x"}, {"telephone1": "1"})]),
            "sandbox-app",
            400,
            "0x80060890",
        ),
        (lambda client: client.records.create("account", {"name": "x"}), "sandbox-readonly", 403, "0x80040220"),
        (lambda client: client.records.create("account", {"name": "x"}), "sandbox-unknown", 403, "0x80072560"),
        (lambda client: client.records.create("account", {"name": "x"}), "nonsense", 401, None),
    ],
)
def test_refusals_say_what_and_why(served: Served, ask: Ask, token: str, status: int, code: str | None) -> None:
    """Status and the service's code arrive as the client's own fields, none of them worth another try."""
    error = refused(served, ask, token)

    assert (error.status_code, error.subcode) == (status, f"http_{status}")
    assert error.details.get("service_error_code") == code
    assert error.is_transient is False


def test_a_refusal_has_the_id_that_support_asks_for(served: Served) -> None:
    """The service names each request."""
    error = refused(served, lambda client: client.records.list("account", select=["nosuch"]))

    assert len(error.details["service_request_id"]) == 36


def test_over_the_limit_it_hears_how_long_to_wait(served: Served) -> None:
    """429 is transient, has the limit's own code, and the seconds to wait."""
    served.control("limits", {"requests": 1, "window": 120})
    with DataverseClient(served.url, Fixed("sandbox-app")) as client:
        client.tables.get("account")
        with pytest.raises(HttpError) as caught:
            client.tables.get("account")
    error = caught.value

    assert (error.status_code, error.is_transient) == (429, True)
    assert error.details["service_error_code"] == "0x80072322"
    assert 0 < error.details["retry_after"] <= 120


@pytest.mark.parametrize(("status", "transient"), [(502, True), (503, True), (504, True), (500, False)])
def test_server_errors_are_transient_or_not(served: Served, status: int, transient: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    """What the sandbox is told to answer reaches the client as that."""
    served.control("faults", {"method": "GET", "path": "EntityDefinitions", "kind": "status", "status": status})
    error = refused(served, lambda client: client.tables.get("account"))

    assert (error.status_code, error.is_transient) == (status, transient)


@pytest.mark.parametrize(("kind", "rows"), [("reset_before", 1), ("reset_after", 2)])
def test_a_lost_answer_makes_two_rows_of_one(served: Served, kind: str, rows: int) -> None:
    """The client's flaw and not the sandbox's: it sends a creation again although the first may have taken effect."""
    served.control("faults", {"method": "POST", "path": "accounts$", "kind": kind})
    config = DataverseConfig(http_backoff=0.01)
    with DataverseClient(served.url, Fixed("sandbox-app"), config) as client:
        client.records.create("account", {"numberofemployees": 1})
        found = client.records.list("account", select=["name"])

    assert len(list(found)) == rows


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.query.sql("SELECT name FROM account"),
        lambda client: client.query.fetchxml("<fetch><entity name='account'/></fetch>").execute(),
        lambda client: client.records.delete("account", [UNKNOWN]),
    ],
    ids=["sql", "fetchxml", "bulk delete"],
)
def test_what_is_not_played_is_refused(served: Served, ask: Ask) -> None:
    """SQL, FetchXML and the BulkDelete job are outside the sandbox, and are never answered as if they were not."""
    assert refused(served, ask).status_code in (400, 404)
