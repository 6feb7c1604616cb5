"""What each function does with its trigger, whatever the settings are."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import azure.functions as func
import httpx
import pytest
from azure.functions.queue import QueueMessage

from functions import BLUEPRINTS
from functions.answered import Interrupted, answered
from shared.bootstrap import App, app, use
from shared.domain.values import Side
from shared.errors import Misconfigured, Remote, Unavailable
from shared.messages import Look, Signal
from shared.platform.identity import StaticTokens
from shared.platform.outside import Outside
from shared.settings import read
from tests.fakes.store import (
    FakeClock,
    FakeCursors,
    FakeLinks,
    FakeParked,
    FakePauses,
    FakeSignals,
    FakeTelemetry,
)

SANDBOX = {
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "DATAVERSE_URL": "http://127.0.0.1:1",
    "DATAVERSE_AUTH": "static",
    "DATAVERSE_TOKEN": "sandbox",
    "PARTNER_CENTER_API_URL": "http://127.0.0.1:2",
    "PARTNER_CENTER_WEBHOOK_API_URL": "http://127.0.0.1:2",
    "PARTNER_CENTER_AUTH": "static",
    "PARTNER_CENTER_TOKEN": "sandbox",
}


async def nothing() -> None:
    """Nothing is held open."""


def world(signals: FakeSignals, **parts: Any) -> Outside:
    made = Outside(
        client=httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(503))),
        links=FakeLinks(),
        signals=signals,
        cursors=FakeCursors(),
        pauses=FakePauses(),
        parked=FakeParked(),
        clock=FakeClock(),
        telemetry=FakeTelemetry(),
        partner_tokens=StaticTokens("sandbox"),
        dataverse_tokens=StaticTokens("sandbox"),
        close=nothing,
    )
    return replace(made, **parts)


Install = Callable[..., FakeSignals]


@pytest.fixture
async def install() -> AsyncIterator[Install]:
    """Give the functions an app with these settings over fakes; its queues come back."""

    def make(settings: dict[str, str], **parts: Any) -> FakeSignals:
        signals: FakeSignals = parts.pop("signals", None) or FakeSignals(FakeClock())
        use(App(read(settings), world(signals, **parts)))
        return signals

    yield make
    use(None)


def user_function(name: str) -> Any:
    found = [f for bp in BLUEPRINTS for f in bp._function_builders if f._function.get_function_name() == name]
    return found[0]._function.get_user_function()


def request(method: str, body: bytes = b"", route: dict[str, str] | None = None) -> func.HttpRequest:
    return func.HttpRequest(method, "http://localhost/api", headers={}, route_params=route or {}, body=body)


SIGNAL = Signal(look=Look.OPPORTUNITY, side=Side.CRM, kind="opportunity", id="o-1")
UPDATE = json.dumps(
    {
        "PrimaryEntityName": "opportunity",
        "MessageName": "Update",
        "PrimaryEntityId": "6f1b2c9e-3d52-4f6b-9a53-0c7f5c1d2e3f",
        "OrganizationId": "11111111-2222-4333-8444-555555555555",
        "Depth": 1,
    }
).encode()


@pytest.mark.parametrize("name", ["referrals", "cosell_updates", "opportunities", "solutions"])
async def test_a_signal_waits_while_settings_are_wrong(name: str, install: Install) -> None:
    """Each queue function sends it again five minutes later and acknowledges; nothing is parked."""
    parked = FakeParked()
    signals = install(SANDBOX | {"MODE": "production"}, parked=parked)
    await user_function(name)(QueueMessage(id="1", body=SIGNAL.encoded().encode()))
    assert [(sent.signal, sent.delay) for sent in signals.log] == [(SIGNAL, 300.0)]
    assert parked.entries == {}


async def test_without_storage_a_message_is_not_acknowledged(install: Install) -> None:
    """Not even a delay could be kept, so the platform keeps the message."""
    install({"MODE": "production"})
    with pytest.raises(Misconfigured, match="AzureWebJobsStorage"):
        await user_function("referrals")(QueueMessage(id="1", body=SIGNAL.encoded().encode()))


async def test_webhooks_take_signals_while_other_settings_are_wrong(install: Install) -> None:
    """A wrong MODE does not cost an event: storage and trust settings are all a webhook needs."""
    signals = install({"AzureWebJobsStorage": "UseDevelopmentStorage=true", "MODE": "production"})
    answer = await user_function("dynamics_events")(request("POST", UPDATE))
    assert (answer.status_code, len(signals.log)) == (200, 1)
    unsigned = await user_function("partner_center_events")(request("POST", b"{}"))
    assert (unsigned.status_code, json.loads(unsigned.get_body())["error"]) == (401, "not_authenticated")


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("dynamics_events", {}),
        ("partner_center_events", {}),
        ("partner_center_events", SANDBOX | {"WEBHOOK_TRUSTED_ROOTS": "/no/such/file"}),
    ],
)
async def test_a_webhook_answers_503_while_its_own_settings_are_wrong(
    name: str, settings: dict[str, str], install: Install
) -> None:
    """The sender tries again, and a stranger is told no setting's name or value."""
    install(settings)
    answer = await user_function(name)(request("POST", UPDATE))
    assert answer.status_code == 503
    assert b"WEBHOOK" not in answer.get_body()


