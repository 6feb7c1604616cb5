"""Finds what a path means and does it, in one transaction; events leave only when it is committed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.dynamics import delta_api, errors, query_api, relations_api, roles, rows_api
from sandbox.dynamics.actions import Actions
from sandbox.dynamics.bulk_api import bulk
from sandbox.dynamics.call import Answer, Call
from sandbox.dynamics.execution import Event, Execution
from sandbox.dynamics.metadata_api import Metadata
from sandbox.dynamics.metadata_changes import create_tables
from sandbox.dynamics.odata_options import parse_query
from sandbox.dynamics.odata_path import Segment, key_values, segments, unknown_segment
from sandbox.dynamics.organization import Organization
from sandbox.dynamics.payload import PayloadReader, read_json
from sandbox.dynamics.privileges import Guard
from sandbox.dynamics.render import Renderer
from sandbox.dynamics.rows_api import Work
from sandbox.dynamics.rules import make_pipeline
from sandbox.dynamics.schema import Table

_FUNCTION = "Microsoft.Dynamics.CRM."


@dataclass(frozen=True, kw_only=True)
class Service:
    """`publish` gets the events of each committed call."""

    organization: Organization
    publish: Callable[[list[Event]], None]

    def handle(self, call: Call) -> Answer:
        """One operation, all or nothing; a refusal becomes an answer."""
        try:
            answer = self.run(call)
        except errors.DataverseError as error:
            return refusal(error, annotated=bool(call.annotations))
        self.flush()
        return answer

    def run(self, call: Call) -> Answer:
        """The same without publishing; a refusal is raised after everything was undone."""
        events = self.organization.events
        start = len(events)
        try:
            with self.organization.store.transaction():
                return self._dispatch(call)
        except BaseException:
            del events[start:]
            raise

    def flush(self) -> None:
        events, self.organization.events = self.organization.events, []
        self.publish(events)

    def execution(self, call: Call, tag: str | None) -> Execution:
        new_id = self.organization.store.new_id
        bypass = {part.strip() for part in call.headers.get("mscrm.bypassbusinesslogicexecution", "").split(",")}
        silences = self.organization.switches.flag("bypass_silences_webhooks")
        shared: tuple[tuple[str, Any], ...] = (("IsAutoTransact", True),)
        return Execution(
            caller=call.caller,
            user_agent=call.headers.get("user-agent", ""),
            tag=tag,
            silent_async="CustomAsync" in bypass and silences,
            correlation=new_id(),
            request=new_id(),
            operation=new_id(),
            solution=call.headers.get("mscrm.solutionuniquename", ""),
            shared=shared if tag is None else (*shared, ("tag", tag)),
        )

    def work(self, call: Call) -> Work:
        organization, options = self.organization, parse_query(call.query)
        return Work(
            call=call,
            options=options,
            pipeline=make_pipeline(organization),
            reader=PayloadReader(organization=organization, strong=call.strong, references=call.references),
            renderer=Renderer(
                world=organization.world,
                root=organization.root,
                annotations=call.annotations,
                visible=lambda table, column: organization.visible(table, column, strong=call.strong),
                readable=Guard(caller=call.caller).reading(),
            ),
            execution=self.execution(call, options.tag),
        )

    def _dispatch(self, call: Call) -> Answer:
        work, steps = self.work(call), segments(call.path)
        first = steps[0]
        metadata = Metadata(work=work)
        if first.name in metadata.roots:
            return metadata.answer(steps)
        table = self.organization.schema.sets.get(first.name)
        if table is not None and (call.strong or table.seen_from <= self.organization.now().timestamp()):
            return _data(work, table, steps)
        return _unbound(work, steps)


def refusal(error: errors.DataverseError, *, annotated: bool = False) -> Answer:
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    return Answer(status=error.status, body=error.body(annotated=annotated), headers=headers)


def _unbound(work: Work, steps: list[Segment]) -> Answer:
    """Functions by GET, actions by POST."""
    actions = Actions(pipeline=work.pipeline, reader=work.reader, execution=work.execution)
    name, context = steps[0].name, f"{work.root}$metadata#"
    if name == "WhoAmI" and work.call.method == "GET":
        body = {"@odata.context": f"{context}Microsoft.Dynamics.CRM.WhoAmIResponse", **actions.who_am_i()}
        return Answer(status=200, body=body)
    if name == "RetrieveVersion" and work.call.method == "GET":
        body = {
            "@odata.context": f"{context}Microsoft.Dynamics.CRM.RetrieveVersionResponse",
            "Version": "9.2.25111.186",
        }
        return Answer(status=200, body=body)
    if name == "RetrieveRolePrivilegesRole" and work.call.method == "GET":
        work.renderer.readable(work.pipeline.organization.schema.tables["role"])
        role = str(key_values(steps[0].key or "").get("RoleId"))
        body = {"@odata.context": f"{context}Microsoft.Dynamics.CRM.{name}Response"}
        return Answer(status=200, body=body | roles.retrieve(work.pipeline.organization, role))
    if name == "CreateEntities" and work.call.method == "POST":
        create_tables(work, read_json(work.call.body))
        return Answer()
    action = actions.unbound(name)
    if action is None or work.call.method != "POST":
        raise unknown_segment(name)
    work.may_write(work.pipeline.organization.schema.tables["opportunity"])
    result = action(read_json(work.call.body))
    return Answer() if result is None else Answer(status=200, body=result)


def _data(work: Work, table: Table, steps: list[Segment]) -> Answer:
    first, rest = steps[0], steps[1:]
    if first.key is None:
        return _collection(work, table, rest)
    key = rows_api.find(work, table, first)
    if not rest:
        one = {"GET": rows_api.read, "PATCH": rows_api.change, "DELETE": rows_api.remove}.get(work.call.method)
        if one is None:
            raise not_allowed(work.call.method)
        return one(work, table, key)
    if len(rest) == 2 and rest[1].name == "$ref":
        return relations_api.change_reference(work, table, key, rest[0])
    if len(rest) != 1:
        raise unknown_segment(rest[-1].name)
    return _below_row(work, table, key, rest[0])


def _below_row(work: Work, table: Table, key: rows_api.Key, step: Segment) -> Answer:
    if step.name.startswith(_FUNCTION):
        return _bound(work, table, key, step.name.removeprefix(_FUNCTION))
    if step.name in table.properties() and work.call.method in ("PUT", "DELETE"):
        return rows_api.write_property(work, table, key, step.name)
    if work.call.method != "GET":
        raise not_allowed(work.call.method)
    if step.name in table.properties():
        return rows_api.read_property(work, table, key, step.name)
    return _navigate(work, table, key, step)


def _bound(work: Work, table: Table, key: rows_api.Key, name: str) -> Answer:
    work.may_write(table)
    if table.name == "role" and name in roles.ACTIONS and work.call.method == "POST":
        Guard(caller=work.call.caller).table("Write", table)
        role = rows_api.existing(work, table, key)[table.primary_id]
        roles.ACTIONS[name](work.pipeline.organization, role, read_json(work.call.body))
        return Answer()
    if (table.name, name, work.call.method) != ("lead", "QualifyLead", "POST"):
        raise unknown_segment(name)
    actions = Actions(pipeline=work.pipeline, reader=work.reader, execution=work.execution)
    result = actions.qualify(rows_api.existing(work, table, key)[table.primary_id], read_json(work.call.body))
    context = f"{work.root}$metadata#Microsoft.Dynamics.CRM.QualifyLeadResponse"
    return Answer(status=200, body={"@odata.context": context, **result})


def _navigate(work: Work, table: Table, key: rows_api.Key, step: Segment) -> Answer:
    work.renderer.readable(table)
    row = rows_api.existing(work, table, key)
    schema, store = work.pipeline.organization.schema, work.pipeline.organization.store
    found = table.navigation(step.name)
    if found:
        ref = row.get(found[0].name)
        if ref is None or all(each.table != ref.table for each in found[1]):
            return Answer()
        if store.of(ref) is None:
            raise errors.not_found(ref.table, ref.id)
        return rows_api.read(work, schema.tables[ref.table], rows_api.Key(id=ref.id, values={}, text=ref.id))
    collection = schema.collection(table.name, step.name)
    relation = schema.relation(table.name, step.name)
    if collection:
        far = collection.child
    elif relation:
        far = relation.second if relation.first == table.name else relation.first
    else:
        raise unknown_segment(step.name)
    rows = work.renderer.related(table, row[table.primary_id], step.name)
    return query_api.listing(work, schema.tables[far], rows)


def _collection(work: Work, table: Table, rest: list[Segment]) -> Answer:
    method = work.call.method
    if method == "POST" and not rest:
        return rows_api.create(work, table)
    if len(rest) == 1 and rest[0].name.startswith(_FUNCTION):
        answer = bulk(work, table, rest[0].name.removeprefix(_FUNCTION))
        if answer is None:
            raise unknown_segment(rest[0].name)
        return answer
    if method != "GET":
        raise not_allowed(method)
    tracking = delta_api.is_tracking(work)
    rows = list(work.pipeline.organization.store.table(table.name).values())
    if [step.name for step in rest] == ["$count"]:
        total = delta_api.count(work, table) if tracking else len(query_api.select_rows(work, table, rows))
        return Answer(status=200, text=str(total))
    if rest:
        raise unknown_segment(rest[0].name)
    return delta_api.changes(work, table) if tracking else query_api.listing(work, table, rows)


def not_allowed(method: str) -> errors.DataverseError:
    return errors.DataverseError(
        errors.SEGMENT_NOT_FOUND, f"The requested resource does not support http method '{method}'.", status=405
    )
