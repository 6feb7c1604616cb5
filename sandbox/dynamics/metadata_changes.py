"""Writes to the metadata: what a call may change, in which solution it lands, and what comes along with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.dynamics import errors
from sandbox.dynamics.call import Answer
from sandbox.dynamics.components import COLUMN, RELATIONSHIP, TABLE, joined
from sandbox.dynamics.customizing_rows import born, put, table_map
from sandbox.dynamics.metadata_json import class_of, many_to_many, one_to_many
from sandbox.dynamics.metadata_redefinition import add_many, drop_relation, redefine_column, without_complex
from sandbox.dynamics.metadata_removal import remove_column, remove_table
from sandbox.dynamics.metadata_tables import add_option, add_relation, add_table, change_table
from sandbox.dynamics.metadata_writes import add_column, add_key, type_name
from sandbox.dynamics.odata_path import Segment, key_values, row_id, unknown_segment
from sandbox.dynamics.organization import Organization, stable_id
from sandbox.dynamics.payload import read_json
from sandbox.dynamics.privileges import Guard
from sandbox.dynamics.rows_api import Work
from sandbox.dynamics.schema import Table

Json = dict[str, Any]


def table_at(organization: Organization, key: str) -> Table:
    """The table that `LogicalName='x'` or an id names."""
    tables, found = organization.schema.tables, row_id(key)
    if found is None:
        name = str(key_values(key).get("LogicalName"))
        table = tables.get(name)
    else:
        name = found
        table = next((each for each in tables.values() if stable_id("table", each.name) == found), None)
    if table is None:
        raise errors.DataverseError(errors.NOT_FOUND, f"Could not find an entity with name {name} in the cache.")
    return table


@dataclass(frozen=True, kw_only=True)
class Changes:
    """One call that is no GET."""

    work: Work

    @property
    def organization(self) -> Organization:
        return self.work.pipeline.organization

    def answer(self, steps: list[Segment]) -> Answer:
        self.begin()
        steps = self._without_cast(steps)
        method, parts = self.work.call.method, tuple(step.name for step in steps)
        keyed = tuple(step.key is not None for step in steps)
        change = self._changes().get((method, parts, keyed))
        if change is None:
            raise unknown_segment(parts[-1])
        return change(steps)

    def begin(self) -> None:
        self.work.may_write(self.organization.schema.tables["solution"])
        self._in_turn()

    def _changes(self) -> Mapping[tuple[str, tuple[str, ...], tuple[bool, ...]], Callable[[list[Segment]], Answer]]:
        entities, relations = "EntityDefinitions", "RelationshipDefinitions"
        return {
            ("POST", (entities,), (False,)): self._new_table,
            ("PUT", (entities,), (True,)): self._changed_table,
            ("DELETE", (entities,), (True,)): self._no_table,
            ("POST", (entities, "Attributes"), (True, False)): self._new_column,
            ("PUT", (entities, "Attributes"), (True, True)): self._changed_column,
            ("DELETE", (entities, "Attributes"), (True, True)): self._no_column,
            ("POST", (entities, "Keys"), (True, False)): self._new_key,
            ("DELETE", (entities, "Keys"), (True, True)): self._no_key,
            ("POST", (relations,), (False,)): self._new_relation,
            ("DELETE", (relations,), (True,)): self._no_relation,
        }

    def _without_cast(self, steps: list[Segment]) -> list[Segment]:
        """A column may be named by its own type as well: `…/Attributes(key)/Microsoft.Dynamics.CRM.…Metadata`."""
        if len(steps) != 3 or steps[1].name != "Attributes" or steps[1].key is None:
            return steps
        table = table_at(self.organization, steps[0].key or "")
        kind = class_of(table.columns[_column_at(table, steps[1].key)])
        if steps[2].name != f"Microsoft.Dynamics.CRM.{kind}":
            raise unknown_segment(steps[2].name)
        return steps[:2]

    def _in_turn(self) -> None:
        """Only one change of the metadata runs at a time; the switch plays a neighbour's."""
        waiting = self.organization.switches.number("metadata_busy")
        if waiting > 0:
            self.organization.switches.patch({"metadata_busy": waiting - 1})
            raise errors.DataverseError(errors.BUSY, "Cannot start another operation: one is running. Try again later.")

    def _may(self, right: str, what: str) -> None:
        Guard(caller=self.work.call.caller).named(f"prv{right}{what}")

    def _body(self) -> Json:
        body = read_json(self.work.call.body)
        check_languages(self.organization, body)
        return body

    def _new_table(self, _: list[Segment]) -> Answer:
        return self._made(f"EntityDefinitions({self.make_table(self._body())})")

    def make_table(self, body: Json) -> str:
        """Its id; also for the action that makes several."""
        self._may("Create", "Entity")
        organization = self.organization
        table = add_table(organization, body)
        table.seen_from = organization.now().timestamp() + organization.switches.number("metadata_delay_seconds")
        put(organization, born(table))
        organization.additions.append({"entity": body})
        ident = stable_id("table", table.name)
        joined(organization, self.work.execution, TABLE, ident)
        return ident

    def _changed_table(self, steps: list[Segment]) -> Answer:
        self._may("Write", "Entity")
        table, body = table_at(self.organization, steps[0].key or ""), read_json(self.work.call.body)
        change_table(table, body)
        self.organization.additions.append({"definition": body, "table": table.name})
        return Answer()

    def _no_table(self, steps: list[Segment]) -> Answer:
        self._may("Delete", "Entity")
        table = table_at(self.organization, steps[0].key or "")
        remove_table(self.organization, table)
        self.organization.additions.append({"dropped_table": table.name})
        return Answer()

    def _new_column(self, steps: list[Segment]) -> Answer:
        self._may("Create", "Attribute")
        table = table_at(self.organization, steps[0].key or "")
        found = add_column(self.organization, table, self._body())
        self._joins(table, COLUMN, found)
        return self._made(f"EntityDefinitions({stable_id('table', table.name)})/Attributes({found})")

    def _joins(self, table: Table, kind: int, component: str) -> None:
        """A part of a table brings the table along, as a bare root."""
        joined(self.organization, self.work.execution, TABLE, stable_id("table", table.name))
        joined(self.organization, self.work.execution, kind, component)

    def _no_column(self, steps: list[Segment]) -> Answer:
        self._may("Delete", "Attribute")
        table, key = table_at(self.organization, steps[0].key or ""), steps[1].key or ""
        name = _column_at(table, key)
        remove_column(self.organization, table, name)
        self.organization.additions.append({"dropped_column": name, "table": table.name})
        return Answer()

    def _changed_column(self, steps: list[Segment]) -> Answer:
        self._may("Write", "Attribute")
        table, body = table_at(self.organization, steps[0].key or ""), self._body()
        name = _column_at(table, steps[1].key or "")
        redefine_column(table, name, body)
        self.organization.schema_versions[table.name] = self.organization.store.next_version()
        self.organization.additions.append({"redefined": name, "table": table.name, "body": body})
        return Answer()

    def _new_key(self, steps: list[Segment]) -> Answer:
        self._may("Create", "EntityKey")  # CreateEntityKey message privileges
        table = table_at(self.organization, steps[0].key or "")
        found = add_key(self.organization, table, self._body())
        return self._made(f"EntityDefinitions({stable_id('table', table.name)})/Keys({found})")

    def _no_key(self, steps: list[Segment]) -> Answer:
        self._may("Delete", "EntityKey")
        table, key = table_at(self.organization, steps[0].key or ""), steps[1].key or ""
        named = row_id(key) or stable_id("key", table.name, str(key_values(key).get("LogicalName")))
        name = next((each for each in table.keys if stable_id("key", table.name, each) == named), None)
        if name is None:
            raise errors.DataverseError(errors.NOT_FOUND, f"Could not find the key {key} of {table.name}.")
        del table.keys[name]
        self.organization.additions.append({"dropped_key": name, "table": table.name})
        return Answer()

    def _new_relation(self, _: list[Segment]) -> Answer:
        self._may("Create", "Relationship")
        body, organization = self._body(), self.organization
        if type_name(body) == "ManyToManyRelationshipMetadata":
            many = add_many(organization, body)
            organization.additions.append({"relationship": body})
            return self._made(f"RelationshipDefinitions({stable_id('relationship', many.name)})")
        child, column = add_relation(organization, body)
        parent = column.targets[0].table
        put(organization, [table_map(parent, child.name)])
        organization.schema_versions[child.name] = organization.store.next_version()
        organization.additions.append({"relationship": body})
        found = stable_id("relationship", child.name, column.name, parent)
        self._joins(child, RELATIONSHIP, found)
        self._joins(child, COLUMN, stable_id("column", child.name, column.name))
        return self._made(f"RelationshipDefinitions({found})")

    def _no_relation(self, steps: list[Segment]) -> Answer:
        """With the lookup of a one-to-many go its values and every delta token of the table."""
        self._may("Delete", "Relationship")
        key, organization = steps[0].key or "", self.organization
        wanted = row_id(key) or key_values(key).get("SchemaName")
        listed = [*one_to_many(organization), *many_to_many(organization)]
        shown = next((each for each in listed if wanted in (each["SchemaName"], each["MetadataId"])), None)
        if shown is None:
            raise errors.DataverseError(errors.NOT_FOUND, f"Could not find the relationship {key}.")
        name = str(shown["SchemaName"])
        if not shown["IsCustomRelationship"]:
            raise errors.DataverseError(errors.INVALID_ARGUMENT, f"The relationship {name} cannot be deleted.")
        if "ReferencingEntity" in shown:
            table = organization.schema.tables[shown["ReferencingEntity"]]
            remove_column(organization, table, shown["ReferencingAttribute"])
            organization.additions.append({"dropped_column": shown["ReferencingAttribute"], "table": table.name})
        else:
            drop_relation(organization, name)
            organization.additions.append({"dropped_relation": name})
        return Answer()

    def _made(self, path: str) -> Answer:
        return Answer(headers={"OData-EntityId": f"{self.work.root}{path}"})


