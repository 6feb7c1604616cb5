"""Deal registration on both simulators, in an organisation that made columns for it."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.people import Json
from shared.connectors.dynamics.registering import ROLES
from tests.integration.bench import Bench, audit, linked_outbound, open_bench

VISIBLE = "msft_microsoftpartnercenterreferralvisible"
CAST = "Microsoft.Dynamics.CRM."
TERMS = {700_000_000: "Perpetual", 700_000_001: "Finite"}
FINITE = 700_000_001
CONTRACT: dict[str, Any] = {
    "cosell_contractterm": FINITE,
    "cosell_contractstart": "2026-12-01",
    "cosell_contractend": "2027-11-30",
    "cosell_contractsigned": "2026-11-20",
    "cosell_deployedonazure": True,
    "cosell_primarydeployment": "Customer",
    "cosell_pricingmodel": "Pay as you go",
}


def label(text: str) -> Json:
    return {"LocalizedLabels": [{"Label": text, "LanguageCode": 1033}]}


def column(name: str, kind: str, title: str = "", **more: Any) -> Json:
    body = {"@odata.type": f"{CAST}{kind}AttributeMetadata", "SchemaName": name, "DisplayName": label(title or name)}
    return body | more


def columns() -> list[Json]:
    options = [{"Value": value, "Label": label(text)} for value, text in TERMS.items()]
    days = ("contractstart", "contractend", "contractsigned")
    texts = ("registrationstatus", "registrationreason", "primarydeployment", "pricingmodel")
    return [
        *(column(f"cosell_{name}", "DateTime", Format="DateOnly") for name in days),
        *(column(f"cosell_{name}", "String", MaxLength=100) for name in texts),
        column("cosell_contractterm", "Picklist", OptionSet={"Options": options}),
        column("cosell_deployedonazure", "Boolean"),
    ]


async def add(bench: Bench, made: list[Json]) -> None:
    """An administrator makes columns, and the functions start anew."""
    for body in made:
        await bench.people.crm("POST", "EntityDefinitions(LogicalName='opportunity')/Attributes", body)
    bench.configure()
    await bench.heal()


async def won(bench: Bench, **values: Any) -> tuple[str, Json]:
    """A deal that Microsoft sees, won: the id of its opportunity, and its referral."""
    _, row = await linked_outbound(bench, **{VISIBLE: True})
    ident = str(row["opportunityid"])
    if values:
        await bench.people.edit_opportunity(ident, **values)
    await bench.people.win(ident, 140000)
    await bench.settle()
    return ident, await bench.own()


async def review(bench: Bench, **said: str) -> None:
    await bench.people.portal("POST", f"referrals/{(await bench.own())['id']}/review", said)
    await bench.settle()


@pytest.mark.parametrize("rows", ["refuse", "allow_audit", "allow"])
async def test_a_won_deal_is_registered_with_the_contract_of_its_columns(bench: Bench, rows: str) -> None:
    """One registration with what the opportunity says, its review in Audit and columns as far as a closed row takes."""
    await bench.switch("dynamics", closed_rows=rows)
    await add(bench, columns())
    _, referral = await won(bench, **CONTRACT)
    (made,) = referral["registrations"]
    (detail,) = made["solutionDetails"]

    assert (made["type"], made["status"]) == ("AzureIPCoSell", "ReviewPending")
    assert made["contract"] == {
        "currency": "USD",
        "value": 140000,
        "term": "Finite",
        "startDateTime": "2026-12-01T12:00:00Z",
        "endDateTime": "2027-11-30T12:00:00Z",
        "signDateTime": "2026-11-20T12:00:00Z",
    }
    assert {name: detail[name] for name in ("id", "value", "isDeployedOnAzure", "primaryDeploymentOn")} == {
        "id": "SOL-1001",
        "value": 140000,
        "isDeployedOnAzure": True,
        "primaryDeploymentOn": "Customer",
    }
    assert detail["pricingModel"] == "PayAsYouGo"
    await review(bench, status="ActionRequired", statusReason="The contract is not signed")
    row = await bench.row()

    if rows != "refuse":
        assert "Deal registration: ActionRequired (The contract is not signed)" in audit(row)[0]
    expected = ("ActionRequired", "The contract is not signed") if rows == "allow" else (None, None)
    assert (row["cosell_registrationstatus"], row["cosell_registrationreason"]) == expected
    assert bench.parked.entries == {}


async def test_an_edited_contract_changes_what_differs(bench: Bench) -> None:
    """A later signing date is one operation on the registration that is there, until Microsoft has decided."""
    await bench.switch("dynamics", closed_rows="allow")
    await add(bench, columns())
    ident, _ = await won(bench, **CONTRACT)
    bench.calls.clear()
    await bench.people.edit_opportunity(ident, cosell_contractsigned="2026-11-25")
    await bench.settle()
    (patch,) = bench.sent("pc PATCH referrals")
    assert [one for one in patch if one["path"] != "/lastRunId"] == [
        {"op": "replace", "path": "/registrations/0/contract/signDateTime", "value": "2026-11-25T12:00:00Z"}
    ]
    await review(bench, status="Approved")
    bench.calls.clear()
    await bench.people.edit_opportunity(ident, cosell_contractsigned="2026-11-26")
    await bench.settle()

    assert bench.sent("pc PATCH referrals") == []
    assert len((await bench.own())["registrations"]) == 1
    assert "Microsoft has decided" in audit(await bench.row())[0]


@pytest.mark.parametrize("lacks", ["cosell_contractsigned", "cosell_contractend", "cosell_pricingmodel"])
async def test_a_contract_that_is_not_whole_is_not_sent(bench: Bench, lacks: str) -> None:
    """While one of its parts is empty nothing is registered, and nothing is wrong."""
    await add(bench, columns())
    _, referral = await won(bench, **{name: value for name, value in CONTRACT.items() if name != lacks})

    assert (referral["substatus"], referral["registrations"]) == ("Won", [])
    assert bench.parked.entries == {}


async def test_without_a_column_for_every_part_nothing_is_registered(bench: Bench) -> None:
    """An organisation with some of the columns registers nothing, and still hears of what the portal registers."""
    await bench.switch("dynamics", closed_rows="allow")
    some = [body for body in columns() if body["SchemaName"] != "cosell_pricingmodel"]
    await add(bench, some)
    values = {name: value for name, value in CONTRACT.items() if name != "cosell_pricingmodel"}
    _, referral = await won(bench, **values)
    assert referral["registrations"] == []
    made = {"type": "AzureIPCoSell", "solutionDetails": [{"id": "SOL-1001"}], "contract": {"term": "Perpetual"}}
    await bench.people.edit_referral(str(referral["id"]), registrations=[made])
    await bench.settle()
    row = await bench.row()

    assert row["cosell_registrationstatus"] == "ReviewPending"
    assert "Deal registration: ReviewPending" in audit(row)[0]


async def test_a_deal_with_several_solutions_is_registered_in_the_portal(bench: Bench) -> None:
    """Nobody says what each of them is worth: the reason stands in Audit, and nothing is sent."""
    await bench.switch("dynamics", closed_rows="allow")
    await add(bench, columns())
    _, row = await linked_outbound(bench, **{VISIBLE: True})
    ident = str(row["opportunityid"])
    await bench.people.solution(ident, "SOL-1002")
    await bench.people.edit_opportunity(ident, **CONTRACT)
    await bench.people.win(ident, 140000)
    await bench.settle()

    assert (await bench.own())["registrations"] == []
    assert any("a deal with several solutions" in line for line in audit(await bench.row()))


async def test_columns_are_known_by_their_labels(bench: Bench) -> None:
    """Columns of Microsoft's prefix and of any name are found by what people call them."""
    await bench.switch("dynamics", closed_rows="allow")
    kinds = {body["SchemaName"].partition("_")[2]: body for body in columns()}
    named = []
    for number, role in enumerate(ROLES.values()):
        if role.stem in kinds:
            body = kinds[role.stem] | {"SchemaName": f"msft_X{number}", "DisplayName": label(role.labels[0].upper())}
            named.append(body)
    await add(bench, named)
    names = {role.stem: f"msft_x{number}" for number, role in enumerate(ROLES.values())}
    values = {names[name.partition("_")[2]]: value for name, value in CONTRACT.items()}
    _, referral = await won(bench, **values)

    assert referral["registrations"][0]["contract"]["term"] == "Finite"
    assert (await bench.row())[names["registrationstatus"]] == "ReviewPending"


async def test_two_columns_for_one_part_are_no_answer(tmp_path: Any) -> None:
    """Where labels are ambiguous nothing is guessed: that part has no column."""
    async with open_bench(tmp_path / "root.pem") as bench:
        title = "Deal registration status"
        await add(bench, [column(f"msft_{name}", "String", title, MaxLength=100) for name in ("One", "Two")])
        schema = await bench.app._core.crm.inspect() if bench.app._core else None

    assert schema is not None
    assert schema.registration.columns == {}
