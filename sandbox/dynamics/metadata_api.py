"""EntityDefinitions and RelationshipDefinitions: reading, new columns, new alternate keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from sandbox.dynamics import errors
from sandbox.dynamics.call import Answer
from sandbox.dynamics.metadata_changes import Changes, table_at
from sandbox.dynamics.metadata_filter import compile_metadata_filter
from sandbox.dynamics.metadata_json import (
    BASE,
    attribute,
    class_of,
    definition,
    key_definition,
    many_to_many,
    one_to_many,
    option_set,
)
from sandbox.dynamics.odata_options import Options
from sandbox.dynamics.odata_path import Segment, key_values, row_id, unknown_segment
from sandbox.dynamics.odata_text import bad_query
from sandbox.dynamics.privileges import CHOICES, COLUMNS, RELATIONS, TABLES, Guard
from sandbox.dynamics.rows_api import Work
from sandbox.dynamics.schema import Table

Json = dict[str, Any]
_CAST = "Microsoft.Dynamics.CRM."


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """Answers for one call."""

    work: Work
    roots: ClassVar[frozenset[str]] = frozenset({"EntityDefinitions", "RelationshipDefinitions"})

    def answer(self, steps: list[Segment]) -> Answer:
        if self.work.call.method != "GET":
            return Changes(work=self.work).answer(steps)
        self._refuse_options()
        self._may_read(steps)
        if steps[0].name == "RelationshipDefinitions":
            return self._relationships(steps)
        if steps[0].key is None:
            tables = self.work.pipeline.organization.schema.tables.values()
            return self._many("EntityDefinitions", [self._definition(each) for each in tables])
        table = table_at(self.work.pipeline.organization, steps[0].key)
        if len(steps) == 1:
            return self._one("EntityDefinitions", self._definition(table))
        return self._part(table, steps[1:])

    def _may_read(self, steps: list[Segment]) -> None:
        guard = Guard(caller=self.work.call.caller)
        parts = {*(step.name for step in steps), *(name for name, _ in self.work.options.expand)}
        guard.named(TABLES)
        for needed, named in ((COLUMNS, "Attributes"), (RELATIONS, "Relationship"), (CHOICES, "OptionSet")):
            if any(named in part for part in parts):
                guard.named(needed)

    def _refuse_options(self) -> None:
        if self.work.options.top is not None or self.work.options.orderby:
            raise bad_query("The query parameter $top or $orderby is not supported on metadata")

    def _definition(self, table: Table) -> Json:
        """Expanded parts are kept by `_trimmed`."""
        shown = definition(table)
        for name, options in self.work.options.expand:
            parts = self._parts(table).get(name)
            if parts is None:
                raise errors.no_property(name, "EntityMetadata")
            shown[name] = [_selected(each, options) for each in self._filtered(parts(), options)]
        return shown

    def _parts(self, table: Table) -> dict[str, Callable[[], list[Json]]]:
        organization = self.work.pipeline.organization
        now = organization.now().timestamp()
        return {
            "Attributes": lambda: self._attributes(table),
            "Keys": lambda: [key_definition(table, key, now) for key in table.keys.values()],
            "OneToManyRelationships": lambda: [
                each for each in one_to_many(organization) if each["ReferencedEntity"] == table.name
            ],
            "ManyToOneRelationships": lambda: [
                each for each in one_to_many(organization) if each["ReferencingEntity"] == table.name
            ],
            "ManyToManyRelationships": lambda: [
                each
                for each in many_to_many(organization)
                if table.name in (each["Entity1LogicalName"], each["Entity2LogicalName"])
            ],
        }

    def _attributes(self, table: Table, cast: str = "") -> list[Json]:
        seen = [column for column in table.columns.values() if self.work.renderer.visible(table, column.name)]
        return [attribute(table, column) for column in seen if not cast or class_of(column) == cast]

    def _part(self, table: Table, steps: list[Segment]) -> Answer:
        name, context = steps[0].name, f"EntityDefinitions('{table.name}')/{steps[0].name}"
        if name not in self._parts(table):
            raise unknown_segment(name)
        cast = steps[1].name.removeprefix(_CAST) if len(steps) == 2 else ""
        listed = self._attributes(table, cast) if name == "Attributes" else self._parts(table)[name]()
        listed = [self._with_options(table, each, cast) for each in listed]
        if steps[0].key is None:
            return self._many(context, listed, cast=cast if name == "Attributes" else None)
        wanted = key_values(steps[0].key) if row_id(steps[0].key) is None else {"MetadataId": row_id(steps[0].key)}
        matching = (each for each in listed if all(each.get(name) == value for name, value in wanted.items()))
        found = next(matching, None)
        if found is None:
            raise errors.DataverseError(errors.NOT_FOUND, f"Could not find {steps[0].key} of {table.name}.")
        return self._one(context, found, cast=cast if name == "Attributes" else None)

    def _with_options(self, table: Table, shown: Json, cast: str) -> Json:
        wanted = [name for name, _ in self.work.options.expand]
        if not wanted:
            return shown
        column = table.columns.get(str(shown.get("LogicalName")))
        if not cast or column is None or not set(wanted) <= {"OptionSet", "GlobalOptionSet"}:
            raise errors.no_property(wanted[0], "AttributeMetadata")
        options = option_set(table, column) if column.options else None
        return shown | {name: options if name == "OptionSet" else None for name in wanted}

    def _relationships(self, steps: list[Segment]) -> Answer:
        organization = self.work.pipeline.organization
        listed = [*one_to_many(organization), *many_to_many(organization)]
        if len(steps) == 2:
            listed = [each for each in listed if each["@odata.type"] == f"#{steps[1].name}"]
        if steps[0].key is None:
            return self._many("RelationshipDefinitions", listed)
        name = key_values(steps[0].key).get("SchemaName") if row_id(steps[0].key) is None else row_id(steps[0].key)
        found = next((each for each in listed if name in (each["SchemaName"], each["MetadataId"])), None)
        if found is None:
            raise errors.DataverseError(errors.NOT_FOUND, f"Could not find the relationship {steps[0].key}.")
        return self._one("RelationshipDefinitions", found)

    def _filtered(self, items: list[Json], options: Options) -> list[Json]:
        if not options.filter:
            return items
        organization = self.work.pipeline.organization
        table = organization.schema.tables["organization"]
        keep = compile_metadata_filter(organization.world, table, options.filter)
        return [each for each in items if keep(each)]

    def _one(self, context: str, item: Json, *, cast: str | None = None) -> Answer:
        body = {"@odata.context": f"{self.work.root}$metadata#{context}/$entity"}
        return Answer(status=200, body=body | self._trimmed(item, cast))

    def _many(self, context: str, items: list[Json], *, cast: str | None = None) -> Answer:
        kept = self._filtered(items, self.work.options)
        body: Json = {"@odata.context": f"{self.work.root}$metadata#{context}"}
        return Answer(status=200, body=body | {"value": [self._trimmed(each, cast) for each in kept]})

    def _trimmed(self, item: Json, cast: str | None) -> Json:
        """A column's own type's properties can be selected only through a cast ("" means columns without one)."""
        unfit = [name for name in self.work.options.select if cast == "" and name not in BASE]
        if unfit:
            raise errors.no_property(unfit[0], "AttributeMetadata")
        return _selected(item, self.work.options)


def _selected(item: Json, options: Options) -> Json:
    if not options.select:
        return item
    always = {"@odata.type", "MetadataId", *(name for name, _ in options.expand)}
    unknown = [name for name in options.select if name not in item and name not in BASE]
    if unknown:
        raise errors.no_property(unknown[0], "Metadata")
    return {name: value for name, value in item.items() if name in always or name in options.select}
