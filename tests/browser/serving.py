"""Our HTTP functions on a local port over an app of the test's own, as the local host serves them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from sandbox.host import app_import, app_settings, catalog, hostjson
from sandbox.host.engine import Engine
from sandbox.host.functions import Function
from sandbox.host.keys import Keys
from sandbox.host.runtimes import choose
from sandbox.host.server import serving
from sandbox.host.tally import Tally
from sandbox.host.web import FunctionsApp, endpoints
from shared.bootstrap import App, use

ROOT = Path(__file__).parents[2]
KEY = "function-key"


@asynccontextmanager
async def over(app: App, settings: Mapping[str, str]) -> AsyncIterator[str]:
    """The address of our functions; no queue is listened to."""
    runtime = choose("direct")
    async with AsyncExitStack() as stack:
        stack.enter_context(app_settings.applied(settings))
        config = hostjson.read(ROOT, os.environ)
        stack.callback(app_import.forget, ROOT)
        stack.push_async_callback(runtime.stop)
        found = catalog.read(await runtime.index(ROOT), dict(os.environ))
        use(app)
        stack.callback(use, None)
        engine = Engine(
            runtime=runtime,
            tally=Tally(function.name for function in found.functions),
            write_outputs=_nothing,
            timeout=timedelta(minutes=1),
        )
        web = FunctionsApp(
            endpoints=endpoints(found.functions, config.route_prefix),
            keys=Keys(function=KEY, master="master-key"),
            run=engine.run,
            admin=_no_admin,
        )
        yield await stack.enter_async_context(serving(web, 0))


async def _nothing(_: Function, __: Mapping[str, tuple[bytes, ...]]) -> None:
    """Our functions have no outputs."""


async def _no_admin(_: Request) -> Response:
    return Response(status_code=404)
