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
        return tuple(sorted(f"{key}={element}" for key, element in settled.items()))

    def _carried(self) -> set[str]:
        """Keys of the elements that one of the writes added, changed or removed."""
        keys: set[str] = set()
        for side, sent in self.sent.items():
            wanted, seen = elements(sent), elements(self.seen[side])
            keys |= {key for key in {*wanted, *seen} if wanted.get(key) != seen.get(key)}
        return keys


def elements(value: Digest | None) -> dict[str, str]:
    """The digest of each element by that of its key."""
    pairs = value if isinstance(value, tuple) else ()
    return {key: element for key, _, element in (pair.partition("=") for pair in pairs)}
