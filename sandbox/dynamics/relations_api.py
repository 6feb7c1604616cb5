"""`$ref`: setting and clearing lookups, and associating rows many-to-many."""

from __future__ import annotations

from sandbox.dynamics import errors
from sandbox.dynamics.call import Answer
from sandbox.dynamics.odata_options import query_pairs
from sandbox.dynamics.odata_path import Segment
from sandbox.dynamics.payload import read_json
from sandbox.dynamics.rows_api import Key, Work, existing
from sandbox.dynamics.schema import Table
from sandbox.dynamics.store import Ref


def change_reference(work: Work, table: Table, key: Key, step: Segment) -> Answer:
    """POST or PUT adds or sets, DELETE removes or clears."""
    work.may_write(table)
    row = existing(work, table, key)[table.primary_id]
    if table.navigation(step.name):
        return _single(work, table, row, step)
    if work.pipeline.organization.schema.collection(table.name, step.name):
        return _child(work, table, row, step)
    return _many(work, table, row, step)


def _target(work: Work, step: Segment) -> Ref:
    """The far row: in the body, between the segment's brackets, or in `$id`."""
    if work.call.method != "DELETE":
        url = read_json(work.call.body).get("@odata.id")
    else:
        url = dict(query_pairs(work.call.query)).get("$id")
    if not isinstance(url, str):
        raise errors.DataverseError(errors.PAYLOAD, f"'{step.name}' needs an @odata.id.")
    return work.reader.reference(url)


def _single(work: Work, table: Table, row: str, step: Segment) -> Answer:
    body = {f"{step.name}@odata.bind": None}
    if work.call.method != "DELETE":
        body = {f"{step.name}@odata.bind": read_json(work.call.body).get("@odata.id")}
    work.pipeline.update(table, row, work.reader.changes(table, body, creating=False).values, work.execution)
    return Answer()


def _child(work: Work, table: Table, row: str, step: Segment) -> Answer:
    """A one-to-many end: the write is the child's."""
    schema = work.pipeline.organization.schema
    collection = schema.collection(table.name, step.name)
    if collection is None:
        raise errors.no_property(step.name, table.name)
    child = schema.tables[collection.child]
    found = step.key or _target(work, step).id
    parent = None if work.call.method == "DELETE" else Ref(table.name, row)
    work.pipeline.update(child, found, {collection.column: parent}, work.execution)
    return Answer()


def _many(work: Work, table: Table, row: str, step: Segment) -> Answer:
    organization = work.pipeline.organization
    relation = organization.schema.relation(table.name, step.name)
    if relation is None:
        raise errors.no_property(step.name, table.name)
    far = step.key or _target(work, step).id
    pair = (row, far) if relation.first == table.name else (far, row)
    if work.call.method == "DELETE":
        organization.store.unlink(relation.name, *pair)
    elif not organization.store.link(relation.name, *pair):
        raise errors.DataverseError(errors.DUPLICATE, "Cannot insert duplicate key.")
    return Answer()
