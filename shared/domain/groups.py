"""What is settled of a set of which only some elements reached the other side.

base {a}    Partner Center {a, p}    CRM {a, c}    each is to get the other's news
the write to the CRM is done, the one to Partner Center is refused, locked or lost:
p is settled on both sides, c is still news, so that it is sent when the reason is gone
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.values import Digest, Side


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """Digests of one set per side: as it was seen, as it was sent where it was, as it is shown after that."""

    seen: Mapping[Side, Digest]
    sent: Mapping[Side, Digest]
    now: Mapping[Side, Digest]

    def base(self, side: Side, before: Digest | None) -> Digest:
        """The side's base after it: an element that was not sent and still differs keeps the one that it had."""
        if before is None:
            return self.now[side]
        old, now, other = elements(before), elements(self.now[side]), elements(self.now[side.other])
        carried = self._carried()
        settled: dict[str, str] = {}
        for key in {*old, *now, *other}:
            held = now if key in carried or now.get(key) == other.get(key) else old
            settled |= {key: held[key]} if key in held else {}
        return _digest(settled)

    def _carried(self) -> set[str]:
        """Keys of the elements that one of the writes added, changed or removed."""
        keys: set[str] = set()
        for side, sent in self.sent.items():
            keys |= _touched(elements(self.seen[side]), elements(sent))
        return keys


def landed(*, seen: Digest | None, sent: Digest, now: Digest | None) -> Digest | None:
    """A set as it was seen, with what was sent of it as far as it shows that now; None where it shows none of it.

    seen {a}    sent {a, p}    now {p, q}    edited since our write, and p is there all the same: {a, p} landed
    """
    before, wanted, shown = elements(seen), elements(sent), elements(now)
    taken = {key for key in _touched(before, wanted) if shown.get(key) == wanted.get(key)}
    held = {key: (wanted if key in taken else before).get(key) for key in {*before, *wanted}}
    return _digest({key: element for key, element in held.items() if element is not None}) if taken else None


def _touched(seen: Mapping[str, str], sent: Mapping[str, str]) -> set[str]:
    """Keys of the elements that were added, changed or removed by what was sent."""
    return {key for key in {*sent, *seen} if sent.get(key) != seen.get(key)}


def _digest(held: Mapping[str, str]) -> Digest:
    return tuple(sorted(f"{key}={element}" for key, element in held.items()))


def elements(value: Digest | None) -> dict[str, str]:
    """The digest of each element by that of its key."""
    pairs = value if isinstance(value, tuple) else ()
    return {key: element for key, _, element in (pair.partition("=") for pair in pairs)}
