"""What becomes of a queue message before and after the core has it: held, looked at, sent round once more, parked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from shared.domain.codes import code_of
from shared.errors import BadMessage, Transient
from shared.messages import Newer, NewerMessage, Signal
from shared.platform.gate import Wait
from shared.platform.queues import TooLarge
from shared.platform.trace import span
from shared.ports import Signals, Telemetry

SECOND_CHANCE = 60.0  # seconds until a poisoned signal is on its queue again
UNSTEADY = 30.0  # seconds until a signal is tried again that our own storage failed
AGAIN = "second_chance"
# A signal of a newer release is handed back for about a day: seconds at first, as most deployments take minutes.
HANDED_BACK_FIRST, HANDED_BACK_LONGEST, HANDED_BACK_MOST = 15.0, 900.0, 100
FAILED = "every attempt to handle this signal failed, which is a fault of this product"


class Worker(Protocol):
    """What is asked of `sync.job.Job`."""

    async def run(self, body: bytes) -> object: ...
    async def poisoned(self, body: bytes, *, reason: str) -> None: ...


class Reception:
    """`closed` says why nothing may be worked on now; `job` is None while settings are wrong."""

    def __init__(
        self,
        *,
        job: Worker | None,
        closed: Callable[[], Awaitable[Wait | None]],
        signals: Signals,
        telemetry: Telemetry,
    ) -> None:
        self._job, self._closed = job, closed
        self._signals, self._telemetry = signals, telemetry

    async def run(self, body: bytes) -> None:
        """Acknowledge by returning. What is raised is a bug, or a message that nobody can read."""
        try:
            signal = Signal.decoded(body)
        except NewerMessage as error:
            await self._hand_back(error.signal, str(error))
            return
        wait = await self._closed()
        if wait or self._job is None:
            await self._hold(signal, wait)
            return
        try:
            with span(signal.look.value, signal):
                await self._job.run(body)
        except Transient as error:  # what the job itself could not note: its tables are away, and time mends that
            seconds = error.retry_after or UNSTEADY
            await self._hold(signal, Wait(reason=str(error), code=code_of(error), seconds=seconds))

    async def poisoned(self, body: bytes) -> None:
        """A poison message goes back to its queue once, then it is parked; a poison queue would forget it."""
        try:
            await self._returned(body)
        except TooLarge as error:  # nobody of ours sent it, and it cannot be sent round either
            await self._park(body, str(error))

    async def _returned(self, body: bytes) -> None:
        try:
            signal = Signal.decoded(body)
        except NewerMessage as error:
            await self._hand_back(error.signal, str(error))
            return
        except BadMessage as error:
            await self._park(body, str(error))
            return
        if self._job is None:
            await self._hold(signal, await self._closed())
        elif (signal.model_extra or {}).get(AGAIN):
            await self._park(body, FAILED)
        else:
            await self._signals.send(signal.model_copy(update={AGAIN: True}), delay=SECOND_CHANCE)
            self._telemetry.event("poison_returned", record=str(signal.ref), flow=signal.look.value)

    async def _hand_back(self, newer: Newer, reason: str) -> None:
        """While two releases run at once the newer one finds it; after a roll-back a person has to know of it."""
        if self._job is None:
            await self._hold(newer, await self._closed())
        elif newer.handed_back >= HANDED_BACK_MOST:
            await self._park(newer.encoded().encode(), reason)
        else:
            delay = min(HANDED_BACK_FIRST * 2 ** min(newer.handed_back, 8), HANDED_BACK_LONGEST)
            await self._signals.send(newer.again(), delay=delay)
            self._telemetry.event("newer_handed_back", record=str(newer.ref), flow=newer.look.value)

    async def _park(self, body: bytes, reason: str) -> None:
        if self._job is None:
            raise BadMessage(reason)  # it stays on the poison queue until the settings are right
        await self._job.poisoned(body, reason=reason)

    async def _hold(self, signal: Signal, wait: Wait | None) -> None:
        wait = wait or Wait(reason="settings are wrong")
        await self._signals.send(signal, delay=wait.seconds)
        self._telemetry.event(
            "signal_held",
            record=str(signal.ref),
            flow=signal.look.value,
            code=wait.code.value,
            reason=wait.reason,
        )
