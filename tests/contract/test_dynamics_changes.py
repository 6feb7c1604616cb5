"""Polling Dynamics by change tracking."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator

import pytest

from sandbox.dynamics.seed import detail_id
from shared.connectors.dynamics.delta import Delta
from shared.connectors.dynamics.showing import AT_ONCE
from shared.domain.values import Ref
from shared.errors import Misconfigured, Refused
from shared.ports import Page, Seen
from tests.contract.dynamics_bench import SYNC, DynamicsBench, open_bench
from tests.contract.gateway_laws import poll

DETAILS = "msft_mspartnersolutiondetails"
WEEK = 8 * 24 * 3600


@pytest.fixture
async def bench() -> AsyncIterator[DynamicsBench]:
    async with open_bench() as bench:
        yield bench


async def pages(bench: DynamicsBench, cursor: str | None) -> list[Page]:
    return [page async for page in bench.gateway.changes(cursor)]


async def solution_row(bench: DynamicsBench, opportunity: str) -> dict[str, str]:
    bound = {"msft_OpportunityId@odata.bind": f"/opportunities({opportunity})"}
    detail = {"msft_SolutionDetailId@odata.bind": f"/msft_mspartnersolutiondetails({detail_id('SOL-1001')})"}
    return await bench.seller("POST", "msft_mspartnersolutions", bound | detail)


async def test_every_table_is_followed(bench: DynamicsBench) -> None:
    """Accounts and contacts are seen as what they are, a solution row as its deal, under a version of its own."""
    deal = await bench.make()
    _, cursor = await poll(bench.gateway, None)
    account = (await bench.account())["accountid"]
    contact = (await bench.contact(account))["contactid"]
    row = await solution_row(bench, deal)
    seen, cursor = await poll(bench.gateway, cursor)

    assert {each.ref for each in seen} == {Ref("account", account), Ref("contact", contact), Ref("opportunity", deal)}
    assert {each.version for each in seen if each.ref.kind == "opportunity"} == {row["@odata.etag"]}
    assert (await poll(bench.gateway, cursor))[0] == []


async def test_deleted_rows_are_gone(bench: DynamicsBench) -> None:
    """A deletion tells the id alone: of a deal, or of a solution row under its own kind."""
    one, two = await bench.make(), await bench.make()
    row = (await solution_row(bench, two))["msft_mspartnersolutionid"]
    _, cursor = await poll(bench.gateway, None)
    await bench.seller("DELETE", f"opportunities({one})")
    await bench.seller("DELETE", f"msft_mspartnersolutions({row})")
    seen, _ = await poll(bench.gateway, cursor)
    gone = {Ref("opportunity", one), Ref("msft_mspartnersolution", row)}
    assert {Seen(ref=ref, version="", gone=True) for ref in gone} == set(seen)


async def test_an_edited_detail_is_seen_as_the_deals_that_show_it(bench: DynamicsBench) -> None:
    """Open deals to be synchronised and no others; a detail that nobody shows wakes nobody."""
    made = [await bench.make() for _ in range(3)]
    off = str((await bench.opportunity(**{SYNC: False}))["opportunityid"])
    for ident in (*made, off):
        await solution_row(bench, ident)
    await bench.close(made[2])
    _, cursor = await poll(bench.gateway, None)
    for solution in ("SOL-1001", "SOL-1002"):
        await bench.seller("PATCH", f"{DETAILS}({detail_id(solution)})", {"msft_name": "Renamed"})
    seen, cursor = await poll(bench.gateway, cursor)

    assert {each.ref for each in seen} == {Ref("opportunity", ident) for ident in made[:2]}
    assert all(each.version for each in seen)
    assert (await poll(bench.gateway, cursor))[0] == []


async def test_deals_are_found_by_the_records_beside_them(bench: DynamicsBench) -> None:
    """A row by its deal, a detail by all its deals, also where they are more than one query asks for."""
    made = await bench.make()
    row = (await solution_row(bench, made))["msft_mspartnersolutionid"]
    showing = bench.gateway._showing(await bench.gateway.inspect())
    assert showing is not None
    many = [str(uuid.uuid4()) for _ in range(2 * AT_ONCE)]

    assert await bench.gateway.showing(Ref("msft_mspartnersolution", row)) == (made,)
    assert await bench.gateway.showing(Ref("msft_mspartnersolutiondetail", detail_id("SOL-1001"))) == (made,)
    assert await showing.of_details([*many, detail_id("SOL-1001")]) == (made,)
    assert await bench.gateway.showing(Ref("msft_mspartnersolution", many[0])) == ()


async def test_an_expired_cursor_reads_everything(bench: DynamicsBench) -> None:
    """After seven days all there is comes again, marked as full, and the new cursor works."""
    kept = await bench.make()
    gone = await bench.make()
    _, cursor = await poll(bench.gateway, None)
    await bench.seller("DELETE", f"opportunities({gone})")
    bench.advance(WEEK)
    every = await pages(bench, cursor)

    assert all(page.full for page in every)
    assert [seen.ref for page in every for seen in page.seen if seen.ref.kind == "opportunity"] == [
        Ref("opportunity", kept)
    ]
    assert every[-1].cursor is not None
    assert (await poll(bench.gateway, every[-1].cursor))[0] == []


async def test_a_new_column_on_another_table_is_not_a_full_list(bench: DynamicsBench) -> None:
    """Only the deals' own list tells which deals are gone; another table's resync wakes and no more."""
    await bench.make()
    account = (await bench.account())["accountid"]
    _, cursor = await poll(bench.gateway, None)
    organization = bench.app.state.organization
    organization.schema_versions["account"] = organization.store.version + 1
    every = await pages(bench, cursor)
    assert [seen.ref for page in every for seen in page.seen] == [Ref("account", account)]
    assert not any(page.full for page in every)


async def test_pages_are_walked(bench: DynamicsBench) -> None:
    """Everything is seen once over any number of pages, and the last one alone carries the cursor."""
    _, cursor = await poll(bench.gateway, None)
    made = [await bench.make() for _ in range(5)]
    delta = Delta(rest=bench.gateway.calls.rest, solutions=None, page_size=2)
    every = [page async for page in delta.pages(cursor)]
    assert [len(page.seen) for page in every] == [2, 2, 1, 0]
    assert [seen.ref.id for page in every for seen in page.seen] == made


async def test_a_table_that_is_new_starts_with_a_baseline(bench: DynamicsBench) -> None:
    """A cursor from before a table was followed sees nothing old of it."""
    await bench.account()
    _, cursor = await poll(bench.gateway, None)
    links = json.loads(cursor)
    del links["account"]
    await bench.account(name="Another")
    seen, moved = await poll(bench.gateway, json.dumps(links))
    solutions = {"msft_mspartnersolution", "msft_mspartnersolutiondetail"}
    followed = {"opportunity", "lead", "account", "contact", *solutions}
    assert (seen, set(json.loads(moved))) == ([], followed)


@pytest.mark.parametrize("spoilt", ["{", "[]", "", '{"opportunity": null}', '{"opportunity": {"link": "newer"}}'])
async def test_a_cursor_that_cannot_be_read_reads_everything(bench: DynamicsBench, spoilt: str) -> None:
    """What another release wrote, or somebody spoilt, is read like an expired one: dear, but it loses nothing."""
    made = Ref("opportunity", await bench.make())
    every = await pages(bench, spoilt)
    assert made in [seen.ref for page in every for seen in page.seen]
    assert every[-1].full
    assert (await poll(bench.gateway, every[-1].cursor))[0] == []


async def test_every_table_of_a_cursor_that_cannot_be_read_is_read(bench: DynamicsBench) -> None:
    """Also the solutions' tables, whose names are found and not known; but only the deals' list says who is gone."""
    made = await bench.make()
    await solution_row(bench, made)
    account = Ref("account", (await bench.account())["accountid"])
    seen = [each for page in await pages(bench, "spoilt") for each in page.seen]
    assert [each.ref for each in seen].count(Ref("opportunity", made)) == 3
    assert account in [each.ref for each in seen]


async def test_a_table_that_only_another_release_follows_keeps_its_place(bench: DynamicsBench) -> None:
    """While two releases heal in turn, the newer one's place in its own table is not forgotten by the older one."""
    _, cursor = await poll(bench.gateway, None)
    theirs = {"quote": "https://example.com/quote?deltatoken=7", "campaign": {"at": 3}}
    _, moved = await poll(bench.gateway, json.dumps(json.loads(cursor) | theirs))
    assert {name: json.loads(moved)[name] for name in theirs} == theirs


async def test_links_to_other_hosts_are_not_followed(bench: DynamicsBench) -> None:
    """A delta link that would carry the token elsewhere is refused."""
    await poll(bench.gateway, None)
    with pytest.raises(Refused, match="another host"):
        await poll(bench.gateway, json.dumps({"opportunity": "https://example.com/api/data/v9.2/opportunities"}))


async def test_tracking_must_be_on_for_deals(bench: DynamicsBench) -> None:
    """Without change tracking on opportunities there is no polling, and the text says what to turn on."""
    bench.app.state.organization.schema.tables["opportunity"].tracked = False
    with pytest.raises(Misconfigured, match="Change tracking is off for opportunity"):
        await poll(bench.gateway, None)


async def test_a_table_that_vanishes_is_found_out(bench: DynamicsBench) -> None:
    """A followed table that is gone is told as a wrong setting once, and is not followed any more."""
    _, cursor = await poll(bench.gateway, None)
    organization = bench.app.state.organization
    del organization.schema.sets["msft_mspartnersolutions"]
    del organization.schema.tables["msft_mspartnersolution"]
    with pytest.raises(Misconfigured, match="does not know a table"):
        await poll(bench.gateway, cursor)
    assert (await poll(bench.gateway, cursor))[0] == []
