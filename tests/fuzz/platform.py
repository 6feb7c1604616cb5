"""What comes back from our own queues, tables and settings, and what an administrator asks for."""

from __future__ import annotations

import asyncio
import base64
import gzip
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType, SimpleNamespace
from typing import Any, TypeVar

from azure.core.exceptions import AzureError

from cli.output import harmless
from shared.connectors.bodies import Garbled, TooLarge, collected
from shared.domain.link import Base, Flip, Intent, Link, Purpose, Recorded
from shared.domain.registering import Registering, Step
from shared.domain.subscription import Compared, Subscription, compared
from shared.domain.values import Ref, Side
from shared.errors import BadMessage
from shared.messages import Look, Signal, Why
from shared.platform.cursors import TableCursors
from shared.platform.deals import Deals
from shared.platform.link_rows import Held, link_of, row_of
from shared.platform.office import Office
from shared.platform.parked import TableParked
from shared.platform.pauses import TablePauses
from shared.platform.queues import due_at
from shared.platform.reception import Reception
from shared.platform.refresh_token import RefreshTokenCredential, SettingVault
from shared.platform.status.admission import Admission
from shared.platform.status.asked import Asked, Door
from shared.platform.status.tickets import Tickets
from shared.platform.trace import carried, span
from shared.platform.webhook import WebhookDesk
from shared.platform.world import Organisation, Pinned
from shared.ports import ParkedEntry
from shared.ports import World as Place
from shared.settings import read
from shared.sync.baseline import baseline
from shared.sync.desk import Desk
from shared.sync.explaining import Explainer, is_id
from shared.sync.sweep import Place as SyncPlace
from tests.fakes.store import START, FakeCursors, FakeParked, FakeSignals, FakeTelemetry
from tests.fakes.world import World
from tests.fuzz.parser import Parser
from tests.unit.status_house import site as status_site

T = TypeVar("T")
NEEDED = ("referral-created", "referral-updated")
IDENT = "11111111-2222-4333-8444-555555555555"


def run(act: Callable[[], Awaitable[T]]) -> T:
    async def acted() -> T:
        return await act()

    return asyncio.run(acted())


def text_of(data: bytes) -> str:
    return data.decode("utf-8", "replace")


# --- queue messages -----------------------------------------------------------------------------------------------


def _signal(data: bytes) -> None:
    """Read, sent on as it was, and read again: nothing of a newer version is lost on the way."""
    signal = Signal.decoded(data)
    again = Signal.decoded(carried(signal).encoded().encode())
    assert again.ref == signal.ref
    assert set(signal.model_extra or {}) <= set(again.model_extra or {})
    with span(signal.look.value, signal):
        pass


def _handled(data: bytes) -> object:
    """The whole way of a message through the worker, with both systems in memory."""
    world = World()
    return run(lambda: world.job.run(data))


def _poisoned(data: bytes) -> None:
    world = World()
    reception = Reception(job=world.job, closed=_open, signals=world.signals, telemetry=world.telemetry)
    run(lambda: reception.poisoned(data))


async def _open() -> None:
    """Nothing is in the way."""


def _queued(data: bytes) -> object:
    """A message as it lies on its queue, which anybody with the right may have put there."""
    return due_at(data.decode("utf-8", "surrogateescape"), START)


def _queue_messages() -> Sequence[bytes]:
    return [*(base64.b64encode(signal) for signal in _signals()), *_signals()]


def _signals() -> Sequence[bytes]:
    full = Signal(
        look=Look.REFERRAL, side=Side.PARTNER, kind="referral", id=IDENT, why=Why.AGAIN, tries=3, first_sent=START,
        trace="00-0123456789abcdef0123456789abcdef-0123456789abcdef-01",
    )  # fmt: skip
    newer = {**json.loads(full.encoded()), "version": 7, "hint": {"of": ["a", "newer", "version"]}}
    older = {"look": "opportunity-changes", "side": "crm", "kind": "opportunity", "id": IDENT}
    return [full.encoded().encode(), json.dumps(newer).encode(), json.dumps(older).encode()]


# --- table rows ---------------------------------------------------------------------------------------------------


class Entity(dict[str, Any]):
    """A row as the SDK gives it."""

    metadata: Mapping[str, str] = MappingProxyType({"etag": '"1"'})


