"""What a new row is given beside the deal's own columns: constants, what the referral says, rows of other tables."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.connectors.dynamics.calls import Calls
from shared.connectors.dynamics.odata import equals
from shared.connectors.dynamics.schema import Schema, Table
from shared.connectors.dynamics.typed import Typed
from shared.customize.model import Wishes
from shared.customize.values import Lookup
from shared.errors import NotMet
from shared.ports import Snapshot, Told

Body = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Defaults:
    """The wishes for new rows, under what the metadata says."""

    calls: Calls
    wishes: Wishes
    schema: Schema

    async def of(self, name: str, table: Table, origin: Snapshot | None) -> Body:
        """Columns of a new row of the table `name`, lookups bound; {} where nothing is wished.

        `origin` is the record that the row is made from (`Draft.source_record`). Raises NotMet.
        """
        table = self.schema.tables.get(name) or table  # of which more is known: it was read for these wishes
        referral, body = told(origin), Body()
        wanted = {column: given for column, given in self.wishes.made(name).items() if column in table}
        lookups = {column: given.lookup for column, given in wanted.items() if given.lookup}
        rows = await asyncio.gather(*(self._row(lookup, referral) for lookup in lookups.values()))
        for (column, lookup), row in zip(lookups.items(), rows, strict=True):
            if row:
                body[f"{self.schema.navigation(name, column, lookup.table)}@odata.bind"] = row
        for column, given in wanted.items():
            value = "" if given.lookup else given.value(referral)
            if value != "":
                body[column] = _typed(Typed(column=table.columns[column], fits=given.constant is None), value)
        return body

    async def _row(self, lookup: Lookup, referral: Mapping[str, Any]) -> str:
        """What to bind; "" where the referral says nothing to look for."""
        table = self.schema.tables.get(lookup.table)
        if table is None:
            return ""
        if lookup.id:
            return f"/{table.set}({lookup.id})"
        wanted = {column: words.text(referral) for column, words in lookup.where.items()}
        if not all(wanted.values()):
            return ""
        alike = [equals(column, text) for column, text in wanted.items()]
        alike += ["statecode eq 0"] if "statecode" in table else []
        query = {"$select": table.key, "$filter": " and ".join(alike), "$top": "2"}
        found = await self.calls.list(table.set, query)
        if len(found) != 1:
            raise _not_one(lookup, wanted, len(found))
        return f"/{table.set}({found[0].text(table.key)})"


def told(origin: Snapshot | None) -> Mapping[str, Any]:
    """The referral in Partner Center's own words, as far as the one who read it tells them."""
    native = origin.native if origin else None
    return native.plain() if isinstance(native, Told) else {}


def _typed(typed: Typed, value: Any) -> Any:
    try:
        return typed.value(value)
    except ValueError as error:
        bare = f"What the referral says for the column {typed.column.name} of Dynamics 365 may be {error}"
        raise NotMet(f'{bare}. It is "{value}"', bare=bare) from error


def _not_one(lookup: Lookup, wanted: Mapping[str, str], count: int) -> NotMet:
    said = " and ".join(f'{column} "{text}"' for column, text in wanted.items())
    number = "no row" if not count else "several rows"
    bare = f"Dynamics 365 has {number} of {lookup.table} with the wanted {' and '.join(wanted)}"
    return NotMet(f"{bare} ({said}): correct them there, or customize.yaml", bare=bare)
