"""`cosell webhook` on the simulator: what it prints for a person and for a program, and its exit codes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import typer
from typer.testing import CliRunner, Result

from cli.commands import webhook
from cli.output import Output
from cli.work import Asked
from sandbox.fault_rules import Fault
from sandbox.partner_center import create_app
from shared.connectors.partner_center.registration import EVENTS, TEST_EVENT
from shared.errors import AccessLost, Misconfigured
from shared.platform.identity import StaticTokens
from shared.platform.outside import Outside
from shared.settings import Settings, read
from tests.fakes.store import FakeClock, FakeCursors, FakeLinks, FakeParked, FakePauses, FakeSignals, FakeTelemetry

PARTNER = "http://127.0.0.1:7081"
HERE = "http://127.0.0.1:7071"
OURS = f"{HERE}/api/partner-center/events"
BILLING = {"WebhookUrl": "https://billing.example.com/hook?sig=hush", "WebhookEvents": ["invoice-ready"]}
SETTINGS = {
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "MODE": "live",
    "PUBLIC_URL": HERE,
    "DATAVERSE_URL": "http://127.0.0.1:1",
    "DATAVERSE_AUTH": "static",
    "DATAVERSE_TOKEN": "sandbox-app",
    "PARTNER_CENTER_API_URL": PARTNER,
    "PARTNER_CENTER_WEBHOOK_API_URL": PARTNER,
    "PARTNER_CENTER_AUTH": "static",
    "PARTNER_CENTER_TOKEN": "sandbox-user",
}


@dataclass
class Bench:
    """The tool's command group in front of Partner Center, whose webhook calls are all answered `delivered`."""

    delivered: int = 200
    events: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        receiver = httpx.AsyncClient(transport=httpx.MockTransport(self._receive))
        self.partner = create_app(base_url=PARTNER, webhook_client=receiver)
        self.partner.state.sender.configure({"intervals": [0.0] * 9})
        self.tool = typer.Typer()
        webhook.add(self.tool)

    def _receive(self, request: httpx.Request) -> httpx.Response:
        self.events.append(json.loads(request.content)["EventName"])
        return httpx.Response(self.delivered)

    def holds(self, registration: dict[str, Any]) -> None:
        signs = {"SubscriberId": "s", "SignatureTokenToMsSignatureHeader": True}
        self.partner.state.world.registration = signs | registration

    @property
    def held(self) -> Any:
        return self.partner.state.world.registration

    def world(self, settings: Settings) -> Outside:
        del settings
        clock, client = FakeClock(), httpx.AsyncClient(transport=httpx.ASGITransport(app=self.partner))
        return Outside(
            client=client,
            links=FakeLinks(),
            signals=FakeSignals(clock),
            cursors=FakeCursors(),
            pauses=FakePauses(),
            parked=FakeParked(),
            clock=clock,
            telemetry=FakeTelemetry(),
            partner_tokens=StaticTokens("sandbox-user"),
            dataverse_tokens=StaticTokens("sandbox-app"),
            close=client.aclose,
        )

    def run(self, *arguments: str, json: bool = False, **changes: str) -> Result:
        asked = Asked(reading=read(SETTINGS | changes), output=Output(json=json), world=self.world)
        return CliRunner().invoke(self.tool, ["webhook", *arguments], obj=asked)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def document(result: Result) -> dict[str, Any]:
    """What a program reads from standard output."""
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_what_is_registered_is_shown(bench: Bench) -> None:
    """Exit 1 while events go elsewhere, with what to do; 0 once they come here; a program gets one document."""
    bench.holds(BILLING)
    theirs = bench.run("show")
    bench.run("register", "--overwrite")
    ours, told = bench.run("show"), bench.run("show", json=True)

    assert (theirs.exit_code, ours.exit_code, told.exit_code) == (1, 0, 0)
    assert "https://billing.example.com/hook" in theirs.output
    assert "hush" not in theirs.output
    assert "cosell webhook register" in " ".join(theirs.output.split())
    assert "comes here" in ours.output
    assert (document(told)["status"], document(told)["foreign"]) == ("ours", ["invoice-ready"])


