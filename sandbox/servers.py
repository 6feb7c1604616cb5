"""Runs simulators as uvicorn servers on loopback, all in one event loop."""

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

LOOPBACK = "127.0.0.1"


def listen(port: int = 0) -> socket.socket:
    """A listening socket on loopback; port 0 takes a free one."""
    # asyncio turns Nagle's delay (40 ms an answer) off only where the protocol is named, unlike in create_server().
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((LOOPBACK, port))
        listening.listen(100)
    except OSError:
        listening.close()
        raise
    return listening


def address(listening: socket.socket, *, tls: bool = False) -> str:
    return f"{'https' if tls else 'http'}://{LOOPBACK}:{listening.getsockname()[1]}"


class _Server(uvicorn.Server):
    """Leaves the signals to whoever runs several servers: each of them catching its own would stop only one."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(app: ASGIApp, listening: socket.socket, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Serves `app` on an open socket until the block ends; yields its address."""
    config = uvicorn.Config(app, log_level="warning", access_log=False, http="h11", timeout_graceful_shutdown=2)
    config.load()  # else serve() does, and forgets the context; Config itself takes one in newer versions alone
    config.ssl = tls
    server = _Server(config)
    running = asyncio.create_task(server.serve([listening]))
    try:
        while not server.started:
            if running.done():
                await running
                raise RuntimeError("the server stopped before it had started")
            await asyncio.sleep(0.005)
        yield address(listening, tls=tls is not None)
    finally:
        server.should_exit = True
        await running
