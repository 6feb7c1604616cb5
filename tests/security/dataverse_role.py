"""The security role as it is shipped, in the words of one simulated organisation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.dynamics import SolutionTables
from sandbox.dynamics.privileges import privilege
from sandbox.dynamics.tables_connector import build_schema

FILE = Path(__file__).parents[2] / "infra" / "dataverse_role.json"
Role = Mapping[str, str]


def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def shipped(names: SolutionTables | None = None) -> dict[str, str]:
    """Privilege → depth; the solution tables' privileges are called after what this organisation calls the tables."""
    role, names = document(), names or SolutionTables()
    tables = build_schema(names).tables
    called = {"solution_row": names.row, "solution_detail": names.detail}
    named = {each["name"]: each["depth"] for each in role["privileges"]}
    return named | {privilege(e["right"], tables[called[e["table"]]]): e["depth"] for e in role["tables"]}
