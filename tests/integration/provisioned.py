"""The administrator's command on the simulated Dynamics 365, and what it left there."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import typer
from pydantic import SecretStr
from rich.console import Console

from cli.commands.provision import Wish, carried
from cli.output import Output
from cli.provisioning.make import Ask
from cli.provisioning.opening import site_of
from cli.provisioning.site import Site
from cli.provisioning.webhook import Hook
from cli.work import Asked
from sandbox.dynamics.seed import APPLICATION_CLIENT
from shared.platform.identity import StaticTokens
from shared.platform.outside import Outside
from shared.settings import Settings, read
from tests.integration.bench import Bench, open_bench
from tests.integration.network import DYNAMICS_EVENTS, HOST, Call

ADMINISTRATOR = "sandbox-seller"  # people may do everything here: only the application user is held to a role
KEY = "kEy+of/the&function="
OWN = "cosell"
ASK = Ask(hook=Hook(url=f"{HOST}{DYNAMICS_EVENTS}", key=SecretStr(KEY)), application=APPLICATION_CLIENT)
WRITES = frozenset({"POST", "PATCH", "PUT", "DELETE"})


@dataclass
class Desk:
    """An administrator beside a bench: runs the command, keeps what it printed and what it called."""

    bench: Bench
    printed: io.StringIO = field(default_factory=io.StringIO)

    def asked(self, *, as_json: bool = False) -> Asked:
        console = Console(file=self.printed, width=200, highlight=False)
        output = Output(json=as_json, consoles=(console, console))
        return Asked(reading=read(self.bench.base), output=output, world=self._world)

    def _world(self, _: Settings) -> Outside:
        async def left_open() -> None:
            """The bench's own client goes on."""

        bench = self.bench
        return Outside(
            client=bench.client,
            links=bench.links,
            signals=bench.signals,
            cursors=bench.cursors,
            pauses=bench.pauses,
            parked=bench.parked,
            clock=bench.clock,
            telemetry=bench.telemetry,
            partner_tokens=StaticTokens("sandbox-user"),
            dataverse_tokens=StaticTokens(ADMINISTRATOR),
            close=left_open,
            tick=lambda: bench.clock.now().timestamp(),
        )

    async def provision(self, ask: Ask = ASK, *, as_json: bool = False, **wish: Any) -> int:
        """The command's exit code; what it raises besides is the test's."""
        self.bench.calls.clear()
        try:
            await carried(self.asked(as_json=as_json), Wish(ask=ask, **wish))
        except typer.Exit as ended:
            return ended.exit_code
        return 0

    @property
    def written(self) -> list[Call]:
        return [call for call in self.bench.calls if call.name.split()[1] in WRITES]

    @property
    def said(self) -> str:
        return self.printed.getvalue()

    @asynccontextmanager
    async def site(self) -> AsyncIterator[Site]:
        async with site_of(self.asked()) as site:
            yield site

    async def rows(self, path: str) -> list[Mapping[str, Any]]:
        return list((await self.bench.people.crm("GET", path))["value"])

    async def snapshot(self) -> Mapping[str, Any]:
        """Every definition and every row of customising, without versions and times, as one value."""
        definitions = await self.rows("EntityDefinitions?$expand=Attributes,OneToManyRelationships")
        kept: dict[str, Any] = {name: [_timeless(row) for row in await self.rows(name)] for name in CUSTOMISING}
        return kept | {"definitions": [_untracked(each) for each in definitions]}


CUSTOMISING = (
    "publishers",
    "solutions",
    "solutioncomponents",
    "serviceendpoints",
    "sdkmessageprocessingsteps",
    "sdkmessageprocessingstepimages",
    "sdkmessagefilters",
    "roles",
    "roleprivilegescollection",
    "privileges",
    "systemforms",
    "savedqueries",
    "entitymaps",
    "attributemaps",
)


def _timeless(row: Mapping[str, Any]) -> Mapping[str, Any]:
    dropped = ("@odata.etag", "versionnumber", "created", "modified", "_created", "_modified")
    return {name: value for name, value in row.items() if not name.startswith(dropped)}


def _untracked(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    """Change tracking cannot be switched off again."""
    return {name: value for name, value in definition.items() if name != "ChangeTrackingEnabled"}


@asynccontextmanager
async def open_desk(root: Path, *, connector: bool = False) -> AsyncIterator[Desk]:
    """An empty Dataverse, or one with Microsoft's connector and a marker column that somebody made by hand."""
    async with open_bench(root, connector=connector, first_start=False) as bench:
        if not connector:
            bench.configure(DATAVERSE_PREFIX=OWN)
        yield Desk(bench)


def asking(**changes: Any) -> Ask:
    return replace(ASK, **changes)
