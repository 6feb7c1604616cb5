"""Answers of the vendors that are wrong in one way each, and what has to come of it."""

from __future__ import annotations

import base64
import json
import tracemalloc
from decimal import Decimal
from typing import Any

import pytest

from shared.connectors.answers import Answer, decipher
from shared.connectors.dynamics import Dynamics
from shared.connectors.dynamics.batch import MOST_PARTS, parts_of
from shared.connectors.dynamics.odata import Row
from shared.connectors.dynamics.schema import Column
from shared.connectors.partner_center import PartnerCenter
from shared.connectors.partner_center.mapping import shown
from shared.connectors.partner_center.polling import Cursor
from shared.connectors.partner_center.tenant import tenant_of
from shared.connectors.partner_center.verdicts import VERDICTS
from shared.connectors.partner_center.wire import Referral, instant
from shared.domain.values import Ref
from shared.errors import Refused, Throttled, Unavailable
from shared.ports import Page
from tests.contract import dynamics_bench
from tests.fuzz import recorded
from tests.fuzz.answering import of_dynamics, of_partner, of_webhook

IDENT = "11111111-2222-4333-8444-555555555555"
KIND = "multipart/mixed; boundary=b"


async def polled(gateway: Dynamics | PartnerCenter, cursor: str | None) -> list[Page]:
    return [page async for page in gateway.changes(cursor)]


def page(*rows: dict[str, Any], **more: str) -> bytes:
    return json.dumps({"value": list(rows), **more}).encode()


def linked(link: str) -> str:
    return json.dumps(dict.fromkeys(("opportunity", "account", "contact", "systemuser"), link))


def test_pages_that_lead_in_a_circle_end() -> None:
    """A nextLink that was followed before is Unavailable: the poll would never end."""
    link = f"{dynamics_bench.ROOT}opportunities?$skiptoken=1"
    with pytest.raises(Unavailable, match="lead back"):
        of_dynamics(page(**{"@odata.nextLink": link}), lambda gateway: polled(gateway, linked(link)))


def test_a_listed_row_without_an_id_hides_no_other() -> None:
    """What no signal could name is left out, gone or not; the rows beside it are seen."""
    rows = [{"opportunityid": "x/../y"}, {"id": "", "reason": "deleted"}, {"opportunityid": IDENT.upper()}, 5, None]
    link = f"{dynamics_bench.ROOT}opportunities?$deltatoken=1"
    data = json.dumps({"value": rows}).encode()
    pages = of_dynamics(data, lambda gateway: polled(gateway, linked(link)))

    assert [seen.ref for page in pages for seen in page.seen if seen.ref.kind == "opportunity"] == [
        Ref("opportunity", IDENT)
    ]


def test_a_listed_referral_without_a_usable_id_hides_no_other() -> None:
    """What no signal could name is left out of a poll of Partner Center too."""
    data = page({"id": "../x"}, {"id": "x" * 129}, {"id": IDENT})
    pages = of_partner(data, lambda gateway: polled(gateway, Cursor().encoded()))

    assert [seen.ref.id for page in pages for seen in page.seen] == [IDENT]


@pytest.mark.parametrize(
    ("column", "text"),
    [
        *((column, text) for column in ("estimatedclosedate", "modifiedon") for text in ("yesterday", "2026-02-30")),
        ("createdon", "0001-01-01T00:00:00+14:00"),
    ],
)
def test_a_date_that_is_none_is_not_an_empty_one(column: str, text: str) -> None:
    """Read as empty it would be an edit, and would empty the other side: the read fails instead."""
    row = json.loads(recorded.dynamics().row) | {column: text}
    with pytest.raises(Unavailable, match=f"{column} is no"):
        of_dynamics(json.dumps(row).encode(), lambda gateway: gateway.read(IDENT))


@pytest.mark.parametrize("data", [b"[]", b"5", b'"x"', b"null"])
def test_an_answer_that_is_no_row_is_unavailable(data: bytes) -> None:
    """A row, a ping and a part of a batch: JSON of another kind says nothing about a record."""
    for act in (lambda gateway: gateway.read(IDENT), lambda gateway: gateway.ping()):
        with pytest.raises(Unavailable, match="no row"):
            of_dynamics(data, act)
    part = b"--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" + data + b"\r\n--b--"
    draft = dynamics_bench.new_draft()
    with pytest.raises(Unavailable):
        of_dynamics(part, lambda gateway: gateway.create(draft), kind=KIND)


@pytest.mark.parametrize("places", [10**400, -1, 21, 2])
def test_an_amount_is_rounded_whatever_is_told_of_its_column(places: int) -> None:
    """More digits than Decimal's usual 28, and places that no column has: neither is an exception."""
    column = Column(name="estimatedvalue", type="Money", precision=places)
    amount = Decimal("123456789012345678901234567890.126")
    expected = Decimal("123456789012345678901234567890.13") if places == 2 else amount

    assert column.rounded(amount, None) == expected
    assert column.rounded(Decimal("1e400"), None) == Decimal("1e400")


