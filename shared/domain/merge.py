"""Three-way merge of one field: what each side shows now against what that same side showed when last settled.

Each side is compared with its own base only, so a value that one side cannot hold exactly never looks like an edit,
and a user who sets a value back to what it was has edited it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shared.domain.deal import Field, Flow, Merge
from shared.domain.sentence import Sentence
from shared.domain.values import Digest, Group, Person, Side, Solution, Value, blank, digest, element_key


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A field on both sides: its value now, and its digest in the base (None: there is no base for it).

    `unclear`: nobody can say whose the values are, so both count as edits.
    """

    now: Mapping[Side, Value]
    base: Mapping[Side, Digest | None]
    salt: str
    unclear: bool = False

    def changed(self, side: Side) -> bool:
        known = self.base[side]
        return known is not None and (self.unclear or digest(self.now[side], self.salt) != known)

    @property
    def based(self) -> bool:
        return all(base is not None for base in self.base.values())

    @property
    def equal(self) -> bool:
        return blank(self.now[Side.PARTNER]) == blank(self.now[Side.CRM])


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What becomes of a field: values to write per side, and a sentence to tell.

    `settles`: both sides agree as they are seen. `conflict`: two edits met. `left` says why a difference stays.
    """

    writes: Mapping[Side, Value]
    settles: bool = False
    conflict: bool = False
    tell: Sentence | None = None
    left: Sentence | None = None


AGREE = Verdict(writes={}, settles=True)
UNTOUCHED = Verdict(writes={})


def merge(field: Field, pair: Pair, winner: Side, titles: Mapping[Side, str]) -> Verdict:
    """The verdict on one field; `winner` is whose edit stands where both edited."""
    return _MERGERS[field.merge](field, pair, winner, titles)


def _atom(field: Field, pair: Pair, winner: Side, titles: Mapping[Side, str]) -> Verdict:
    if pair.equal:
        return AGREE
    if field.after_won and field.flow is Flow.TO_PARTNER:
        return _given(field, pair, titles)
    if field.flow is not Flow.BOTH:
        return _one_way(field, pair)
    if not pair.based:
        return Verdict(writes={}, left=_no_base(field, pair, titles))
    edited = [side for side in Side if pair.changed(side)]
    if not edited:
        return UNTOUCHED
    source = edited[0] if len(edited) == 1 else winner
    conflict = len(edited) > 1
    tell = _both_edited(field, pair, source, titles) if conflict else None
    return Verdict(writes={source.other: pair.now[source]}, conflict=conflict, tell=tell)


def _one_way(field: Field, pair: Pair) -> Verdict:
    source = Side.CRM if field.flow is Flow.TO_PARTNER else Side.PARTNER
    edited = pair.changed(source)
    news = edited or pair.base[source] is None
    carried = blank(pair.now[source]) is not None or (field.clears and edited)
    return Verdict(writes={source.other: pair.now[source]}) if news and carried else UNTOUCHED


def _given(field: Field, pair: Pair, titles: Mapping[Side, str]) -> Verdict:
    """What the partner side lacks it is given; what it has is overwritten by an edit alone."""
    ours, theirs = blank(pair.now[Side.CRM]), blank(pair.now[Side.PARTNER])
    if ours is None or (theirs is not None and not pair.changed(Side.CRM)):
        unknown = ours is not None and pair.base[Side.CRM] is None
        return Verdict(writes={}, left=_no_base(field, pair, titles) if unknown else None)
    return Verdict(writes={Side.PARTNER: ours})


def _rise(field: Field, pair: Pair, _winner: Side, titles: Mapping[Side, str]) -> Verdict:
    """No becomes yes on either side and never goes back: a withdrawal is set back once, and told."""
    if bool(pair.now[Side.PARTNER]) == bool(pair.now[Side.CRM]):
        return AGREE
    if not pair.based:
        return Verdict(writes={}, left=_no_base(field, pair, titles))
    lagging = Side.CRM if pair.now[Side.PARTNER] else Side.PARTNER
    withdrawn = lagging is Side.CRM and pair.changed(Side.CRM)
    tell = Sentence(f"{field.title} cannot be withdrawn in {titles[Side.PARTNER]}: set back")
    return Verdict(writes={lagging: True}, tell=tell if withdrawn else None)


def _once(field: Field, pair: Pair, _winner: Side, titles: Mapping[Side, str]) -> Verdict:
    """What the partner side holds was asked once and stands; what it lacks is asked for by the plan, not by a write."""
    if pair.equal:
        return AGREE
    if pair.base[Side.CRM] is None and blank(pair.now[Side.CRM]) is not None:
        return Verdict(writes={}, left=_no_base(field, pair, titles))
    if blank(pair.now[Side.PARTNER]) is None:
        return UNTOUCHED
    value = pair.now[Side.PARTNER]
    tell = Sentence(f"{field.title} cannot be changed once asked: set back to {value}")
    return Verdict(writes={Side.CRM: value}, tell=tell if pair.changed(Side.CRM) else None)


def _group(field: Field, pair: Pair, winner: Side, titles: Mapping[Side, str]) -> Verdict:
    if pair.equal:
        return AGREE
    if not pair.based:
        return Verdict(writes={}, left=_no_base(field, pair, titles))
    wanted = {side: _flow_in(pair, side, winner) for side in Side if field.flow.reaches(side)}
    writes = {side: value for side, value in wanted.items() if value != pair.now[side]}
    if field.flow is not Flow.TO_PARTNER or not pair.changed(Side.PARTNER):
        return Verdict(writes=writes)
    return Verdict(writes=writes, settles=not writes, tell=_moved(field, pair, titles))


def _moved(field: Field, pair: Pair, titles: Mapping[Side, str]) -> Sentence | None:
    """Who came or went on the partner side, where the CRM's own set is not ours to write."""
    now, before = _elements(pair.now[Side.PARTNER]), _base_elements(pair.base[Side.PARTNER])
    came = [str(element) for key, element in sorted(now.items()) if element_key(key, pair.salt) not in before]
    held = {element_key(key, pair.salt) for key in now}
    known = {element_key(key, pair.salt): str(one) for key, one in _elements(pair.now[Side.CRM]).items()}
    went = [known.get(hashed, "somebody") for hashed in sorted(before) if hashed not in held]
    parts = [f"{', '.join(people)} {word}" for people, word in ((came, "was added"), (went, "was removed")) if people]
    if not parts:
        return None
    changed = f"{field.title} was changed in {titles[Side.PARTNER]}"
    return Sentence(f"{changed}: {'; '.join(parts)}", changed)


