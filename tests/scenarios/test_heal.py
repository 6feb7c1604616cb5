"""What no webhook announced is found (rules.md §9)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from shared.domain import deal
from shared.domain.link import Link, Recorded
from shared.domain.outcome import Kind
from shared.domain.values import Side
from shared.sync.watch import states
from tests.fakes.store import START
from tests.fakes.world import LIVE, World
from tests.scenarios.pairs import linked_from_crm, linked_from_partner


async def test_a_lost_webhook_costs_a_heal_not_a_deal() -> None:
    """Changes that nothing announced are found by the poll, on both sides."""
    w = await linked_from_partner()
    w.webhooks = False
    w.partner.edit(w.referral.id, **{deal.NOTES: "unannounced"})
    w.crm.edit(w.row.id, **{deal.NAME: "Unannounced too"})
    await w.heal()

    assert w.row.values[deal.NOTES] == "unannounced"
    assert w.referral.values[deal.NAME] == "Unannounced too"
    quiet = await w.heal()
    assert quiet.signalled == 0


async def test_the_first_heal_signals_nothing() -> None:
    """The first pass is a baseline: history is not shared by it."""
    w = World(webhooks=False)
    w.partner.make()
    w.crm.make()
    report = await w.heal()

    assert (report.first, report.signalled) == (True, 0)


async def test_a_full_resync_finds_what_was_deleted_meanwhile() -> None:
    """An expired cursor lists everything; a linked row that is absent from it is gone."""
    w = await linked_from_partner()
    w.webhooks = False
    await w.heal()
    del w.crm.rows[w.row.id]
    w.crm.cursor_expired = True
    await w.heal()

    assert w.link.gone is Side.CRM


async def test_a_slow_round_that_dies_is_repeated() -> None:
    """Cursors move last: a pass that dies before its signals are sent is not remembered as done."""
    w = await linked_from_crm(**{deal.HELP: "QuotesOrLicensing"})
    w.clock.advance(2 * 3600)
    before = dict(w.cursors.texts)
    good = w.signals.hook

    async def die(_: str) -> None:
        raise RuntimeError("the process is gone")

    w.signals.hook = die
    with pytest.raises(RuntimeError):
        await w.watch.run()
    assert w.cursors.texts == before
    w.signals.hook = good

    assert (await w.watch.run()).woken == 1


async def test_a_dry_run_moves_no_cursor() -> None:
    """What a dry run polls is polled again when it is over."""
    w = await linked_from_partner()
    w.configure(replace(LIVE, dry_run=True, fingerprint="dry"))
    w.webhooks = False
    w.partner.edit(w.referral.id, **{deal.NOTES: "seen in a dry run"})
    before = {name: text for name, text in w.cursors.texts.items() if name.startswith("poll")}
    await w.heal()
    assert before == {name: text for name, text in w.cursors.texts.items() if name.startswith("poll")}
    assert w.row.values[deal.NOTES] == "first call held"
    w.configure(LIVE)
    await w.heal()

    assert w.row.values[deal.NOTES] == "seen in a dry run"


async def test_switching_the_synchronisation_off_and_on_loses_no_edit() -> None:
    """While the sync column says no nothing is written; edits of that time follow when it says yes again."""
    w = await linked_from_partner()
    w.row.shared = False
    w.crm.edit(w.row.id, **{deal.NOTES: "while off"})
    w.partner.edit(w.referral.id, **{deal.NAME: "While off too"})
    await w.settle()
    assert w.referral.values[deal.NOTES] == "first call held"
    w.row.shared = True
    w.crm.edit(w.row.id)
    await w.settle()

    assert w.referral.values[deal.NOTES] == "while off"
    assert w.row.values[deal.NAME] == "While off too"


def told(kind: str) -> Recorded:
    return Recorded(kind=kind, reason="r", at=START)


def closed(link: Link) -> Link:
    partner = link.base[Side.PARTNER]
    shown = {**partner.shown, deal.STAGE: "won"}
    return replace(link, base={**link.base, Side.PARTNER: replace(partner, shown=shown)})


COUNTED: dict[str, tuple[Callable[[Link], Link], tuple[str, ...]]] = {
    "in step": (lambda link: link, ("linked", "in_step")),
    "left as it is": (lambda link: replace(link, outcome=told(Kind.LEFT)), ("linked", "in_step")),
    "waiting": (lambda link: replace(link, outcome=told(Kind.WAITING)), ("linked", "waiting")),
    "delayed": (lambda link: replace(link, outcome=told(Kind.DELAYED)), ("linked", "delayed")),
    "an outcome of a newer release": (lambda link: replace(link, outcome=told("x")), ("linked", "delayed")),
    "waiting to be linked": (lambda _: Link(pair="p", key="k", outcome=told(Kind.OWED)), ("owed",)),
    "nothing yet": (lambda _: Link(pair="p", key="k", outcome=told(Kind.LEFT)), ()),
    "closed": (closed, ("ended",)),
    "gone": (lambda link: replace(link, gone=Side.CRM), ("ended",)),
    "a lead that went on": (lambda link: replace(link, moved="o-2"), ()),
}


@pytest.mark.parametrize("name", COUNTED)
async def test_a_link_counts_as_it_stands(name: str) -> None:
    """Each deal is counted once, open or ended; what went on elsewhere is counted there."""
    change, counted = COUNTED[name]
    assert states(change((await linked_from_partner()).link)) == counted


async def test_deals_are_counted_once_an_hour() -> None:
    """The count goes with the slow round, and so costs a quiet pass nothing."""
    w = await linked_from_partner()
    for minutes in (0, 5, 5, 55):
        w.clock.advance(minutes * 60)
        await w.heal()
    counts = [fields for name, fields in w.telemetry.events if name == "deals_counted"]
    assert [(fields["linked"], fields["in_step"]) for fields in counts] == [
        (0, 0),
        (1, 1),
    ]  # the first pass was before the deal
