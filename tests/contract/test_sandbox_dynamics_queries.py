"""The simulator's collections: filters, order, pages, expansions, counts, and change tracking."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.dynamics.seed import SELLER
from tests.contract.sandbox_dynamics import ROOT, Sandbox, code, sandbox

TRACK = {"Prefer": "odata.track-changes"}


async def three_deals(box: Sandbox) -> None:
    """Two of Contoso's, one of nobody's."""
    account = (await box.make("accounts", name="Contoso"))["accountid"]
    bind = f"/accounts({account})"
    await box.opportunity(name="Alpha's deal", estimatedvalue=10, parentaccountid__bind=bind)
    await box.opportunity(name="Beta", estimatedvalue=20.5, parentaccountid__bind=bind, statuscode=2)
    await box.opportunity(name="gamma", estimatedclosedate="2026-12-24", msft_microsoftpartnercenterreferralsync=True)


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("name eq 'Alpha''s deal'", ["Alpha's deal"]),
        ("name eq 'beta'", ["Beta"]),
        ("contains(name,'am') or startswith(name,'be')", ["Beta", "gamma"]),
        ("endswith(name,'deal')", ["Alpha's deal"]),
        ("not (statuscode eq 2)", ["Alpha's deal", "gamma"]),
        ("estimatedvalue ge 10 and estimatedvalue lt 20.5", ["Alpha's deal"]),
        ("estimatedvalue eq null", ["gamma"]),
        ("estimatedclosedate gt 2026-01-01", ["gamma"]),
        ("msft_microsoftpartnercenterreferralsync eq true", ["gamma"]),
        ("parentaccountid/name eq 'Contoso' and statuscode ne 2", ["Alpha's deal"]),
        ("_parentaccountid_value ne null", ["Alpha's deal", "Beta"]),
        ("modifiedon ge 2026-11-02T12:00:00Z", ["Alpha's deal", "Beta", "gamma"]),
        ("Microsoft.Dynamics.CRM.In(PropertyName='name',PropertyValues=['Beta','gamma'])", ["Beta", "gamma"]),
        ('Microsoft.Dynamics.CRM.In(PropertyName=\'name\',PropertyValues=["Beta","\\u0067amma"])', ["Beta", "gamma"]),
    ],
)
async def test_filters(condition: str, names: list[str]) -> None:
    """$filter compares, joins, negates and follows lookups."""
    async with sandbox() as box:
        await three_deals(box)
        found = await box.rows(f"opportunities?$select=name&$filter={condition}&$orderby=name asc")

    assert [row["name"] for row in found] == names


@pytest.mark.parametrize(
    "query",
    [
        "$select=nosuch",
        "$filter=nosuch eq 1",
        "$filter=Name eq 'x'",
        "$filter=name eq",
        "$filter=length(name) eq 1",
        '$filter=name eq "x"',
        "$filter=Microsoft.Dynamics.CRM.In(PropertyName='name',PropertyValues=[\"\\x\"])",
        "fetchXml=<fetch/>",
        "sql=SELECT name FROM opportunity",
        "$orderby=nosuch",
        "$expand=nosuch",
        "$expand=parentaccountid($select=nosuch)",
        "$skip=1",
    ],
)
async def test_unknown_names_in_a_query_are_refused(query: str) -> None:
    """A query that the service cannot understand is 400 also where no row would match."""
    async with sandbox() as box:
        answer = await box.send("GET", f"opportunities?{query}")

    assert code(answer) == (400, "0x80060888")


async def test_an_unknown_set_is_404() -> None:
    """Entity set names are plural, and nothing else is a resource."""
    async with sandbox() as box:
        assert code(await box.send("GET", "opportunity")) == (404, "0x8006088a")


async def test_any_looks_into_a_collection() -> None:
    """A lambda filters parents by their children."""
    async with sandbox() as box:
        await three_deals(box)
        found = await box.rows("accounts?$filter=opportunity_parent_account/any(o:o/estimatedvalue gt 20)")
        none = await box.rows("accounts?$filter=opportunity_parent_account/any(o:o/estimatedvalue gt 21)")

    assert [row["name"] for row in found] == ["Contoso"]
    assert none == []


async def test_expansions_carry_their_own_options() -> None:
    """Collections expand with select, filter, order and top; lookups with nested expansions."""
    async with sandbox() as box:
        await three_deals(box)
        inner = "$select=name,estimatedvalue;$filter=estimatedvalue gt 1;$orderby=estimatedvalue desc;$top=1"
        accounts = await box.rows(f"accounts?$select=name&$expand=opportunity_parent_account({inner})")
        deals = await box.rows(
            "opportunities?$filter=statuscode eq 2&$expand=parentaccountid($select=name;$expand=ownerid),ownerid"
        )

    assert [row["name"] for row in accounts[0]["opportunity_parent_account"]] == ["Beta"]
    assert deals[0]["parentaccountid"]["ownerid"]["lastname"] == "Cosell Sync"
    assert deals[0]["ownerid"]["accessmode"] == 4


async def test_pages_follow_opaque_links() -> None:
    """A page is as long as asked; nextLink is absolute and keeps the query; no row is lost or doubled."""
    async with sandbox() as box:
        for number in range(5):
            await box.opportunity(name=f"Deal {number}")
        seen: list[str] = []
        url: str | None = "opportunities?$select=name&$orderby=name desc&$count=true"
        while url:
            page = await box.get(url, Prefer="odata.maxpagesize=2")
            seen += [row["name"] for row in page["value"]]
            url = page.get("@odata.nextLink")
            assert url is None or url.startswith(f"{ROOT}opportunities?$select=name")
        top = await box.get("opportunities?$top=3")

    assert seen == [f"Deal {number}" for number in (4, 3, 2, 1, 0)]
    assert page["@odata.count"] == 5
    assert len(top["value"]) == 3
    assert "@odata.nextLink" not in top


async def everything(box: Sandbox, url: str, size: int = 2) -> tuple[list[dict[str, Any]], str]:
    """All rows of a tracked query and its delta link, which only the last page has."""
    rows: list[dict[str, Any]] = []
    page = await box.get(url, Prefer=f"odata.track-changes,odata.maxpagesize={size}")
    while "@odata.nextLink" in page:
        assert "@odata.deltaLink" not in page
        rows += page["value"]
        page = await box.get(page["@odata.nextLink"], Prefer=f"odata.maxpagesize={size}")
    return rows + page["value"], page["@odata.deltaLink"]


async def test_a_delta_link_gives_what_changed_and_what_was_deleted() -> None:
    """First everything, then net changes with the selected columns, deletions last, then nothing."""
    async with sandbox() as box:
        made = [(await box.opportunity(name=f"Deal {number}"))["opportunityid"] for number in range(5)]
        first, link = await everything(box, "opportunities?$select=name")
        for name in ("one", "two"):
            await box.patch(f"opportunities({made[1]})", {"name": name})
        await box.send("DELETE", f"opportunities({made[2]})")
        new = (await box.opportunity(name="New"))["opportunityid"]
        changed, link = await everything(box, link, size=1)
        rest, _ = await everything(box, link)

    assert len(first) == 5
    assert [(row.get("opportunityid") or row["id"], row.get("name"), row.get("reason")) for row in changed] == [
        (made[1], "two", None),
        (new, "New", None),
        (made[2], None, "deleted"),
    ]
    assert changed[0].keys() == {"@odata.etag", "opportunityid", "name"}
    assert rest == []


async def test_what_changes_while_pages_are_read_is_not_lost() -> None:
    """An edit between two pages shows in the rest of them or in the next delta."""
    async with sandbox() as box:
        made = [(await box.opportunity(name=f"Deal {number}"))["opportunityid"] for number in range(3)]
        page = await box.get("opportunities?$select=name", Prefer="odata.track-changes,odata.maxpagesize=2")
        await box.patch(f"opportunities({made[0]})", {"name": "edited"})
        rest, link = await everything(box, page["@odata.nextLink"])
        later, _ = await everything(box, link)

    assert "edited" in [row["name"] for row in rest + later]


@pytest.mark.parametrize("option", ["$filter=statecode eq 0", "$orderby=name", "$expand=ownerid", "$top=1"])
async def test_change_tracking_refuses_other_options(option: str) -> None:
    """The refusal names the option."""
    async with sandbox() as box:
        answer = await box.send("GET", f"opportunities?{option}", **TRACK)

    assert answer.status_code == 400
    assert option.partition("=")[0] in answer.json()["error"]["message"]


async def test_untracked_tables_have_no_delta() -> None:
    """Change tracking is per table."""
    async with sandbox() as box:
        assert code(await box.send("GET", "systemusers", **TRACK)) == (400, "0x80072491")


async def test_a_token_dies_after_seven_days_and_when_a_column_is_added() -> None:
    """Both give the code that means: read everything again."""
    async with sandbox() as box:
        _, link = await everything(box, "opportunities?$select=name")
        _, other = await everything(box, "accounts?$select=name")
        column = {
            "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
            "SchemaName": "abc_X",
            "MaxLength": 9,
        }
        await box.send("POST", "EntityDefinitions(LogicalName='opportunity')/Attributes", column)
        added = await box.send("GET", link)
        fine = await box.send("GET", other)
        await box.control("clock", {"advance": 7 * 86400 + 1})
        old = await box.send("GET", other)

    assert code(added) == code(old) == (400, "0x80044352")
    assert fine.status_code == 200


async def test_counts() -> None:
    """$count is a number for a collection and for a delta."""
    async with sandbox() as box:
        await three_deals(box)
        link = (await box.get("opportunities", **TRACK))["@odata.deltaLink"]
        await box.opportunity()
        total = (await box.send("GET", "opportunities/$count?$filter=statuscode eq 2")).text
        since = (await box.send("GET", link.replace("opportunities?", "opportunities/$count?"))).text

    assert (total, since) == ("1", "1")


async def test_navigation_reads_the_far_end() -> None:
    """A lookup's path shows the row, a collection's path the rows."""
    async with sandbox() as box:
        await three_deals(box)
        deal = (await box.rows("opportunities?$filter=statuscode eq 2"))[0]["opportunityid"]
        account = await box.get(f"opportunities({deal})/parentaccountid?$select=name")
        deals = await box.rows(f"accounts({account['accountid']})/opportunity_parent_account?$filter=statuscode eq 1")
        empty = await box.send("GET", f"opportunities({deal})/parentcontactid")
        await box.send("PUT", f"opportunities({deal})/ownerid/$ref", {"@odata.id": f"systemusers({SELLER})"})
        owner = await box.get(f"opportunities({deal})/ownerid?$select=internalemailaddress")

    assert account["name"] == "Contoso"
    assert [row["name"] for row in deals] == ["Alpha's deal"]
    assert empty.status_code == 204
    assert owner["internalemailaddress"] == "dana@fabrikam.example"
