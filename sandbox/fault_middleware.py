"""The outermost layer of a simulator: logs every request and makes the ones with a rule go wrong."""

import asyncio
from collections.abc import Awaitable, Callable
from time import perf_counter

from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.fault_rules import Fault, Faults

# No load balancer keeps a silent connection for ever; in process, where nothing times out, this ends it.
SILENCE_SECONDS = 120.0

Sleep = Callable[[float], Awaitable[None]]


class ConnectionDroppedError(ConnectionResetError):
    """What a caller in the same process sees where a caller over a socket sees a closed connection."""


class FaultMiddleware:
    def __init__(self, app: ASGIApp, faults: Faults, sleep: Sleep = asyncio.sleep) -> None:
        self._app = app
        self._faults = faults
        self._sleep = sleep

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/control"):
            await self._app(scope, receive, send)
            return
        statuses: list[int] = []

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
            await send(message)

        rule = self._faults.take(scope["method"], scope["path"], _bearer(scope))
        started = perf_counter()
        try:
            await self._answer(rule, scope, receive, send, noting)
        finally:
            self._faults.record(
                method=scope["method"],
                path=scope["path"],
                query=scope["query_string"].decode("latin-1"),
                status=statuses[0] if statuses else None,
                ms=(perf_counter() - started) * 1000,
                fault=rule.kind if rule else None,
            )

    async def _answer(self, rule: Fault | None, scope: Scope, receive: Receive, send: Send, noting: Send) -> None:
        if rule is None:
            await self._app(scope, receive, noting)
        elif rule.kind == "status":
            await self._faults.error_answer(rule.status, rule.retry_after)(scope, receive, noting)
        elif rule.kind == "slow":
            await self._sleep(rule.seconds or 0.0)
            await self._app(scope, receive, noting)
        else:
            if rule.kind.endswith("_after"):
                await self._app(scope, receive, _swallow)
            await self._break_off(rule, receive, send)

    async def _break_off(self, rule: Fault, receive: Receive, send: Send) -> None:
        if rule.kind.startswith("timeout"):
            silence = SILENCE_SECONDS if rule.seconds is None else rule.seconds
            gone = asyncio.ensure_future(_until_disconnected(receive))
            quiet = asyncio.ensure_future(self._sleep(silence))
            try:
                await asyncio.wait({gone, quiet}, return_when=asyncio.FIRST_COMPLETED)
                if gone.done():
                    return
            finally:
                gone.cancel()
                quiet.cancel()
        await _drop_connection(receive, send)


def _bearer(scope: Scope) -> str:
    authorization = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
    scheme, _, token = authorization.partition(" ")
    return token if scheme.lower() == "bearer" else ""


async def _swallow(message: Message) -> None:
    """The effect happens; its answer gets lost."""


async def _until_disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _drop_connection(receive: Receive, send: Send) -> None:
    """Close without an answer: uvicorn would turn an exception into a 500, so its transport is aborted itself."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionDroppedError("the sandbox closed the connection without an answer")
    transport.abort()
    await _until_disconnected(receive)


class SandboxApp(Starlette):
    """A Starlette application whose faults come before everything, Starlette's own error pages included."""

    faults: Faults

    def build_middleware_stack(self) -> ASGIApp:
        return FaultMiddleware(super().build_middleware_stack(), self.faults)