class Table:
    """A table in which every row looks like this one; writes go nowhere."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self.row = Entity(row)

    async def get_entity(self, *_: object) -> Entity:
        return self.row

    async def upsert_entity(self, *_: object, **__: object) -> None:
        """Written."""

    create_entity = update_entity = upsert_entity

    async def list_entities(self) -> Any:
        yield self.row


def stored(data: bytes) -> Any:
    """Storage whose rows are this object, or a row with this text in every column."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    text = text_of(data)
    row = found if isinstance(found, dict) else dict.fromkeys(("text", "until", "at", "side", "reason", "body"), text)
    row = {"PartitionKey": "cosell", "RowKey": f"crm:{IDENT}", "link": IDENT, **row}

    async def table(_: str) -> Table:
        return Table(row)

    return SimpleNamespace(table=table)


def _link(data: bytes) -> None:
    link = link_of(run(lambda: _row(data)), '"1"')
    row_of(link, Held.parse(link.tag or "[]"))


async def _row(data: bytes) -> Entity:
    table: Table = await stored(data).table("links")
    return table.row


def _parked(data: bytes) -> None:
    async def act() -> None:
        table = TableParked(stored(data))
        await table.get("cosell", Ref("opportunity", IDENT))
        office = Office(pair="cosell", parked=table, signals=FakeSignals(World().clock), telemetry=FakeTelemetry())
        json.dumps(dict((await office.listed()).body))
        json.dumps(dict((await office.replay("opportunity", IDENT)).body))

    run(act)


def _pause(data: bytes) -> object:
    return run(lambda: TablePauses(stored(data), "cosell").pause(Side.CRM, datetime(2026, 1, 1, tzinfo=UTC), "why"))


def _state(data: bytes) -> object:
    return run(lambda: TableCursors(stored(data), "cosell").get("world"))


class Gateway:
    """Says whose it is."""

    async def ping(self) -> Place:
        return Place(organisation=IDENT, user=IDENT)


def _world(data: bytes) -> None:
    async def act() -> None:
        cursors = FakeCursors()
        cursors.texts["world"] = text_of(data)
        gateway: Any = Gateway()
        await Organisation(cursors)()
        await Pinned(partner=gateway, crm=gateway, cursors=cursors).problems()

    run(act)


def _baseline(data: bytes) -> object:
    world = World()
    world.cursors.texts["baseline"] = text_of(data)
    return run(lambda: baseline(world.cursors, world.clock))


def _slow_round(data: bytes) -> object:
    world = World()
    world.cursors.texts["slow-round"] = text_of(data)
    return run(lambda: world.heal())


def _gzip(data: bytes) -> object:
    """As it arrives: a byte, then the rest."""

    async def arriving() -> AsyncIterator[bytes]:
        yield data[:1]
        yield data[1:]

    return run(lambda: collected(arriving(), "gzip", 10_000))


def _links() -> Sequence[bytes]:
    base = {Side.CRM: Base(version='W/"1"', shown={"name": "a", "solutions": ("b=c",)}, marked=True)}
    intent = Intent(id=IDENT, purpose=Purpose.CREATE, started=START, expires=START, seen=base, will={Side.CRM: {}})
    link = Link(
        pair="cosell", key=IDENT, partner=IDENT, base=base, intents=(intent,), wake_at=START, tries=2,
        outcome=Recorded(kind="done", reason="in step", at=START), waiting=(Ref("account", IDENT),), owed=("name",),
        gone=Side.CRM, flips=(Flip(field="name", side=Side.CRM, digest="d", at=START),), unsaid=("text",),
    )  # fmt: skip
    return [json.dumps(row_of(link, None)).encode(), json.dumps(row_of(Link(pair="cosell", key=IDENT), None)).encode()]


def _entries() -> Sequence[bytes]:
    row = {"pair": "cosell", "kind": "opportunity", "record": IDENT, "side": "crm", "at": START.isoformat()}
    return [json.dumps({**row, "reason": "r", "advice": "a", "body": _signals()[0].decode()}).encode()]


# --- administrators -----------------------------------------------------------------------------------------------


def _office(data: bytes) -> None:
    """Replay and drop of any record: an answer that can be sent, whatever the address holds."""
    kind, _, ident = data.decode("utf-8", "surrogateescape").partition("/")

    async def act() -> None:
        parked = FakeParked()
        entry = ParkedEntry(
            pair="cosell", ref=Ref("opportunity", IDENT), side=Side.CRM, reason="r", advice="a", body="x", at=START
        )
        await parked.put(entry)
        office = Office(pair="cosell", parked=parked, signals=FakeSignals(World().clock), telemetry=FakeTelemetry())
        for act in (office.replay, office.drop):
            answer = await act(kind, ident)
            json.dumps(dict(answer.body))
            assert answer.status in (200, 202, 404, 422)

    run(act)


