"""What Partner Center may answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from shared.connectors.answers import LONGEST_WAIT, retry_after
from shared.connectors.partner_center import PartnerCenter, Webhook
from shared.connectors.partner_center.mapping import widened
from shared.connectors.partner_center.patching import operations
from shared.connectors.partner_center.polling import Cursor
from shared.connectors.partner_center.registration import EVENTS
from shared.connectors.partner_center.tenant import tenant_of
from shared.connectors.partner_center.verdicts import VERDICTS
from shared.connectors.partner_center.wire import Referral, instant
from shared.connectors.rest import Verdicts, decipher
from shared.domain import deal
from shared.domain.link import Purpose
from shared.domain.values import Contract, Money, frozen
from shared.errors import CosellError, Transient
from shared.messages import Look, Signal
from shared.platform.telemetry import LogTelemetry
from shared.platform.webhook import WebhookDesk
from shared.ports import Change, Listed, Page
from tests.contract import partner_center_bench
from tests.fuzz import carried, recorded
from tests.fuzz.answering import of_partner, of_webhook
from tests.fuzz.parser import Parser
from tests.fuzz.webhooks import SAMPLES, as_headers, headers_of

IDENT = "3f0c1d9e-5a51-4f0e-9a5a-1c2d3e4f5a6b"
STATUSES = (400, 401, 403, 404, 409, 412, 422, 429, 500, 503)
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
TODAY = SINCE.date()
CONTRACT = Contract(
    value=Money(Decimal(1), "EUR"), term="Perpetual", start=TODAY, signed=TODAY, on_azure=True, deployment="Partner",
    pricing="Other",
)  # fmt: skip
CURSOR = Cursor(at=SINCE, kept={IDENT: '"1"'}).encoded()


def _read(data: bytes) -> None:
    record = of_partner(data, lambda gateway: gateway.read(IDENT))
    if record is None:
        return
    carried.compared(record)
    native = record.native
    whole = widened(record, [native] if isinstance(native, Referral) else [])
    carried.compared(whole)
    carried.to_dynamics(whole)


def _won_deal(data: bytes) -> None:
    """A won referral, and what would be sent to change the contract that it is registered with."""
    record = of_partner(data, lambda gateway: gateway.read(IDENT))
    if record is not None and isinstance(record.native, Referral):
        carried.compared(record)
        json.dumps(operations(record.native, {deal.CONTRACT: CONTRACT}), default=str)


def _engagement(data: bytes) -> None:
    record = recorded.partner().record
    carried.compared(of_partner(data, lambda gateway: gateway.widen(record)))
    of_partner(data, lambda gateway: gateway.ours_in(record.parent))


def _write(data: bytes) -> None:
    change = Change(record=recorded.partner().record, values=frozen({deal.NOTES: "New"}), marker="m")
    carried.compared(of_partner(data, lambda gateway: gateway.write(change)))


def _invite(data: bytes) -> None:
    """Microsoft's referral as the answer to its creation, and the own one read after it."""
    own = recorded.partner().record
    values = frozen({**own.values, deal.HELP: "GeneralOrOther"})
    draft = replace(partner_center_bench.new_draft(), purpose=Purpose.INVITE, parent=own, values=values)
    carried.compared(of_partner(data, lambda gateway: gateway.create(draft)))


def _recover(data: bytes) -> object:
    draft = partner_center_bench.new_draft()
    return of_partner(data, lambda gateway: gateway.recover(draft, SINCE))


def _changes(cursor: str | None, data: bytes) -> None:
    async def polled(gateway: PartnerCenter) -> list[Page]:
        return [page async for page in gateway.changes(cursor)]

    signalled(of_partner(data, polled))


def _walk(data: bytes) -> None:
    async def walked(gateway: PartnerCenter) -> list[Listed]:
        return [one async for page in gateway.every(before=None, since=None) for one in page]

    named(of_partner(data, walked))


def named(listed: Sequence[Listed]) -> None:
    """A record that a walk has shown is named by a signal, and when it was made is kept as a text."""
    for one in listed:
        Signal(look=Look.REFERRAL, side="partner", kind=one.ref.kind, id=one.ref.id)
        assert one.created.tzinfo
        one.created.isoformat()


def signalled(pages: Sequence[Page]) -> None:
    """A record that a poll has seen is named by a signal, and the cursor is kept as a text."""
    for page in pages:
        (page.cursor or "").encode()
        for seen in page.seen:
            Signal(look=Look.REFERRAL, side="partner", kind=seen.ref.kind, id=seen.ref.id)


def refused(verdicts: Verdicts, data: bytes, headers: Mapping[str, str] | None = None) -> None:
    """An error of any status: its text and its time are such that they can be kept."""
    for status in STATUSES:
        try:
            decipher(status, headers or {}, data, system="Example", verdicts=verdicts)
        except CosellError as error:
            _kept(error)


def _kept(error: CosellError) -> None:
    seconds = error.retry_after if isinstance(error, Transient) else None
    assert 0 <= (seconds or 0) <= LONGEST_WAIT
    assert len(str(error)) < 4_096
    str(error).encode()


