"""What a version's reader accepts, as its folder describes it: JSON Schema over rows whose folded texts are opened."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator

from tests.upgrade.folders import kept

Named = Mapping[str, Any]


@dataclass(frozen=True)
class Reader:
    """One version's reader."""

    about: Named

    @classmethod
    def of(cls, version: str) -> Reader:
        return cls(kept(version, "reader"))

    def complaints(self, kind: str, what: Any) -> list[str]:
        """Why that version would not read it; nothing where it would."""
        schema = {**self._schema(kind), "$defs": self.about["$defs"]}
        return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in _errors(schema, what)]

    def _schema(self, kind: str) -> Any:
        *outer, name = kind.split(": ")
        return self.about["accepts"][outer[0]][name] if outer else self.about["accepts"][name]

    def opened(self, kind: str, row: Named) -> dict[str, Any]:
        """A row with its texts in one piece, and those that are JSON read."""
        folded = self.about["folded"].get(kind, {"json": [], "text": []})
        pieces = {name for name in row for text in (*folded["json"], *folded["text"]) if _piece(name, text)}
        plain = {name: value for name, value in row.items() if name not in pieces}
        texts = {text: _whole(row, text) for text in (*folded["json"], *folded["text"]) if text in row}
        return plain | {name: json.loads(text) if name in folded["json"] else text for name, text in texts.items()}


def _errors(schema: Any, what: Any) -> Iterator[Any]:
    yield from Draft202012Validator(schema).iter_errors(what)


def _piece(name: str, column: str) -> bool:
    head, _, number = name.rpartition("_")
    return head == column and number.isdigit()


def _whole(row: Named, column: str) -> str:
    """0.1.0 reads a text on as far as its pieces are not empty."""
    parts, number = [str(row[column])], 1
    while piece := row.get(f"{column}_{number}"):
        parts.append(str(piece))
        number += 1
    return "".join(parts)


def things(samples: Mapping[str, Named]) -> Iterator[tuple[str, str, Named]]:
    """Kind, name and row of everything that a reader meets in a set of samples."""
    for kind in ("signals", "cursors", "pauses", "parked", "vault"):
        for name, row in samples[kind].items():
            yield kind, name, row
    for name, rows in samples["links"].items():
        for row in rows:
            yield ("links" if row["RowKey"].startswith("crm:") else "pointers"), name, row
    for name, scene in samples["scenes"].items():
        yield from _moment(name, scene)


def _moment(name: str, scene: Named) -> Iterator[tuple[str, str, Named]]:
    for row in scene["tables"].get("links", ()):
        yield ("links" if row["RowKey"].startswith("crm:") else "pointers"), name, row
    for row in scene["tables"].get("cosellstate", ()):
        yield ("pauses" if row["PartitionKey"].startswith("pause:") else "cursors"), name, row
    for row in scene["tables"].get("cosellparked", ()):
        yield "parked", name, row
    for message in scene["queue"]:
        yield "signals", name, {"queue": message["body"]["look"], "lives": -1, "body": message["body"]}
