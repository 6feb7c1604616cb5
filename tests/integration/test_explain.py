"""`GET /api/deals/{id}` over both real gateways: what is explained is what the app then does, call by call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sandbox.people import WANTED_HELP, help_option
from shared.domain.outcome import Kind
from shared.messages import Signal
from tests.integration.bench import Bench, linked_inbound, linked_outbound, made_in_crm

READS = {"GET"}
DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.json"


def written(bench: Bench) -> list[str]:
    return [call.name for call in bench.calls if call.name.split()[1] not in READS]


async def deal(bench: Bench, ident: str) -> dict[str, Any]:
    """The answer of the route, which has to be the documented one and to have written nothing."""
    await bench.delivered()
    before = (dict(bench.links.rows), dict(bench.cursors.texts), dict(bench.parked.entries), list(bench.signals.log))
    bench.calls.clear()
    answer = await bench.app.deal(ident)
    assert answer.status == 200, answer.body
    assert written(bench) == []
    after = (dict(bench.links.rows), dict(bench.cursors.texts), dict(bench.parked.entries), list(bench.signals.log))
    assert after == before
    body: dict[str, Any] = json.loads(json.dumps(answer.body))
    described(body)
    return body


def described(body: Mapping[str, Any]) -> None:
    """Names and closed words are those of docs/openapi.json."""
    schemas = json.loads(DOCUMENT.read_text(encoding="utf-8"))["components"]["schemas"]
    told, write = schemas["Deal"]["properties"], schemas["DealWrite"]["properties"]
    assert set(body) == set(told) == set(schemas["Deal"]["required"])
    assert body["outcome"]["kind"] in told["outcome"]["properties"]["kind"]["enum"]
    assert {field["state"] for field in body["fields"]} <= set(told["fields"]["items"]["properties"]["state"]["enum"])
    assert all(set(each) == set(write) for each in (*body["writes"], *body["owed"]))


def values(body: Mapping[str, Any], to: str) -> list[Mapping[str, Any]]:
    return [write["values"] for write in body["writes"] if write["to"] == to]


async def test_a_new_referral_is_explained_before_it_is_taken(bench: Bench) -> None:
    """Account and contact that would be made, the opportunity with its values and the tie: and then it is so."""
    await bench.heal()
    made = await bench.people.referral()
    body = await deal(bench, str(made["id"]))

    first, tie = body["writes"]
    assert (first["to"], first["does"], first["audit"]) == (
        "crm",
        "create",
        "Created from a referral of Partner Center",
    )
    assert any("a new account is made" in text for text in first["first"])
    assert any("a new contact is made" in text for text in first["first"])
    assert (tie["to"], tie["counterpart"]) == ("partner", first["record"])
    assert (body["referral"], body["record"], body["link"]) == (made["id"], "", None)
    await bench.settle()
    row = await bench.row()
    assert row["opportunityid"] == first["record"]
    assert row["name"].removeprefix("✓ ") == first["values"]["Name"]


async def test_an_account_that_is_ambiguous_is_explained_as_the_decision_it_is(bench: Bench) -> None:
    """Two accounts of the customer's name: the look would park the deal, and explaining says so beforehand."""
    made = await bench.people.referral()
    profile = made["customerProfile"]
    for _ in range(2):
        await bench.people.crm(
            "POST",
            "accounts",
            {"name": profile["name"], "address1_postalcode": profile["address"]["postalCode"]},
        )
    body = await deal(bench, str(made["id"]))

    assert body["outcome"]["kind"] == Kind.PARKED
    assert "2 active accounts" in body["outcome"]["reason"]
    outcomes = await bench.settle()
    assert outcomes[-1].reason == body["outcome"]["reason"]


async def test_a_new_opportunity_is_explained_before_it_is_shared(bench: Bench) -> None:
    """What Partner Center would be sent, that Microsoft would be asked, and what comes back to the row."""
    ident = await made_in_crm(bench, **{WANTED_HELP: help_option("General Or Other")})
    body = await deal(bench, ident)

    steps = [("partner", "create"), ("partner", "invite"), ("crm", "write")]
    assert [(write["to"], write["does"]) for write in body["writes"]] == steps
    assert body["outcome"]["kind"] == Kind.DONE
    bench.calls.clear()
    await bench.settle()
    assert written(bench).count("pc POST referrals") == 2


