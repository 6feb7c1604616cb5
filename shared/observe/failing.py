"""What a span is told of a failure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.trace import Span


@contextmanager
def failing(span: Span) -> Iterator[None]:
    """The kind of what was raised and not its words: they may quote what a record holds, or a token in a header."""
    from opentelemetry import trace  # noqa: PLC0415 - cold start

    try:
        yield
    except BaseException as error:
        span.set_status(trace.StatusCode.ERROR, type(error).__name__)
        raise
