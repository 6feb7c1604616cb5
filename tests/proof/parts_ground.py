"""Everything that a proof over real parts stands on, each in a process of its own: storage, simulators, hosts."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from azure.storage.queue.aio import QueueServiceClient

from sandbox.host import azurite
from sandbox.host.azurite import Emulator
from sandbox.people import People
from sandbox.servers import address, listen, serving
from sandbox.stack import NO_FILE, Stack, register, settings
from tests.proof import parts_app
from tests.proof.parts_fleet import MASTER, Fleet, Front

PATIENCE = 120.0
HEALED = 600.0  # seconds: the platform lets no function run longer
UNLIMITED = {"requests": 10**9, "concurrent": 10**6, "execution_ms": 10**15}
ROOT = "root.pem"
# Servers close what was idle for 5 s: a request that is on its way at that moment gets no answer.
LIMITS = httpx.Limits(max_connections=64, keepalive_expiry=2)
STUBBORN: dict[str, Any] = {"retry_total": 20, "initial_backoff": 1, "increment_base": 1, "random_jitter_range": 0}


@dataclass(kw_only=True)
class Ground:
    """`clock` is the file by which hosts are ahead of the machine; none where their time is the machine's own."""

    emulator: Emulator
    fleet: Fleet
    people: People
    clock: Path | None
    queues: QueueServiceClient
    ahead: float = 0.0
    restarts: int = 0
    deepest: int = 0

    async def outstanding(self) -> dict[str, int]:
        """Messages on each queue that has any, hidden and delayed ones too."""
        found: dict[str, int] = {}
        async for queue in self.queues.list_queues():
            client = self.queues.get_queue_client(queue.name or "")
            if count := (await client.get_queue_properties()).approximate_message_count:
                found[str(queue.name)] = count
        self.deepest = max(self.deepest, sum(found.values()))
        return found

    async def visible(self) -> bool:
        """Is there a message that could be taken now?"""
        async for queue in self.queues.list_queues():
            if await self.queues.get_queue_client(queue.name or "").peek_messages(1):
                return True
        return False

    async def running(self) -> int:
        return sum([await self.fleet.working(machine) for machine in self.fleet.up])

    async def heal(self) -> None:
        """Auto-heal on the first host that is up, to its end, as a timer runs on one of several."""
        url = self.fleet.up[0].url
        before = await self._healed(url)
        answer = await self.fleet.client.post(f"{url}/admin/functions/auto_heal", headers=MASTER, json={})
        answer.raise_for_status()
        async with asyncio.timeout(HEALED):
            while await self._healed(url) == before:  # noqa: ASYNC110 - it is another process that tells
                await asyncio.sleep(0.1)

    async def _healed(self, url: str) -> int:
        count = (await self.fleet.asked(url, "sandbox/invocations"))["functions"]["auto_heal"]
        return int(count["succeeded"] + count["failed"])

    async def later(self, seconds: float) -> None:
        """Time passes: at once where all clocks can be set ahead, else as it does."""
        if self.clock is None:
            await asyncio.sleep(seconds)
            return
        self.ahead += seconds
        written = self.clock.with_suffix(".new")
        written.write_text(str(self.ahead), encoding="utf-8")
        written.replace(self.clock)
        self.emulator.advance(seconds)
        for system in ("partner_center", "dynamics"):
            await self.people.control(system, "POST", "clock", {"advance": seconds})

    async def restart_storage(self) -> None:
        """Stopped and started again, with what it had."""
        self.restarts += 1
        await asyncio.to_thread(self.emulator.stop)
        await asyncio.to_thread(self.emulator.start)


@asynccontextmanager
async def ground(*, hosts: int, lease: int, clock: bool, runtime: str = "auto") -> AsyncIterator[Ground]:
    """Start everything, wait until it answers, and register the webhooks at the front end of the hosts."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cosell-", ignore_cleanup_errors=True)))
        kept = folder / "azurite"
        kept.mkdir()
        emulator = await asyncio.to_thread(stack.enter_context, azurite.emulated(folder=kept))
        systems = await stack.enter_async_context(_simulators(folder))
        client = await stack.enter_async_context(httpx.AsyncClient(timeout=60, limits=LIMITS))
        door = listen()
        given = settings(systems["partner_center"], systems["dynamics"], emulator.connection, folder / ROOT)
        given["PUBLIC_URL"] = address(door)
        arguments = ["--lease", str(lease), "--settings", str(folder / NO_FILE), "--runtime", runtime]
        ticking = _clock(folder) if clock else None
        if ticking:
            given[parts_app.CLOCK] = str(ticking)
            arguments += ["--app", str(parts_app.folder(folder / "app"))]
        fleet = Fleet(settings=given, arguments=arguments, folder=folder, client=client)
        stack.push_async_callback(fleet.stop)
        await fleet.start(hosts)
        front = await stack.enter_async_context(serving(Front(fleet), door))
        made = Stack(**systems, host=front, storage=emulator.connection, log=folder, settings=given, client=client)
        people = People(made)
        await register(made)
        await people.control("dynamics", "POST", "limits", UNLIMITED)  # how those are kept is proved elsewhere
        queues = QueueServiceClient.from_connection_string(emulator.connection, **STUBBORN)
        await stack.enter_async_context(queues)
        yield Ground(emulator=emulator, fleet=fleet, people=people, clock=ticking, queues=queues)


def _clock(folder: Path) -> Path:
    file = folder / "clock"
    file.write_text("0", encoding="utf-8")
    return file


@asynccontextmanager
async def _simulators(folder: Path) -> AsyncIterator[dict[str, str]]:
    """Both simulators in one process of their own; gives their addresses. Its log tells of callers that were killed."""
    ports = ("--partner-center-port", "0", "--dynamics-port", "0")
    command = [sys.executable, "-m", "sandbox", "--attached", *ports, "--write-root", str(folder / ROOT)]
    with (folder / "simulators.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, stderr=log, cwd=parts_app.ROOT
        )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            addresses: dict[str, str] = json.loads(await process.stdout.readline())
        yield addresses
    finally:
        process.terminate()
        await process.wait()
