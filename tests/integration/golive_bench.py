"""`cosell go-live` between Azure Resource Manager and the running app, which a change of settings starts again."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from rich.console import Console
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cli.azure.azd import Place
from cli.azure.management import AZURE, SCOPE, VERDICTS, Management
from cli.golive.going import Going, Wish
from cli.output import Output
from cli.work import Asked
from sandbox.azure.management import CONTRIBUTOR, Site, create_app
from shared.connectors.rest import Rest
from shared.platform.doors import Answer
from shared.platform.identity import StaticTokens
from shared.platform.outside import Outside
from shared.settings import Settings, read
from tests.integration.bench import Bench
from tests.integration.network import Network

APP, ADDRESS = "func-cosell", "https://func-cosell.example.com"
PLACE = Place(app=APP, group="rg-cosell", subscription="0b1d1c2e-1111-4222-8333-944455556666", environment="contoso")
KEYS = {"health": "key-of-health", "webhook_registration": "key-of-shown", "webhook_register": "key-of-register"}


async def left_open() -> None:
    """The bench goes on after a command has ended."""


@dataclass
class GoLive:
    """The command, what it printed, and how often the app has been away since its settings changed."""

    bench: Bench
    settings: dict[str, str]
    token: str = CONTRIBUTOR
    away: int = 0  # requests that a starting app does not answer
    kept: list[str] = field(default_factory=list)
    azd: bool = True

    def __post_init__(self) -> None:
        self._printed = io.StringIO()
        self.site = Site(APP, ADDRESS.partition("//")[2], dict(self.settings), KEYS, self._restarted)
        self.bench.configure(**self.settings)
        self.network = Network()
        self.network.add(AZURE, create_app(self.site))
        self.network.add(ADDRESS, self._app())
        self.slept = 0

    def _restarted(self) -> None:
        self.bench.configure(**self.site.settings)
        self.away, self.site.starting = 2, 1

    def _app(self) -> Starlette:
        async def answered(request: Request, key: str, act: Any) -> Response:
            if self.away:
                self.away -= 1
                return Response("<html>starting</html>", 503)
            if request.headers.get("x-functions-key") != KEYS[key]:
                return Response(status_code=401)
            answer: Answer = await act()
            return JSONResponse(answer.body, answer.status)

        async def health(request: Request) -> Response:
            return await answered(request, "health", self.bench.app.health)

        async def shown(request: Request) -> Response:
            return await answered(request, "webhook_registration", self.bench.app.webhook.shown)

        async def register(request: Request) -> Response:
            body = await request.body()
            return await answered(request, "webhook_register", lambda: self.bench.app.webhook.register(body))

        return Starlette(
            routes=[
                Route("/api/health", health),
                Route("/api/webhook-registration", shown, methods=["GET"]),
                Route("/api/webhook-registration", register, methods=["POST"]),
            ]
        )

    @property
    def said(self) -> str:
        return " ".join(self._printed.getvalue().split())

    @property
    def writes(self) -> list[str]:
        return [call for call in self.site.calls if call.startswith("PUT")]

    def _world(self, _: Settings) -> Outside:
        return replace(self.bench._outside(), close=left_open)

    async def _sleep(self, seconds: float) -> None:
        self.slept += 1
        self.bench.clock.advance(seconds)

    async def _keep(self, _: Place, mode: str) -> bool:
        self.kept.append(mode)
        return self.azd

    @asynccontextmanager
    async def azure(self, app: str = APP) -> AsyncIterator[Management]:
        """Resource Manager, as whoever has the token."""
        async with httpx.AsyncClient(transport=self.network) as client:
            tokens = StaticTokens(self.token)
            rest = Rest(system="Azure", base_url=AZURE, scope=SCOPE, tokens=tokens, client=client, verdicts=VERDICTS)
            yield Management(place=replace(PLACE, app=app), rest=rest)

    async def go(self, **wish: Any) -> int:
        """The exit code; nobody is asked unless `yes` is False."""
        console = Console(file=self._printed, width=200)
        asked = Asked(reading=read({}), output=Output(consoles=(console, console)), world=self._world)
        async with self.azure() as azure:
            return await Going(
                azure=azure,
                asked=asked,
                wish=Wish(**{"yes": True, **wish}),
                sleep=self._sleep,
                keep=self._keep,
                client=lambda: httpx.AsyncClient(transport=self.network),
            ).carried()
