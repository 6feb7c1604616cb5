"""What meets foreign bytes: how it is called, which errors it may answer with, and what it must never do."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shared.errors import CosellError

# Seconds of the processor, not of the clock. What it bounds is a mistake of kind (a number written out in a billion
# digits), not of degree: measuring coverage, and a neighbour on the same core, make everything several times slower.
SLOWEST = 8.0
LONGEST_REASON = 64 * 1024  # characters of an error: it goes into telemetry, and some of it to the sender


class Escaped(AssertionError):
    """A parser did what it must not; `data` is what it was given."""

    def __init__(self, parser: Parser, data: bytes, what: str) -> None:
        super().__init__(f"{parser.name}, given {len(data)} bytes: {what}")
        self.parser, self.data, self.what = parser, data, what


@dataclass(frozen=True, kw_only=True)
class Parser:
    """`read` takes bytes as they come; `samples` are valid ones; any error but `allowed` is a bug."""

    name: str
    read: Callable[[bytes], object]
    samples: Callable[[], Sequence[bytes]]
    allowed: tuple[type[Exception], ...] = (CosellError,)
    largest: int = 16 * 1024  # bytes that are tried for memory; what is read many times over is slow to watch

    def tried(self, data: bytes) -> None:
        """Raise Escaped unless this is understood or refused in words, in time."""
        start = time.thread_time()
        try:
            self.read(data)
        except self.allowed as error:
            self._said(error, data)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a panic of an extension module is no Exception
            raise Escaped(self, data, f"{type(error).__name__}: {str(error)[:300]}") from error
        if (took := time.thread_time() - start) > SLOWEST:
            raise Escaped(self, data, f"it took {took:.1f} s")

    def _said(self, error: Exception, data: bytes) -> None:
        text = str(error)
        if len(text) > LONGEST_REASON:
            raise Escaped(self, data, f"a reason of {len(text)} characters") from error
        try:
            text.encode()
        except UnicodeEncodeError as broken:
            raise Escaped(self, data, "a reason that cannot be written") from broken
