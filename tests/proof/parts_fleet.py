"""Several hosts of one app, each a process that can be killed, behind a front end as Azure has one."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.host.process import spawned
from sandbox.people import Json
from sandbox.stack import MASTER_KEY

MASTER = {"x-functions-key": MASTER_KEY}
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # on Windows SIGTERM ends a process just as suddenly
OWN_HEADERS = frozenset({"host", "content-length", "connection", "accept-encoding", "transfer-encoding"})


@dataclass(kw_only=True)
class Machine:
    """One host: where it answers and which process it is, while it is up."""

    number: int
    url: str = ""
    pid: int = 0
    life: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def up(self) -> bool:
        return bool(self.url)


@dataclass(kw_only=True)
class Fleet:
    """`arguments` and `settings` are each host's; every life of each has a log of its own in `folder`."""

    settings: Mapping[str, str]
    arguments: Sequence[str]
    folder: Path
    client: httpx.AsyncClient
    machines: list[Machine] = field(default_factory=list)
    killed: int = 0
    lives: int = 0

    @property
    def up(self) -> list[Machine]:
        return [machine for machine in self.machines if machine.up]

    async def start(self, count: int) -> None:
        self.machines += [Machine(number=number) for number in range(count)]
        await asyncio.gather(*map(self.raise_up, self.machines))

    async def raise_up(self, machine: Machine) -> None:
        self.lives += 1
        log = self.folder / f"host-{machine.number}-{self.lives}.log"
        url = await machine.life.enter_async_context(spawned(self.settings, *self.arguments, log=log))
        machine.pid = (await self.asked(url, "host/status"))["processId"]
        machine.url = url

    async def kill(self, machine: Machine) -> None:
        """End the process without a word to it, whatever it is in the middle of."""
        machine.url = ""
        os.kill(machine.pid, KILL)
        self.killed += 1
        await machine.life.aclose()

    async def stop(self) -> None:
        await asyncio.gather(*(machine.life.aclose() for machine in self.machines))

    async def asked(self, url: str, path: str) -> Json:
        """An answer of a host's own administration."""
        answer = await self.client.get(f"{url}/admin/{path}", headers=MASTER)
        answer.raise_for_status()
        found: Json = answer.json()
        return found

    async def working(self, machine: Machine) -> int:
        """How many invocations run in it now."""
        counts = (await self.asked(machine.url, "sandbox/invocations"))["functions"]
        return sum(count["in_flight"] for count in counts.values())


@dataclass
class Front:
    """Hands each request to one of the hosts that are up, in turn: 503 where none is, 502 where one dies over it."""

    fleet: Fleet
    turn: int = 0
    failed: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await (await self._answer(Request(scope, receive)))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        body = await request.body()
        for _ in self.fleet.machines:
            up = self.fleet.up
            if not up:
                break
            self.turn += 1
            try:
                return await self._passed(request, up[self.turn % len(up)], body)
            except httpx.ConnectError:  # it has just died: the next one
                continue
            except httpx.HTTPError:  # it may have taken the request: nobody else gets it
                self.failed += 1
                return Response(status_code=502)
        self.failed += 1
        return Response(status_code=503)

    async def _passed(self, request: Request, machine: Machine, body: bytes) -> Response:
        headers = [(name, value) for name, value in request.headers.items() if name not in OWN_HEADERS]
        url = f"{machine.url}{request.url.path}?{request.url.query}"
        answer = await self.fleet.client.request(request.method, url, content=body, headers=headers)
        return Response(answer.content, answer.status_code, {"content-type": answer.headers.get("content-type", "")})
