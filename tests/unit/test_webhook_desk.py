"""What an administrator may ask of the registration, and what is answered for what it comes to."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import azure.functions as func
import pytest

from functions import BLUEPRINTS
from functions.webhook_registration import ROUTE as OWN_ROUTE
from shared.bootstrap import App, app, use
from shared.connectors.partner_center.webhook import ROUTE
from shared.domain.registering import FORBIDDEN, Registering, Step
from shared.domain.subscription import Compared, Subscription, compared, merged, plain, same
from shared.errors import AccessLost, CosellError, Misconfigured, Refused, Remote, Unavailable
from shared.platform.webhook import LARGEST, STATUSES, WebhookDesk
from shared.settings import read
from tests.fakes.store import FakeTelemetry

ROOT = Path(__file__).parents[2]
EVENTS = ("referral-created", "referral-updated")
REMOTE = Remote(system="Partner Center", status=500, message="no")


@dataclass
class Registrar:
    """Comes to what a test wants, and remembers what it was asked."""

    step: Step | CosellError = Step.REGISTERED
    live: bool = True
    asked: list[tuple[tuple[str, ...], bool]] = field(default_factory=list)

    async def look(self) -> Compared:
        if isinstance(self.step, CosellError):
            raise self.step
        return compared(None, "https://contoso.example.com/api/x", EVENTS)

    async def register(self, events: Iterable[str], *, overwrite: bool) -> Registering:
        self.asked.append((tuple(events), overwrite))
        if isinstance(self.step, CosellError):
            raise self.step
        reason = "in words" if self.step in (Step.TAKEN, Step.FORBIDDEN) else ""
        return Registering(step=self.step, wanted=Subscription(url="https://a.example.com/x?k=v"), reason=reason)


def desk(step: Step | CosellError = Step.REGISTERED) -> tuple[WebhookDesk, Registrar]:
    registrar = Registrar(step=step)
    return WebhookDesk(webhook=registrar, needed=EVENTS, telemetry=FakeTelemetry()), registrar


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        (b"", (EVENTS, False)),
        (b" \n", (EVENTS, False)),
        (b"{}", (EVENTS, False)),
        (b'{"overwrite": true}', (EVENTS, True)),
        (b'{"events": ["referral-updated"], "overwrite": false}', (("referral-updated",), False)),
    ],
)
async def test_what_is_left_out_is_every_event_and_no_overwriting(body: bytes, asked: tuple[Any, ...]) -> None:
    """An empty body asks for everything that is needed and displaces nobody."""
    made, registrar = desk()
    assert (await made.register(body)).status == 200
    assert registrar.asked == [asked]


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"no json",
        b"\xff",
        b'{"events": []}',
        b'{"events": ["invoice-ready"]}',
        b'{"events": "referral-created"}',
        b'{"overwrite": "yes"}',
        b'{"overwrite": 1}',
        b'{"overwrite": null}',
        b'{"override": true}',
        b'{"WebhookUrl": "https://evil.example.com"}',
        b"[" * 5000,
    ],
    ids=repr,
)
async def test_a_body_that_is_no_registration_registers_nothing(body: bytes) -> None:
    """A misspelt word, an event of somebody else's, an address: 400 with the place, and nobody is asked."""
    made, registrar = desk()
    answer = await made.register(body)

    assert (answer.status, answer.body["error"], registrar.asked) == (400, "bad_request", [])
    assert "evil" not in str(answer.body)


async def test_a_large_body_is_not_read() -> None:
    """Four names need no more than 16 KB."""
    made, registrar = desk()
    assert ((await made.register(b" " * (LARGEST + 1))).status, registrar.asked) == (413, [])


@pytest.mark.parametrize(
    ("step", "status"),
    [
        *STATUSES.items(),
        (Refused(REMOTE), 422),
        (Unavailable(REMOTE), 503),
        (AccessLost(REMOTE), 503),
        (Misconfigured(("PUBLIC_URL is not set",)), 503),
    ],
    ids=str,
)
async def test_everything_that_it_can_come_to_has_its_answer(step: Step | CosellError, status: int) -> None:
    """Each outcome is one status, and what was not done is told in words."""
    made, _ = desk(step)
    answer = await made.register(b"")

    assert set(STATUSES) == set(Step)
    assert answer.status == status
    assert bool(answer.body.get("reason")) == (status >= 400)
    assert "k=v" not in json.dumps(dict(answer.body))


@pytest.mark.parametrize(("error", "status"), [(Refused(REMOTE), 422), (Unavailable(REMOTE), 503)])
async def test_a_look_that_fails_is_told(error: CosellError, status: int) -> None:
    """What Partner Center says is in the answer."""
    answer = await desk(error)[0].shown()
    assert (answer.status, str(error) in str(answer.body["reason"])) == (status, True)


