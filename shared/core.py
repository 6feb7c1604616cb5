"""What exists only while every setting is right: both gateways, and what works between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from shared.connecting import crm_config, partner_config
from shared.connectors import dynamics, partner_center
from shared.customize import Customization, customization
from shared.customize.fields import fields_of
from shared.domain.policy import Policy
from shared.platform.deals import Standing
from shared.platform.gate import Gate, MicrosoftFlows
from shared.platform.health import Check, pings, remembered, without
from shared.platform.outside import Outside
from shared.platform.world import Pinned
from shared.ports import Cursors
from shared.settings import Settings
from shared.sync.desk import Desk
from shared.sync.explaining import Explainer
from shared.sync.job import Job
from shared.sync.overlay import OverCursors
from shared.sync.reconcile import Reconcile
from shared.sync.watch import Watch


@dataclass(frozen=True, kw_only=True)
class Core:
    """Everything that a function or a command may need of it."""

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


@dataclass(frozen=True, kw_only=True)
class _Bench:
    """What all parts of it stand on."""

    settings: Settings
    world: Outside
    policy: Policy
    partner: partner_center.PartnerCenter
    crm: dynamics.Dynamics
    leads: dynamics.Leads
    flows: MicrosoftFlows

    def pinned(self, cursors: Cursors) -> Pinned:
        tenant = self.settings.partner_center_tenant_id
        return Pinned(partner=self.partner, crm=self.crm, cursors=cursors, tenant=tenant)

    def gate(self, pinned: Pinned) -> Gate:
        policy = self.policy
        writes = not policy.dry_run and (policy.live or bool(policy.test_records))
        return Gate(world=pinned, flows=self.flows, writes=writes)


def core(settings: Settings, world: Outside) -> Core:
    """Both gateways and what works between them."""
    custom = customization(settings.customize)
    bench = _bench(settings, world, custom)
    pinned, webhook = bench.pinned(world.cursors), _webhook(bench, custom)
    reconcile = _reconcile(bench)
    return Core(
        partner=bench.partner,
        crm=bench.crm,
        leads=bench.leads,
        reconcile=reconcile,
        job=_job(bench, reconcile),
        watch=_watch(bench),
        gate=bench.gate(pinned),
        webhook=webhook,
        explainer=_explainer(bench),
        checks=_checks(bench, pinned, webhook),
    )


def _bench(settings: Settings, world: Outside, custom: Customization) -> _Bench:
    clock, tick = world.clock, world.tick
    config = partner_config(settings, custom)
    partner = partner_center.connect(config, client=world.client, tokens=world.partner_tokens, clock=clock, tick=tick)
    crm = dynamics.connect(
        crm_config(settings, custom), client=world.client, tokens=world.dataverse_tokens, clock=clock, tick=tick
    )
    return _Bench(
        settings=settings,
        world=world,
        policy=replace(settings.policy(), fields=fields_of(custom.wishes)),
        partner=partner,
        crm=crm,
        leads=dynamics.leads_of(crm),
        flows=MicrosoftFlows(crm.microsoft_flows_active),
    )


def _reconcile(bench: _Bench) -> Reconcile:
    world = bench.world
    return Reconcile(
        partner=bench.partner,
        crm=bench.crm,
        leads=bench.leads,
        links=world.links,
        cursors=world.cursors,
        clock=world.clock,
        policy=bench.policy,
    )


def _job(bench: _Bench, reconcile: Reconcile) -> Job:
    world = bench.world
    return Job(
        reconcile=reconcile,
        links=world.links,
        signals=world.signals,
        parked=world.parked,
        pauses=world.pauses,
        telemetry=world.telemetry,
        clock=world.clock,
        policy=bench.policy,
    )


def _watch(bench: _Bench) -> Watch:
    world = bench.world
    return Watch(
        partner=bench.partner,
        crm=bench.crm,
        links=world.links,
        cursors=world.cursors,
        signals=world.signals,
        clock=world.clock,
        telemetry=world.telemetry,
        policy=bench.policy,
        leads=bench.leads,
    )


def _webhook(bench: _Bench, custom: Customization) -> partner_center.Webhook:
    settings, world = bench.settings, bench.world
    return partner_center.connect_webhook(
        partner_config(settings, custom),
        address=settings.address,
        live=bench.policy.live,
        dry_run=bench.policy.dry_run,
        client=world.client,
        tokens=world.partner_tokens,
        tick=world.tick,
    )


def _explainer(bench: _Bench) -> Explainer:
    """To explain pins no world, as it writes nothing at all."""
    world, crm = bench.world, bench.crm
    desk = Desk(
        partner=bench.partner,
        deals=crm,
        leads=bench.leads,
        links=world.links,
        clock=world.clock,
        policy=bench.policy,
    )
    gate = bench.gate(bench.pinned(OverCursors(cursors=world.cursors)))
    standing = Standing(gate=gate, pauses=world.pauses, clock=world.clock, titles=desk.titles)
    return Explainer(desk=desk, cursors=world.cursors, parked=world.parked, standing=standing, foresee=crm.foresee)


def _checks(bench: _Bench, pinned: Pinned, webhook: partner_center.Webhook) -> Mapping[str, Check]:
    return {
        "partner_center": pings(bench.partner.ping),
        "dynamics": pings(bench.crm.ping),
        "dynamics_columns": remembered(pings(bench.crm.inspect)),
        "world": without(pinned.problems),
        "microsoft_flows": without(bench.flows.problems),
        "webhook_registration": remembered(without(webhook.problems), bench.world.tick),
    }
