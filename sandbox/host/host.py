"""The local functions host: one app, its triggers and its HTTP endpoints in one process."""

import asyncio
import logging
import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from sandbox.host import app_import, app_settings, catalog, hostjson
from sandbox.host.admin import Admin
from sandbox.host.calls import Outcome, QueueCall, TimerCall
from sandbox.host.catalog import Catalog
from sandbox.host.connections import Accounts
from sandbox.host.engine import Engine
from sandbox.host.functions import Function, QueueTrigger, TimerTrigger
from sandbox.host.hostjson import HostConfig
from sandbox.host.keys import Keys, read_keys
from sandbox.host.outputs import Outputs
from sandbox.host.runtime import Runtime
from sandbox.host.runtimes import choose
from sandbox.host.server import bound, name, serving
from sandbox.host.status import describe_function, describe_host
from sandbox.host.tally import Tally
from sandbox.host.triggers import Triggers
from sandbox.host.web import FunctionsApp, endpoints

LOG = logging.getLogger("sandbox.host")

# The platform's lease on a message: fixed at ten minutes, renewed every five.
LEASE = 600

# Where the app answers: https://learn.microsoft.com/azure/app-service/reference-app-settings
HOSTNAME = "WEBSITE_HOSTNAME"


class Host:
    """Use as `async with Host(app_dir=...) as host`; `host.url` is where it answers.

    `settings` go over the environment for the life of the host; `port` 0 takes a free one; `lease` is in seconds.
    Raises HostError where the platform would run no function at all.
    """

    url: str
    keys: Keys
    catalog: Catalog
    config: HostConfig

    def __init__(
        self,
        *,
        app_dir: Path,
        settings: Mapping[str, str] | None = None,
        port: int = 0,
        lease: int = LEASE,
        runtime: str = "auto",
        grace: float = 10,
    ) -> None:
        self._app_dir = app_dir.resolve()
        self._given = dict(settings or {})
        self._port, self._lease, self._grace = port, lease, grace
        self._runtime: Runtime = choose(runtime)
        self._stack = AsyncExitStack()
        self._on_demand: set[asyncio.Task[Outcome]] = set()

    @property
    def runtime(self) -> str:
        return self._runtime.name

    @property
    def functions(self) -> dict[str, Function]:
        return {each.name: each for each in self.catalog.functions}

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def check(self) -> Catalog:
        """Index and examine the app without running anything of it."""
        async with self._stack:
            await self._index()
        return self.catalog

    async def _index(self) -> None:
        self._stack.enter_context(app_settings.applied(self._given))
        self.config = hostjson.read(self._app_dir, os.environ)
        self._stack.callback(app_import.forget, self._app_dir)
        self._stack.push_async_callback(self._runtime.stop)
        indexed = await self._runtime.index(self._app_dir)
        self.catalog = catalog.read(indexed, dict(os.environ))
        for problem in self.catalog.problems:
            LOG.error("%s", problem)

    async def _start(self) -> None:
        taken = bound(self._port)
        self._stack.callback(taken.close)
        # Before the app is read, which may want to know; Core Tools sets it as well.
        self._given = {HOSTNAME: os.environ.get(HOSTNAME) or name(taken), **self._given}
        await self._index()
        settings = dict(os.environ)
        accounts = Accounts(settings)
        self._stack.push_async_callback(accounts.close)
        self._tally = Tally(self.functions)
        self._engine = self._make_engine(accounts)
        self._triggers = Triggers(
            run=self._engine.run, accounts=accounts, options=self.config.queues, lease=self._lease
        )
        self._triggers.add(each for each in self.catalog.functions if not each.disabled)
        self._stack.push_async_callback(self._triggers.stop, self._grace)
        self._stack.push_async_callback(self._finish_on_demand)
        await self._triggers.start()
        self.keys = read_keys(settings)
        self.url = await self._stack.enter_async_context(serving(self._web(), taken, grace=self._grace))
        self._stack.callback(self._triggers.stop_taking)

    def _make_engine(self, accounts: Accounts) -> Engine:
        outputs = Outputs(
            accounts, base64_text=self.config.queues.base64, sent=lambda queue: self._triggers.wake(queue)
        )
        return Engine(
            runtime=self._runtime,
            tally=self._tally,
            write_outputs=outputs.write,
            timeout=self.config.function_timeout,
        )

    def _web(self) -> FunctionsApp:
        admin = Admin(
            functions=lambda: [describe_function(each, self.url) for each in self.catalog.functions],
            status=lambda: describe_host(self.runtime, self.catalog.problems),
            invocations=self.invocations,
            start=self.start,
        )
        return FunctionsApp(
            endpoints=endpoints(self.catalog.functions, self.config.route_prefix),
            keys=self.keys,
            run=self._engine.run,
            admin=admin,
        )

    async def invocations(self) -> dict[str, Any]:
        """Count invocations by function and tell what each queue holds.

        `idle`: nothing runs and the last look at every queue found nothing; `quiet`: nor is anything delayed or hidden.
        """
        queues = await self._triggers.state()
        idle = not self._tally.in_flight and all(each["empty_polls"] for each in queues.values())
        busy = self._tally.in_flight or any(each["in_flight"] or each["messages"] != 0 for each in queues.values())
        return {"quiet": not busy, "idle": idle, "functions": self._tally.as_json(), "queues": queues}

    async def run(self, name: str, text: str = "") -> Outcome:
        """Run a timer function now, or a queue function on this message text, disabled or not."""
        function = self.functions[name]
        return await self._engine.run(function, _call_on_demand(function, text))

    def start(self, name: str, text: str = "") -> bool:
        """Begin such a run, and say whether there is a function of that name and kind."""
        function = self.functions.get(name)
        if function is None or not isinstance(function.trigger, QueueTrigger | TimerTrigger):
            return False
        task = asyncio.create_task(self.run(name, text))
        self._on_demand.add(task)
        task.add_done_callback(self._on_demand.discard)
        return True

    async def _finish_on_demand(self) -> None:
        if self._on_demand:
            await asyncio.wait(self._on_demand, timeout=self._grace)
        for task in self._on_demand:
            task.cancel()


def _call_on_demand(function: Function, text: str) -> QueueCall | TimerCall:
    now = datetime.now(UTC)
    if isinstance(function.trigger, TimerTrigger):
        return TimerCall(past_due=False, last=now, next=now)
    return QueueCall(
        body=text.encode(),
        id=str(uuid4()),
        dequeue_count=1,
        pop_receipt="",
        inserted=now,
        expires=now + timedelta(days=7),
        next_visible=now,
    )
