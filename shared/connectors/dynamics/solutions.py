"""The Microsoft solutions of an opportunity: child rows, each pointing to a shared detail row."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from itertools import chain, count
from typing import Any

from shared.connectors.dynamics.odata import Row
from shared.connectors.dynamics.schema import SolutionNames
from shared.domain.identity import chosen_id
from shared.domain.values import Group, Solution, group


def solutions_of(row: Row, names: SolutionNames) -> Group:
    return group(found for child in row.children(names.collection) if (found := _solution(child, names)))


def _solution(child: Row, names: SolutionNames) -> Solution | None:
    detail = child.child(names.detail_bind)
    ident = detail.text(names.identifier).strip() if detail else ""
    if detail is None or not ident:
        return None
    return Solution(
        id=ident,
        name=detail.text(names.name),
        type=detail.text(names.type),
        publisher=detail.text(names.publisher),
    )


def added(wanted: Group, row: Row | None, names: SolutionNames) -> list[Solution]:
    """The solutions that the row does not have yet, in a stable order."""
    present = solutions_of(row, names).by_key() if row else {}
    missing = {key: found for key, found in wanted.by_key().items() if key not in present}
    return [found for _, found in sorted(missing.items()) if isinstance(found, Solution)]


def removed(wanted: Group, row: Row | None, names: SolutionNames) -> list[str]:
    """Ids of the child rows whose solution is not wanted any more; all of them where one was added twice."""
    kept = wanted.by_key()
    children = row.children(names.collection) if row else ()
    pairs = ((child.text(names.row_id), _solution(child, names)) for child in children)
    return [ident for ident, found in pairs if found and found.key not in kept]


def row_ident(pair: str, opportunity: str, solution: Solution, taken: Container[str] = ()) -> str:
    """The id of the row that ties a solution to an opportunity; see `_free`."""
    return _free(taken, pair, "solution", opportunity, solution.key)


def detail_ident(pair: str, solution: Solution, taken: Container[str] = ()) -> str:
    """The id of a solution's detail row; see `_free`."""
    return _free(taken, pair, "solution-detail", solution.key)


def _free(taken: Container[str], pair: str, kind: str, *source: str) -> str:
    """The first id of a series that is always the same which no other row has.

    A row that was made for one solution and now says another keeps the id that was chosen for the first.
    """
    idents = (chosen_id(pair, kind, *source, *again) for again in chain([()], ((str(n),) for n in count(2))))
    return next(ident for ident in idents if ident not in taken)


def row_body(names: SolutionNames, opportunity: str, detail: str) -> dict[str, Any]:
    return {
        f"{names.opportunity_bind}@odata.bind": f"/opportunities({opportunity})",
        f"{names.detail_bind}@odata.bind": f"/{names.detail_set}({detail})",
    }


def detail_body(names: SolutionNames, solution: Solution) -> dict[str, Any]:
    columns = {
        names.identifier: solution.id,
        names.name: solution.name or solution.id,
        names.type: solution.type,
        names.publisher: solution.publisher,
    }
    return {name: text for name, text in columns.items() if name and text}


def by_identifier(details: Iterable[Row], names: SolutionNames) -> Mapping[str, str]:
    """Detail row ids by the solution's key; the first of several wins, as a person would take it."""
    found: dict[str, str] = {}
    for detail in details:
        found.setdefault(detail.text(names.identifier).strip().casefold(), detail.text(names.detail_id))
    return found
