"""Four workers of one installation between both simulators, on a virtual clock: nothing but the tables is shared."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import httpx

from sandbox.clock import Clock as SandboxClock
from sandbox.dynamics import create_app as create_dynamics
from sandbox.dynamics.organization import Organization
from sandbox.faults import SandboxApp
from sandbox.partner_center import create_app as create_partner_center
from sandbox.partner_center.world import World
from sandbox.people import People
from sandbox.stack import EVENTS, Stack, settings
from shared.bootstrap import App
from shared.connectors import dynamics, partner_center
from shared.domain.link import Link
from shared.domain.values import Side
from shared.messages import Look, Signal
from shared.platform.doors import Answer
from shared.platform.identity import StaticTokens
from shared.platform.outside import Outside
from shared.platform.pauses import TablePauses
from shared.ports import LinkMoved
from shared.settings import read
from tests.fakes.store import FakeCursors, FakeLinks, FakeParked, FakeSignals, FakeTelemetry
from tests.fakes.virtual import LoopClock
from tests.integration.network import DYNAMICS, DYNAMICS_EVENTS, HOST, PARTNER, PARTNER_EVENTS, Network, doors
from tests.proof.load_deals import Deal, Model, copies, edit_referral
from tests.proof.load_line import Line, Traffic
from tests.upgrade.tables import Table, Tables

STORAGE = 0.01  # seconds that a table or queue takes
AT_ONCE = 24  # signals that one host works on: 12 of each of its two busy queues (host.json)
POLL = 1.0  # seconds between two looks at an empty queue


class SharedLinks(FakeLinks):
    """`FakeLinks` with an index, for many thousand of them."""

    def __init__(self) -> None:
        super().__init__(hook=_takes_time)
        self._of: dict[str, str] = {}

    async def by_partner(self, ident: str) -> Link | None:
        await self.hook("links.by_partner")
        return self.rows.get(self._of.get(ident, ""))

    def _swap(self, link: Link) -> Link:
        held = self.rows.get(link.key)
        rival = self._of.get(link.partner or "", link.key)
        if (held.tag if held else None) != link.tag or rival != link.key:
            raise LinkMoved(link.key)
        self.rows[link.key] = replace(link, tag=str(next(self._tags)))
        if link.partner:
            self._of[link.partner] = link.key
        return self.rows[link.key]


class SharedTables(Tables):
    """The account that the workers' own `TablePauses` read and write, after a moment."""

    async def table(self, name: str) -> Table:
        await _takes_time(name)
        return await super().table(name)


async def _takes_time(name: str) -> None:
    if not name.endswith(" done"):
        await asyncio.sleep(STORAGE)


