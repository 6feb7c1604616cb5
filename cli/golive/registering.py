"""The webhook, registered by the running app itself once it has started under MODE=live."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cli.azure.running import AWAY, REGISTER, Running, Told

OK, FORBIDDEN, DISPLACES = 200, 403, 409
# What a starting app, or one that still runs under the settings before, answers.
STARTING = frozenset({AWAY, FORBIDDEN, 404, 500, 502, 503, 504})
TRIES, PAUSE = 60, 5.0  # five minutes


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How it ended; `said` is for a person."""

    well: bool
    step: str
    said: str


async def registered(app: Running, *, overwrite: bool, sleep: Callable[[float], Awaitable[None]]) -> Outcome:
    """Ask until the app answers as a live one."""
    told = Told(status=AWAY)
    for attempt in range(TRIES):
        told = await app.ask(REGISTER, {"overwrite": overwrite})
        if told.status not in STARTING:
            return _outcome(told)
        if attempt + 1 < TRIES:
            await sleep(PAUSE)
    again = "MODE is live. Run this again, or `cosell --settings azure webhook register`"
    return Outcome(well=False, step="unregistered", said=f"The webhook is not registered: {told.reason}. {again}.")


def _outcome(told: Told) -> Outcome:
    if told.status != OK:
        also = ", and --overwrite takes its place" if told.status == DISPLACES else ""
        return Outcome(well=False, step="unregistered", said=f"The webhook is not registered: {told.reason}{also}.")
    test = told.body.get("test")
    proof = test if isinstance(test, dict) else {}
    well = proof.get("status") == "delivered"
    said = f"Partner Center sends its events here. The test event: {proof.get('status')}"
    detail = f" ({proof['detail']})" if proof.get("detail") else ""
    step = str(told.body.get("status", ""))
    return Outcome(well=well, step=step if well else "unproven", said=f"{said}{detail}.")