def restored(field: Field, pair: Pair, titles: Mapping[Side, str]) -> Verdict:
    """An edit in the CRM that the partner side no longer takes: the elements which it took from there come back.

    Details of an element that stays are the CRM's own data: they are settled as they are, like elements added there.
    """
    before = _base_elements(pair.base[Side.CRM])
    held = _elements(pair.now[Side.PARTNER])
    wanted = {key: element for key, element in held.items() if element_key(key, pair.salt) in before}
    fixed = f"{field.title} cannot be changed in {titles[Side.PARTNER]} once shared"
    if not wanted or set(wanted) == set(_elements(pair.now[Side.CRM])):
        stays = Sentence(f"{fixed}: there it stays {_say(pair.now[Side.PARTNER])}", fixed)
        return Verdict(writes={}, settles=True, tell=stays)
    back = Group(wanted.values())
    return Verdict(writes={Side.CRM: back}, tell=Sentence(f"{fixed}: set back to {_say(back)}", f"{fixed}: set back"))


def _flow_in(pair: Pair, target: Side, winner: Side) -> Group:
    """The target's group after what happened to the source's: an element goes only where it was seen to go.

    An element that one side removed and the other edited stays: losing an edit costs more than an extra row.
    """
    source = target.other
    ours, theirs = _elements(pair.now[target]), _elements(pair.now[source])
    before = {side: _base_elements(pair.base[side]) for side in Side}
    result = dict(ours)
    for key in {*ours, *theirs}:
        hashed = element_key(key, pair.salt)
        mine, other = ours.get(key), theirs.get(key)
        other_news = _news(other, hashed, before[source], pair.salt)
        my_news = _news(mine, hashed, before[target], pair.salt)
        if not other_news or (my_news and winner is target and mine is not None):
            continue
        if other is not None:
            result[key] = other
        elif not my_news:
            result.pop(key, None)
    return Group(result.values())


def _news(element: Person | Solution | None, hashed: str, before: Mapping[str, str], salt: str) -> bool:
    """Was this element added, edited or removed on its side since the base?"""
    if element is None:
        return hashed in before
    return before.get(hashed) != _base_elements(digest(Group([element]), salt))[hashed]


def _elements(value: Value) -> dict[str, Person | Solution]:
    return dict(value.by_key()) if isinstance(value, Group) else {}


def _base_elements(base: Digest | None) -> dict[str, str]:
    pairs = base if isinstance(base, tuple) else ()
    return {key: element for key, _, element in (pair.partition("=") for pair in pairs)}


def _both_edited(field: Field, pair: Pair, winner: Side, titles: Mapping[Side, str]) -> Sentence:
    shown = " and ".join(f'"{_say(pair.now[side])}" in {titles[side]}' for side in (Side.CRM, Side.PARTNER))
    wins = f"{titles[winner]} wins"
    return Sentence(
        f"{field.title} was set to {shown} at the same time: {wins}", f"{field.title} was edited on both sides: {wins}"
    )


def _no_base(field: Field, pair: Pair, titles: Mapping[Side, str]) -> Sentence:
    shown = ", ".join(f'"{_say(pair.now[side])}" in {titles[side]}' for side in (Side.CRM, Side.PARTNER))
    differs = f"{field.title} differs since before the two were linked"
    return Sentence(f"{differs} ({shown}): pick a side", f"{differs}: pick a side")


def _say(value: Value) -> str:
    plain = {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    text = "empty" if blank(value) is None else plain
    return text if len(text) <= 80 else f"{text[:79]}…"  # noqa: PLR2004 - a line of Audit, not a document


_MERGERS: Mapping[Merge, Callable[[Field, Pair, Side, Mapping[Side, str]], Verdict]] = {
    Merge.ATOM: _atom,
    Merge.GROUP: _group,
    Merge.RISE: _rise,
    Merge.ONCE: _once,
}
