"""What telemetry is told of a call to a vendor: method, address and status, and nothing of the query.

A filter names people and companies (`internalemailaddress eq '…'`), and the exporter's own instrumentation of httpx
would store the whole address of each call; logs carry ids, not people. Attribute names:
https://opentelemetry.io/docs/specs/semconv/http/http-spans/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

ERRORS = 400


@contextmanager
def dependency(method: str, url: str, tracer: Tracer | None = None) -> Iterator[Callable[[int], None]]:
    """A span of the call, in place of the instrumentation's own; what it gives is told the answer's status."""
    from opentelemetry import trace  # noqa: PLC0415 - cold start
    from opentelemetry.instrumentation.utils import suppress_http_instrumentation  # noqa: PLC0415 - cold start

    plain = url.partition("?")[0]
    attributes = {"http.request.method": method, "url.full": plain, "server.address": _host(plain)}
    with (
        (tracer or trace.get_tracer("cosell")).start_as_current_span(
            method,
            kind=trace.SpanKind.CLIENT,
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span,
        suppress_http_instrumentation(),
        _failing(span),
    ):

        def answered(status: int) -> None:
            span.set_attribute("http.response.status_code", status)
            if status >= ERRORS:
                span.set_status(trace.StatusCode.ERROR)

        yield answered


@contextmanager
def _failing(span: Span) -> Iterator[None]:
    """The kind of what was raised and not its words: those of a refused header quote the token in it."""
    from opentelemetry import trace  # noqa: PLC0415 - cold start

    try:
        yield
    except BaseException as error:
        span.set_status(trace.StatusCode.ERROR, type(error).__name__)
        raise


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0]
