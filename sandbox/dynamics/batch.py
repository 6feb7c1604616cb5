"""$batch: operations one after the other, a change set as one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from sandbox.dynamics import errors
from sandbox.dynamics.batch_text import (
    ChangeSet,
    Operation,
    answer_part,
    bad_batch,
    changeset_part,
    parse_batch,
    written,
)
from sandbox.dynamics.call import Answer, Call
from sandbox.dynamics.odata_path import below_root
from sandbox.dynamics.service import Service, refusal

LIMIT = 1000


@dataclass(kw_only=True)
class Batch:
    """One batch request; without continue-on-error it ends at the first failure."""

    service: Service
    outer: Call
    failed: int = 0
    parts: list[str] = field(default_factory=list)

    def run(self, items: list[Operation | ChangeSet]) -> tuple[int, str, str]:
        """Status, boundary and body."""
        going_on = "odata.continue-on-error" in self.outer.preferences
        for item in items:
            if isinstance(item, ChangeSet):
                self._change_set(item)
            else:
                self._note(self.service.handle(self._call(item, {})), item.content_id)
            if self.failed and not going_on:
                break
        boundary = f"batchresponse_{self.service.organization.store.new_id()}"
        status = self.failed if self.failed and not going_on else HTTPStatus.OK
        return status, boundary, written(boundary, self.parts)

    def _note(self, answer: Answer, content_id: str = "") -> None:
        if answer.status >= HTTPStatus.BAD_REQUEST:
            self.failed = self.failed or answer.status
        self.parts.append(_shown(answer, content_id))

    def _change_set(self, changes: ChangeSet) -> None:
        """All or nothing; of a failed set only the answer of what failed is shown (seen in powerapps-docs#2843)."""
        references: dict[str, str] = {}
        shown: list[str] = []
        events = self.service.organization.events
        start, content_id = len(events), ""
        try:
            with self.service.organization.store.transaction():
                for operation in changes.operations:
                    content_id = operation.content_id
                    answer = self.service.run(self._call(operation, references))
                    shown.append(_shown(answer, content_id))
                    self._remember(operation, answer, references)
        except errors.DataverseError as error:
            del events[start:]
            refused = refusal(error)
            self.failed = self.failed or refused.status
            shown = [_shown(refused, content_id)]
        else:
            self.service.flush()
        self.parts.append(changeset_part(f"changesetresponse_{self.service.organization.store.new_id()}", shown))

    def _remember(self, operation: Operation, answer: Answer, references: dict[str, str]) -> None:
        """What `$id` stands for later in the set: the row made, or the row written to."""
        if not operation.content_id:
            return
        url = answer.headers.get("OData-EntityId", "")
        references[operation.content_id] = below_root(url) if url else self._made(operation, answer)

    def _made(self, operation: Operation, answer: Answer) -> str:
        table = self.service.organization.schema.sets.get(operation.path.split("(")[0])
        if table is None or answer.body is None or table.primary_id not in answer.body:  # an action's answer is no row
            return operation.path
        return f"{table.entity_set}({answer.body[table.primary_id]})"

    def _call(self, operation: Operation, references: Mapping[str, str]) -> Call:
        path = operation.path
        if path.startswith("$"):
            name, slash, rest = path[1:].partition("/")
            if name not in references:
                raise bad_batch(f"Content-ID Reference: '${name}' does not exist in the batch context.")
            path = references[name] + slash + rest
        inherited = {name: value for name, value in self.outer.headers.items() if name in ("user-agent", "consistency")}
        return Call(
            method=operation.method,
            path=path,
            query=operation.query,
            headers=inherited | dict(operation.headers),
            body=operation.body,
            caller=self.outer.caller,
            references=references,
        )


def _shown(answer: Answer, content_id: str) -> str:
    return answer_part(answer, HTTPStatus(answer.status).phrase, content_id)


def operations(call: Call) -> list[Operation | ChangeSet]:
    items = parse_batch(call.headers.get("content-type", ""), call.body)
    total = sum(len(item.operations) if isinstance(item, ChangeSet) else 1 for item in items)
    if total > LIMIT:
        raise bad_batch(f"The batch holds {total} operations; {LIMIT} is the most.")
    return items