class Registrar:
    """Registers whatever it is asked to."""

    live = True

    async def look(self) -> Compared:
        return compared(None, "https://contoso.example.com/api/x", NEEDED)

    async def register(self, events: Iterable[str], *, overwrite: bool) -> Registering:
        assert set(events) <= set(NEEDED)
        assert overwrite in (True, False)
        return Registering(step=Step.REGISTERED, wanted=Subscription(url="https://a.example.com", events=(*events,)))


def _registration(data: bytes) -> None:
    """A registration as an administrator asks for it: taken, or refused in words."""
    desk = WebhookDesk(webhook=Registrar(), needed=NEEDED, telemetry=FakeTelemetry())
    answer = run(lambda: desk.register(data))
    json.dumps(dict(answer.body)).encode()
    assert answer.status in (200, 400, 413)


def _deal(data: bytes) -> None:
    """`GET /api/deals/{id}` and the tool's ids: an answer that can be sent, and no call for what is no id."""
    ident = data.decode("utf-8", "surrogateescape")

    async def act() -> None:
        world = World()
        known = world.partner.make()
        world.partner.rows[IDENT] = replace(world.partner.rows[known], id=IDENT)
        policy, leads = world.policy, world.leads
        desk = Desk(
            partner=world.partner, deals=world.crm, leads=leads, links=world.links, clock=world.clock, policy=policy
        )
        explainer = Explainer(desk=desk, cursors=world.cursors, parked=world.parked)
        answer = await Deals(explainer=explainer, telemetry=world.telemetry, clock=world.clock).shown(ident)
        json.dumps(dict(answer.body)).encode()
        assert answer.status in (200, 404)
        assert is_id(ident) or not (world.partner.calls or world.crm.calls or world.leads.calls)
        harmless(ident).encode("utf-8", "surrogatepass")

    run(act)


def _status(data: bytes) -> None:
    """A visit to the status page: this text as sign-in, origin, room, filter, form and parked entry."""
    text = data.decode("utf-8", "replace")
    headers = {"x-ms-client-principal": text, "origin": text, "sec-fetch-site": "same-origin"}
    rooms = ((), ("parts", "outcomes"), ("parked", "opportunity", text, "drop"), ("deals",), tuple(text.split("/")))

    async def act() -> None:
        made = await status_site(text)
        for door, room in itertools.product(Door, rooms):
            for method in ("GET", "POST"):
                query = {"outcome": text, "said": text, "id": text, "code": text}
                asked = Asked(door=door, method=method, room=room, query=query, headers=headers, body=data)
                page = await made.house.enter(asked)
                assert page.status in (200, 401, 403, 404)
        await made.get("deals", id=IDENT)
        assert made.parked.entries

    run(act)
    made = Tickets(cursors=FakeCursors(), clock=World().clock)
    assert not run(lambda: made.good(text, text, text))
    Admission(signs_in=True, role="r").from_here({"origin": text, "host": text})


def _visits() -> Sequence[bytes]:
    claims = [{"typ": "oid", "val": IDENT}, {"typ": "roles", "val": "Cosell.Operator"}]
    header = base64.b64encode(json.dumps({"auth_typ": "aad", "claims": claims}).encode())
    return [header, b"https://contoso.example.com", b"parts/parked", _TICKET, b"ticket=" + _TICKET]


_TICKET = b"fffffffff." + b"0" * 64


def _place(data: bytes) -> object:
    """Where a sync was left, which somebody may have spoilt: the run goes on or begins anew."""
    place = SyncPlace.decoded(text_of(data))
    assert place is None or SyncPlace.decoded(place.encoded()) == place
    return place


def _places() -> Sequence[bytes]:
    return [SyncPlace(began=START, since=START, kind="referral", before=START).encoded().encode(), b'{"kind": 1}']


