"""What a proof says: what was tried, how often, and what it did to anybody's deals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Harm(StrEnum):
    """What can go wrong with a deal. `OTHER`: anything else that was promised, as a parked signal or a 500."""

    LOST = "lost"
    DOUBLED = "doubled"
    DIVERGED = "diverged"
    OTHER = "other"


class Broken(AssertionError):
    """An invariant does not hold."""

    def __init__(self, harm: Harm, what: str) -> None:
        super().__init__(what)
        self.harm = harm


def must(holds: object, harm: Harm, what: str) -> None:
    """Raise Broken where something does not hold."""
    if not holds:
        raise Broken(harm, what)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One thing that went wrong: which harm, in words, and what plays it again alone."""

    harm: Harm
    what: str
    again: str


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the table: `tried` says what, `times` and `unit` how often, `found` what was measured beside it."""

    tried: str
    times: int
    unit: str
    seconds: float
    failures: tuple[Failure, ...] = ()
    found: str = ""

    def count(self, harm: Harm) -> int:
        return Counter(failure.harm for failure in self.failures)[harm]


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How much is tried: `runs` schedules of the chaos in process, and of everything else in proportion to it."""

    runs: int
    seed: int = 0
    workers: int = 1

    def part(self, *, of: int, least: int) -> int:
        """How many of something of which the long form (20,000 runs) has `of`."""
        return max(least, of * self.runs // LONG)


LONG = 20_000  # schedules of the long form
Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Suite:
    """A kind of proof: its name on the command line, its claim in one sentence, and how it is run."""

    name: str
    claim: str
    prove: Callable[[Scale, Say], Coroutine[None, None, Sequence[Figure]]]


@dataclass(frozen=True, kw_only=True)
class Proven:
    """What the suites found."""

    scale: Scale
    figures: dict[str, tuple[Figure, ...]] = field(default_factory=dict)

    @property
    def failures(self) -> list[Failure]:
        return [each for figures in self.figures.values() for figure in figures for each in figure.failures]
