"""Serves an ASGI app on a loopback port for as long as a block runs."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

LOOPBACK = "127.0.0.1"


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to whoever runs the host."""
        yield


@asynccontextmanager
async def serving(app: ASGIApp, port: int | socket.socket, *, grace: float = 10) -> AsyncIterator[str]:
    """Give the address; port 0 takes any free one. Requests under way get `grace` seconds at the end."""
    listening = bound(port) if isinstance(port, int) else port
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=round(grace),
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        while not server.started and not task.done():  # noqa: ASYNC110 — uvicorn has no event for it
            await asyncio.sleep(0.005)
        if task.done():
            task.result()
        yield f"http://{name(listening)}"
    finally:
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await task
        listening.close()


def bound(port: int) -> socket.socket:
    """A port of this machine, taken but not listened to yet."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name != "nt":  # on Windows it would let two hosts share the port
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((LOOPBACK, port))
    return listening


def name(taken: socket.socket) -> str:
    """Host and port, as they stand in an address."""
    return f"{LOOPBACK}:{taken.getsockname()[1]}"
