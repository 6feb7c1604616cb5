"""The laws of the stores, the same for the fakes and for Azure Tables."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.link import Base, Link
from shared.domain.values import Ref, Side
from shared.ports import LinkMoved, ParkedEntry
from tests.contract.store_laws import NOW, Stores, in_memory, in_tables, largest_deal, over
from tests.upgrade.tables import Tables

ACCOUNT = Ref("account", "a-1")


@pytest.fixture(params=["memory", "rows", "azurite"])
async def stores(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    if request.param == "memory":
        async with in_memory() as made:
            yield made
    elif request.param == "rows":
        async with over(Tables().storage) as made:
            yield made
    else:
        async with in_tables(request.getfixturevalue("azurite_connection")) as made:
            yield made


async def test_an_unknown_key_is_a_fresh_link(stores: Stores) -> None:
    """Getting what was never stored gives an empty link without a tag, and stores nothing."""
    assert await stores.links.get("o-1") == Link(pair=stores.pair, key="o-1")
    assert [link async for link in stores.links.every()] == []


async def test_what_was_saved_is_read_back(stores: Stores) -> None:
    """The largest legal deal comes back as it was saved, under the tag that the save returned."""
    saved = await stores.links.save(largest_deal(stores.pair, "o-1"))
    assert saved.tag is not None
    assert await stores.again().get("o-1") == saved
    assert replace(saved, tag=None) == largest_deal(stores.pair, "o-1")


async def test_a_link_shrinks_to_nothing_again(stores: Stores) -> None:
    """Emptying every field leaves nothing of the old values behind, nor any way to find it by them."""
    saved = await stores.links.save(largest_deal(stores.pair, "o-1"))
    emptied = await stores.links.save(Link(pair=stores.pair, key="o-1", tag=saved.tag))
    assert await stores.again().get("o-1") == emptied
    assert await stores.links.by_partner("9d3b0c62-referral") is None
    assert await stores.links.waiting_on(ACCOUNT) == ()


async def test_a_deal_moves_from_one_link_to_another_at_once(stores: Stores) -> None:
    """Moving takes the partner's record from one link to another, and both are read back as they were handed over."""
    lead = await stores.links.save(Link(pair=stores.pair, key="l-1", kind="lead", partner="r-1", waiting=(ACCOUNT,)))
    moved = replace(lead, partner=None, moved="o-1", waiting=())
    after = Link(pair=stores.pair, key="o-1", partner="r-1", origin=Ref("lead", "l-1"))
    stored = await stores.links.move(moved, after)
    assert replace(stored, tag=None) == after
    assert await stores.again().by_partner("r-1") == stored
    assert replace(await stores.again().get("l-1"), tag=None) == replace(moved, tag=None)
    assert await stores.links.waiting_on(ACCOUNT) == ()


@pytest.mark.parametrize("stale", ["before", "after"])
async def test_a_move_over_a_newer_link_changes_nothing(stores: Stores, stale: str) -> None:
    """If either link was stored since it was read, the move raises LinkMoved and neither is changed."""
    lead = await stores.links.save(Link(pair=stores.pair, key="l-1", kind="lead", partner="r-1"))
    deal = await stores.links.save(Link(pair=stores.pair, key="o-1"))
    newer = await stores.links.save(replace(lead if stale == "before" else deal, tries=1))
    with pytest.raises(LinkMoved):
        await stores.links.move(replace(lead, partner=None, moved="o-1"), replace(deal, partner="r-1"))
    assert await stores.again().get(newer.key) == newer
    found = await stores.again().by_partner("r-1")
    assert found is not None
    assert found.key == "l-1"


