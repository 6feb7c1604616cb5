"""One operation and its answer, free of any web framework, so that a batch part is the same as a request."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.dynamics.execution import Caller

_PREFERENCE = re.compile(r'([\w.-]+)(?:=(?:"([^"]*)"|([^,;\s]*)))?')


@dataclass(frozen=True, kw_only=True)
class Call:
    """`path` is below the service root and still encoded; header names are lower case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    caller: Caller
    # Content-ID → path of the row, inside a change set.
    references: Mapping[str, str] = field(default_factory=dict)

    @property
    def preferences(self) -> dict[str, str]:
        """The Prefer header: name → value, "" for a bare name."""
        found = _PREFERENCE.findall(self.headers.get("prefer", ""))
        return {name.lower(): quoted or plain for name, quoted, plain in found}

    @property
    def representation(self) -> bool:
        return self.preferences.get("return") == "representation"

    @property
    def annotations(self) -> tuple[str, ...]:
        listed = self.preferences.get("odata.include-annotations", "")
        return tuple(part.strip() for part in listed.split(",") if part.strip())

    @property
    def page_size(self) -> int:
        """At most 5000, which is also the default."""
        asked = self.preferences.get("odata.maxpagesize", "")
        return max(1, min(int(asked), 5000)) if asked.isdigit() else 5000

    @property
    def strong(self) -> bool:
        return self.headers.get("consistency", "").lower() == "strong"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A JSON body, a plain text ($count), or neither."""

    status: int = 204
    body: Mapping[str, Any] | None = None
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        return self.text.encode() if self.body is None else json.dumps(self.body, ensure_ascii=False).encode()

    def all_headers(self) -> dict[str, str]:
        shown = {"OData-Version": "4.0", **self.headers}
        if self.text:
            shown["Content-Type"] = "text/plain"
        if self.body is not None:
            shown["Content-Type"] = "application/json; odata.metadata=minimal"
        return shown
