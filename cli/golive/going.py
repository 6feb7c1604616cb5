"""The steps of `cosell go-live`. What can be refused is looked at first; each step may be made twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import typer

from cli.azure.azd import Place
from cli.azure.deployed import as_a_person
from cli.azure.management import AppSettings, Management
from cli.azure.references import Read
from cli.azure.running import HEALTH, SHOWN, Running
from cli.doctor import Report, diagnose
from cli.doctor.finding import State
from cli.golive.commands import keep, kept
from cli.golive.registering import registered
from cli.work import Asked
from shared.errors import NeedsDecision
from shared.settings import read

if TYPE_CHECKING:
    import httpx


def _client() -> httpx.AsyncClient:
    import httpx  # noqa: PLC0415 - most commands do without

    return httpx.AsyncClient(follow_redirects=False, timeout=60.0)


WELL, WRONG, MISUSED, UNREACHABLE = 0, 1, 2, 3
COLUMNS = ("check", "found", "what to do")
NOT_YET = {"MODE": "test"}  # a registration that is still missing is what this command is for
REGISTRATION = "webhook_registration"  # the same, as health calls it
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
            if self.wish.mode == "live" and (refused := await self._refused(settings, app)):
                return refused
            self._plan(settings)
            if self.wish.dry_run:
                return self._done(settings.mode(), "planned")
            if not self.wish.yes:
                typer.confirm("Go on?", abort=True, err=True)
            return await self._made(settings, app)

    # --- looking ----------------------------------------------------------------------------------------------------

    async def _refused(self, settings: AppSettings, app: Running) -> int:
        """0 if nothing stands against it."""
        found = read({**await as_a_person(settings, app.address, self.resolve), **NOT_YET})
        if found.settings is None:
            self._table([(one.name, f"it is {one.shown}", f"it may be {one.may_be}") for one in found.problems])
            return self._no(MISUSED, "settings of the app are wrong")
        report = await self._diagnosed(replace(self.asked, reading=found), app.address)
        if not report.well:
            self._table([line.cells[1:2] + line.cells[3:] for line in report.of(State.FAILED)])
            return self._no(UNREACHABLE if report.unreachable else WRONG, "`cosell --settings azure doctor` fails")
        return await self._app_refuses(app)

    async def _diagnosed(self, asked: Asked, address: str) -> Report:
        with asked.output.progress("looking"):
            async with asked.tools() as tools:
                return await diagnose(tools, app=tools.settings.address or address)

    async def _app_refuses(self, app: Running) -> int:
        """What the app itself says, with its own identity; and whose the registration is, before it is too late."""
        health = await app.ask(HEALTH)
        if "checks" not in health.body:
            return self._no(UNREACHABLE, f"the app does not tell its health ({health.reason}): look at its log stream")
        if sick := _sick(health.body):
            self._table(sick)
            return self._no(WRONG, "the app itself is not well")
        shown = await app.ask(SHOWN)
        if shown.body.get("status") == "elsewhere" and not self.wish.overwrite:
            self._say(str(shown.body.get("advice", "")))
            return self._no(WRONG, "Partner Center's events go to another integration, which --overwrite displaces")
        return WELL

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

    def _table(self, rows: list[tuple[str, ...]]) -> None:
        self.asked.output.table(COLUMNS, rows)

    def _no(self, code: int, reason: str) -> int:
        self._say(f"Not gone live: {reason}. Nothing was changed.")
        self.asked.output.document({"app": self.azure.place.app, "outcome": "refused", "reason": reason})
        return code

    def _done(self, mode: str, outcome: str, code: int = WELL) -> int:
        self.asked.output.document({"app": self.azure.place.app, "mode": mode, "outcome": outcome})
        return code


def _sick(body: Mapping[str, object]) -> list[tuple[str, ...]]:
    """The findings of an unhealthy app."""
    settings, checks = body.get("settings"), body.get("checks")
    rows: list[tuple[str, ...]] = [
        (str(one["setting"]), f"it is {one['value']}", f"it may be {one['may_be']}")
        for one in (settings if isinstance(settings, list) else ())
    ]
    return rows + [
        (str(name), str(one["detail"]), "docs/operate.md says what to do")
        for name, one in (checks.items() if isinstance(checks, Mapping) else ())
        if not one["ok"] and name != REGISTRATION
    ]
