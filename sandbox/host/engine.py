"""Carries one invocation from start to end: its time limit, what a worker does badly, its outputs, its count."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from secrets import token_hex
from uuid import uuid4

from sandbox.host.calls import Call, Failed, HttpCall, Outcome, Succeeded, Trace, WorkerDied
from sandbox.host.functions import Function
from sandbox.host.outputs import OutputError
from sandbox.host.runtime import Runtime
from sandbox.host.tally import Tally

LOG = logging.getLogger("sandbox.host")

WriteOutputs = Callable[[Function, Mapping[str, tuple[bytes, ...]]], Awaitable[None]]


class Engine:
    """Runs any function for any trigger; never raises for what a function does."""

    def __init__(
        self, *, runtime: Runtime, tally: Tally, write_outputs: WriteOutputs, timeout: timedelta | None
    ) -> None:
        self._runtime = runtime
        self._tally = tally
        self._write_outputs = write_outputs
        self._timeout = timeout.total_seconds() if timeout is not None else None
        self._running: set[asyncio.Task[Succeeded | Failed | WorkerDied]] = set()
        self._lost: dict[asyncio.Task[Succeeded | Failed | WorkerDied], str] = {}

    async def run(self, function: Function, call: Call) -> Outcome:
        """Run one function; its messages are on their queues when this says that it succeeded."""
        self._tally.start(function.name)
        trace = _trace(call)
        outcome: Outcome = Failed("the host stopped")
        try:
            outcome = await self._attempt(function, call, trace)
        finally:
            self._tally.end(function.name, succeeded=isinstance(outcome, Succeeded))
            _report(function.name, trace, outcome)
        return outcome

    async def _attempt(self, function: Function, call: Call, trace: Trace) -> Outcome:
        ending = await self._watched(function.name, call, trace)
        if isinstance(ending, WorkerDied):
            return self._worker_died(function.name, ending)
        if isinstance(ending, Failed):
            return ending
        try:
            await self._write_outputs(function, ending.messages)
        except OutputError as error:
            return Failed(str(error))
        return ending

    async def _watched(self, name: str, call: Call, trace: Trace) -> Succeeded | Failed | WorkerDied:
        task = asyncio.create_task(self._runtime.invoke(name, call, trace))
        self._running.add(task)
        started = asyncio.get_running_loop().time()
        try:
            await asyncio.wait({task}, timeout=self._timeout)
            if not task.done():
                return Failed(f"no end after {self._timeout:g} s (functionTimeout in host.json)")
            if task not in self._lost and task.cancelled():
                return await self._unanswered(name, started)
            return Failed(self._lost[task]) if task in self._lost else task.result()
        finally:
            task.cancel()
            self._running.discard(task)
            self._lost.pop(task, None)

    async def _unanswered(self, name: str, started: float) -> Failed:
        """Wait as long as the platform would: its worker never answers for a call that was cancelled from inside."""
        LOG.error(
            "%s let asyncio.CancelledError escape: the platform's worker never answers such a call, "
            "so it stays in flight until functionTimeout; catch it inside the function",
            name,
        )
        left = None if self._timeout is None else max(0.0, started + self._timeout - asyncio.get_running_loop().time())
        with suppress(TimeoutError):
            async with asyncio.timeout(left):
                await asyncio.Event().wait()
        return Failed("CancelledError escaped, and functionTimeout passed")

    def _worker_died(self, name: str, death: WorkerDied) -> Failed:
        """Fail what else was running: on the platform it ran in the process that is gone now."""
        LOG.error("%s ended its process (%s): on the platform every running invocation dies with it", name, death.error)
        for task in self._running:
            self._lost[task] = f"its worker process died: {name} raised {death.error}"
            task.cancel()
        return Failed(death.error)


def _trace(call: Call) -> Trace:
    incoming = call.headers if isinstance(call, HttpCall) else {}
    parent = incoming.get("traceparent") or f"00-{token_hex(16)}-{token_hex(8)}-01"
    return Trace(invocation_id=str(uuid4()), parent=parent, state=incoming.get("tracestate", ""))


def _report(name: str, trace: Trace, outcome: Outcome) -> None:
    if isinstance(outcome, Succeeded):
        LOG.debug("%s succeeded (%s)", name, trace.invocation_id)
        return
    LOG.error("%s failed (%s): %s", name, trace.invocation_id, outcome.error)
    if outcome.traceback:
        LOG.debug("%s", outcome.traceback)
