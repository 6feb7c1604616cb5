"""The queries of alerts and workbook, read, filled in and looked at by Microsoft's own Kusto language service."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from sandbox.host.node import find_node
from sandbox.host.packages import KUSTO

ROOT = Path(__file__).resolve().parents[2]
ALERTS = ROOT / "infra" / "alerts"
WORKBOOK = ROOT / "infra" / "workbook" / "queries"
SCRIPT = Path(__file__).parent / "kusto_language" / "check.js"

# The columns of the workspace's tables, as https://learn.microsoft.com/azure/azure-monitor/reference/tables/appevents
# and its neighbours have them; those that no query of ours should need are left out.
COMMON = "TimeGenerated: datetime, Properties: dynamic, OperationName: string, ItemCount: int, _ResourceId: string"
TABLES: Mapping[str, str] = MappingProxyType(
    {
        "AppEvents": f"({COMMON}, Name: string)",
        "AppMetrics": f"({COMMON}, Name: string, Sum: real, Min: real, Max: real)",
        "AppRequests": f"({COMMON}, Name: string, ResultCode: string, Success: bool, DurationMs: real)",
        "AppDependencies": f"({COMMON}, Name: string, ResultCode: string, Success: bool, DurationMs: real)",
        "AppExceptions": f"({COMMON}, ExceptionType: string, ProblemId: string, OuterMessage: string)",
    }
)
APPLICATION = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-contoso/providers"
    "/microsoft.insights/components/appi-contoso"
)
OPPORTUNITY = "00000000-0000-4000-8000-000000000007"
# What stands for something else until the queries are deployed, or shown.
PLACES: Mapping[str, str] = MappingProxyType(
    {"APPLICATION_INSIGHTS_ID": APPLICATION, "{TimeRange:grain}": "1h", "{Deal}": OPPORTUNITY}
)


def filled(query: str) -> str:
    """A query as Log Analytics gets it."""
    for place, value in PLACES.items():
        query = query.replace(place, value)
    return query


def queries(folder: Path) -> dict[str, str]:
    """Each file's query, by its name."""
    return {file.stem: file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.kql"))}


def diagnosed(asked: Mapping[str, str]) -> dict[str, list[str]]:
    """What the language service finds wrong with each; it knows the functions, the tables and their columns."""
    KUSTO.install()
    done = subprocess.run(  # noqa: S603 — node as found on this machine, with a script of ours
        [find_node().program, str(SCRIPT)],
        input=json.dumps({"tables": dict(TABLES), "queries": {name: filled(text) for name, text in asked.items()}}),
        env=os.environ | {"NODE_PATH": str(KUSTO.modules)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


@cache
def faults() -> Mapping[str, list[str]]:
    """Of every query that is deployed: one start of node for all tests."""
    folders = {"alerts": ALERTS, "workbook": WORKBOOK}
    named = {f"{of}/{name}": text for of, folder in folders.items() for name, text in queries(folder).items()}
    return MappingProxyType(diagnosed(named))
