"""What telemetry is told of a call to a vendor: method, place, status and repeats; nothing of the query, and no id.

A filter names people and companies (`internalemailaddress eq '…'`), and the exporter's own instrumentation of httpx
would store the whole address of each call; ids in it would make each call a kind of its own. Attribute names:
https://opentelemetry.io/docs/specs/semconv/http/http-spans/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from shared.observe import meters
from shared.observe.exporting import exporting
from shared.observe.failing import failing
from shared.observe.tally import tally

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

ERRORS, THROTTLED = 400, 429
NO_ANSWER = "none"
# What stands for one record: a GUID, or a key between parentheses.
_IDS = re.compile(r"\([^()]*\)|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
Answered = Callable[[int], None]


@contextmanager
def dependency(
    method: str, url: str, *, system: str = "", retries: int = 0, tracer: Tracer | None = None
) -> Iterator[Answered]:
    """Count a call, and put a span of ours in place of the instrumentation's; what it gives is told the status.

    `retries` is how often this request was sent before.
    """
    tally().calls += 1
    if tracer is None and not exporting():
        yield _unheard
        return
    seen: list[int] = []
    try:
        with _spanned(method, place(url), system, retries, tracer) as span:

            def answered(status: int) -> None:
                seen.append(status)
                _note(span, status)

            yield answered
    finally:
        _counted(system, seen)


def _unheard(status: int) -> None:
    """Nobody exports."""
    del status


def place(url: str) -> str:
    """An address without its query, and with {id} for whatever names a record."""
    return _IDS.sub(lambda found: "({id})" if found[0].startswith("(") else "{id}", url.partition("?")[0])


def _counted(system: str, seen: list[int]) -> None:
    meters.count("cosell.remote_calls", system=system, status=f"{seen[0] // 100}xx" if seen else NO_ANSWER)
    if THROTTLED in seen:
        meters.count("cosell.throttles", system=system)


@contextmanager
def _spanned(method: str, plain: str, system: str, retries: int, tracer: Tracer | None) -> Iterator[Span]:
    from opentelemetry import trace  # noqa: PLC0415 - cold start
    from opentelemetry.instrumentation.utils import suppress_http_instrumentation  # noqa: PLC0415 - cold start

    host, _, path = plain.partition("://")[2].partition("/")
    operation = f"{method} /{path}"
    attributes: dict[str, str | int] = {
        "http.request.method": method,
        "url.full": plain,
        "server.address": host,
        "cosell.system": system,
        "cosell.operation": operation,
        "cosell.retries": retries,
        "cosell.correlation": tally().correlation,
    }
    with (
        (tracer or trace.get_tracer("cosell")).start_as_current_span(
            operation,
            kind=trace.SpanKind.CLIENT,
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span,
        suppress_http_instrumentation(),
        failing(span),
    ):
        yield span


def _note(span: Span, status: int) -> None:
    from opentelemetry import trace  # noqa: PLC0415 - cold start

    span.set_attribute("http.response.status_code", status)
    if status >= ERRORS:
        span.set_status(trace.StatusCode.ERROR)
