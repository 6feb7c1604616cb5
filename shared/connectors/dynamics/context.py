"""A webhook body of Dataverse as far as it is used: which row, which message, who, and what else it points to.

The shape is RemoteExecutionContext (use-webhooks, azure-integration); it differs by message, by size (over 256 KB four
of its parts are left out) and by serializer (scalars may come wrapped with their type).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.connectors.foreign_json import lenient
from shared.errors import BadEvent

LARGEST = 2 * 1024 * 1024  # eight times what Dataverse sends whole
LONGEST_REASON = 200
NOBODY = "00000000-0000-0000-0000-000000000000"
_IMAGES = ("PreEntityImages", "PostEntityImages")


def plain(value: Any) -> Any:
    """A scalar without its wrapper: `{"__type": "Guid:#System", "__value": …}`."""
    return value["__value"] if isinstance(value, Mapping) and "__value" in value else value


def ident(value: Any) -> str:
    """A row's id in lower case, "" for none and for the empty GUID, which Win and Lose may name."""
    text = plain(value)
    found = text.strip(" {}").lower() if isinstance(text, str) else ""
    return "" if found == NOBODY else found


def pairs(value: Any) -> Mapping[str, Any]:
    """A list of `{"key": …, "value": …}` as a mapping."""
    items = value if isinstance(value, list) else []
    return {str(item.get("key")): item.get("value") for item in items if isinstance(item, Mapping)}


@dataclass(frozen=True)
class Context:
    """One body, read leniently: nothing in it is trusted to be there."""

    data: Mapping[str, Any]

    @classmethod
    def parsed(cls, body: bytes) -> Context:
        """Raises BadEvent for what is too large, too deep or no object. Text that is no UTF-8 is tolerated."""
        if len(body) > LARGEST:
            raise BadEvent(413, f"the body is larger than {LARGEST} bytes")
        try:
            data = lenient(body.decode("utf-8-sig", errors="replace"))
        except ValueError as error:
            raise BadEvent(400, f"the body is not JSON that can be read ({error})"[:LONGEST_REASON]) from error
        if not isinstance(data, dict):
            raise BadEvent(400, "the body is not an execution context")
        return cls(data)

    def text(self, name: str) -> str:
        value = plain(self.data.get(name))
        return value if isinstance(value, str) else ""

    @property
    def depth(self) -> int:
        value = plain(self.data.get("Depth"))
        return value if isinstance(value, int) else 0

    @property
    def row(self) -> str:
        """The id of the row: the context's own, the target's, or that of the opportunity that a closing names."""
        inputs = pairs(self.data.get("InputParameters"))
        found = (ident(self.data.get("PrimaryEntityId")), *map(_id_of, (inputs.get("Target"), inputs.get("id"))))
        return next(filter(None, found), "") or self._closed(inputs)

    def _closed(self, inputs: Mapping[str, Any]) -> str:
        closing = inputs.get("OpportunityClose")
        attributes = pairs(closing.get("Attributes")) if isinstance(closing, Mapping) else {}
        return _id_of(attributes.get("opportunityid"))

    def points_to(self, table: str) -> str:
        """The id of the first row of that table that the target or an image refers to."""
        for entity in self._entities():
            for value in pairs(entity.get("Attributes")).values():
                if isinstance(value, Mapping) and plain(value.get("LogicalName")) == table:
                    return _id_of(value)
        return ""

    def _entities(self) -> Iterator[Mapping[str, Any]]:
        target = pairs(self.data.get("InputParameters")).get("Target")
        images = (image for name in _IMAGES for image in pairs(self.data.get(name)).values())
        yield from (entity for entity in (target, *images) if isinstance(entity, Mapping))

    def tags(self) -> Iterator[str]:
        """Tags that were given to the call, in this context or in one that it runs in."""
        context: Any = self.data
        while isinstance(context, Mapping):
            tag = plain(pairs(context.get("SharedVariables")).get("tag"))
            if isinstance(tag, str):
                yield tag
            context = context.get("ParentContext")


def _id_of(value: Any) -> str:
    return ident(value.get("Id")) if isinstance(value, Mapping) and "Id" in value else ident(value)
