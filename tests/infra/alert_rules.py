"""The rules of `infra/modules/alerts.bicep`, read as they are written there, and what Azure Monitor does with one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from tests.infra.kusto import ROOT
from tests.infra.workspace import Workspace

BICEP = ROOT / "infra" / "modules" / "alerts.bicep"
TABLE = re.compile(r"^param rules Rule\[\] = \[\n(.*?)^\]", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^  \{\n(.*?)^  \}", re.MULTILINE | re.DOTALL)
PAIR = re.compile(r"^    (\w+): (.+)$", re.MULTILINE)
FROM = re.compile(r"(?:limits\.\?(\w+) \?\? )?(\d+)")
LIMIT = re.compile(r"limits\.\?(\w+) \?\? (\d+)")
QUERY = re.compile(r"loadTextContent\('\.\./alerts/(\w+)\.kql'\)")
NAMES = re.compile(r"^type RuleName =\n((?:  \| '[\w-]+'\n)+)", re.MULTILINE)
DURATIONS = {
    "PT5M": timedelta(minutes=5),
    "PT15M": timedelta(minutes=15),
    "PT30M": timedelta(minutes=30),
    "PT1H": timedelta(hours=1),
    "PT6H": timedelta(hours=6),
    "P1D": timedelta(days=1),
    "P2D": timedelta(days=2),
}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One row of the table; `start` is the value from which on it fires."""

    name: str
    title: str
    description: str
    query: str
    severity: int
    window: str
    frequency: str
    start: int
    split_by: tuple[str, ...]

    @property
    def text(self) -> str:
        return (BICEP.parents[1] / "alerts" / f"{self.query}.kql").read_text(encoding="utf-8")

    def fires(self, workspace: Workspace) -> set[tuple[str, ...]]:
        """For what it fires: the values of its dimensions, one empty tuple where it has none.

        The largest measure of each is compared, over the rows of its window:
        https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-create-log-alert-rule
        """
        rows = workspace.ask(self.text, within=DURATIONS[self.window])
        over = [row for row in rows if row["Measure"] is not None and row["Measure"] >= self.start]
        return {tuple(str(row[column]) for column in self.split_by) for row in over}


@cache
def source() -> str:
    return BICEP.read_text(encoding="utf-8")


@cache
def rules() -> dict[str, Rule]:
    """By name, with the thresholds that nobody changed."""
    table = TABLE.search(source())
    assert table is not None
    return {rule.name: rule for rule in map(_rule, ROW.findall(table[1]))}


def names() -> list[str]:
    """What may be switched off."""
    found = NAMES.search(source())
    assert found is not None
    return re.findall(r"'([\w-]+)'", found[1])


def limits() -> dict[str, set[str]]:
    """Each threshold that somebody may set, with the defaults that stand where it is taken."""
    found: dict[str, set[str]] = {}
    for name, default in LIMIT.findall(source()):
        found.setdefault(name, set()).add(default)
    return found


def _rule(row: str) -> Rule:
    pairs = {name: value.strip("'") for name, value in PAIR.findall(row)}
    query = QUERY.fullmatch(pairs["query"])
    assert query is not None, pairs
    begins = FROM.fullmatch(pairs["from"])
    assert begins is not None, pairs
    return Rule(
        name=pairs["name"],
        title=pairs["title"],
        description=pairs["description"],
        query=query[1],
        severity=int(pairs["severity"]),
        window=pairs["window"],
        frequency=pairs["frequency"],
        start=int(begins[2]),
        split_by=tuple(re.findall(r"'(\w+)'", row.partition("splitBy:")[2])),
    )
