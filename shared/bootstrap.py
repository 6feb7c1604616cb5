"""The one composition root: settings and the outside world become one app a worker, made on first use."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shared.connectors import dynamics, partner_center
from shared.connectors.dynamics.events import Dropped, decode
from shared.connectors.partner_center.events import hear
from shared.connectors.partner_center.registration import EVENTS
from shared.connectors.partner_center.verifier import Verifier, open_verifier
from shared.customize import Customization, customization
from shared.customize.fields import fields_of
from shared.domain.code import Code
from shared.domain.codes import code_of
from shared.domain.values import Side
from shared.errors import Misconfigured, RemoteError
from shared.messages import Look, Signal
from shared.platform.credentials import renewal
from shared.platform.deals import Deals, Standing
from shared.platform.doors import WRONG, Answer, Door, Left, Reader, problem
from shared.platform.gate import Gate, MicrosoftFlows, Wait
from shared.platform.health import Check, health, pings, remembered, unpaused, without
from shared.platform.office import KEY, Office
from shared.platform.outside import Outside, outside
from shared.platform.reception import Reception
from shared.platform.refresh_token_watch import RefreshTokenWatch
from shared.platform.sight import Sight
from shared.platform.status.asked import Asked, Page
from shared.platform.telemetry import quieten
from shared.platform.webhook import WebhookDesk
from shared.platform.world import Organisation, Pinned
from shared.settings import STORAGE, TRUST, Reading, Settings, reading
from shared.sync.baseline import baseline
from shared.sync.desk import Desk
from shared.sync.explaining import Explainer
from shared.sync.job import Job
from shared.sync.overlay import OverCursors
from shared.sync.reconcile import Reconcile
from shared.sync.watch import Watch

if TYPE_CHECKING:
    from shared.platform.status.house import House

PARTNER = "PARTNER_CENTER_"  # what the refresh token needs to be right: one that nobody renews ends
ANNOUNCED = 2.0  # seconds: an event may overtake the answer to the very POST that caused it
DEALS = {
    dynamics.Dynamics.kind: (Side.CRM, Look.OPPORTUNITY),
    dynamics.Leads.kind: (Side.CRM, Look.LEAD),
    partner_center.PartnerCenter.kind: (Side.PARTNER, Look.REFERRAL),
}


@dataclass(frozen=True, kw_only=True)
class Core:
    """What exists only while every setting is right."""

    partner: partner_center.PartnerCenter
    crm: dynamics.Dynamics
    leads: dynamics.Leads
    reconcile: Reconcile
    job: Job
    watch: Watch
    gate: Gate
    webhook: partner_center.Webhook
    explainer: Explainer
    checks: Mapping[str, Check]


def core(settings: Settings, world: Outside) -> Core:
    """Both gateways and what works between them."""
    custom, clock = customization(settings.customize), world.clock
    policy = replace(settings.policy(), fields=fields_of(custom.wishes))
    partner = partner_center.connect(
        _partner(settings, custom), client=world.client, tokens=world.partner_tokens, clock=clock, tick=world.tick
    )
    crm = dynamics.connect(
        _dynamics(settings, custom), client=world.client, tokens=world.dataverse_tokens, clock=clock, tick=world.tick
    )
    leads = dynamics.leads_of(crm)
    pinned = Pinned(partner=partner, crm=crm, cursors=world.cursors, tenant=settings.partner_center_tenant_id)
    flows = MicrosoftFlows(crm.microsoft_flows_active)
    reconcile = Reconcile(
        partner=partner, crm=crm, leads=leads, links=world.links, cursors=world.cursors, clock=clock, policy=policy
    )
    job = Job(
        reconcile=reconcile,
        links=world.links,
        signals=world.signals,
        parked=world.parked,
        pauses=world.pauses,
        telemetry=world.telemetry,
        clock=clock,
        policy=policy,
    )
    watch = Watch(
        partner=partner,
        crm=crm,
        links=world.links,
        cursors=world.cursors,
        signals=world.signals,
        clock=clock,
        telemetry=world.telemetry,
        policy=policy,
        leads=leads,
    )
    webhook = partner_center.connect_webhook(
        _partner(settings, custom),
        address=settings.address,
        live=policy.live,
        dry_run=policy.dry_run,
        client=world.client,
        tokens=world.partner_tokens,
        tick=world.tick,
    )
    checks = {
        "partner_center": pings(partner.ping),
        "dynamics": pings(crm.ping),
        "dynamics_columns": remembered(pings(crm.inspect)),
        "world": without(pinned.problems),
        "microsoft_flows": without(flows.problems),
        "webhook_registration": remembered(without(webhook.problems), world.tick),
    }
    writes = not policy.dry_run and (policy.live or bool(policy.test_records))
    gate = Gate(world=pinned, flows=flows, writes=writes)
    # To explain pins no world, as it writes nothing at all.
    looked = Pinned(
        partner=partner,
        crm=crm,
        cursors=OverCursors(cursors=world.cursors),
        tenant=settings.partner_center_tenant_id,
    )
    desk = Desk(partner=partner, deals=crm, leads=leads, links=world.links, clock=clock, policy=policy)
    unpinned = Gate(world=looked, flows=flows, writes=writes)
    standing = Standing(gate=unpinned, pauses=world.pauses, clock=clock, titles=desk.titles)
    explainer = Explainer(desk=desk, cursors=world.cursors, parked=world.parked, standing=standing, foresee=crm.foresee)
    return Core(
        partner=partner,
        crm=crm,
        leads=leads,
        reconcile=reconcile,
        job=job,
        watch=watch,
        gate=gate,
        webhook=webhook,
        explainer=explainer,
        checks=checks,
    )


def _partner(settings: Settings, custom: Customization) -> partner_center.Config:
    return partner_center.Config(
        api_url=settings.partner_center_api_url,
        webhook_api_url=settings.partner_center_webhook_api_url,
        organization=settings.partner_center_organization_id,
        pairs=custom.wishes.pairs,
    )


def _dynamics(settings: Settings, custom: Customization) -> dynamics.Config:
    return dynamics.Config(
        url=settings.dataverse_url,
        prefix=settings.dataverse_prefix,
        own_prefix=settings.own_prefix,
        deal_value_field=settings.deal_value_field,
        deal_currency_field=settings.deal_currency_field,
        country_code_field=settings.country_code_field,
        default_owner=settings.default_owner,
        show_mark=settings.show_checkmark,
        pair=settings.pair,
        tag=settings.tag,
        concurrency=settings.dataverse_concurrency,
        custom=custom,
    )


def verifier(settings: Settings, world: Outside) -> Verifier:
    return open_verifier(
        client=world.client,
        clock=world.clock,
        hosts=settings.webhook_certificate_hosts,
        aia_hosts=settings.webhook_aia_hosts,
        issuer=settings.webhook_certificate_issuer,
        roots_path=settings.webhook_trusted_roots,
    )


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
