"""Foreign words stay words: in filters, paths, batches, Audit, logs and answers."""

from __future__ import annotations

import json
import logging
import unicodedata
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.answered import response
from shared.connectors.dynamics.batch import Operation, request_body
from shared.connectors.dynamics.calls import Calls
from shared.connectors.dynamics.events import decode
from shared.connectors.dynamics.journal import audit_text
from shared.connectors.dynamics.odata import any_of, equals, is_guid
from shared.connectors.rest import Rest, Verdicts
from shared.domain import deal
from shared.domain.code import Code
from shared.domain.oneline import TURNING, one_line
from shared.domain.outcome import Kind, Outcome
from shared.domain.values import Address, Customer, Side
from shared.errors import BadEvent
from shared.messages import Look, Signal
from shared.platform.doors import problem
from shared.platform.identity import StaticTokens
from shared.platform.rows import key
from shared.platform.telemetry import LogTelemetry
from shared.ports import Facts
from tests.contract.dynamics_bench import DynamicsBench, new_draft, open_bench
from tests.contract.partner_center_bench import open_bench as open_partner

GUID = "3f0c1d9e-5a51-4f0e-9a5a-1c2d3e4f5a6b"
HOSTILE = [
    "O'Brien",
    "' or name ne '",
    "x' or 1 eq 1 or name eq 'x",
    "''",
    "'",
    "\\'",
    "%27 or 1 eq 1",
    "x')/contacts?$select=lastname&$filter=('1' eq '1",
    "a&$filter=1 eq 1",
    "a#b",
    "a+b",
    "name\x00cut",
    "two\r\nlines",
    "\u2019 or 1 eq 1",
    "\uff07 or 1 eq 1",
]
FORGED = "Done.\n2026-01-01 00:00 - The deal was approved"
LINES = [
    FORGED,
    FORGED.replace("\n", "\r"),
    FORGED.replace("\n", "\u2028"),
    FORGED.replace("\n", "\u2029"),
    FORGED.replace("\n", "\x85"),
    FORGED.replace("\n", "\x0b"),
    FORGED.replace("\n", "\x1c"),
    "red \x1b[31malert\x1b[0m",
    "back\x08\x08space",
    "bell\x07 and nul\x00",
    "Contoso \u202etnuocsid %09",
    "Contoso \u2067\u202e%09\u2069",
    "half a \ud83d character",
]
LOOK_ALIKES = [
    GUID + "\n",
    GUID[:-1] + "\uff10",  # digits of other scripts
    GUID[:-1] + "\u0663",
    "{" + GUID + "}",
    GUID.replace("-", ""),
    "urn:uuid:" + GUID,
    GUID + ")/contacts",
    GUID + "?$expand=x",
    GUID[:-1] + "g",
    "../" + GUID,
    GUID + GUID,
    "a" * 100_000,
    "",
]


def rest() -> Rest:
    return Rest(
        system="s",
        base_url="https://contoso.example.com/api",
        scope="x",
        tokens=StaticTokens("t"),
        client=httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200))),
        verdicts=Verdicts(),
    )


def unquoted(literal: str) -> str:
    """What an OData parser reads: one literal from quote to quote, doubled quotes being one."""
    assert (literal[0], literal[-1]) == ("'", "'")
    inside = literal[1:-1]
    assert "'" not in inside.replace("''", "")
    return inside.replace("''", "'")


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_a_text_in_a_filter_is_one_literal(text: str) -> None:
    """Any text comes out of the filter as it went in, and ends nothing that stands around it."""
    column, _, literal = equals("name", text).partition(" eq ")
    assert (column, unquoted(literal)) == ("name", text)


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1), min_size=1, max_size=3))
def test_a_filter_in_an_address_is_one_parameter(texts: list[str]) -> None:
    """Nothing in a filter's text begins another parameter or a fragment of the address."""
    wanted = any_of("name", texts)
    parts = urlsplit(rest().url("accounts", {"$filter": wanted, "$top": "5"}))
    assert (parse_qsl(parts.query, keep_blank_values=True), parts.fragment) == (
        [("$filter", wanted), ("$top", "5")],
        "",
    )


@pytest.fixture
async def bench() -> AsyncIterator[DynamicsBench]:
    async with open_bench() as bench:
        yield bench


@pytest.mark.parametrize("name", [text for text in HOSTILE if text.isprintable()])
async def test_a_customers_name_finds_nobody_else(bench: DynamicsBench, name: str) -> None:
    """A name that looks like a filter finds no other account: it gets one of its own, under exactly this name."""
    await bench.account()
    customer = Customer(name=name, address=Address(postal_code="98052", country="US"))
    await bench.gateway.create(new_draft(**{deal.CUSTOMER: customer}))
    assert {row["name"] for row in await bench.rows("accounts?$select=name")} == {"Contoso", name}


@pytest.mark.parametrize("ident", LOOK_ALIKES)
async def test_what_is_no_guid_is_no_row(bench: DynamicsBench, ident: str) -> None:
    """A look-alike of an id is nothing to read, and no address is made of it."""
    assert not is_guid(ident)
    await bench.gateway.ping()
    await bench.calls()
    assert await bench.gateway.read(ident) is None
    assert await bench.calls() == []


