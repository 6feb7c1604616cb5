"""Query options: $select, $expand, $orderby, $top and what is not supported, as values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import unquote_plus

from sandbox.dynamics.odata_text import bad_query, split_outside

_KNOWN = frozenset(
    {"$select", "$filter", "$orderby", "$top", "$expand", "$count", "$skiptoken", "$deltatoken", "$apply", "$skip"}
)
# Other ways to ask, which a client would take for answered if they were passed over.
_NOT_PLAYED = frozenset({"fetchxml", "sql", "savedquery", "userquery"})
_REFUSED = {"$skip": "Skip Clause is not supported in CRM", "$apply": "The sandbox does not play $apply"}


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of a query or of one expanded property; `plain` are those without a dollar (tag, @aliases)."""

    select: tuple[str, ...] = ()
    filter: str = ""
    orderby: tuple[tuple[str, bool], ...] = ()
    top: int | None = None
    expand: tuple[tuple[str, Options], ...] = ()
    count: bool = False
    skip_token: str = ""
    delta_token: str = ""
    plain: tuple[tuple[str, str], ...] = ()

    @property
    def tag(self) -> str | None:
        return dict(self.plain).get("tag")

    def named(self) -> list[str]:
        """The options a delta query refuses, as the vendor names them."""
        used = {"$filter": self.filter, "$orderby": self.orderby, "$expand": self.expand, "$top": self.top}
        return [name for name, value in used.items() if value not in ("", (), None)]


def query_pairs(query: str) -> list[tuple[str, str]]:
    """A raw query string as pairs; unlike a form, a semicolon is text."""
    parts = (part.partition("=") for part in query.split("&") if part)
    return [(unquote_plus(name), unquote_plus(value)) for name, _, value in parts]


def parse_query(query: str) -> Options:
    pairs = query_pairs(query)
    for name, _ in pairs:
        if name.lower() in _NOT_PLAYED:
            raise bad_query(f"The sandbox does not play {name}")
    options = _options([(name, value) for name, value in pairs if name.startswith("$")])
    return replace(options, plain=tuple((name, value) for name, value in pairs if not name.startswith("$")))


def _options(pairs: list[tuple[str, str]]) -> Options:
    given = dict(pairs)
    for name in given:
        if name in _REFUSED:
            raise bad_query(_REFUSED[name])
        if name not in _KNOWN:
            raise bad_query(f"The query parameter {name} is not supported")
    return Options(
        select=tuple(part.strip() for part in given.get("$select", "").split(",") if part.strip()),
        filter=given.get("$filter", "").strip(),
        orderby=tuple(_order(part) for part in given.get("$orderby", "").split(",") if part.strip()),
        top=_whole(given.get("$top")),
        expand=tuple(_expanded(part.strip()) for part in split_outside(given.get("$expand", ""), ",") if part.strip()),
        count=given.get("$count", "").lower() == "true",
        skip_token=given.get("$skiptoken", ""),
        delta_token=given.get("$deltatoken", ""),
    )


def _order(part: str) -> tuple[str, bool]:
    """Column and whether descending."""
    name, _, direction = part.strip().partition(" ")
    if direction.strip() not in ("", "asc", "desc"):
        raise bad_query(f"Syntax error in $orderby at '{part}'.")
    return name, direction.strip() == "desc"


def _whole(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdigit():
        raise bad_query(f"Invalid value '{text}' for $top query option found.")
    return int(text)


def _expanded(part: str) -> tuple[str, Options]:
    """Either nav or nav($select=a,b;$expand=…)."""
    name, bracket, rest = part.partition("(")
    if not bracket:
        return name, Options()
    if not rest.endswith(")"):
        raise bad_query(f"Syntax error in $expand at '{part}'.")
    inner = (piece.strip().partition("=") for piece in split_outside(rest[:-1], ";") if piece.strip())
    return name, _options([(key.strip(), value) for key, _, value in inner])