def _waited(data: bytes) -> None:
    seconds = retry_after(headers_of(data))
    assert 0 <= (seconds or 0) <= LONGEST_WAIT


def _cursor(data: bytes) -> object:
    cursor = Cursor.decoded(data.decode("utf-8", "replace"))
    return cursor.bound, cursor.encoded()


async def _registered(webhook: Webhook) -> None:
    """All that the administrator can have done with it: an answer that can be sent, and a line that can be logged."""
    desk = WebhookDesk(webhook=webhook, needed=EVENTS, telemetry=LogTelemetry())
    await desk.watched()
    for answer in (await desk.shown(), await desk.register(b""), await desk.register(b'{"overwrite": true}')):
        assert answer.status in (200, 409, 422, 503)
        json.dumps(dict(answer.body)).encode()


def _validations() -> Sequence[bytes]:
    """The answers to a test event and to the question for its end, in one."""
    ended = {"correlationId": IDENT, "status": "completed", "callbackUrl": "https://contoso.example.com/api/x"}
    attempts = [{"responseCode": "NotFound", "responseMessage": "no", "systemError": False}, {"responseCode": "OK"}]
    return [json.dumps(ended | {"results": attempts[:count]}).encode() for count in (1, 2)]


def _waits() -> Sequence[bytes]:
    date = "Sat, 28 Feb 2026 17:27:47 GMT"
    return [as_headers({"retry-after": "17"}), as_headers({"retry-after": date, "date": date})]


def _texts(*texts: str) -> Sequence[bytes]:
    return [text.encode() for text in texts]


def _token() -> Sequence[bytes]:
    return _texts("eyJhbGciOiJub25lIn0.eyJ0aWQiOiJ0Iiwib2lkIjoibyJ9.x", "e30.eyJ0aWQiOjF9.x")


def _referrals() -> Sequence[bytes]:
    return [(SAMPLES / "partner_center" / "referral_newest.json").read_bytes(), recorded.partner().referral]


def _won() -> Sequence[bytes]:
    """Won and registered, and won alone."""
    contract = {"currency": "USD", "value": 9, "term": "Finite", "signDateTime": "2026-11-20T12:00:00Z"}
    details = [{"id": "SOL-1", "isDeployedOnAzure": True, "pricingModel": "Other", "value": "9"}]
    made = {"status": "ReviewPending", "statusReason": None, "contract": contract, "solutionDetails": details}
    won = {**json.loads(recorded.partner().referral), "status": "Closed", "substatus": "Won"}
    return [json.dumps({**won, "registrations": held}).encode() for held in ([made], [])]


def _both() -> bytes:
    """A referral and a list in one, as a create is followed by a read and by a list."""
    referral = json.loads(recorded.partner().referral)
    return json.dumps({**referral, "value": [referral], "name": "Caf\u00e9"}).encode()


def _pages() -> Sequence[bytes]:
    page = json.loads(recorded.partner().page)
    more = {**page, "@odata.nextLink": f"{recorded.PARTNER}/v1.0/engagements/referrals?$skip=1"}
    return [recorded.partner().page, json.dumps(more).encode()]


def _errors() -> Sequence[bytes]:
    return [file.read_bytes() for file in sorted((SAMPLES / "partner_center").glob("error_*.json"))]


PARSERS = (
    Parser(name="partner-referral", read=_read, samples=_referrals),
    Parser(name="partner-deal-registration", read=_won_deal, samples=_won),
    Parser(name="partner-engagement", read=_engagement, samples=_pages),
    Parser(name="partner-write-answer", read=_write, samples=_referrals),
    Parser(name="partner-invitation", read=_invite, samples=lambda: [_both(), *_referrals()]),
    Parser(name="partner-search", read=_recover, samples=_pages),
    Parser(name="partner-changes", read=lambda data: _changes(CURSOR, data), samples=_pages),
    Parser(name="partner-baseline", read=lambda data: _changes(None, data), samples=_pages),
    Parser(name="partner-walk", read=_walk, samples=_pages),
    Parser(
        name="partner-registration",
        read=lambda data: of_webhook(data, _registered),
        samples=lambda: [recorded.partner().registration, *_validations()],
        allowed=(),
    ),
    Parser(name="partner-ping", read=lambda data: of_partner(data, lambda gateway: gateway.ping()), samples=_pages),
    Parser(name="partner-errors", read=lambda data: refused(VERDICTS, data), samples=_errors),
    Parser(name="retry-after", read=_waited, samples=_waits, allowed=()),
    Parser(
        name="error-headers",
        read=lambda data: refused(VERDICTS, b"{}", headers_of(data)),
        samples=lambda: [as_headers({"request-id": "r-1", "retry-after": "5"})],
    ),
    Parser(name="partner-cursor", read=_cursor, samples=lambda: _texts(CURSOR), allowed=()),
    Parser(
        name="partner-instant",
        read=lambda data: instant(data.decode("utf-8", "replace")),
        samples=lambda: _texts("2026-02-28T17:27:47.8754901Z", "2026-02-28T17:27:47+14:00"),
        allowed=(),
    ),
    Parser(
        name="token-claims",
        read=lambda data: tenant_of(data.decode("utf-8", "replace")),
        samples=_token,
        allowed=(),
    ),
)
