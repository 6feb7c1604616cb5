"""Picking a side for values that differ since before two records were linked (rules.md §3).

Without a base nobody can say who edited what. Whoever picks a winner says: take the loser's value for what both had
agreed on. The winner then has edited it, and the usual merge carries his value over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from shared.domain.deal import DEAL, Field, Flow, Merge
from shared.domain.intents import with_base
from shared.domain.link import Link
from shared.domain.merge import Pair, merge
from shared.domain.plan import pair_of
from shared.domain.record import Snapshot
from shared.domain.values import Side, Value, blank, digest


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A field that differs and has no base, with what each side shows, and why no side can be picked for it."""

    name: str
    title: str
    shown: Mapping[Side, Value]
    fixed: str = ""


def without_base(
    link: Link,
    sides: Mapping[Side, Snapshot],
    *,
    winner: Side | None,
    titles: Mapping[Side, str],
    fields: tuple[Field, ...] = DEAL,
) -> tuple[Difference, ...]:
    """The fields that the merge leaves for want of a base; `fixed` where picking this winner would change nothing."""
    found = []
    for spec in fields:
        if spec.merge is Merge.STAGE or any(spec.name not in record.values for record in sides.values()):
            continue
        pair = pair_of(spec.name, link, sides)
        if merge(spec, pair, winner or Side.CRM, titles).left is None:
            continue
        fixed = _fixed(spec, pair, sides, winner, titles) if winner else ""
        found.append(Difference(name=spec.name, title=spec.title, shown=pair.now, fixed=fixed))
    return tuple(found)


def _fixed(spec: Field, pair: Pair, sides: Mapping[Side, Snapshot], winner: Side, titles: Mapping[Side, str]) -> str:
    loser = winner.other
    if lock := sides[loser].locked.get(spec.name):
        return lock
    if blank(pair.now[winner]) is None:
        return f"{titles[winner]} holds nothing there, and nothing is overwritten by that"
    base = digest(pair.now[loser], pair.salt)
    verdict = merge(spec, replace(pair, base=dict.fromkeys(Side, base)), winner, titles)
    return "" if set(verdict.writes) == {loser} else f"{titles[loser]} takes no such value from {titles[winner]}"


def based_throughout(link: Link, fields: tuple[Field, ...] = DEAL) -> bool:
    """Has every field that could differ for want of a base got one? Then nobody needs to read the two records."""
    return all(spec.name in link.shown(side) for spec in fields for side in _needed(spec))


def _needed(spec: Field) -> tuple[Side, ...]:
    """The sides whose base the merge of a field asks for."""
    if spec.merge is Merge.STAGE or (spec.merge is Merge.ATOM and spec.flow is not Flow.BOTH):
        return ()
    return (Side.CRM,) if spec.merge is Merge.ONCE else tuple(Side)


def picked(link: Link, differences: tuple[Difference, ...], winner: Side) -> Link:
    """The link whose base says that both sides had agreed on the loser's values."""
    agreed = {each.name: digest(each.shown[winner.other], link.key) for each in differences if not each.fixed}
    for side in Side:
        link = with_base(link, side, agreed)
    return link
