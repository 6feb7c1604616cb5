"""The workbook as it is deployed, with `infra/workbook/queries` put into it: `python -m tests.infra.workbook`.

Each query is a file of its own, for people to read and for the checks; the portal takes one JSON with all of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.infra.kusto import ROOT, WORKBOOK, queries

FILE = ROOT / "infra" / "workbook" / "workbook.json"
TEXT, QUERY, PARAMETERS, GROUP = 1, 3, 9, 12


def stored() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def items(inside: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every item, also those in groups."""
    for item in inside["items"]:
        yield item
        if item["type"] == GROUP:
            yield from items(item["content"])


def asking(workbook: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The items that ask something, by name: the name of the file with their query."""
    return {item["name"]: item for item in items(workbook) if item["type"] == QUERY}


def assembled() -> str:
    """The file as it has to be: what is stored, with the queries as they are now."""
    workbook, texts = stored(), queries(WORKBOOK)
    for name, item in asking(workbook).items():
        item["content"]["query"] = texts[name]
    return json.dumps(workbook, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(assembled(), encoding="utf-8")
