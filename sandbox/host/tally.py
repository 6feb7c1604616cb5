"""Counts invocations per function, so that a test or a demo can wait until the app is quiet."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass
class Count:
    """`in_flight` are those started and neither succeeded nor failed."""

    started: int = 0
    succeeded: int = 0
    failed: int = 0
    in_flight: int = 0


class Tally:
    def __init__(self, names: Iterable[str]) -> None:
        self._counts = {name: Count() for name in names}

    def start(self, name: str) -> None:
        count = self._counts[name]
        count.started += 1
        count.in_flight += 1

    def end(self, name: str, *, succeeded: bool) -> None:
        count = self._counts[name]
        count.in_flight -= 1
        if succeeded:
            count.succeeded += 1
        else:
            count.failed += 1

    @property
    def in_flight(self) -> int:
        return sum(count.in_flight for count in self._counts.values())

    def as_json(self) -> dict[str, dict[str, int]]:
        return {name: asdict(count) for name, count in self._counts.items()}
