"""What stands against going live: wrong settings, a failing doctor, an app that is unwell, a webhook of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cli.azure.deployed import as_a_person
from cli.azure.management import AppSettings
from cli.azure.references import Read
from cli.azure.running import HEALTH, SHOWN, Running
from cli.doctor import Report, diagnose
from cli.doctor.finding import State
from cli.work import Asked
from shared.settings import read

WRONG, MISUSED, UNREACHABLE = 1, 2, 3
NOT_YET = {"MODE": "test"}  # a registration that is still missing is what this command is for
REGISTRATION = "webhook_registration"  # the same, as health calls it
Row = tuple[str, ...]  # what was looked at, what was found, what to do


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """Why not; `code` is what the command ends with."""

    code: int
    reason: str
    rows: Sequence[Row] = ()


DRY = Obstacle(
    code=WRONG,
    reason="DRY_RUN is on, and nothing is written or registered under it",
    rows=[("DRY_RUN", "it is true", "Set it to false, also where the template is deployed from, then run this again")],
)


async def obstacle(
    asked: Asked, settings: AppSettings, app: Running, *, resolve: Read | None, overwrite: bool
) -> Obstacle | None:
    """The first that is found, the cheapest first; None if nothing stands against it."""
    found = read({**await as_a_person(settings, app.address, resolve), **NOT_YET})
    if found.settings is None:
        rows = [(one.name, f"it is {one.shown}", f"it may be {one.may_be}") for one in found.problems]
        return Obstacle(code=MISUSED, reason="settings of the app are wrong", rows=rows)
    if found.settings.dry_run:
        return DRY
    report = await _diagnosed(replace(asked, reading=found), app.address)
    if not report.well:
        failed = [line.cells[1:2] + line.cells[3:] for line in report.of(State.FAILED)]
        code = UNREACHABLE if report.unreachable else WRONG
        return Obstacle(code=code, reason="`cosell --settings azure doctor` fails", rows=failed)
    return await _within(app, overwrite=overwrite)


async def _diagnosed(asked: Asked, address: str) -> Report:
    with asked.output.progress("looking"):
        async with asked.tools() as tools:
            return await diagnose(tools, app=tools.settings.address or address)


async def _within(app: Running, *, overwrite: bool) -> Obstacle | None:
    """What the app itself says, with its own identity; and whose the registration is, before it is too late."""
    health = await app.ask(HEALTH)
    if "checks" not in health.body:
        reason = f"the app does not tell its health ({health.reason}): look at its log stream"
        return Obstacle(code=UNREACHABLE, reason=reason)
    if sick := _sick(health.body):
        return Obstacle(code=WRONG, reason="the app itself is not well", rows=sick)
    shown = await app.ask(SHOWN)
    if shown.body.get("status") == "elsewhere" and not overwrite:
        rows = [("webhook", str(shown.body.get("advice", "")), "Allow --overwrite once nobody needs them there")]
        return Obstacle(code=WRONG, reason="Partner Center's events go to another integration", rows=rows)
    return None


def _sick(body: Mapping[str, object]) -> list[Row]:
    """The findings of an unhealthy app."""
    settings, checks = body.get("settings"), body.get("checks")
    rows: list[Row] = [
        (str(one["setting"]), f"it is {one['value']}", f"it may be {one['may_be']}")
        for one in (settings if isinstance(settings, list) else ())
    ]
    return rows + [
        (str(name), str(one["detail"]), "docs/operate.md says what to do")
        for name, one in (checks.items() if isinstance(checks, Mapping) else ())
        if not one["ok"] and name != REGISTRATION
    ]
