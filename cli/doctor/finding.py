"""What a check found, in words, with the one thing to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from cli.output import counted


class State(StrEnum):
    """How a check ended. A warning lets the product work, and says at what price."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


class Area(StrEnum):
    """What a check looks at; in the order in which it is shown."""

    SETTINGS = "settings"
    STORAGE = "storage"
    PARTNER = "Partner Center"
    CRM = "Dynamics 365"
    BOTH = "both systems"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`about` tells several findings of one check apart. `unreachable`: nobody answered, or let us in."""

    state: State
    found: str
    do: str = ""
    about: str = ""
    unreachable: bool = False


def ok(found: str, *, about: str = "") -> Finding:
    return Finding(state=State.OK, found=found, about=about)


def warning(found: str, do: str, *, about: str = "") -> Finding:
    return Finding(state=State.WARNING, found=found, do=do, about=about)


def failed(found: str, do: str, *, about: str = "", unreachable: bool = False) -> Finding:
    return Finding(state=State.FAILED, found=found, do=do, about=about, unreachable=unreachable)


@dataclass(frozen=True, kw_only=True)
class Line:
    """A finding with the check that it is of: a row of the table."""

    area: Area
    check: str
    finding: Finding

    @property
    def cells(self) -> tuple[str, str, str, str, str]:
        finding = self.finding
        name = f"{self.check}: {finding.about}" if finding.about else self.check
        return (self.area.value, name, finding.state.value, finding.found, finding.do)

    def document(self) -> Mapping[str, str]:
        return dict(zip(("area", "check", "state", "found", "do"), self.cells, strict=True))


@dataclass(frozen=True, kw_only=True)
class Report:
    """All lines, by area. `mode` says under which settings a write would happen at all."""

    mode: str
    lines: tuple[Line, ...] = ()

    def of(self, state: State) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.finding.state is state)

    @property
    def well(self) -> bool:
        """Nothing failed: it may go live."""
        return not self.of(State.FAILED)

    @property
    def unreachable(self) -> bool:
        return any(line.finding.unreachable for line in self.of(State.FAILED))

    @property
    def summary(self) -> str:
        warnings = counted(len(self.of(State.WARNING)), State.WARNING.value)
        return f"{len(self.of(State.OK))} ok, {warnings}, {len(self.of(State.FAILED))} failed"

    def document(self) -> Mapping[str, object]:
        return {"well": self.well, "mode": self.mode, "checks": [line.document() for line in self.lines]}