def nested(times: int) -> bytes:
    body = b"HTTP/1.1 204 No Content\r\n\r\n"
    for depth in range(times):
        name = b"b%d" % (times - depth)
        head = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (times - depth + 1)
        part = head if depth else b"Content-Type: application/http\r\n\r\n"
        body = b"--" + name + b"\r\n" + part + body + b"\r\n--" + name + b"--"
    return body


def batch(body: bytes) -> Answer:
    return Answer(
        system="Dynamics 365", status=200, headers={"content-type": "multipart/mixed; boundary=b1"}, body=body
    )


def test_a_batch_nests_once() -> None:
    """A change set lies in a batch; what nests deeper is Unavailable, however deep."""
    assert [part.status for part in parts_of(batch(nested(2)))] == [204]
    for times in (3, 2000):
        with pytest.raises(Unavailable, match="cannot be read"):
            parts_of(batch(nested(times)))


def test_a_batch_has_a_thousand_parts() -> None:
    """As many as a batch can ask for are read, and no more are even cut apart."""
    part = b"--b1\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n\r\n"
    assert len(parts_of(batch(part * (MOST_PARTS - 1) + b"--b1--"))) == MOST_PARTS - 1
    with pytest.raises(Unavailable, match="cannot be read"):
        parts_of(batch(part * MOST_PARTS + b"--b1--"))


def test_a_million_wrong_elements_are_one_reason() -> None:
    """Lists end at their first wrong element: a reason for each would take a gigabyte."""
    data = b'{"id": "1", "team": [' + b"1," * 500_000 + b"1]}"
    tracemalloc.start()
    try:
        with pytest.raises(Refused) as caught:
            of_partner(data, lambda gateway: gateway.read(IDENT))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert len(str(caught.value)) < 1_000
    assert peak < 40 * len(data)


def test_a_registration_with_a_million_wrong_events_is_one_reason() -> None:
    """The same for the list of a registration's events."""
    data = b'{"WebhookUrl": "https://a.example.com", "WebhookEvents": [' + b"1," * 200_000 + b"1]}"
    with pytest.raises(Refused, match="shape"):
        of_webhook(data, lambda webhook: webhook.look())


@pytest.mark.parametrize("value", ['"1e999999999"', '"NaN"', '"sNaN"', '"Infinity"', '"' + "9" * 401 + '"'])
def test_a_deal_value_is_a_number_that_can_be_written_out(value: str) -> None:
    """A value as a text is held to the same limits as a number: the referral is refused, and nothing is computed."""
    data = b'{"id": "1", "details": {"dealValue": ' + value.encode() + b"}}"
    with pytest.raises(Refused, match="dealValue"):
        of_partner(data, lambda gateway: gateway.read(IDENT))


def test_a_large_deal_value_is_read() -> None:
    """What a double can hold is a deal value; whether the other side can hold it, is for that side to say."""
    referral = Referral.read({"id": "1", "details": {"dealValue": Decimal("1.7e308"), "currency": "eur"}})
    assert str(shown(referral)["amount"]).endswith("000 EUR")


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "", "x", "2026-02-30"])
def test_a_time_beyond_the_calendar_is_none(text: str) -> None:
    """What has no time in UTC is no time."""
    assert instant(text) is None


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+00:00", "1970-01-01T00:00:01+00:00", "9999-12-31T23:59:59+00:00"])
def test_every_cursor_has_a_window(at: str) -> None:
    """A cursor at either end of the calendar is read from, and none looks back before the beginning."""
    cursor = Cursor.decoded(json.dumps({"at": at, "kept": {}}))
    assert cursor.bound.year >= 1970
    of_partner(page({"id": IDENT}), lambda gateway: polled(gateway, cursor.encoded()))


def test_a_wait_has_an_end() -> None:
    """The time in a throttle's text is bounded as a header's is: a number of 400 digits is a day."""
    body = json.dumps({"statusCode": 429, "message": f"Try again in {'9' * 400} seconds."}).encode()
    with pytest.raises(Throttled) as caught:
        decipher(429, {}, body, system="Partner Center", verdicts=VERDICTS)

    assert caught.value.retry_after == 86_400


def test_what_is_said_of_an_error_is_short() -> None:
    """A code, a message and a request id of any length make a reason that fits a log line."""
    error = {"code": "c" * 100_000, "message": "m" * 100_000}
    with pytest.raises(Refused) as caught:
        decipher(
            400, {"request-id": "r" * 50_000}, json.dumps({"error": error}).encode(), system="X", verdicts=VERDICTS
        )

    assert len(str(caught.value)) < 2_000


def test_claims_of_any_shape_name_nobody_at_worst() -> None:
    """A token whose payload nests without end is opaque, as any other that cannot be read."""
    payload = base64.urlsafe_b64encode(b"[" * 100_000).decode()
    assert tenant_of(f"a.{payload}.c") == ("", "")


def test_a_row_has_only_rows_around_it() -> None:
    """What is no row in a list of rows is left out."""
    assert Row({"value": [{"a": 1}, 5, None, []]}).children("value") == (Row({"a": 1}),)


def test_a_link_that_somebody_spoilt_is_only_another_address() -> None:
    """Half a character in a stored link is no address that could be written: it is mended, and asked for."""
    link = '{"opportunity": "\\ud800"}'
    assert of_dynamics(page(), lambda gateway: polled(gateway, link))[-1].cursor is not None
