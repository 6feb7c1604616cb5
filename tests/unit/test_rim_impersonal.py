"""Logs carry ids, not people: what telemetry is told of outcomes, events and calls."""

from __future__ import annotations

import logging
import re

import httpx
import pytest
from opentelemetry.instrumentation.utils import is_http_instrumentation_enabled
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from shared.connectors.dependency import dependency
from shared.connectors.rest import Rest, Verdicts
from shared.domain import deal
from shared.domain.code import Code
from shared.domain.oneline import quoted
from shared.domain.outcome import Kind, Outcome, waiting
from shared.domain.record import Snapshot
from shared.domain.requirements import require
from shared.domain.values import Group, Person, Ref, Side
from shared.errors import NotMet
from shared.messages import Look, Signal
from shared.observe.tally import tallied
from shared.platform.identity import StaticTokens
from shared.platform.telemetry import NAMED, LogTelemetry, impersonal
from shared.ports import Facts
from tests.fakes.store import START
from tests.unit.audit_texts import modules, name_of, tells, words

SIGNAL = Signal(look=Look.REFERRAL, side=Side.PARTNER, kind="referral", id="r-1")


def reason_of(people: Group) -> str:
    record = Snapshot(
        side=Side.CRM,
        ref=Ref("opportunity", "o-1"),
        version="1",
        created=START,
        modified=START,
        values={deal.CONTACTS: people},
    )
    with pytest.raises(NotMet) as caught:
        require(record)
    return caught.value.reason


@pytest.mark.parametrize(
    "person",
    [
        Person(email="kim.abercrombie@example.com", last_name="Abercrombie"),
        Person(email="", first_name="Kim", last_name="Abercrombie"),
        Person(email="", last_name='Kim "K" Abercrombie'),
    ],
)
def test_a_missing_phone_is_told_without_its_owner(person: Person, caplog: pytest.LogCaptureFixture) -> None:
    """Audit names the person who lacks a phone; telemetry says that a phone is missing, and nobody's name."""
    caplog.set_level(logging.INFO, "cosell")
    reason = reason_of(Group([person]))
    assert "Abercrombie" in reason or person.email in reason
    LogTelemetry().outcome(SIGNAL, waiting(reason), Facts())
    LogTelemetry().event("parked_dropped", reason=reason)
    assert "abercrombie" not in " ".join(map(str, map(vars, caplog.records))).casefold()
    assert "fill in the" in vars(caplog.records[0])["reason"]


def test_what_we_quote_has_no_quotation_mark_inside() -> None:
    """A company that is called Fabrikam "North" Ltd is left out wholly, wherever a sentence of ours quotes it."""
    name = quoted('Fabrikam "North" Ltd')
    assert impersonal(f"made for {name} is inactive") == 'made for "…" is inactive'
    teller = re.compile(r'"…"')
    spared = {"domain/merge.py", "connectors/dynamics/defaults.py", "connectors/dynamics/extras.py"}  # have bare words
    own = {module for module in modules() for text in words(module) if tells(module) and teller.search(text)}
    assert {name_of(module) for module in own} <= spared


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('Notes was set to "ask Kim" in the CRM: it wins', 'Notes was set to "…" in the CRM: it wins'),
        ("no user has the address kim@example.com.", "no user has the address (a mail address)."),
        ("call +1 425-555-0100 first", "call (a phone number) first"),
        ("6f1b2c9e-3d52-4f6b-9a53-0c7f5c1d2e3f is gone", "6f1b2c9e-3d52-4f6b-9a53-0c7f5c1d2e3f is gone"),
        ("The value 'Kim O'Brien' is not valid", "The value '…' is not valid"),
        ("'Abercrombie' is in use for the deal's contact 'x'", "'…' is in use for the deal's contact 'x'"),
        ("The column 'cosell_audit' of 'opportunity' is full", "The column 'cosell_audit' of 'opportunity' is full"),
        ("„Kim“ und «Abercrombie» oder “both”", "“…” und “…” oder “…”"),
        ("until 2026-03-02 09:00:00+00:00", "until 2026-03-02 09:00:00+00:00"),
    ],
)
def test_what_vendors_quote_is_taken_out_and_ids_stay(text: str, said: str) -> None:
    """A vendor's error may name people in its own words; ids and times are what a log is for."""
    assert impersonal(text) == said


def test_only_what_a_person_must_see_to_is_an_error(caplog: pytest.LogCaptureFixture) -> None:
    """A paused system delays thousands of signals: each is a line, none of them a warning."""
    caplog.set_level(logging.INFO, "cosell")
    for kind in Kind:
        LogTelemetry().outcome(SIGNAL, Outcome(kind=kind, reason="r", code=Code.IN_STEP), Facts())
    for name in ("message_poisoned", "webhook_registration_lost", "refresh_token_old", "heal_held"):
        LogTelemetry().event(name, reason="r")
    loud = {vars(record)[NAMED]: record.levelname for record in caplog.records if record.levelno > logging.INFO}
    names = ("signal_parked", "message_poisoned", "webhook_registration_lost", "refresh_token_old")
    assert loud == dict.fromkeys(names, "ERROR")


async def test_a_calls_query_is_nobodys_business() -> None:
    """The exporter's own instrumentation is off for the call; our span has its path and status, not its filter."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    url = "https://contoso.example.com/users(mail='kim@example.com')/6f1b2c9e-3d52-4f6b-9a53-0c7f5c1d2e3f?$filter=kim"
    call = dependency("GET", url, system="Dynamics 365", retries=2, tracer=tracer)
    with tallied("c0ffee") as tally, call as answered:
        answered(403)
    assert tally.calls == 1
    span = exporter.get_finished_spans()[0]
    assert (span.kind, span.status.is_ok) == (SpanKind.CLIENT, False)
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "url.full": "https://contoso.example.com/users({id})/{id}",
        "server.address": "contoso.example.com",
        "cosell.system": "Dynamics 365",
        "cosell.operation": "GET /users({id})/{id}",
        "cosell.retries": 2,
        "cosell.correlation": "c0ffee",
        "http.response.status_code": 403,
    }


async def test_every_call_goes_that_way() -> None:
    """The one client of all vendors suppresses the instrumentation while it sends."""
    seen: list[bool] = []

    def answer(_: httpx.Request) -> httpx.Response:
        seen.append(is_http_instrumentation_enabled())
        return httpx.Response(200)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        rest = Rest(
            system="s",
            base_url="https://contoso.example.com",
            scope="x",
            tokens=StaticTokens("t"),
            client=client,
            verdicts=Verdicts(),
        )
        await rest.call("GET", "users", params={"$filter": "mail eq 'kim@example.com'"})
    assert (seen, is_http_instrumentation_enabled()) == ([False], True)