def _settings(data: bytes) -> None:
    """An environment as a JSON object, or the same text in every setting."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    text = text_of(data).replace("\x00", "")
    given = found if isinstance(found, dict) else dict.fromkeys(json.loads(_environments()[0]), text)
    found = read({str(name): str(value) for name, value in given.items()})
    found.best.address.encode()
    for problem in found.problems:
        str(problem)


def _environments() -> Sequence[bytes]:
    return [
        json.dumps(
            {
                "AzureWebJobsStorage": "UseDevelopmentStorage=true", "MODE": "test", "PAIR": "cosell",
                "DATAVERSE_URL": "https://contoso.crm.dynamics.com", "DATAVERSE_AUTH": "client_secret",
                "DATAVERSE_TENANT_ID": IDENT, "DATAVERSE_CLIENT_ID": IDENT, "DATAVERSE_CLIENT_SECRET": "invented",
                "PARTNER_CENTER_API_URL": "https://api.partner.microsoft.com", "TEST_RECORDS": f"{IDENT},{IDENT}",
                "AUTO_HEAL_SCHEDULE": "0 */5 * JAN-MAR * MON", "WEBHOOK_CERTIFICATE_HOSTS": "a.example.com,b:443",
                "DATAVERSE_PREFIX": "msft", "DEAL_VALUE_FIELD": "estimatedvalue", "TEST_MODE": "yes",
                "PUBLIC_URL": "https://contoso.example.com/cosell", "WEBSITE_HOSTNAME": "contoso.azurewebsites.net",
                "PARTNER_CENTER_ORGANIZATION_ID": IDENT, "WEBHOOK_TRUSTED_ROOTS": "roots.pem",
            }
        ).encode()
    ]  # fmt: skip


class SignIn:
    """The sign-in service as MSAL sees it: every answer is this text."""

    def __init__(self, data: bytes) -> None:
        self.answer = SimpleNamespace(status_code=200, text=text_of(data), headers={})

    def get(self, url: str, **_: object) -> object:
        host = url.partition("://")[2].partition("/")[0]
        address = f"https://{host}/t/oauth2/v2.0"
        known = {"authorization_endpoint": f"{address}/authorize", "token_endpoint": f"{address}/token"}
        found = {**known, "issuer": f"https://{host}/t/v2.0", "tenant_discovery_endpoint": address}
        return SimpleNamespace(status_code=200, text=json.dumps(found), headers={}, raise_for_status=lambda: None)

    def post(self, _: str, **__: object) -> object:
        return self.answer

    def close(self) -> None:
        """Nothing is open."""


def _tokens(data: bytes) -> object:
    credential = RefreshTokenCredential(
        tenant="t", client_id="c", secret="s", vault=SettingVault("refresh"), http_client=SignIn(data)
    )
    return run(lambda: credential.get_token("https://api.example.com/.default"))


def _grants() -> Sequence[bytes]:
    granted = {"token_type": "Bearer", "scope": "s", "expires_in": 3599, "access_token": "a", "refresh_token": "r"}
    return [json.dumps(granted).encode(), b'{"error": "invalid_grant", "error_description": "AADSTS70008: expired"}']


PARSERS = (
    Parser(name="signal", read=_signal, samples=_signals, allowed=(BadMessage,)),
    Parser(name="signal-handled", read=_handled, samples=_signals, allowed=(BadMessage,)),
    Parser(name="signal-poisoned", read=_poisoned, samples=lambda: [*_signals(), b"\xff no signal"], allowed=()),
    Parser(name="queued-message", read=_queued, samples=_queue_messages, allowed=()),
    Parser(name="link-row", read=_link, samples=_links),
    Parser(name="parked-row", read=_parked, samples=_entries),
    Parser(name="pause-row", read=_pause, samples=lambda: [b'{"until": "2026-03-02T09:00:00+00:00"}']),
    Parser(name="cursor-row", read=_state, samples=lambda: [b'{"text": "a", "text_1": "b"}']),
    Parser(name="baseline-row", read=_baseline, samples=lambda: [START.isoformat().encode()]),
    Parser(name="slow-round-row", read=_slow_round, samples=lambda: [START.isoformat().encode()]),
    Parser(name="gzip-body", read=_gzip, samples=lambda: [gzip.compress(b"{}" * 9)], allowed=(TooLarge, Garbled)),
    Parser(name="world-row", read=_world, samples=lambda: [json.dumps({"dataverse": IDENT}).encode()]),
    Parser(
        name="parked-address",
        read=_office,
        samples=lambda: [f"opportunity/{IDENT}".encode(), b"unreadable/0123456789abcdef"],
        allowed=(),
    ),
    Parser(
        name="webhook-request",
        read=_registration,
        samples=lambda: [b"", b'{"events": ["referral-created"], "overwrite": true}'],
        allowed=(),
    ),
    Parser(name="deal-address", read=_deal, samples=lambda: [IDENT.encode(), b"nobody", b"../x"], allowed=()),
    Parser(name="status-visit", read=_status, samples=_visits, allowed=(), largest=1024),
    Parser(name="sync-row", read=_place, samples=_places, allowed=()),
    Parser(name="settings", read=_settings, samples=_environments, allowed=()),
    Parser(name="token-answer", read=_tokens, samples=_grants, allowed=(AzureError,)),
)