def create_tables(work: Work, body: Json) -> None:
    """The action CreateEntities, by which Microsoft's Python client makes tables; it has no page of its own yet."""
    listed = body.get("Entities")
    if not isinstance(listed, list) or not listed:
        raise errors.DataverseError(errors.INVALID_ARGUMENT, "Required parameter 'Entities' is missing.")
    changes = Changes(work=work)
    changes.begin()
    for each in listed:
        changes.make_table(without_complex(each))


def _column_at(table: Table, key: str) -> str:
    found = row_id(key)
    named = str(key_values(key).get("LogicalName")) if found is None else ""
    ids = {stable_id("column", table.name, each): each for each in table.columns}
    name = ids.get(found, "") if found else named
    if name not in table.columns:
        raise errors.DataverseError(errors.NOT_FOUND, f"Could not find the attribute {key} of {table.name}.")
    return name


def check_languages(organization: Organization, value: Any) -> None:
    """Labels are in a language that is enabled: the base language is, and here no other."""
    if isinstance(value, Mapping):
        base = organization.organization_row().get("languagecode")
        if "LanguageCode" in value and value["LanguageCode"] != base:
            raise errors.DataverseError(
                errors.INVALID_ARGUMENT, f"The language code {value['LanguageCode']} is not a valid language."
            )
        value = list(value.values())
    for each in value if isinstance(value, list) else ():
        check_languages(organization, each)


def insert_option(organization: Organization, body: Mapping[str, Any]) -> Json:
    """The action InsertOptionValue."""
    check_languages(organization, body)
    number = add_option(organization, body)
    organization.additions.append({"option": dict(body)})
    return {"NewOptionValue": number}
