"""The trace context of a signal: put in when it is sent, linked to when it is received."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from shared.messages import Signal
from shared.observe.exporting import exporting
from shared.observe.failing import failing
from shared.observe.tally import tallied

HEADER = "traceparent"  # https://www.w3.org/TR/trace-context/


def carried(signal: Signal) -> Signal:
    """The signal with the context of whoever sends it; one that already has a context keeps it.

    So that one deal's hops can always be found together, a context is made up where telemetry is off.
    """
    return signal if signal.trace else signal.model_copy(update={"trace": _current() or _invented()})


def _current() -> str:
    if not exporting():
        return ""
    from opentelemetry.propagate import inject  # noqa: PLC0415 - cold start

    carrier: dict[str, str] = {}
    inject(carrier)
    return carrier.get(HEADER, "")


def _invented() -> str:
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"


def correlation(trace: str) -> str:
    """The trace id of a traceparent: every hop of one change has the same, however often it is sent again."""
    parts = trace.split("-")
    return parts[1] if len(parts) > 1 else ""


@contextmanager
def span(name: str, signal: Signal) -> Iterator[None]:
    """A span of ours that links to the sender's.

    INTERNAL, because the host already has a request row for each message: a CONSUMER span would count it twice.
    A link and not a parent, so that each attempt is a trace of its own.
    """
    with tallied(correlation(signal.trace)):
        if not exporting():
            yield
            return
        with _linked(name, signal):
            yield


@contextmanager
def _linked(name: str, signal: Signal) -> Iterator[None]:
    from opentelemetry import trace  # noqa: PLC0415 - cold start
    from opentelemetry.propagate import extract  # noqa: PLC0415 - cold start

    sender = trace.get_current_span(extract({HEADER: signal.trace})).get_span_context() if signal.trace else None
    links = [trace.Link(sender)] if sender is not None and sender.is_valid else []
    attributes = {"cosell.correlation": correlation(signal.trace)}
    with (
        trace.get_tracer("cosell").start_as_current_span(
            name,
            kind=trace.SpanKind.INTERNAL,
            links=links,
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as made,
        failing(made),
    ):
        yield