def test_registering_proves_itself(bench: Bench) -> None:
    """From nothing: all four events and the test's own, delivered, exit 0; again is no change and as good."""
    first, again = bench.run("register", json=True), bench.run("register", json=True)

    assert (first.exit_code, document(first)["status"]) == (0, "registered")
    assert (again.exit_code, document(again)["status"]) == (0, "unchanged")
    assert document(first)["test"]["status"] == "delivered"
    assert (bench.held["WebhookUrl"], bench.held["WebhookEvents"]) == (OURS, [*EVENTS, TEST_EVENT])
    assert bench.events == [TEST_EVENT, TEST_EVENT]


def test_another_integration_is_displaced_only_when_told_to(bench: Bench) -> None:
    """Without --overwrite: exit 1, its address and events, nothing written. With it: done, and it is named."""
    bench.holds(BILLING)
    refused = bench.run("register")
    assert bench.held["WebhookUrl"] == BILLING["WebhookUrl"]
    taken = bench.run("register", "--overwrite")

    assert (refused.exit_code, taken.exit_code) == (1, 0)
    assert "invoice-ready to https://billing.example.com/hook," in " ".join(refused.output.split())
    assert "Displaced: https://billing.example.com/hook, which had invoice-ready" in " ".join(taken.output.split())
    assert bench.held["WebhookUrl"] == OURS


@pytest.mark.parametrize(
    "given", [["--events", EVENTS[0], "--events", EVENTS[2]], ["--events", f"{EVENTS[0]}, {EVENTS[2]}"]]
)
def test_some_events_alone(bench: Bench, given: list[str]) -> None:
    """--events may be repeated or hold several names; an unknown one is a mistake of the command line."""
    assert bench.run("register", *given).exit_code == 0
    assert bench.held["WebhookEvents"] == [EVENTS[0], EVENTS[2], TEST_EVENT]
    assert bench.run("register", "--events", "invoice-ready").exit_code == 2


@pytest.mark.parametrize(("mode", "dry_run"), [("live", "false"), ("test", "false"), ("live", "true")])
def test_a_dry_run_writes_nothing(bench: Bench, mode: str, dry_run: str) -> None:
    """--dry-run, and DRY_RUN, tell what would be registered, in test mode as well; exit 0."""
    bench.holds(BILLING)
    before = dict(bench.held)
    flag = [] if dry_run == "true" else ["--dry-run"]
    planned = bench.run("register", "--overwrite", *flag, json=True, MODE=mode, DRY_RUN=dry_run)

    assert (planned.exit_code, document(planned)["status"]) == (0, "planned")
    assert document(planned)["displaced"]["events"] == ["invoice-ready"]
    assert (bench.held, bench.events) == (before, [])


def test_test_mode_is_refused_in_words(bench: Bench) -> None:
    """A test installation is told why, exit 1; looking is allowed, and what it finds is no fault of it."""
    bench.holds(BILLING)
    refused, shown = bench.run("register", "--overwrite", MODE="test"), bench.run("show", MODE="test")

    assert (refused.exit_code, "MODE is test" in refused.output) == (1, True)
    assert shown.exit_code == 0
    assert bench.held["WebhookUrl"] == BILLING["WebhookUrl"]


def test_a_test_event_that_is_not_answered_is_a_failure(bench: Bench) -> None:
    """The registration stands, exit 1, and the answer that the event got is shown."""
    bench.delivered = 404
    failed = bench.run("register")

    assert (failed.exit_code, bench.held["WebhookUrl"]) == (1, OURS)
    assert "NotFound" in failed.output


def test_the_address_can_be_given(bench: Bench) -> None:
    """--url stands in for PUBLIC_URL; without either the setting is named; an address that is none is a mistake."""
    missing = bench.run("register", PUBLIC_URL="")
    assert isinstance(missing.exception, Misconfigured)
    assert "PUBLIC_URL" in str(missing.exception)
    assert bench.run("register", "--url", "http://contoso.example.com", PUBLIC_URL="").exit_code == 2
    assert not bench.held
    given = bench.run("register", "--url", "https://contoso.example.com/", PUBLIC_URL="")

    assert given.exit_code == 0
    assert bench.held["WebhookUrl"] == "https://contoso.example.com/api/partner-center/events"


def test_a_missing_consent_reaches_the_tools_own_end(bench: Bench) -> None:
    """What Partner Center refuses is raised for the tool to say, which makes it an exit of its own."""
    bench.partner.state.faults.add(Fault.parse({"path": "/webhooks/", "status": 403}))
    refused = bench.run("show")

    assert isinstance(refused.exception, AccessLost)
    assert "user_impersonation" in str(refused.exception)
