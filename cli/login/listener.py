"""Waits on this machine for the browser to come back from the sign-in: one answer, with our state, on loopback alone.

https://datatracker.ietf.org/doc/html/rfc8252#section-7.3
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from urllib.parse import parse_qs

from cli.login.page import DENIED, DONE, OTHER, answer
from shared.errors import Misconfigured

LOOPBACK = "127.0.0.1"
LARGEST = 32 * 1024  # bytes of a request's head, and of its form
SLOWEST = 5.0  # seconds in which a request has to say what it wants


class Listener:
    """`state` is what only the sign-in that we asked for can answer with; `port` is known once it listens."""

    def __init__(self) -> None:
        self.state = secrets.token_urlsafe(32)
        self.port = 0
        self._answer: asyncio.Future[Mapping[str, str]] = asyncio.get_running_loop().create_future()

    @property
    def address(self) -> str:
        """Where the browser comes back to; Entra compares it without its port.

        https://learn.microsoft.com/entra/identity-platform/reply-url#localhost-exceptions
        """
        return f"http://localhost:{self.port}"

    async def answered(self, seconds: float) -> Mapping[str, str]:
        """What came with the redirect. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            return await self._answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request of whoever is on this machine; what is not our answer changes nothing."""
        try:
            async with asyncio.timeout(SLOWEST):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                form = await reader.readexactly(self._length(head))
                writer.write(self._taken(form.decode("latin-1")))
                await writer.drain()
        except (TimeoutError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            return  # nobody who has an answer for us sends it like this
        finally:
            writer.close()

    def _length(self, head: list[str]) -> int:
        """How long the form is that a browser posts to our own address; none for any other request.

        Another name for this machine is none of ours: that is how a page elsewhere gets at a listener on loopback.
        """
        headers = dict(line.casefold().split(":", 1) for line in head[1:] if ":" in line)
        host, length = headers.get("host", "").strip(), headers.get("content-length", "").strip()
        ours = head[0].startswith("POST / ") and host in (f"localhost:{self.port}", f"{LOOPBACK}:{self.port}")
        return int(length) if ours and re.fullmatch(r"\d{1,5}", length) and int(length) <= LARGEST else 0

    def _taken(self, form: str) -> bytes:
        found = {name: texts[0] for name, texts in parse_qs(form, max_num_fields=20).items()} if form else {}
        if not secrets.compare_digest(found.get("state", "").encode(), self.state.encode()):
            return answer(HTTPStatus.BAD_REQUEST, OTHER)
        if self._answer.done():
            return answer(HTTPStatus.GONE, OTHER)
        self._answer.set_result(found)
        return answer(HTTPStatus.OK, DENIED if "error" in found else DONE)


@asynccontextmanager
async def listening(port: int = 0) -> AsyncIterator[Listener]:
    """On this port of the loopback address, 0 for a free one; raises Misconfigured if it is taken."""
    listener = Listener()
    try:
        server = await asyncio.start_server(listener.serve, LOOPBACK, port, limit=LARGEST)
    except OSError as error:
        problem = f"port {port} of this machine cannot be listened on ({error.strerror}): give another with --port"
        raise Misconfigured((problem,)) from error
    listener.port = int(server.sockets[0].getsockname()[1])
    async with server:
        yield listener