@pytest.mark.parametrize("ident", ["../registration", "a/b", "a?b", "a%2fb", "a#b", "a b", "a\n", "..", "", "a" * 200])
async def test_what_is_no_id_is_no_referral(ident: str) -> None:
    """The same for Partner Center: no text climbs out of the path of referrals."""
    async with open_partner() as partner:
        await partner.requests()
        before = await partner.requests()
        assert await partner.gateway.read(ident) is None
        assert await partner.gateway.ours_in(ident) == ()
        assert await partner.requests() == before


@pytest.mark.parametrize("row", [ident for ident in LOOK_ALIKES if ident.strip(" {}") != GUID])
def test_an_event_names_a_row_by_its_guid_alone(row: str) -> None:
    """A webhook's body puts no other text on a queue."""
    body = {"PrimaryEntityName": "opportunity", "MessageName": "Update", "PrimaryEntityId": row}
    with pytest.raises(BadEvent) as caught:
        decode(json.dumps(body).encode(), {}, tag="t", organization="", pair="cosell")
    assert caught.value.status == 400


@pytest.mark.parametrize("text", [*HOSTILE, "\r\n--batch_b\r\n\r\nDELETE /accounts(1) HTTP/1.1\r\n", "--changeset_b--"])
def test_a_value_stays_inside_its_part_of_a_batch(text: str) -> None:
    """No value ends a part: a body is one line of JSON, whatever is in it."""
    calls = Calls(rest=rest(), tag="t", new_id=lambda: "b")
    body = request_body([calls.patching("accounts(1)", {"name": text})], [calls.reading("accounts", {})], "b")
    lines = body.decode().split("\r\n")
    assert [line for line in lines if line.startswith("--")] == [
        "--batch_b",
        "--changeset_b",
        "--changeset_b--",
        "--batch_b",
        "--batch_b--",
    ]
    assert sum(line.endswith("HTTP/1.1") for line in lines) == 2
    assert json.dumps({"name": text}, ensure_ascii=False, separators=(",", ":")) in lines


def test_an_address_stays_on_its_line_of_a_batch() -> None:
    """Line breaks in a path do not reach the request line."""
    calls = Calls(rest=rest(), tag="a\r\nb", new_id=lambda: "b")
    operation = calls.deleting("rows(1)\r\nDELETE /accounts(2)")
    assert isinstance(operation, Operation)
    assert not {"\r", "\n"} & set(operation.url)


@pytest.mark.parametrize("text", LINES)
def test_audit_gets_one_line(text: str) -> None:
    """A foreign text begins no line of Audit and turns no words round: the only new line is ours."""
    now = datetime(2026, 3, 1, 9, tzinfo=UTC)
    before = "2026-02-01 08:00 - Created"
    lines = audit_text(f'Name was set to "{text}"', before, now=now, length=4000).splitlines()
    assert (len(lines), lines[1]) == (2, before)
    assert lines[0].startswith("2026-03-01 09:00 - Name was set to ")
    assert not unsafe(lines[0])


@given(st.text())
def test_one_line_is_one_line(text: str) -> None:
    """Of any text nothing is left that breaks a line or turns one, and a plain sentence is left as it is."""
    line = one_line(text)
    assert not unsafe(line)
    assert len(line.splitlines()) <= 1
    assert one_line(line) == line


@pytest.mark.parametrize(
    "text", ["Grüße, 世界", "👩\u200d💻 ships", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "שלום Contoso"]
)
def test_scripts_and_emoji_stay(text: str) -> None:
    """Joiners, accents and right-to-left letters are nobody's attack."""
    assert one_line(text) == text


def unsafe(line: str) -> set[str]:
    return {char for char in line if char in TURNING or unicodedata.category(char) in {"Cc", "Zl", "Zp", "Cs"}}


@pytest.mark.parametrize("text", LINES)
def test_a_log_line_is_one_line(text: str, caplog: pytest.LogCaptureFixture) -> None:
    """What others say forges no log line, neither in the message nor in a dimension."""
    caplog.set_level(logging.INFO, "cosell")
    sendable = text[:100].encode(errors="replace").decode()
    signal = Signal(look=Look.REFERRAL, side=Side.PARTNER, kind="referral", id="r-1", trace=sendable)
    LogTelemetry().outcome(signal, Outcome(kind=Kind.LEFT, reason=text, code=Code.NO_DEAL), Facts())
    LogTelemetry().event("event_refused", reason=text)
    for record in caplog.records:
        said = [record.getMessage(), *(value for value in vars(record).values() if isinstance(value, str))]
        assert not any(map(unsafe, said))


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", *LINES])
def test_an_answer_is_json_and_nothing_else(text: str) -> None:
    """Quoted words come back as JSON, marked as such, in no cache, and nothing in them ends the text they stand in."""
    answer = response(problem(404, text))
    body: Any = json.loads(answer.get_body())
    assert body["reason"] == text
    assert answer.mimetype == "application/json"
    shown = [answer.headers[name] for name in ("Cache-Control", "X-Content-Type-Options")]
    assert shown == ["no-store", "nosniff"]
    assert answer.get_body().isascii()


@given(st.lists(st.text(), min_size=1, max_size=3))
def test_a_storage_key_holds_only_what_it_may(words: list[str]) -> None:
    """Route parameters and ids become keys that the table service takes, and no two texts the same one."""
    made = key(*words)
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-~:")
    assert made.count(":") == len(words) - 1