@dataclass
class Place:
    """Both systems, what the workers share, the workers, and what was seen of their traffic."""

    partner: SandboxApp
    crm: SandboxApp
    people: People
    clock: LoopClock
    network: Network
    base: dict[str, str]
    apps: list[App] = field(default_factory=list)
    timer: App = field(init=False)
    traffic: dict[str, Traffic] = field(default_factory=lambda: {"pc": Traffic(), "crm": Traffic()})
    raised: list[str] = field(default_factory=list)
    running: int = 0

    def __post_init__(self) -> None:
        self.links, self.parked, self.tables = SharedLinks(), FakeParked(), SharedTables()
        self.cursors, self.telemetry = FakeCursors(), FakeTelemetry()
        self.signals = FakeSignals(cast("Any", self.clock), hook=_takes_time)
        self._doors = 0

    @property
    def world(self) -> World:
        return cast("World", self.partner.state.world)

    @property
    def organization(self) -> Organization:
        return cast("Organization", self.crm.state.organization)

    def hired(self, worker: int, client: httpx.AsyncClient) -> App:
        """One more worker, with gateways, limits and a memory of its own."""
        tick = asyncio.get_running_loop().time
        outside = Outside(
            client=client,
            links=self.links,
            signals=self.signals,
            cursors=self.cursors,
            pauses=TablePauses(self.tables.storage, "cosell", tick=tick),
            parked=self.parked,
            clock=LoopClock(seed=worker),
            telemetry=self.telemetry,
            partner_tokens=StaticTokens("sandbox-user"),
            dataverse_tokens=StaticTokens("sandbox-app"),
            close=client.aclose,
            tick=tick,
        )
        return App(read(self.base), outside)

    async def take(self, path: str, headers: Any, body: bytes) -> Answer:
        """A webhook call, at one worker's door after the other's."""
        self._doors += 1
        app = self.apps[self._doors % len(self.apps)]
        door = {PARTNER_EVENTS: app.partner_event, DYNAMICS_EVENTS: app.dynamics_event}[path]
        return await door(headers, body)

    async def delivered(self) -> None:
        for simulator in (self.partner, self.crm):
            await simulator.state.sender.idle()

    def forget_traffic(self) -> None:
        """Count from here on."""
        for name in self.traffic:
            self.traffic[name] = Traffic()

    def shown(self, deal: Deal) -> tuple[str | None, str | None]:
        """The notes on both sides."""
        row = self.organization.store.table("opportunity")[deal.row]
        return row["description"], self.world.referrals[deal.referral]["details"]["notes"]

    @property
    def records(self) -> tuple[int, int]:
        """How many opportunities and referrals there are."""
        return len(self.organization.store.table("opportunity")), len(self.world.referrals)

    # --- work -----------------------------------------------------------------------------------------------------

    async def drain(self, *, longest: float, healing: float = 0) -> bool:
        """Let all workers work until nothing is left, with a heal so often; False when that takes longer."""
        hands = [asyncio.ensure_future(self._work(app)) for app in self.apps for _ in range(AT_ONCE)]
        hands += [asyncio.ensure_future(self._heal(healing))] if healing else []
        try:
            async with asyncio.timeout(longest):
                while self.signals.heap or self.running or self._on_the_way:  # noqa: ASYNC110  looking costs no time
                    await asyncio.sleep(POLL)
        except TimeoutError:
            return False
        finally:
            for hand in hands:
                hand.cancel()
            await asyncio.gather(*hands, return_exceptions=True)
        return True

    @property
    def _on_the_way(self) -> int:
        return int(self.partner.state.sender.pending + self.crm.state.sender.pending)

    async def _work(self, app: App) -> None:
        while True:
            if taken := self.signals.take():
                self.running += 1
                try:
                    await app.run(taken.body)
                except Exception as error:  # noqa: BLE001  whatever a signal raises is a bug, and counted as one
                    self.raised.append(f"{taken.signal.ref}: {error!r}")
                self.running -= 1
            else:
                await asyncio.sleep(POLL)

    async def _heal(self, every: float) -> None:
        """The timer is on an instance of its own."""
        await asyncio.sleep(every / 50)
        while True:
            await self.timer.heal()
            await asyncio.sleep(every)

    # --- deals ----------------------------------------------------------------------------------------------------

    async def deals(self, count: int) -> list[Deal]:
        """One deal through the product, and copies of it."""
        made = await self.people.referral("portal")
        await self.delivered()
        if not await self.drain(longest=3600):
            raise AssertionError("the first deal never came to rest")
        (link,) = self.links.rows.values()
        crm, partner = self._gateways()
        row, referral = await crm.read(link.key), await partner.read(str(made["id"]))
        assert row, "the first deal has no opportunity"
        assert referral, "the first deal has no referral"
        wide = await partner.widen(referral)
        model = Model(link=link, shown={row.side: row.values, referral.side: wide.values})
        found = []
        for deal, copy in copies(count, model, self.world, self.organization):
            self.links._swap(copy)
            found.append(deal)
        look = Signal(look=Look.OPPORTUNITY, side=Side.CRM, kind="opportunity", id=link.key)
        for app in self.apps:
            await app.run(
                look.encoded().encode()
            )  # a worker that has seen a deal knows whose world it is, and metadata
        return found

    def _gateways(self) -> tuple[dynamics.Dynamics, partner_center.PartnerCenter]:
        client, clock = self.people.stack.client, self.clock
        crm = dynamics.connect(
            dynamics.Config(url=DYNAMICS), client=client, tokens=StaticTokens("sandbox-app"), clock=clock
        )
        config = partner_center.Config(api_url=PARTNER, webhook_api_url=PARTNER)
        partner = partner_center.connect(config, client=client, tokens=StaticTokens("sandbox-user"), clock=clock)
        return crm, partner

    async def edit(self, deals: list[Deal]) -> None:
        """Everybody edits at once, half of them here and half there; every webhook is delivered."""
        for deal in deals:
            if deal.edited_in_crm:
                await self.people.edit_opportunity(deal.row, description=deal.text)
            else:
                edit_referral(self.world, deal)
            await asyncio.sleep(0)
        await self.delivered()

    async def limit(self, *, requests: int, window: float, partner: int, latency: float) -> None:
        """What both systems take from now on, and how long Dataverse takes for a request."""
        protected = {"requests": requests, "window": window, "concurrent": 52, "execution_ms": 1e12}
        await self.people.control("dynamics", "POST", "limits", protected)
        await self.people.control("dynamics", "PATCH", "switches", {"latency_ms": latency * 1000})
        await self.people.control("partner_center", "POST", "limits", {"requests": partner, "window": window})


@asynccontextmanager
async def open_place(workers: int, **changes: str) -> AsyncIterator[Place]:
    """Both systems, so many started workers and one for the timer, webhooks registered."""
    clock, network = LoopClock(), Network()
    time = SandboxClock(clock.now)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        theirs, people = [await stack.enter_async_context(httpx.AsyncClient(transport=network)) for _ in range(2)]
        partner = create_partner_center(base_url=PARTNER, clock=time, webhook_client=theirs)
        crm = create_dynamics(base_url=DYNAMICS, clock=time, webhook_client=theirs)
        root = folder / "root.pem"
        root.write_bytes(partner.state.certificates.root_pem)
        around = Stack(
            partner_center=PARTNER, dynamics=DYNAMICS, host=HOST, storage="", log=root, settings={}, client=people
        )
        base = settings(PARTNER, DYNAMICS, "UseDevelopmentStorage=true", root) | changes
        place = Place(partner=partner, crm=crm, people=People(around), clock=clock, network=network, base=base)
        for url, app in ((PARTNER, partner), (DYNAMICS, crm), (HOST, doors(place.take))):
            network.add(url, app)
        for worker in range(workers + 1):
            line = Line(network=network, worker=worker, traffic=place.traffic)
            place.apps.append(place.hired(worker, await stack.enter_async_context(httpx.AsyncClient(transport=line))))
        place.timer = place.apps.pop()
        await _register(place)
        await place.timer.heal()
        yield place
        for simulator in (partner, crm):
            await simulator.state.sender.close()


async def _register(place: Place) -> None:
    answer = await place.people.stack.client.post(
        f"{PARTNER}/webhooks/v1/registration",
        headers={"Authorization": "Bearer sandbox-user"},
        json={"WebhookUrl": f"{HOST}{PARTNER_EVENTS}", "WebhookEvents": EVENTS},
    )
    answer.raise_for_status()
    await place.people.control("dynamics", "POST", "webhook", {"url": f"{HOST}{DYNAMICS_EVENTS}"})
