"""One deal for the administrator who asks over HTTP, and why nothing is worked on at all where that is so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.values import Side
from shared.errors import Misconfigured, RemoteError
from shared.platform.doors import Answer, problem
from shared.platform.explained import document
from shared.platform.gate import Gate
from shared.platform.office import KEY
from shared.ports import Clock, Pauses, Telemetry
from shared.sync.explaining import Explainer, is_id


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What stands in every signal's way, in words."""

    gate: Gate
    pauses: Pauses
    clock: Clock
    titles: Mapping[Side, str]

    async def __call__(self) -> tuple[str, ...]:
        wait = await self.gate.closed()
        paused = [text for side in Side if (text := await self._paused(side))]
        return (*((f"Signals wait: {wait.reason}",) if wait else ()), *paused)

    async def _paused(self, side: Side) -> str:
        until = await self.pauses.until(side)
        if until is None or until <= self.clock.now():
            return ""
        return f"{self.titles[side]} is left alone until {until:%Y-%m-%d %H:%M:%S} UTC"


@dataclass(frozen=True, kw_only=True)
class Deals:
    """`GET /api/deals/{id}`: the id of a referral or an opportunity. Whoever asks leaves a trace of that."""

    explainer: Explainer
    telemetry: Telemetry
    clock: Clock

    async def shown(self, ident: str, *, by: str = KEY) -> Answer:
        try:
            told = await self.explainer(ident)
        except (RemoteError, Misconfigured) as error:
            return problem(503, str(error))
        if told is None:
            return nobody(ident)
        self.telemetry.event("deal_explained", record=ident, outcome=told.outcome.kind.value, by=by)
        return Answer(body=document(told, self.clock.now()))


def nobody(ident: str) -> Answer:
    """404; only what could be an id is repeated."""
    return problem(404, unknown(ident if is_id(ident) else "this"))


def unknown(ident: str) -> str:
    """What is said of an id that names nothing."""
    return f"{ident} is no referral, opportunity or lead that this installation can see"
