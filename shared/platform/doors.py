"""A webhook's door: what comes in is believed, understood and put on its queue before anybody is told 200."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from shared.errors import BadEvent, CosellError
from shared.messages import Signal
from shared.ports import Signals, Telemetry


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An HTTP answer: its status and its JSON body."""

    status: int = 200
    body: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Left:
    """An event that asks for nothing, and why."""

    reason: str


WRONG = "settings of this installation are wrong: its health page names them"
Reader = Callable[[Mapping[str, str], bytes], Awaitable[Signal | Left]]
ERRORS = {
    400: "bad_request",
    401: "not_authenticated",
    403: "not_allowed",
    404: "not_found",
    409: "would_displace",
    413: "too_large",
    422: "not_usable",
    503: "not_available",
}


# Seconds. Dataverse hangs up after 60 and then counts the event as failed:
# https://learn.microsoft.com/power-apps/developer/data-platform/use-webhooks
LONGEST = 25.0


def problem(status: int, reason: str) -> Answer:
    return Answer(status=status, body={"error": ERRORS.get(status, "refused"), "reason": reason})


class Door:
    """`read` turns headers and raw body into a signal or raises BadEvent; `delay` is the signal's, in seconds.

    `longest` is how many seconds the caller is kept waiting. Dataverse sends again what is answered 502 to 504, and
    nothing else, so whatever is wrong on our side is a 503.
    """

    def __init__(
        self,
        *,
        name: str,
        read: Reader,
        signals: Signals,
        telemetry: Telemetry,
        delay: float = 0,
        longest: float = LONGEST,
    ) -> None:
        self._name, self._read, self._delay, self._longest = name, read, delay, longest
        self._signals, self._telemetry = signals, telemetry

    async def take(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """200 once the signal is on the queue or nothing is to be done; else what the sender has to know."""
        try:
            async with asyncio.timeout(self._longest):
                return await self._kept(headers, body)
        except BadEvent as error:
            self._refused(error.status, error.reason)
            return problem(error.status, error.reason)
        except (CosellError, TimeoutError) as error:  # the sender tries again; auto-heal finds what it gives up on
            self._refused(503, str(error) or f"no answer within {self._longest:g} s")
            return problem(503, "the event could not be kept: send it again")

    async def _kept(self, headers: Mapping[str, str], body: bytes) -> Answer:
        heard = await self._read(headers, body)
        if isinstance(heard, Left):
            self._telemetry.event("event_left", door=self._name, reason=heard.reason)
            return Answer(body={"status": "left", "reason": heard.reason})
        await self._signals.send(heard, delay=self._delay)
        return Answer(body={"status": "taken", "record": str(heard.ref)})

    def _refused(self, status: int, reason: str) -> None:
        self._telemetry.event("event_refused", door=self._name, status=status, reason=reason)