async def test_a_save_on_an_old_tag_changes_nothing(stores: Stores) -> None:
    """Compare-and-set: a stale save raises LinkMoved and what was stored stands."""
    first = await stores.links.save(Link(pair=stores.pair, key="o-1", tries=1))
    second = await stores.links.save(replace(first, tries=2))
    with pytest.raises(LinkMoved):
        await stores.links.save(replace(first, tries=3, partner="r-3"))
    assert await stores.links.get("o-1") == second
    assert await stores.links.by_partner("r-3") is None


async def test_of_two_first_saves_one_wins(stores: Stores) -> None:
    """Two workers that both found nothing cannot both store."""
    saves = [stores.links.save(Link(pair=stores.pair, key="o-1", tries=n)) for n in (1, 2)]
    done = await asyncio.gather(*saves, return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["Link", "LinkMoved"]


async def test_every_save_has_a_new_tag(stores: Stores) -> None:
    """Saving the same content again makes the older tag stale."""
    first = await stores.links.save(Link(pair=stores.pair, key="o-1"))
    second = await stores.links.save(first)
    assert second.tag != first.tag
    with pytest.raises(LinkMoved):
        await stores.links.save(first)


async def test_a_deal_is_found_by_its_referral(stores: Stores) -> None:
    """by_partner follows the link's own field: to the new referral, away from the old one."""
    first = await stores.links.save(Link(pair=stores.pair, key="o-1", partner="r-1"))
    assert await stores.links.by_partner("r-1") == first
    second = await stores.links.save(replace(first, partner="r-2"))
    assert await stores.links.by_partner("r-2") == second
    assert await stores.links.by_partner("r-1") is None
    assert await stores.links.by_partner("r-3") is None


async def test_a_referral_belongs_to_one_deal(stores: Stores) -> None:
    """A second deal cannot take a referral that a first one has, and can once it was let go."""
    first = await stores.links.save(Link(pair=stores.pair, key="o-1", partner="r-1"))
    with pytest.raises(LinkMoved, match="another deal"):
        await stores.links.save(Link(pair=stores.pair, key="o-2", partner="r-1"))
    assert await stores.links.get("o-2") == Link(pair=stores.pair, key="o-2")
    await stores.links.save(replace(first, partner=None))
    taken = await stores.links.save(Link(pair=stores.pair, key="o-2", partner="r-1"))
    assert await stores.links.by_partner("r-1") == taken


async def test_who_waits_for_a_record_is_found_by_it(stores: Stores) -> None:
    """waiting_on names every deal that waits for the record, and no longer those that stopped."""
    first = await stores.links.save(Link(pair=stores.pair, key="o-1", waiting=(ACCOUNT, Ref("contact", "c-1"))))
    await stores.links.save(Link(pair=stores.pair, key="o-2", waiting=(ACCOUNT,)))
    await stores.links.save(Link(pair=stores.pair, key="o-3", waiting=(Ref("account", "a-10"),)))
    assert await stores.links.waiting_on(ACCOUNT) == ("o-1", "o-2")
    await stores.links.save(replace(first, waiting=()))
    assert await stores.links.waiting_on(ACCOUNT) == ("o-2",)


async def test_every_link_is_listed_once(stores: Stores) -> None:
    """every() shows links, not the rows that point to them."""
    for key in ("o-2", "o-1"):
        await stores.links.save(Link(pair=stores.pair, key=key, partner=f"r-{key}", waiting=(ACCOUNT,)))
    assert sorted([link.key async for link in stores.links.every()]) == ["o-1", "o-2"]


async def test_links_stored_lately_are_listed(stores: Stores) -> None:
    """recent() shows what was stored since a moment, whole, and nothing that was stored before it."""
    old = await stores.links.save(largest_deal(stores.pair, "o-1"))
    before = datetime.now(UTC) - timedelta(minutes=5)  # the service's clock need not be ours
    assert [link async for link in stores.links.recent(before)] == [old]
    assert [link async for link in stores.links.recent(datetime.now(UTC) + timedelta(minutes=5))] == []


@pytest.mark.parametrize("key", ["a/b#c?d\\e", "per%cent", "tilde~2f:colon", "Ünï-\u4f60\n"])
async def test_any_text_is_a_key(stores: Stores, key: str) -> None:
    """Ids that Table Storage refuses in a key are kept, and told apart, all the same."""
    saved = await stores.links.save(Link(pair=stores.pair, key=key, partner=f"r{key}", waiting=(Ref("account", key),)))
    assert await stores.again().get(key) == saved
    assert await stores.links.by_partner(f"r{key}") == saved
    assert await stores.links.waiting_on(Ref("account", key)) == (key,)


async def test_a_base_tells_the_sides_apart(stores: Stores) -> None:
    """What each side showed is kept for each, also where only one showed anything."""
    base = {Side.CRM: Base(version="1", shown={"name": "d1", "team": ("k=v",)})}
    await stores.links.save(Link(pair=stores.pair, key="o-1", base=base))
    read = await stores.again().get("o-1")
    assert (read.shown(Side.CRM), read.shown(Side.PARTNER)) == ({"name": "d1", "team": ("k=v",)}, {})


async def test_a_cursor_is_the_last_text_put(stores: Stores) -> None:
    """A cursor of any length replaces the one before, also when it is shorter."""
    assert await stores.cursors.get("crm") is None
    for text in ("delta-link " * 12_000, "short", ""):
        await stores.cursors.put("crm", text)
        assert await stores.cursors.get("crm") == text
    assert await stores.cursors.get("partner") is None


async def test_the_later_pause_stands(stores: Stores) -> None:
    """A shorter pause does not cut a longer one, and clearing ends it for that system alone."""
    assert await stores.pauses.until(Side.CRM) is None
    later = NOW + timedelta(minutes=5)
    for end in (NOW, later, NOW):
        await stores.pauses.pause(Side.CRM, end, "429")
    await stores.pauses.pause(Side.PARTNER, NOW, "role missing")
    assert await stores.pauses.until(Side.CRM) == later
    await stores.pauses.clear(Side.CRM)
    await stores.pauses.clear(Side.CRM)
    assert await stores.pauses.until(Side.CRM) is None
    assert await stores.pauses.until(Side.PARTNER) == NOW


def entry(pair: str, ident: str, body: str = "{}") -> ParkedEntry:
    return ParkedEntry(
        pair=pair, ref=Ref("referral", ident), side=Side.PARTNER, reason="two", advice="pick", body=body, at=NOW
    )


async def test_a_record_is_parked_once_until_it_is_cleared(stores: Stores) -> None:
    """Parking again replaces the entry, a body of the largest message fits, and clearing twice does no harm."""
    await stores.parked.put(entry(stores.pair, "r-1"))
    large = entry(stores.pair, "r-1", "x" * 48_000)
    await stores.parked.put(large)
    await stores.parked.put(entry(stores.pair, "r/2"))
    assert await stores.parked.get(stores.pair, Ref("referral", "r-1")) == large
    listed = [one async for one in stores.parked.every() if one.pair == stores.pair]
    assert sorted(one.ref.id for one in listed) == ["r-1", "r/2"]
    for _ in range(2):
        await stores.parked.clear(stores.pair, Ref("referral", "r-1"))
    assert await stores.parked.get(stores.pair, Ref("referral", "r-1")) is None


async def test_a_swap_stores_only_over_what_it_knows(stores: Stores) -> None:
    """Of two that pin a text at once one learns that it was second, and neither overwrites what it did not see."""
    cursors = stores.cursors
    assert sorted(await asyncio.gather(*(cursors.swap("world", None, text) for text in "ab"))) == [False, True]
    held = await cursors.get("world")
    assert await cursors.swap("world", "something else", "c") is False
    assert (await cursors.get("world"), await cursors.swap("world", held, "c")) == (held, True)
    assert await cursors.get("world") == "c"
    assert await cursors.swap("gone", "a", "b") is False
