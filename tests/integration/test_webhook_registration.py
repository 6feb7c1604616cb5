"""The webhook registration as an administrator has it: shown, made ours, lost to somebody else, and seen every day."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.people import Json
from shared.connectors.partner_center.registration import EVENTS, TEST_EVENT
from shared.platform.health import GOOD_FOR
from tests.integration.bench import Bench
from tests.integration.network import HOST, PARTNER, PARTNER_EVENTS

OURS = f"{HOST}{PARTNER_EVENTS}"
BILLING = "https://billing.example.com/hook/secret-path?sig=hush"
GET, POST, PUT = ("pc GET webhooks", "pc POST webhooks", "pc PUT webhooks")


async def elsewhere(bench: Bench) -> None:
    """Another integration of the same tenant registers itself."""
    answer = await bench.people.stack.client.put(
        f"{PARTNER}/webhooks/v1/registration",
        headers={"Authorization": "Bearer sandbox-user"},
        json={"WebhookUrl": BILLING, "WebhookEvents": ["invoice-ready", "referral-created"]},
    )
    answer.raise_for_status()


def nowhere(bench: Bench) -> None:
    bench.partner.state.world.registration = None


def registered(bench: Bench) -> Json:
    found: Json = bench.partner.state.world.registration
    return found


async def shown(bench: Bench) -> dict[str, Any]:
    answer = await bench.app.webhook.shown()
    assert answer.status == 200
    return dict(answer.body)


async def asked(bench: Bench, **body: Any) -> tuple[int, dict[str, Any]]:
    answer = await bench.app.webhook.register(json.dumps(body).encode() if body else b"")
    return answer.status, dict(answer.body)


async def finding(bench: Bench) -> dict[str, Any]:
    """What health says of the registration."""
    checks: dict[str, dict[str, Any]] = (await bench.app.health()).body["checks"]  # type: ignore[assignment]  # JSON
    return checks["webhook_registration"]


def calls(bench: Bench) -> list[str]:
    return [call.name for call in bench.calls if call.name.endswith("webhooks")]


async def test_what_is_registered_is_shown(bench: Bench) -> None:
    """Where events go, whether that is here, which of ours are missing and which foreign ones are on it: one call."""
    bench.calls.clear()
    ours = await shown(bench)
    assert calls(bench) == [GET]
    await elsewhere(bench)
    theirs = await shown(bench)

    assert (ours["status"], ours["registered"]["url"], ours["missing"], ours["advice"]) == ("ours", OURS, [], "")
    assert (theirs["status"], theirs["own_url"], theirs["missing"]) == ("elsewhere", OURS, list(EVENTS[1:]))
    assert theirs["foreign"] == ["invoice-ready"]
    assert theirs["registered"]["url"] == "https://billing.example.com/hook/secret-path"


async def test_from_nothing_to_a_deal(bench: Bench) -> None:
    """One POST without a body: registered for all four events, proved through our own door, and a referral arrives."""
    nowhere(bench)
    bench.calls.clear()
    status, told = await asked(bench)
    assert calls(bench)[:3] == [GET, POST, POST]  # a look, the registration, the test event
    assert calls(bench)[3:] == [GET] * len(calls(bench)[3:])  # looks at the test's end
    await bench.people.referral("portal", name="First of all")
    await bench.settle()

    assert (status, told["status"], told["displaced"]) == (200, "registered", None)
    assert told["registered"] == {"url": OURS, "events": [*EVENTS, TEST_EVENT]}
    assert told["test"]["status"] == "delivered"
    assert ("event_left", "test-created is no event of a referral") in [
        (name, fields.get("reason")) for name, fields in bench.telemetry.events
    ]
    assert (await bench.row())["name"] == "✓ First of all"
    assert bench.refused == []


async def test_another_integration_is_named_before_it_is_displaced(bench: Bench) -> None:
    """409 says which address would lose which events, and changes nothing; `overwrite` takes the place."""
    await elsewhere(bench)
    before, refused = dict(registered(bench)), await asked(bench)
    assert registered(bench) == before
    taken = await asked(bench, overwrite=True)

    assert (refused[0], refused[1]["error"]) == (409, "would_displace")
    assert "invoice-ready, referral-created to https://billing.example.com/hook/secret-path," in refused[1]["reason"]
    assert (taken[0], taken[1]["status"], taken[1]["test"]["status"]) == (200, "registered", "delivered")
    assert taken[1]["displaced"]["events"] == ["invoice-ready", "referral-created"]
    assert registered(bench)["WebhookUrl"] == OURS
    assert set(registered(bench)["WebhookEvents"]) == {"invoice-ready", *EVENTS, TEST_EVENT}
    assert registered(bench)["SignatureTokenToMsSignatureHeader"] is True


async def test_only_the_events_that_are_asked_for(bench: Bench) -> None:
    """`events` names some of the four; what is missing then is shown, and health says so."""
    nowhere(bench)
    bench.configure()
    status, told = await asked(bench, events=["referral-created"])

    assert (status, told["registered"]["events"]) == (200, ["referral-created", TEST_EVENT])
    assert (await shown(bench))["status"] == "incomplete"
    assert "related-referral-updated" in (await finding(bench))["detail"]


async def test_a_lost_registration_turns_health_red_and_is_an_event_of_its_own(bench: Bench) -> None:
    """When somebody else registers, health says where events go and what to do, and the daily look says it aloud."""
    assert (await finding(bench))["ok"]
    await elsewhere(bench)
    bench.clock.advance(GOOD_FOR + 1)
    await bench.app.webhook.watched()
    found = await finding(bench)
    await asked(bench, overwrite=True)
    bench.clock.advance(GOOD_FOR + 1)
    await bench.app.webhook.watched()
    lost = [fields for name, fields in bench.telemetry.events if name == "webhook_registration_lost"]

    assert not found["ok"]
    assert "events go to billing.example.com and not to 127.0.0.1:7071" in found["detail"]
    assert "cosell webhook register" in found["detail"]
    assert [fields["standing"] for fields in lost] == ["elsewhere"]
    assert (await finding(bench))["ok"]
    assert bench.telemetry.events[-1][0] == "webhook_registration_seen"


async def test_a_look_that_fails_is_no_loss(bench: Bench) -> None:
    """While Partner Center is away nobody can tell: that is said in other words, and nothing is written."""
    await bench.fault("partner_center", path="/webhooks/", status=503, times=99)
    bench.calls.clear()
    await bench.app.webhook.watched()
    answer = await bench.app.webhook.shown()

    assert [name for name, _ in bench.telemetry.events[-1:]] == ["webhook_registration_unseen"]
    assert set(calls(bench)) == {GET}
    assert (answer.status, answer.body["error"]) == (503, "not_available")


async def test_test_mode_leaves_the_registration_alone(bench: Bench) -> None:
    """A staging copy is told why it may not register, without a call; its timer only reads; health has no complaint."""
    await elsewhere(bench)
    bench.configure(MODE="test")
    bench.calls.clear()
    refused = await asked(bench, overwrite=True)
    assert calls(bench) == []
    await bench.app.webhook.watched()
    assert calls(bench) == [GET]

    assert (refused[0], refused[1]["error"]) == (403, "not_allowed")
    assert "a tenant has one registration" in refused[1]["reason"]
    assert registered(bench)["WebhookUrl"] == BILLING
    assert (await finding(bench))["ok"]
    assert "webhook_registration_lost" not in [name for name, _ in bench.telemetry.events]
    assert (await shown(bench))["status"] == "elsewhere"


@pytest.mark.parametrize("mode", ["live", "test"])
async def test_a_dry_run_reports_the_registration(bench: Bench, mode: str) -> None:
    """`DRY_RUN` tells what would be registered and displaced, and only reads."""
    await elsewhere(bench)
    bench.configure(MODE=mode, DRY_RUN="true")
    bench.calls.clear()
    status, told = await asked(bench, overwrite=True)

    assert calls(bench) == [GET]
    assert (status, told["status"], told["test"]["status"]) == (200, "planned", "untried")
    assert told["displaced"]["url"] == "https://billing.example.com/hook/secret-path"
    assert set(EVENTS) < set(told["registered"]["events"])
    assert registered(bench)["WebhookUrl"] == BILLING


async def test_a_door_that_refuses_microsofts_signature_is_found_at_once(bench: Bench) -> None:
    """The test event goes through our own verification: a wrong trust setting shows now, not with the first deal."""
    bench.partner.state.sender.configure({"intervals": [0.0] * 9})
    bench.configure(WEBHOOK_TRUSTED_ROOTS="")
    status, told = await asked(bench)

    assert (status, told["test"]["status"]) == (200, "failed")
    assert "Unauthorized" in told["test"]["detail"]
    assert "nobody trusted issued it" in told["test"]["detail"]


async def test_without_an_address_of_its_own_nothing_is_registered(bench: Bench) -> None:
    """Where neither PUBLIC_URL nor the platform says where the app answers, the setting is named, and health is red."""
    nowhere(bench)
    bench.configure(PUBLIC_URL="")
    status, told = await asked(bench)

    assert (status, "PUBLIC_URL" in told["reason"]) == (503, True)
    assert not registered(bench)
    assert "PUBLIC_URL" in (await finding(bench))["detail"]
    bench.configure(WEBSITE_HOSTNAME=HOST.partition("//")[2])
    assert (await asked(bench))[0] == 200
    assert registered(bench)["WebhookUrl"] == OURS


async def test_wrong_settings_answer_in_words(bench: Bench) -> None:
    """While a setting is wrong there is nobody to ask Partner Center: 503 sends to the health page."""
    bench.configure(CONFLICT_WINNER="nobody")
    answers = [await bench.app.webhook.shown(), await bench.app.webhook.register(b"")]
    await bench.app.webhook.watched()

    assert [answer.status for answer in answers] == [503, 503]
    assert all("health page" in str(answer.body["reason"]) for answer in answers)
    assert bench.telemetry.events[-1][0] == "webhook_registration_unseen"


async def test_nobodys_key_is_told(bench: Bench) -> None:
    """Another integration keeps keys in its address: queries are shown nowhere, paths only to the administrator."""
    await elsewhere(bench)
    bench.clock.advance(GOOD_FOR + 1)
    answers = [await bench.app.webhook.shown(), await bench.app.webhook.register(b""), await bench.app.health()]
    await asked(bench, overwrite=True)
    await bench.app.webhook.watched()

    assert "hush" not in json.dumps([dict(answer.body) for answer in answers])
    assert "secret-path" not in json.dumps(dict(answers[2].body))
    assert "secret-path" not in json.dumps(bench.telemetry.events)
    assert "hush" not in json.dumps(bench.telemetry.events)
