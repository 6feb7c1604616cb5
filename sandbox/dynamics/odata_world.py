"""What filters and renderings look through: tables, rows, and how text is compared."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.dynamics.schema import Schema
from sandbox.dynamics.store import Ref, Store


@dataclass(frozen=True, kw_only=True)
class World:
    """What a path may lead through, and how text is compared."""

    schema: Schema
    store: Store
    case_sensitive: bool = False

    def plain(self, value: Any) -> Any:
        """A kept value in comparable form."""
        if isinstance(value, Ref):
            return value.id
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int | float):
            return Decimal(str(value))
        return value if self.case_sensitive or not isinstance(value, str) else value.casefold()
