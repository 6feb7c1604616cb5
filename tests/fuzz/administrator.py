"""What the administrator's tool reads: an export from anywhere, a token's own words, whatever both systems answer."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence

import httpx

from cli.carrying.document import FORMAT
from cli.carrying.file import Export, end_text, head, link_text
from cli.carrying.settings import differences, unknown
from cli.doctor.claims import claims_of
from cli.doctor.diagnosis import diagnose
from cli.work import Tools
from shared.core import core
from shared.domain.link import Link
from shared.platform.identity import StaticTokens
from shared.platform.outside import Outside
from shared.settings import read
from tests.fakes.store import FakeClock, FakeCursors, FakeLinks, FakeParked, FakePauses, FakeSignals, FakeTelemetry
from tests.fuzz.parser import Parser
from tests.fuzz.platform import run, text_of

IDENT = "11111111-2222-4333-8444-555555555555"
LOCAL = {
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "PARTNER_CENTER_API_URL": "http://127.0.0.1:1",
    "PARTNER_CENTER_WEBHOOK_API_URL": "http://127.0.0.1:1",
    "PARTNER_CENTER_AUTH": "static",
    "PARTNER_CENTER_TOKEN": "invented",
    "DATAVERSE_URL": "http://127.0.0.1:2",
    "DATAVERSE_AUTH": "static",
    "DATAVERSE_TOKEN": "invented",
    "DEFAULT_OWNER": "Co-sell",
}


def _export(data: bytes) -> None:
    """The whole file: its head against this installation, then every link."""
    stream = io.BytesIO(data)
    setup = head(stream)
    differences(read(LOCAL).best, setup.settings)
    unknown(setup.settings)
    for _ in Export(setup=setup, stream=stream).links():
        """A line at a time."""


def _exports() -> Sequence[bytes]:
    settings = {"SHOW_CHECKMARK": "Yes", "CONFLICT_WINNER": "partner_center", "A_NEWER_ONE": "x"}
    known = {"format": FORMAT, "schema": 1, "made": "2026-03-02T09:00:00+00:00", "pair": "cosell", "links": True}
    choices = {"help": {"GeneralOrOther": {"value": 7, "label": "General or other"}}}
    whole = {**known, "world": {"dataverse": IDENT}, "settings": settings, "choices": choices}
    link = link_text(Link(pair="cosell", key=IDENT, partner=IDENT))
    return [
        (json.dumps(whole, indent=2) + "\n" + link + end_text(1)).encode(),
        (json.dumps({**known, "customize": {"name": "customize.yaml", "text": "a: b"}}, indent=2) + "\n").encode()
        + end_text(0).encode(),
    ]


def _claims(data: bytes) -> None:
    str(claims_of(text_of(data)))
    str(claims_of(f"a.{base64.urlsafe_b64encode(data).decode()}.c"))


def _doctor(data: bytes) -> None:
    """Every answer of both systems is this: a report comes of it, whatever it says."""

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200, headers={"date": text_of(data[:40]).encode("ascii", "replace").decode()}, content=data
        )

    async def act() -> None:
        settings = read(LOCAL).need()
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
            world = _world(client)
            report = await diagnose(Tools(settings=settings, world=world, core=core(settings, world)))
        json.dumps(report.document(), default=str)

    run(act)


def _world(client: httpx.AsyncClient) -> Outside:
    clock = FakeClock()
    return Outside(
        client=client,
        links=FakeLinks(),
        signals=FakeSignals(clock),
        cursors=FakeCursors(),
        pauses=FakePauses(),
        parked=FakeParked(),
        clock=clock,
        telemetry=FakeTelemetry(),
        partner_tokens=StaticTokens("invented"),
        dataverse_tokens=StaticTokens("invented"),
        close=client.aclose,
        tick=lambda: 0.0,
    )


def _answers() -> Sequence[bytes]:
    """Rows that answer several questions at once."""
    row = {
        "OrganizationId": IDENT, "UserId": IDENT, "LogicalName": "opportunity", "EntitySetName": "opportunities",
        "id": IDENT, "mpnId": "1234567", "organizationId": IDENT, "serviceendpointid": IDENT, "statecode": 0,
        "url": "https://app.example.com/api/dynamics/events", "sdkmessageid": {"name": "Update"}, "mode": 1,
        "sdkmessagefilterid": {"primaryobjecttypecode": "opportunity"}, "name": "Cosell Sync", "systemuserid": IDENT,
        "KeyAttributes": ["cosell_syncmarker"], "isocurrencycode": "USD", "ChangeTrackingEnabled": True,
        "WebhookUrl": "https://app.example.com/api/partner-center/events", "WebhookEvents": ["referral-created"],
    }  # fmt: skip
    return [json.dumps({**row, "value": [row]}).encode(), b'{"value": []}', b"[]"]


PARSERS = (
    Parser(name="export-file", read=_export, samples=_exports),
    Parser(name="token-claims", read=_claims, samples=lambda: [b'{"tid": "t", "upn": "u", "scp": "s"}'], allowed=()),
    Parser(name="doctor-answers", read=_doctor, samples=_answers, allowed=(), largest=2048),
)
