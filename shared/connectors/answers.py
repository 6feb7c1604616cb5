"""What an HTTP answer means: everything decided about answers, with no I/O."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Any

from shared.connectors.foreign_json import decoded
from shared.errors import (
    AccessLost,
    Conflict,
    CosellError,
    Refused,
    Remote,
    RemoteError,
    Throttled,
    Transient,
    Unavailable,
)

LONGEST_MESSAGE = 1024  # both vendors cap theirs near here; a proxy's HTML page does not
LONGEST_NAME = 200  # characters of a code or of a request's id
LONGEST_WAIT = 86_400.0


class Missing(Refused):
    """404 or 410: there is no such record (any more)."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a vendor's error body says: its codes from the outermost to the innermost, and its words."""

    codes: tuple[str, ...] = ()
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """An answer that is an error, read but not yet judged."""

    remote: Remote
    codes: tuple[str, ...] = ()
    retry_after: float | None = None


Verdict = Callable[[Failure], CosellError]


def verdict(kind: type[RemoteError], advice: str = "") -> Verdict:
    """The judge that answers with `kind`; `advice` tells a person what to do."""

    def judge(failure: Failure) -> RemoteError:
        if issubclass(kind, Transient):
            return kind(failure.remote, advice=advice, retry_after=failure.retry_after)
        return kind(failure.remote, advice=advice)

    return judge


STATUSES: Mapping[int, Verdict] = MappingProxyType(
    {
        401: verdict(AccessLost, "Sign in again or check the permissions of the account that is used"),
        403: verdict(AccessLost, "Give the account that is used the role it needs"),
        404: verdict(Missing),
        408: verdict(Unavailable),
        410: verdict(Missing),
        412: verdict(Conflict),
        425: verdict(Unavailable),
        429: verdict(Throttled),
        509: verdict(Throttled),  # "bandwidth limit exceeded", listed by Microsoft beside 429
    },
)


def _nothing(_: Any) -> Said:
    return Said()


@dataclass(frozen=True, kw_only=True)
class Verdicts:
    """A vendor's table: how its error body is read, then its codes, then the statuses where it differs from ours.

    `codes` are compared without case, the innermost first, since it is the most particular.
    """

    read: Callable[[Any], Said] = _nothing
    codes: Mapping[str, Verdict] = field(default_factory=dict)
    statuses: Mapping[int, Verdict] = field(default_factory=dict)
    request_ids: tuple[str, ...] = ()

    def judge(self, failure: Failure) -> CosellError:
        folded = {code.casefold(): verdict for code, verdict in self.codes.items()}
        for code in reversed(failure.codes):
            if code.casefold() in folded:
                return folded[code.casefold()](failure)
        status = failure.remote.status
        return ({**STATUSES, **self.statuses}.get(status) or _by_class(status))(failure)


def _by_class(status: int) -> Verdict:
    if status >= 500:  # noqa: PLR2004  the class of server errors
        return verdict(Unavailable)
    if status < 400:  # noqa: PLR2004  a redirect: never followed, since it would carry the token elsewhere
        return verdict(Refused, "The address answered with a redirect: check the URL in the settings")
    return verdict(Refused)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A successful answer; header names are lower case."""

    system: str
    status: int
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)

    def json(self) -> Any:
        """The body, with decimal numbers as Decimal: money must not pass through a float."""
        try:
            return decoded(self.body)
        except ValueError as error:
            remote = Remote(system=self.system, status=self.status, message="the answer is not JSON")
            raise Unavailable(
                remote, advice="Check that nothing between here and there answers in its place"
            ) from error


def encoded(value: Any) -> str:
    """Compact JSON in which a Decimal is written digit by digit."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(str(key))}:{encoded(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(encoded, value)) + "]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def decipher(status: int, headers: Mapping[str, str], body: bytes, *, system: str, verdicts: Verdicts) -> Answer:
    """The answer if it is a success; raises what the vendor's table makes of it otherwise."""
    lowered = {name.casefold(): text for name, text in headers.items()}
    if 200 <= status < 300:  # noqa: PLR2004  the class of successes
        return Answer(system=system, status=status, headers=lowered, body=body)
    raise verdicts.judge(_failure(status, lowered, body, system=system, verdicts=verdicts))


@contextmanager
def took_effect(*passing: type[RemoteError]) -> Iterator[None]:
    """What cannot be read after a write is no refusal of it, a 429 neither: the write is there, and must be looked for.

    `passing` are errors that have something more urgent to say.
    """
    try:
        yield
    except RemoteError as error:
        if isinstance(error, (Unavailable, *passing)):
            raise
        retry_after = error.retry_after if isinstance(error, Transient) else None
        raise Unavailable(error.remote, advice=error.advice, retry_after=retry_after) from error


def _failure(status: int, headers: Mapping[str, str], body: bytes, *, system: str, verdicts: Verdicts) -> Failure:
    try:
        said = verdicts.read(decoded(body))
    except ValueError:
        said = Said()
    request_id = next((headers[name.casefold()] for name in verdicts.request_ids if name.casefold() in headers), "")
    remote = Remote(
        system=system,
        status=status,
        code=said.codes[0][:LONGEST_NAME] if said.codes else "",
        message=said.message[:LONGEST_MESSAGE] or "no reason was given",
        request_id=request_id[:LONGEST_NAME],
    )
    return Failure(remote=remote, codes=said.codes, retry_after=retry_after(headers))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of a Retry-After header in either form (RFC 9110 §10.2.3); a date is measured from the answer's own."""
    text = headers.get("retry-after", "").strip()
    try:
        seconds = float(text) if text.replace(".", "", 1).isdigit() else _until(text, headers.get("date", ""))
    except (ValueError, TypeError, OverflowError):
        return None
    return bounded(seconds)


def bounded(seconds: float) -> float:
    """A wait that somebody else named: none is negative, and none outlasts a day."""
    return min(max(seconds, 0.0), LONGEST_WAIT)


def _until(text: str, now: str) -> float:
    return (parsedate_to_datetime(text) - parsedate_to_datetime(now)).total_seconds()
