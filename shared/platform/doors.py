"""A webhook's door: what comes in is believed, understood and put on its queue before anybody is told 200."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from shared.errors import BadEvent, RemoteError
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


Reader = Callable[[Mapping[str, str], bytes], Awaitable[Signal | Left]]
ERRORS = {
    400: "bad_request",
    401: "not_authenticated",
    403: "not_allowed",
    404: "not_found",
    413: "too_large",
    422: "not_usable",
    503: "not_available",
}


def problem(status: int, reason: str) -> Answer:
    return Answer(status=status, body={"error": ERRORS.get(status, "refused"), "reason": reason})


class Door:
    """`read` turns headers and raw body into a signal or raises BadEvent; `delay` is the signal's, in seconds."""

    def __init__(self, *, name: str, read: Reader, signals: Signals, telemetry: Telemetry, delay: float = 0) -> None:
        self._name, self._read, self._delay = name, read, delay
        self._signals, self._telemetry = signals, telemetry

    async def take(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """200 once the signal is on the queue or nothing is to be done; else what the sender has to know."""
        try:
            heard = await self._read(headers, body)
            if isinstance(heard, Left):
                self._telemetry.event("event_left", door=self._name, reason=heard.reason)
                return Answer(body={"status": "left", "reason": heard.reason})
            await self._signals.send(heard, delay=self._delay)
        except BadEvent as error:
            self._telemetry.event("event_refused", door=self._name, status=error.status, reason=error.reason)
            return problem(error.status, error.reason)
        except RemoteError as error:  # the sender tries again; auto-heal finds what it gives up on
            self._telemetry.event("event_refused", door=self._name, status=503, reason=str(error))
            return problem(503, "the event could not be kept: send it again")
        return Answer(body={"status": "taken", "record": str(heard.ref)})
