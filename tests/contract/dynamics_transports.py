"""Ways between the Dynamics gateway and its simulator: plain, remembering, and with somebody in between."""

from __future__ import annotations

from typing import Any

import httpx


class SandboxTransport(httpx.ASGITransport):
    """In process, a dropped connection is an exception of the application: made httpx's own, as over a socket."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except ConnectionResetError as error:
            raise httpx.RemoteProtocolError(str(error), request=request) from error


class Recorder(SandboxTransport):
    """Remembers what was sent."""

    def __init__(self, app: Any) -> None:
        super().__init__(app=app)
        self.sent: list[tuple[str, str]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append((request.method, request.content.decode()))
        return await super().handle_async_request(request)


class Meddler(SandboxTransport):
    """A person edits between the change set and the read of one batch."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        if not request.url.path.endswith("$batch"):
            return response
        before, line, read = (await response.aread()).rpartition(b"HTTP/1.1 200")
        edited = read.replace(b'"description": "New"', b'"description": "Edited"').replace(b'W/\\"', b'W/\\"9')
        assert edited != read, read
        return httpx.Response(200, headers=response.headers, content=before + line + edited)