async def test_an_edit_is_explained_from_either_id_and_then_written(bench: Bench) -> None:
    """Edited here, agreed or without a base, field by field; the value that would go and the one that is there."""
    referral, row = await linked_outbound(bench)
    await bench.people.crm("PATCH", f"opportunities({row['opportunityid']})", {"description": "edited here"})
    await bench.delivered()
    body = await deal(bench, str(row["opportunityid"]))

    assert values(body, "partner") == [{"Notes": "edited here"}]
    (notes,) = [field for field in body["fields"] if field["field"] == "notes"]
    assert (notes["state"], notes["crm"], notes["differs"]) == ("edited in the CRM", "edited here", True)
    others = [field for field in body["fields"] if field["field"] != "notes" and len(field["shown_by"]) > 1]
    assert {field["state"] for field in others} == {"agreed"}
    again = await deal(bench, str(referral["id"]).upper())
    assert (again["writes"], again["record"]) == (body["writes"], row["opportunityid"])
    await bench.settle()
    assert (await bench.people.read_referral(str(referral["id"])))["details"]["notes"] == "edited here"
    assert (await deal(bench, str(referral["id"])))["writes"] == []


async def test_in_test_mode_what_would_be_written_is_explained_all_the_same(bench: Bench) -> None:
    """MODE=test: nothing now, and what it would be; the settings that hold it back are named."""
    _, row = await linked_outbound(bench)
    bench.configure(MODE="test", TEST_RECORDS="")
    await bench.people.crm("PATCH", f"opportunities({row['opportunityid']})", {"description": "held back"})
    body = await deal(bench, str(row["opportunityid"]))

    assert body["outcome"]["kind"] == Kind.OWED
    assert (body["writes"], body["owed"][0]["values"]) == ([], {"Notes": "held back"})


async def test_what_stands_in_the_way_of_everything_is_said_first(bench: Bench) -> None:
    """Microsoft's own flows, or a pause: the deal is explained, and that nothing is looked at now."""
    _, row = await linked_inbound(bench)
    for flow in (await bench.people.crm("GET", "workflows"))["value"]:
        await bench.people.crm("PATCH", f"workflows({flow['workflowid']})", {"statecode": 1, "statuscode": 2})
    bench.configure()

    (standing,) = (await deal(bench, str(row["opportunityid"])))["standing"]
    assert "Microsoft's own flows are active" in standing


@pytest.mark.parametrize("ident", ["x' or 1 eq 1", "../referrals", "a" * 129, "99999999-0000-4000-8000-000000000000"])
async def test_an_unknown_id_is_nobody_and_what_is_no_id_asks_nobody(bench: Bench, ident: str) -> None:
    """404, and no call is made for a text that no record could be called by."""
    bench.calls.clear()
    answer = await bench.app.deal(ident)

    assert answer.status == 404
    assert ident.startswith("9") or (bench.calls == [] and ident not in str(answer.body))


async def test_who_asks_leaves_a_trace_without_values(bench: Bench) -> None:
    """One event with the deal's id and the outcome: nothing of what the answer shows."""
    referral, _ = await linked_inbound(bench)
    await deal(bench, str(referral["id"]))

    asked = [fields for name, fields in bench.telemetry.events if name == "deal_explained"]
    assert asked == [{"record": referral["id"], "outcome": "done", "by": "key"}]


async def test_a_system_that_is_away_is_no_explanation(bench: Bench) -> None:
    """503 with the system's own words; nothing is noted anywhere."""
    _, row = await linked_inbound(bench)
    links = dict(bench.links.rows)
    await bench.fault("partner_center", status=503, times=20)

    answer = await bench.app.deal(str(row["opportunityid"]))
    assert (answer.status, bench.links.rows) == (503, links)


async def test_wrong_settings_explain_nothing(bench: Bench) -> None:
    """503 that leads to the health page."""
    bench.configure(MODE="production")
    answer = await bench.app.deal("99999999-0000-4000-8000-000000000000")

    assert answer.status == 503
    assert "health" in str(answer.body)


async def test_what_the_queue_then_does_is_what_was_explained(bench: Bench) -> None:
    """The outcome of the next real signal is the one that was foretold, word for word."""
    referral, row = await linked_inbound(bench)
    await bench.people.crm("PATCH", f"opportunities({row['opportunityid']})", {"estimatedvalue": 4321})
    body = await deal(bench, str(referral["id"]))
    signal = Signal.model_validate(
        {"look": "opportunity-changes", "side": "crm", "kind": "opportunity", "id": row["opportunityid"]}
    )
    outcomes = await bench.signal(signal)

    assert body["outcome"]["reason"] in [outcome.reason for outcome in outcomes]
