"""The network of one process: both simulators and our own doors by address, and a note of every call of ours."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

import httpx

from shared.platform.doors import Answer

PARTNER, DYNAMICS, HOST = "http://127.0.0.1:7081", "http://127.0.0.1:7082", "http://127.0.0.1:7071"
API = "/api/data/v9.2/"
PARTNER_EVENTS, DYNAMICS_EVENTS = "/api/partner-center/events", "/api/dynamics/events"

Message = MutableMapping[str, Any]
ASGI = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]
Take = Callable[[str, Mapping[str, str], bytes], Awaitable[Answer]]


class Network(httpx.AsyncBaseTransport):
    """Applications by address; a dropped connection is httpx's own error, as over a socket."""

    def __init__(self) -> None:
        self._hosts: dict[str, httpx.ASGITransport] = {}

    def add(self, url: str, app: ASGI) -> None:
        self._hosts[url] = httpx.ASGITransport(app=app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        transport = self._hosts[f"{request.url.scheme}://{request.url.netloc.decode()}"]
        try:
            return await transport.handle_async_request(request)
        except ConnectionResetError as error:
            raise httpx.RemoteProtocolError(str(error), request=request) from error


@dataclass(frozen=True)
class Call:
    """One remote call of ours: `pc GET referrals`, its query, and what it carried."""

    name: str
    query: str
    body: Any

    @classmethod
    def of(cls, request: httpx.Request) -> Call:
        system = "pc" if str(request.url).startswith(PARTNER) else "crm"
        path = request.url.path.removeprefix(API).removeprefix("/v1.0/engagements/").lstrip("/")
        set_name = path.partition("(")[0].partition("/")[0]
        return cls(f"{system} {request.method} {set_name}", request.url.query.decode(), _body(request))


def _body(request: httpx.Request) -> Any:
    if "json" in request.headers.get("content-type", "") and request.content:
        return json.loads(request.content)
    return request.content.decode()


def doors(take: Take) -> ASGI:
    """Our webhook functions as an application that the simulators find at an address."""

    async def app(
        scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        answer = await take(scope["path"], headers, body)
        await send({"type": "http.response.start", "status": answer.status, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(dict(answer.body)).encode()})

    return app
