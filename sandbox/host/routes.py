"""Matches paths against ASP.NET route templates, which is what a function's route is.

Source: https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger#customize-the-http-endpoint
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import unquote

CONSTRAINTS: Mapping[str, str] = MappingProxyType(
    {
        "int": r"-?\d{1,10}",
        "long": r"-?\d{1,19}",
        "alpha": r"[A-Za-z]+",
        "bool": r"(?:true|false)",
        "guid": r"\{?[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\}?",
    }
)
_PARAMETER = re.compile(r"\{(\*{0,2})([A-Za-z_]\w*)((?::[^{}:?]+)*)(\??)\}")


@dataclass(frozen=True, kw_only=True)
class Route:
    """`rank` orders routes that match the same path: literal segments before parameters, a catch-all last."""

    pattern: re.Pattern[str]
    rank: tuple[int, ...]

    def match(self, path: str) -> dict[str, str] | None:
        """Give the route parameters, or nothing where the path is another's."""
        bare = path.strip("/")
        found = self.pattern.fullmatch(f"/{bare}" if bare else "")
        if found is None:
            return None
        return {name: unquote(value) for name, value in found.groupdict().items() if value is not None}


def compile_route(template: str, prefix: str = "") -> Route:
    """Compile a route; raises ValueError for what the platform would not take."""
    segments = [part for part in f"{prefix}/{template}".split("/") if part]
    if segments and segments[0].lower() in {"admin", "runtime"}:
        raise ValueError(f"the route {template!r} conflicts with the host's own /{segments[0].lower()}")
    pattern = "".join(_segment(part, template) for part in segments)
    return Route(pattern=re.compile(pattern, re.IGNORECASE), rank=tuple(map(_rank, segments)))


def _rank(segment: str) -> int:
    if "{*" in segment:
        return 3
    if "{" in segment:
        return 1 if ":" in segment else 2
    return 0


def _segment(segment: str, template: str) -> str:
    whole = _PARAMETER.fullmatch(segment)
    if whole and (whole[1] or whole[4]):
        return f"(?:/{_group(whole, template)})?"
    pattern, at = "/", 0
    for found in _PARAMETER.finditer(segment):
        pattern += re.escape(segment[at : found.start()]) + _group(found, template)
        at = found.end()
    rest = segment[at:]
    if "{" in rest or "}" in rest:
        raise ValueError(f"the route {template!r} is malformed at {segment!r}")
    return pattern + re.escape(rest)


def _group(found: re.Match[str], template: str) -> str:
    star, name, constraints, _ = found.groups()
    inner = ".+" if star else "[^/]+"
    for constraint in constraints.split(":")[1:]:
        if constraint not in CONSTRAINTS:
            raise ValueError(
                f"the route {template!r} has a constraint that the local host does not know: {constraint!r}"
            )
        inner = CONSTRAINTS[constraint]
    return f"(?P<{name}>{inner})"
