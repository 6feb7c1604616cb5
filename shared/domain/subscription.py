"""Where another system's events go: here or elsewhere, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from urllib.parse import urlsplit

PORTS = {"http": 80, "https": 443}
MOST = 500  # characters of an address that is shown
NAMED = 30  # events that a sentence lists


class Standing(StrEnum):
    """How a registration stands to us."""

    OURS = "ours"
    INCOMPLETE = "incomplete"  # it points here, and events that we need are not on it
    ELSEWHERE = "elsewhere"
    NOTHING = "nothing"
    UNKNOWN = "unknown"  # nobody said where this app answers


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """An address, and the names of the events that are sent to it."""

    url: str
    events: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """The address without its query, where others keep their keys."""
        return plain(self.url)[:MOST] or "an address that cannot be read"

    @property
    def host(self) -> str:
        """For logs and health, which more people read: some keep a key in the path as well."""
        return _host(self.url)

    def named(self) -> str:
        return ", ".join(self.events[:NAMED]) or "no event"


@dataclass(frozen=True, kw_only=True)
class Compared:
    """What is registered beside what we need: `own` is our address, `foreign` are events that nobody here asked for."""

    standing: Standing
    own: str
    held: Subscription | None = None
    missing: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()

    @property
    def problem(self) -> str:
        """What is wrong and what to do about it; "" when everything that we need comes here."""
        host = self.held.host if self.held else ""
        return WRONG[self.standing].format(host=host, own=_host(self.own), missing=", ".join(self.missing))


REGISTER = "register it (`cosell webhook register`, or POST /api/webhook-registration)"
HEAL = "until then only auto-heal finds what changes there"
WRONG: Mapping[Standing, str] = MappingProxyType(
    {
        Standing.OURS: "",
        Standing.INCOMPLETE: f"these events do not come here: {{missing}}; {REGISTER}; {HEAL}",
        Standing.ELSEWHERE: "events go to {host} and not to {own}: if that is not meant, "
        f"{REGISTER} and allow it to overwrite; {HEAL}",
        Standing.NOTHING: f"no webhook is registered: {REGISTER}; {HEAL}",
        Standing.UNKNOWN: "it is not known where this app answers: set PUBLIC_URL to its https address",
    }
)


def compared(held: Subscription | None, own: str, needed: Iterable[str], spare: Iterable[str] = ()) -> Compared:
    """How a registration stands to us at the address `own`; `spare` are events of ours that we can do without."""
    needed, has = tuple(needed), {event.casefold() for event in (held.events if held else ())}
    ours = {event.casefold() for event in (*needed, *spare)}
    missing = tuple(event for event in needed if event.casefold() not in has)
    foreign = tuple(event for event in (held.events if held else ()) if event.casefold() not in ours)
    return Compared(standing=_standing(held, own, missing), own=own, held=held, missing=missing, foreign=foreign)


def _standing(held: Subscription | None, own: str, missing: tuple[str, ...]) -> Standing:
    if not own:
        return Standing.UNKNOWN
    if held is None:
        return Standing.NOTHING
    if not same(held.url, own):
        return Standing.ELSEWHERE
    return Standing.INCOMPLETE if missing else Standing.OURS


def merged(before: Iterable[str], more: Iterable[str]) -> tuple[str, ...]:
    """All of `before`, then what is new of `more`; names have no case."""
    found: dict[str, str] = {}
    for event in (*before, *more):
        found.setdefault(event.casefold(), event)
    return tuple(found.values())


def same(one: str, other: str) -> bool:
    """Whether both lead to the same place: case, a query and a last slash make no difference to a function app."""
    return plain(one).rstrip("/").casefold() == plain(other).rstrip("/").casefold() != ""


def plain(url: str) -> str:
    """An address without user, query and fragment, and without a port that goes without saying; "" if it is none."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    where = f"{host}:{port}" if port and port != PORTS.get(parts.scheme) else host
    return f"{parts.scheme}://{where}{parts.path}" if host else ""


def _host(url: str) -> str:
    return plain(url).partition("://")[2].partition("/")[0][:MOST] or "an address that cannot be read"
