"""The one app of a worker, made on first use from its settings and the outside world; `core` joins the parts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

from shared.connecting import verifier
from shared.connectors import dynamics, partner_center
from shared.connectors.dynamics.events import Dropped, decode
from shared.connectors.partner_center.events import hear
from shared.connectors.partner_center.registration import EVENTS
from shared.connectors.partner_center.verifier import Verifier
from shared.core import core
from shared.domain.code import Code
from shared.domain.codes import code_of
from shared.domain.values import Side
from shared.errors import Misconfigured, RemoteError
from shared.messages import Look, Signal
from shared.platform.credentials import renewal
from shared.platform.deals import Deals
from shared.platform.doors import WRONG, Answer, Door, Left, Reader, problem
from shared.platform.gate import Wait
from shared.platform.health import Check, health, pings, unpaused
from shared.platform.office import KEY, Office
from shared.platform.outside import Outside, outside
from shared.platform.reception import Reception
from shared.platform.refresh_token_watch import RefreshTokenWatch
from shared.platform.sight import Sight
from shared.platform.status.asked import Asked, Page
from shared.platform.telemetry import quieten
from shared.platform.webhook import WebhookDesk
from shared.platform.world import Organisation
from shared.settings import STORAGE, TRUST, Reading, reading
from shared.sync.baseline import baseline

if TYPE_CHECKING:
    from shared.platform.status.house import House

PARTNER = "PARTNER_CENTER_"  # what the refresh token needs to be right: one that nobody renews ends
ANNOUNCED = 2.0  # seconds: an event may overtake the answer to the very POST that caused it
DEALS = {
    dynamics.Dynamics.kind: (Side.CRM, Look.OPPORTUNITY),
    dynamics.Leads.kind: (Side.CRM, Look.LEAD),
    partner_center.PartnerCenter.kind: (Side.PARTNER, Look.REFERRAL),
}


class App:
    """What the functions call, one method a flow. It exists, and says what is wrong, whatever the settings are."""

    def __init__(self, found: Reading, world: Outside | None = None) -> None:
        self._reading, settings = found, found.best
        self._world = world or outside(settings)
        self._core = core(found.settings, self._world) if found.settings else None
        self._verifier: Verifier | None = None
        self._house: House | None = None
        self._organisation = Organisation(self._world.cursors)
        signals, telemetry = self._world.signals, self._world.telemetry
        self._reception = Reception(
            job=self._core.job if self._core else None, closed=self._closed, signals=signals, telemetry=telemetry
        )
        self._sight = Sight(signals=signals, parked=self._world.parked, telemetry=telemetry, clock=self._world.clock)
        self.office = Office(
            pair=settings.pair,
            parked=self._world.parked,
            signals=signals,
            telemetry=telemetry,
            ready=found.good(STORAGE),
            deals=DEALS,
        )
        self.webhook = WebhookDesk(
            webhook=self._core.webhook if self._core else None, needed=EVENTS, telemetry=telemetry
        )
        self.refresh_token = RefreshTokenWatch(
            renewal=renewal(settings, partner_center.SCOPE) if found.good(PARTNER) else WRONG,
            telemetry=telemetry,
            clock=self._world.clock,
        )

    async def partner_event(self, headers: Mapping[str, str], body: bytes) -> Answer:
        if not self._reading.good(STORAGE, TRUST):
            return problem(503, WRONG)
        return await self._door("partner_center", self._partner_reader, delay=ANNOUNCED).take(headers, body)

    async def dynamics_event(self, headers: Mapping[str, str], body: bytes) -> Answer:
        if not self._reading.good(STORAGE):
            return problem(503, WRONG)
        return await self._door("dynamics", self._dynamics_reader).take(headers, body)

    async def deal(self, ident: str, by: str = KEY) -> Answer:
        """What an administrator asks of one deal; nothing is written."""
        if self._core is None or not self._reading.good(STORAGE):
            return problem(503, WRONG)
        world = self._world
        deals = Deals(explainer=self._core.explainer, telemetry=world.telemetry, clock=world.clock)
        return await deals.shown(ident, by=by)

    async def run(self, body: bytes) -> None:
        await self._reception.run(body)

    async def poisoned(self, body: bytes) -> None:
        await self._reception.poisoned(body)

    async def heal(self) -> None:
        """One pass of auto-heal; what time mends is said and left to the next one."""
        wait = await self._closed() or await self._paused()
        try:
            await self._sight.look()
            await baseline(self._world.cursors, self._world.clock)  # also while wrong settings hold everything up
            if self._core and not wait:
                await self._core.watch.run()
        except (RemoteError, Misconfigured) as error:
            wait = Wait(reason=str(error), code=code_of(error))
        if wait:
            self._world.telemetry.event("heal_held", code=wait.code.value, reason=wait.reason)

    async def health(self) -> Answer:
        return await health(self._reading.problems, self._checks())

    async def status_page(self, asked: Asked) -> Page:
        """What the status page answers; it and its templates are loaded by the first who asks."""
        if self._house is None:
            from shared.platform.status.building import Lot, house  # noqa: PLC0415 - cold start

            lot = Lot(reading=self._reading, world=self._world, checks=self._checks(), explain=self.deal)
            self._house = house(lot, self.office)
        return await self._house.enter(asked)

    def _checks(self) -> Mapping[str, Check]:
        checks: dict[str, Check] = {}
        if self._reading.good(STORAGE):
            checks["storage"] = pings(self._stored)
        if self._core:
            pauses, clock = self._world.pauses, self._world.clock
            checks |= {**self._core.checks, **{f"{side}_pause": unpaused(pauses, clock, side) for side in Side}}
        return checks

    async def _stored(self) -> None:
        """Tables and queues have roles of their own: either may be refused alone."""
        await self._world.cursors.get("world")
        await self._world.signals.ping()

    async def close(self) -> None:
        await self._world.close()

    async def _closed(self) -> Wait | None:
        """Why nothing may be worked on now."""
        if not self._reading.good(STORAGE):
            raise Misconfigured(tuple(map(str, self._reading.problems)))  # not even a delay could be kept
        if self._core is None:
            return Wait(reason="; ".join(map(str, self._reading.problems)))
        return await self._core.gate.closed()

    async def _paused(self) -> Wait | None:
        """A system that is left alone is not polled either."""
        for side in Side:
            end = await self._world.pauses.until(side)
            if end is not None and end > self._world.clock.now():
                return Wait(reason=f"the {side} side is left alone until {end:%H:%M:%S} UTC", code=Code.PAUSED)
        return None

    def _door(self, name: str, read: Reader, delay: float = 0) -> Door:
        world = self._world
        return Door(name=name, read=read, signals=world.signals, telemetry=world.telemetry, delay=delay)

    async def _partner_reader(self, headers: Mapping[str, str], body: bytes) -> Signal | Left:
        self._verifier = self._verifier or verifier(self._reading.best, self._world)
        await self._verifier.verify(headers, body)
        heard = hear(body, self._reading.best.pair)
        return heard.signal or Left(reason=heard.reason)

    async def _dynamics_reader(self, headers: Mapping[str, str], body: bytes) -> Signal | Left:
        settings, organisation = self._reading.best, await self._organisation()
        heard = decode(body, headers, tag=settings.tag, organization=organisation, pair=settings.pair)
        return Left(reason=heard.reason) if isinstance(heard, Dropped) else heard


_APPS: list[App] = []
_KEPT: list[AsyncIterator[App]] = []


async def app() -> App:
    """This worker's app: made by the first call, without waiting for anything, so that nobody makes a second."""
    if not _APPS:
        quieten()
        _APPS.append(App(reading()))
        _KEPT[:] = [_kept(_APPS[0])]
        await anext(_KEPT[0])
    return _APPS[0]


async def _kept(made: App) -> AsyncIterator[App]:
    """A loop that ends in order finishes its open generators, and so closes the app; a killed worker does not."""
    try:
        yield made
    finally:
        await made.close()


def use(other: App | None) -> None:
    """Give the functions another app, or none: the next call then makes its own (for tests)."""
    _APPS[:] = [other] if other else []