async def test_another_organisations_event_is_refused(install: Install) -> None:
    """Once the world is pinned, an event of another organisation is 403."""
    cursors = FakeCursors()
    cursors.texts["world"] = json.dumps({"dataverse": "99999999-2222-4333-8444-555555555555"})
    install(SANDBOX, cursors=cursors)
    assert (await user_function("dynamics_events")(request("POST", UPDATE))).status_code == 403


async def test_health_names_what_is_wrong(install: Install) -> None:
    """503 with each wrong setting, and each dependency that does not answer."""
    install({"MODE": "production"})
    answer = await user_function("health")(request("GET"))
    wrong = {one["setting"] for one in json.loads(answer.get_body())["settings"]}
    assert (answer.status_code, {"MODE", "DATAVERSE_URL", "AzureWebJobsStorage"} <= wrong) == (503, True)


async def test_parked_is_served_as_json(install: Install) -> None:
    """List, replay and drop answer in the same shape."""
    install(SANDBOX)
    listed = await user_function("parked_list")(request("GET"))
    assert (listed.mimetype, json.loads(listed.get_body())) == ("application/json", {"parked": [], "more": False})
    route = {"kind": "account", "id": "r-1"}
    assert (await user_function("parked_replay")(request("POST", route=route))).status_code == 404
    assert (await user_function("parked_drop")(request("DELETE", route=route))).status_code == 404


async def test_poison_is_taken_and_heal_waits_while_settings_are_wrong(install: Install) -> None:
    """Neither function fails for what an administrator has to correct."""
    telemetry = FakeTelemetry()
    signals = install(SANDBOX | {"MODE": "production"}, telemetry=telemetry)
    await user_function("opportunity_changes_poison")(QueueMessage(id="1", body=SIGNAL.encoded().encode()))
    await user_function("auto_heal")(None)
    assert (len(signals.log), telemetry.events[-1][0]) == (1, "heal_held")


async def test_heal_says_what_keeps_it_from_the_first_start(install: Install) -> None:
    """A row that holds no time where the first start was noted is an administrator's to mend, not a failed timer."""
    telemetry, cursors = FakeTelemetry(), FakeCursors()
    cursors.texts["baseline"] = "the other day"
    install(SANDBOX | {"MODE": "production"}, telemetry=telemetry, cursors=cursors)
    await user_function("auto_heal")(None)
    name, fields = telemetry.events[-1]
    assert (name, "holds no time" in str(fields["reason"])) == ("heal_held", True)


async def test_heal_leaves_a_paused_system_alone(install: Install) -> None:
    """A 429 stops the polls too, since the limit is the user's; an outage is said and left to the next pass."""
    telemetry, pauses, clock = FakeTelemetry(), FakePauses(), FakeClock()
    calls: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request.url.path)
        well = request.url.path.endswith("WhoAmI") or request.url.port == 2
        return httpx.Response(200 if well else 400, json={"OrganizationId": "o", "UserId": "u", "value": []})

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    install(SANDBOX, telemetry=telemetry, pauses=pauses, clock=clock, client=client)
    await pauses.pause(Side.PARTNER, clock.now() + timedelta(minutes=1), "429")
    await user_function("auto_heal")(None)
    assert "left alone" in str(telemetry.events[-1][1]["reason"])
    before = len(calls)
    clock.advance(61)
    await user_function("auto_heal")(None)
    assert (telemetry.events[-1][0], len(calls) > before) == ("heal_held", True)


async def test_a_cancelled_function_fails_instead_of_hanging() -> None:
    """CancelledError never escapes: the worker would not answer the host."""

    @answered
    async def cancelled() -> None:
        raise asyncio.CancelledError

    with pytest.raises(Interrupted):
        await cancelled()


async def test_one_app_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """All functions share one app, made by the first call."""
    for name in SANDBOX:
        monkeypatch.delenv(name, raising=False)
    try:
        first, second = await asyncio.gather(app(), app())
        assert first is second
        await first.close()
    finally:
        use(None)


@pytest.mark.parametrize("broken", ["cursors", "signals"])
async def test_storage_is_well_only_when_tables_and_queues_answer(broken: str, install: Install) -> None:
    """Each has a role of its own that may be missing: health tells, before a webhook has to."""

    async def away(_: str) -> None:
        raise Unavailable(Remote(system="Azure Storage", status=403))

    fake = FakeCursors(hook=away) if broken == "cursors" else FakeSignals(FakeClock(), hook=away)
    install(SANDBOX | {"MODE": "production"}, **{broken: fake})
    checks = json.loads((await user_function("health")(request("GET"))).get_body())["checks"]
    assert (checks["storage"]["ok"], "403" in checks["storage"]["detail"]) == (False, True)