@pytest.fixture
async def functions() -> AsyncIterator[dict[str, Any]]:
    """Our functions by name, over an app without a setting."""
    made = App(read({}))
    use(made)
    yield {
        str(f._function.get_function_name()): f._function.get_user_function()
        for bp in BLUEPRINTS
        for f in bp._function_builders
    }
    use(None)
    await made.close()


async def test_the_functions_ask_the_desk(functions: dict[str, Any]) -> None:
    """Both routes and the timer come to the desk, whatever the settings are."""
    made, registrar = desk()
    (await app()).webhook = made
    body = b'{"events": ["referral-created"]}'
    request = func.HttpRequest("POST", "http://localhost/api", headers={}, body=body)
    registered = await functions["webhook_register"](request)
    shown = await functions["webhook_registration"](func.HttpRequest("GET", "http://localhost/api", body=b""))
    await functions["webhook_watch"](None)

    assert (registered.status_code, registrar.asked) == (200, [(("referral-created",), False)])
    assert json.loads(shown.get_body())["status"] == "nothing"
    assert made._telemetry.events[-1][0] == "webhook_registration_lost"  # type: ignore[attr-defined]  # a fake


async def test_without_settings_the_functions_answer_in_words(functions: dict[str, Any]) -> None:
    """A fresh app with nothing set says where to look."""
    request = func.HttpRequest("GET", "http://localhost/api", body=b"")
    assert (await functions["webhook_registration"](request)).status_code == 503
    await functions["webhook_watch"](None)


def test_the_registered_address_is_the_functions_route() -> None:
    """What is registered is where the function listens: the host's prefix, then its route."""
    prefix = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))["extensions"]["http"]["routePrefix"]
    triggers = {
        f._function.get_function_name(): f._function.get_trigger() for bp in BLUEPRINTS for f in bp._function_builders
    }
    door = triggers["partner_center_events"]
    assert door is not None
    assert f"{prefix}/{door.get_dict_repr()['route']}" == ROUTE
    assert OWN_ROUTE != ROUTE


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        ({}, ""),
        ({"WEBSITE_HOSTNAME": "contoso.azurewebsites.net"}, "https://contoso.azurewebsites.net"),
        ({"WEBSITE_HOSTNAME": "Localhost:7071"}, "http://localhost:7071"),
        ({"WEBSITE_HOSTNAME": "127.0.0.1:7071"}, "http://127.0.0.1:7071"),
        ({"PUBLIC_URL": "https://sync.example.com/cosell/"}, "https://sync.example.com/cosell"),
        ({"PUBLIC_URL": "https://a.example.com", "WEBSITE_HOSTNAME": "b.azurewebsites.net"}, "https://a.example.com"),
        (
            {"PUBLIC_URL": "http://a.example.com", "WEBSITE_HOSTNAME": "b.azurewebsites.net"},
            "https://b.azurewebsites.net",
        ),
    ],
    ids=str,
)
def test_where_the_app_answers(settings: dict[str, str], address: str) -> None:
    """A person's setting, else the platform's name; https but on this machine; a wrong one is named and not used."""
    found = read(settings)
    assert found.best.address == address
    wrong = {problem.name for problem in found.problems} & {"PUBLIC_URL", "WEBSITE_HOSTNAME"}
    assert wrong == ({"PUBLIC_URL"} if settings.get("PUBLIC_URL", "").startswith("http:") else set())


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("https://a.example.com/x", "https://a.example.com/x/", True),
        ("https://A.example.com/X?code=1", "https://a.example.com:443/x", True),
        ("https://a.example.com/x", "http://a.example.com/x", False),
        ("https://a.example.com/x", "https://a.example.com:8443/x", False),
        ("https://a.example.com/x", "https://a.example.com/x/y", False),
        ("https://u@a.example.com/x#f", "https://a.example.com/x", True),
        ("", "", False),
        ("https://[", "https://[", False),
        ("https://a:99999/", "https://a:99999/", False),
        ("no address", "no address", False),
    ],
)
def test_when_two_addresses_are_one(one: str, other: str, equal: bool) -> None:  # noqa: FBT001 - the expectation
    """What a function app does not tell apart is the same; what cannot be read is nobody's."""
    assert same(one, other) is same(other, one) is equal
    assert "code" not in plain(one)


def test_events_are_joined_without_doubles() -> None:
    """The names that are there stay first, as they are spelt there."""
    assert merged(["Referral-Created", "b"], ["referral-created", "c"]) == ("Referral-Created", "b", "c")


def test_the_words_of_test_mode_say_what_to_do() -> None:
    """A person who may not register is told which setting that is and how to see the plan."""
    assert "MODE" in FORBIDDEN
    assert "dry run" in FORBIDDEN
