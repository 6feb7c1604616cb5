"""A request for the status page, who makes it, and the page that answers it: plain values, cheap to import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from urllib.parse import quote, urlencode

HTML = "text/html; charset=utf-8"
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Door(StrEnum):
    """Where the page is entered, by its address: with a function key, or signed in."""

    KEY = "/api/status"
    PERSON = "/api/signed-in/status"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request. `room` is its path below the door; names of headers are in lower case."""

    door: Door
    method: str = "GET"
    room: tuple[str, ...] = ()
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def partial(self) -> bool:
        """Whether the page that is already shown asks for a part of itself."""
        return self.headers.get("hx-request") == "true"


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Who was let in.

    `id` is told to telemetry: an Entra object id or the word `key`. `bound` is what tickets are bound to. `code` is the
    key that the address carried: where a browser can send it in no header, links have to carry it on.
    """

    id: str
    door: Door
    bound: str = field(repr=False)
    code: str = field(default="", repr=False)

    def to(self, *room: str, **query: str) -> str:
        """The address of a room, from the root of this app."""
        path = "/".join([self.door.value, *(quote(each, safe="") for each in room)])
        words = {name: text for name, text in query.items() if text}
        carried = urlencode(words | ({"code": self.code} if self.code else {}))
        return f"{path}?{carried}" if carried else path


@dataclass(frozen=True, kw_only=True)
class Page:
    """An answer; `headers` are added to those that every answer has."""

    status: int = 200
    body: bytes = b""
    kind: str = HTML
    headers: Mapping[str, str] = field(default_factory=lambda: NO_HEADERS)
