"""What a setting may look like: each kind of value with its check and the sentence that says what it may be."""

from __future__ import annotations

import ipaddress
import re
import uuid
from collections.abc import Iterable, Mapping
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

_MONTHS = dict(zip(("jan", "feb", "mar", "apr", "may", "jun"), range(1, 7), strict=True)) | dict(
    zip(("jul", "aug", "sep", "oct", "nov", "dec"), range(7, 13), strict=True)
)
_DAYS = dict(zip(("sun", "mon", "tue", "wed", "thu", "fri", "sat"), range(7), strict=True))
_NO_NAMES: Mapping[str, int] = {}
# second, minute, hour, day of the month, month, day of the week: Azure Functions' six fields, UTC
_FIELDS = (
    (0, 59, _NO_NAMES),
    (0, 59, _NO_NAMES),
    (0, 23, _NO_NAMES),
    (1, 31, _NO_NAMES),
    (1, 12, _MONTHS),
    (0, 7, _DAYS),
)


def loopback(url: str) -> bool:
    """Whether this address can only be this machine."""
    host = (urlsplit(url).hostname or "").casefold()
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme != "https" and not (parts.scheme == "http" and loopback(text)):
        raise ValueError("not an https address")
    if not parts.hostname or parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError("not a plain address")
    _ = parts.port  # raises ValueError for one that is no number
    return text.rstrip("/")


def _origin(text: str) -> str:
    if urlsplit(url(text)).path.strip("/"):
        raise ValueError("has a path")
    return url(text)


def _number(text: str, names: Mapping[str, int], low: int, high: int) -> int:
    value = names.get(text.casefold(), -1) if text.isalpha() else int(text)
    if not low <= value <= high:
        raise ValueError(f"{text} is not between {low} and {high}")
    return value


def _cron_part(part: str, low: int, high: int, names: Mapping[str, int]) -> None:
    span, _, step = part.partition("/")
    if step:
        _number(step, _NO_NAMES, 1, high)
    if span == "*":
        return
    first, dash, last = span.partition("-")
    start = _number(first, names, low, high)
    if dash and _number(last, names, low, high) < start:
        raise ValueError(f"{span} runs backwards")


def _cron(text: str) -> str:
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise ValueError("not six fields")
    for field, (low, high, names) in zip(fields, _FIELDS, strict=True):
        for part in field.split(","):
            _cron_part(part, low, high, names)
    return " ".join(fields)


def _words(value: object) -> object:
    """A comma-separated text as a tuple; pydantic has no such form for the environment."""
    return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value


def _guids(words: Iterable[str]) -> frozenset[str]:
    return frozenset(str(uuid.UUID(word)) for word in words)


def _host(word: str) -> str:
    if not re.fullmatch(r"(?i)[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?", word):
        raise ValueError(f"{word} is not a host name")
    return word.casefold()


def _hosts(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(_host, words))


def _prefix(text: str) -> str:
    if text.startswith("mscrm"):
        raise ValueError("Dataverse keeps this prefix for itself")
    return text


def storage_connection(text: str) -> str:
    parts = {name.strip().casefold() for name, _, value in (p.partition("=") for p in text.split(";")) if value}
    shared_key = {"accountname", "accountkey"} <= parts
    signature = {"sharedaccesssignature", "queueendpoint", "tableendpoint"} <= parts
    if not (shared_key or signature or text.casefold().replace(" ", "").startswith("usedevelopmentstorage=true")):
        raise ValueError("not a storage connection string")
    return text


Url = Annotated[str, AfterValidator(url), Field(description="an https address (http only on this machine)")]
Origin = Annotated[
    str,
    AfterValidator(_origin),
    Field(
        description="an https address without a path, like https://contoso.crm.dynamics.com (http only on this machine)"
    ),
]
Cron = Annotated[
    str,
    AfterValidator(_cron),
    Field(description='six NCRONTAB fields from seconds to day of the week, in UTC, like "0 */5 * * * *"'),
]
Column = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9_]{0,127}$",
        description="the logical name of a column: lower-case letters, digits and underscores",
    ),
]
Prefix = Annotated[
    str,
    AfterValidator(_prefix),
    Field(pattern=r"^[a-z][a-z0-9]{1,7}$", description="2 to 8 lower-case letters and digits, a letter first"),
]
Deployment = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9-]{0,30}$", description="up to 31 lower-case letters, digits and dashes, a letter first"
    ),
]
Guid = Annotated[
    str,
    AfterValidator(lambda text: str(uuid.UUID(text))),
    Field(description="a GUID like 00000000-0000-0000-0000-000000000000"),
]
Directory = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$", description="a tenant id (a GUID) or one of its domain names"),
]
Guids = Annotated[
    frozenset[str],
    AfterValidator(_guids),
    BeforeValidator(_words),
    Field(description="the GUIDs of opportunities, leads or referrals, separated by commas"),
]
Host = Annotated[str, AfterValidator(_host), Field(description="a host name, with or without a port")]
Hosts = Annotated[
    tuple[str, ...],
    AfterValidator(_hosts),
    BeforeValidator(_words),
    Field(description="host names separated by commas"),
]
