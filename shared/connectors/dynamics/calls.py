"""The calls that the connector makes: one row read, conditional writes, and batches, all under our tag."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from shared.connectors.dynamics.batch import Operation, Part, content_type, parts_of, request_body
from shared.connectors.dynamics.odata import Row, row_of, rows_of, unreadable
from shared.connectors.dynamics.verdicts import SYSTEM, AlreadyThere
from shared.connectors.rest import Answer, Missing, Rest
from shared.errors import Conflict

REPRESENTATION = "return=representation"
ANSWERED = 200
PAGE_SIZE = 5000  # the most that one page holds


@dataclass(frozen=True, kw_only=True)
class Batched:
    """The answers to a batch: those of the change set, or the one refusal in its place, and of the read after it."""

    changes: tuple[Part, ...]
    read: Part | None
    system: str

    def row(self) -> Row | None:
        """The row that the read showed."""
        return _row_of(self.read) if self.read else None


@dataclass(frozen=True, kw_only=True)
class Calls:
    """A thin layer over `rest`: paths, headers and the tag. `new_id` makes boundaries."""

    rest: Rest
    tag: str
    new_id: Callable[[], str]

    async def get(self, path: str, params: Mapping[str, str]) -> Row | None:
        """One row, None where there is none."""
        try:
            answer = await self.rest.call("GET", path, params=params)
        except Missing:
            return None
        return row_of(answer.json())

    async def list(self, path: str, params: Mapping[str, str]) -> tuple[Row, ...]:
        """The first page of a query, which is all where the query is narrow."""
        return rows_of((await self.rest.call("GET", path, params=params)).json())

    async def patch(self, path: str, body: Mapping[str, Any], *, match: str, select: str) -> Row | None:
        """A conditional update; the row as the server holds it then, None where it did not say."""
        headers = {"If-Match": match, "Prefer": REPRESENTATION}
        return _row(await self.rest.call("PATCH", path, params=self._tagged(select), headers=headers, json=dict(body)))

    async def make(self, path: str, body: Mapping[str, Any], *, select: str) -> Row | None:
        """Create under a chosen id; None where a row with this id exists."""
        headers = {"If-None-Match": "*", "Prefer": REPRESENTATION}
        try:
            answer = await self.rest.call("PATCH", path, params=self._tagged(select), headers=headers, json=dict(body))
        except (AlreadyThere, Conflict):
            return None
        return _row(answer) or Row({})

    def patching(self, path: str, body: Mapping[str, Any], *, match: str = "", select: str = "") -> Operation:
        """The same as `patch` as a part of a batch; no `match` creates."""
        condition = {"If-Match": match} if match else {"If-None-Match": "*"}
        prefer = {"Prefer": REPRESENTATION} if select else {}
        return Operation(
            method="PATCH", url=self.path(path, self._tagged(select)), body=dict(body), headers=condition | prefer
        )

    def reading(self, path: str, params: Mapping[str, str]) -> Operation:
        return Operation(method="GET", url=self.path(path, params), headers={"Accept": "application/json"})

    def deleting(self, path: str) -> Operation:
        return Operation(method="DELETE", url=self.path(path, self._tagged("")))

    def posting(self, path: str, body: Mapping[str, Any]) -> Operation:
        return Operation(method="POST", url=self.path(path, self._tagged("")), body=dict(body))

    def path(self, path: str, params: Mapping[str, str]) -> str:
        """The address inside a batch: below the host, encoded."""
        parts = urlsplit(self.rest.url(path, params))
        return f"{parts.path}?{parts.query}" if parts.query else parts.path

    async def batch(self, changes: Sequence[Operation], read: Operation) -> Batched:
        """One change set and one read. The read is done after a refusal too, so that one call tells everything."""
        boundary = self.new_id()
        headers = {"Content-Type": content_type(boundary), "Prefer": "odata.continue-on-error"}
        content = request_body(changes, [read], boundary)
        parts = parts_of(await self.rest.call("POST", "$batch", headers=headers, content=content))
        # A failed change set is one part in its place, so that the read is always the last.
        return Batched(changes=parts[:-1], read=parts[-1] if parts else None, system=self.rest.system)

    async def commit(self, changes: Sequence[Operation]) -> None:
        """One change set: all of it or nothing. Raises what the vendor's table makes of the first refusal."""
        boundary = self.new_id()
        # Without the preference the refusal's status is the whole batch's, and its words are not where they belong.
        headers = {"Content-Type": content_type(boundary), "Prefer": "odata.continue-on-error"}
        content = request_body(changes, (), boundary)
        self.check(parts_of(await self.rest.call("POST", "$batch", headers=headers, content=content)))

    async def every(self, path: str, params: Mapping[str, str], page_size: int = PAGE_SIZE) -> AsyncIterator[Row]:
        """All rows of a query, page by page."""
        headers = {"Prefer": f"odata.maxpagesize={page_size}"}
        followed = set[str]()
        url, asked = path, dict(params) or None
        while url:
            if url in followed:
                raise unreadable("the pages of a list lead back to one that was read before")
            followed.add(url)
            body = (await self.rest.call("GET", url, params=asked, headers=headers)).json()
            for row in rows_of(body):
                yield row
            url, asked = row_of(body).text("@odata.nextLink"), None

    def check(self, parts: Sequence[Part]) -> None:
        """Raise what the vendor's table makes of the first refusal."""
        for part in parts:
            self.rest.read(part.status, part.headers, part.body)

    def _tagged(self, select: str) -> Mapping[str, str]:
        return ({"$select": select} if select else {}) | {"tag": self.tag}


def _row(answer: Answer) -> Row | None:
    return row_of(answer.json()) if answer.status in (ANSWERED, 201) and answer.body else None


def _row_of(part: Part) -> Row | None:
    if part.status not in (ANSWERED, 201) or not part.body:
        return None
    return row_of(Answer(system=SYSTEM, status=part.status, headers=part.headers, body=part.body).json())


def merged(answers: Sequence[Part], read: Row) -> Row:
    """The row as its own write was answered, with the rows around it as they were read right after."""
    shown = next((row for part in answers if (row := _row_of(part))), Row({}))
    return Row({**read.data, **shown.data})
