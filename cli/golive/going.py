"""The steps of `cosell go-live`. What can be refused is looked at first; each step may be made twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from cli.azure.azd import Place
from cli.azure.management import AppSettings, Management
from cli.azure.references import Read
from cli.azure.running import Running
from cli.golive.commands import keep, kept
from cli.golive.obstacles import Obstacle, obstacle
from cli.golive.registering import registered
from cli.work import Asked
from shared.errors import NeedsDecision

if TYPE_CHECKING:
    import httpx


def _client() -> httpx.AsyncClient:
    import httpx  # noqa: PLC0415 - most commands do without

    return httpx.AsyncClient(follow_redirects=False, timeout=60.0)


WELL, WRONG = 0, 1
COLUMNS = ("check", "found", "what to do")
CHANGED = "other settings changed while MODE was set: look at them in the portal, then run this again"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """The command line as a value."""

    mode: str = "live"
    overwrite: bool = False
    dry_run: bool = False
    yes: bool = False


@dataclass(frozen=True, kw_only=True)
class Going:
    """`resolve` reads secrets, `sleep` waits for the app to start, `client` reaches it: tests give others."""

    azure: Management
    asked: Asked
    wish: Wish
    resolve: Read | None = None
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    keep: Callable[[Place, str], Awaitable[bool]] = keep
    client: Callable[[], httpx.AsyncClient] = _client

    async def carried(self) -> int:
        settings, address = await self.azure.settings(), await self.azure.address()
        self._say(f"Function app: {self.azure.place.app} at {address}, MODE={settings.mode()}")
        async with self.client() as client:
            app = Running(azure=self.azure, address=address, client=client)
            if self.wish.mode == "live" and (stands := await self._obstacle(settings, app)):
                return self._no(stands)
            self._plan(settings)
            if self.wish.dry_run:
                return self._done(settings.mode(), "planned")
            if not self.wish.yes:
                typer.confirm("Go on?", abort=True, err=True)
            return await self._made(settings, app)

    async def _obstacle(self, settings: AppSettings, app: Running) -> Obstacle | None:
        wish = self.wish
        return await obstacle(self.asked, settings, app, resolve=self.resolve, overwrite=wish.overwrite)

    def _plan(self, settings: AppSettings) -> None:
        before, after = settings.mode(), self.wish.mode
        self._say(f"MODE stays {after}." if before == after else f"MODE: {before} → {after}. The app restarts.")
        if after == "live":
            self._say("Partner Center's events come to this app from then on, and every deal is written.")
        else:
            self._say("Only the records in TEST_RECORDS are written from then on; the rest is owed. Events still come.")

    # --- doing ------------------------------------------------------------------------------------------------------

    async def _made(self, settings: AppSettings, app: Running) -> int:
        if settings.mode() != self.wish.mode:
            await self._set(await self.azure.settings())
        await self._remember()
        if self.wish.mode != "live":
            return self._done(self.wish.mode, "done")
        with self.asked.output.progress("Waiting for the app, and registering"):
            outcome = await registered(app, overwrite=self.wish.overwrite, sleep=self.sleep)
        self._say(outcome.said)
        return self._done("live", outcome.step, WELL if outcome.well else WRONG)

    async def _set(self, before: AppSettings) -> None:
        """Replace all settings by the same with another MODE, and look whether that is what Azure has then."""
        wanted = before.with_mode(self.wish.mode)
        await self.azure.replace(wanted)
        if dict((await self.azure.settings()).values) != dict(wanted.values):
            raise NeedsDecision(CHANGED)
        self._say(f"MODE is {self.wish.mode}; {len(wanted.values) - 1} other settings are as they were.")

    async def _remember(self) -> None:
        if await self.keep(self.azure.place, self.wish.mode):
            self._say(f"azd's environment says the same (`{kept(self.wish.mode)}`).")
        else:
            self._say(f"Now run `{kept(self.wish.mode)}`: the next deployment of the template would set MODE back.")

    # --- telling ----------------------------------------------------------------------------------------------------

    def _say(self, text: str) -> None:
        self.asked.output.say(text)

    def _no(self, obstacle: Obstacle) -> int:
        output = self.asked.output
        if obstacle.rows:
            output.table(COLUMNS, obstacle.rows)
        self._say(f"Not gone live: {obstacle.reason}. Nothing was changed.")
        rows = [dict(zip(("check", "found", "do"), row, strict=True)) for row in obstacle.rows]
        output.document({"app": self.azure.place.app, "outcome": "refused", "reason": obstacle.reason, "checks": rows})
        return obstacle.code

    def _done(self, mode: str, outcome: str, code: int = WELL) -> int:
        self.asked.output.document({"app": self.azure.place.app, "mode": mode, "outcome": outcome})
        return code
