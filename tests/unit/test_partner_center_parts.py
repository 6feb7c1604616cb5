"""Partner Center's errors, links, orderings, cursors and tokens, each as a pure table."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.connectors.partner_center.listing import Descent, mended
from shared.connectors.partner_center.polling import OVERLAP, Cursor
from shared.connectors.partner_center.tenant import tenant_of
from shared.connectors.partner_center.verdicts import VERDICTS
from shared.connectors.partner_center.wire import NEVER, Brief
from shared.connectors.rest import Missing, decipher
from shared.errors import AccessLost, Conflict, CosellError, NotMet, Refused, Throttled, Unavailable

SAMPLES = Path(__file__).parents[1] / "samples" / "partner_center"
BASE = "https://api.partner.microsoft.com"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def envelope(code: str, message: str = "Something.") -> bytes:
    return json.dumps({"error": {"code": code, "message": message}}).encode()


VERDICT_TABLE: list[tuple[int, bytes, type[CosellError]]] = [
    (412, (SAMPLES / "error_412.json").read_bytes(), Conflict),
    (412, b"", Conflict),
    (409, envelope("resourceModified"), Conflict),
    (409, envelope("generalException"), Refused),
    (422, envelope("generalException"), Refused),
    (429, (SAMPLES / "error_429.json").read_bytes(), Throttled),
    (429, envelope("generalException"), Throttled),
    (503, envelope("serviceNotAvailable"), Unavailable),
    (500, envelope("generalException"), Unavailable),
    (423, b"", Unavailable),
    (509, b"", Throttled),
    (401, envelope("unauthenticated"), AccessLost),
    (401, envelope("unAuthorized"), AccessLost),
    (403, envelope("accessDenied"), AccessLost),
    (404, envelope("itemNotFound"), Missing),
    (400, envelope("invalidRequest"), Refused),
    (400, (SAMPLES / "error_webhook_api.json").read_bytes(), Refused),
    (400, envelope("invalidRequest", "Required field Solution 1 missing;Required field City missing"), NotMet),
    (400, b"[]", Refused),
    (400, b'{"error": "text"}', Refused),
]


@pytest.mark.parametrize(("status", "body", "kind"), VERDICT_TABLE)
def test_what_each_error_means(status: int, body: bytes, kind: type[CosellError]) -> None:
    """Microsoft's code decides first and the status second, in each of the three error bodies."""
    with pytest.raises(CosellError) as caught:
        decipher(status, {}, body, system="Partner Center", verdicts=VERDICTS)

    assert type(caught.value) is kind


def test_a_missing_field_is_named() -> None:
    """What Microsoft calls a required field is what the seller is told to fill in."""
    body = envelope("invalidRequest", "Required field Solution 1 missing;Required field City missing")
    with pytest.raises(NotMet, match=r"fill them in: Solution 1, City$"):
        decipher(400, {}, body, system="Partner Center", verdicts=VERDICTS)


def test_the_throttles_own_words_name_the_time() -> None:
    """Without Retry-After the text's seconds count; with it, the header does."""
    body = (SAMPLES / "error_429.json").read_bytes()
    for headers, seconds in (({}, 57.0), ({"Retry-After": "9"}, 9.0)):
        with pytest.raises(Throttled) as caught:
            decipher(429, headers, body, system="Partner Center", verdicts=VERDICTS)
        assert caught.value.retry_after == seconds


def test_a_conflict_keeps_both_messages() -> None:
    """The inner error's words are kept beside the outer ones, with the outer code."""
    with pytest.raises(Conflict) as caught:
        decipher(
            412,
            {"Request-ID": "r-1"},
            (SAMPLES / "error_412.json").read_bytes(),
            system="Partner Center",
            verdicts=VERDICTS,
        )

    assert (caught.value.remote.code, caught.value.remote.request_id) == ("preconditionFailed", "r-1")
    assert "Etag value did not Match" in caught.value.remote.message


@pytest.mark.parametrize(
    ("base", "link", "followed"),
    [
        (
            BASE,
            "http://api.partner.microsoft.com/v1.0/referrals?$skiptoken=x",
            "/v1.0/engagements/referrals?$skiptoken=x",
        ),
        (BASE, f"{BASE}/v1.0/engagements/referrals?$skiptoken=x%2By", "/v1.0/engagements/referrals?$skiptoken=x%2By"),
        (BASE, f"{BASE}/v1.0/engagements/referrals/?a=b", "/v1.0/engagements/referrals/?a=b"),
    ],
)
def test_the_documented_link_is_mended(base: str, link: str, followed: str) -> None:
    """A nextLink that is http or lacks `/engagements` is followed where the list really is."""
    assert mended(link, base) == base + followed


def test_a_link_elsewhere_is_not_mended() -> None:
    """The host is left as it stands, for the client to refuse; loopback keeps its http."""
    assert mended("http://example.net/v1.0/referrals?x", BASE).startswith("http://example.net/")
    assert mended("http://127.0.0.1:1/v1.0/engagements/referrals?x", "http://127.0.0.1:1") == (
        "http://127.0.0.1:1/v1.0/engagements/referrals?x"
    )


def brief(minutes: int, ident: str = "1", tag: str = '"a"') -> Brief:
    moment = (NOON + timedelta(minutes=minutes)).isoformat()
    return Brief.model_validate({"id": ident, "eTag": tag, "updatedDateTime": moment})


def within(descent: Descent, *minutes: int) -> list[int]:
    found = descent.within([(brief(m).updated, brief(m)) for m in minutes])
    return [int((b.updated - NOON).total_seconds() / 60) for b in found]


def test_a_descent_ends_behind_its_bound() -> None:
    """Newest first: the first item older than the bound ends the reading, and is left out."""
    descent = Descent(NOON)
    assert (within(descent, 9, 5), descent.past) == ([9, 5], False)
    assert (within(descent, 3, 0, -1), descent.past) == ([3, 0], True)


def test_a_descent_that_rises_is_read_to_its_end() -> None:
    """A service that ignores the ordering cannot end the reading early."""
    descent = Descent(NOON)
    assert (within(descent, 3, -5), descent.past) == ([3], True)
    assert (within(descent, 2), descent.past) == ([2], False)
    assert (within(descent, -9), descent.past) == ([], False)


def test_a_cursor_survives_its_text() -> None:
    """Encoded and decoded it is the same; a text of another make starts from the beginning."""
    cursor = Cursor(at=NOON, kept={"1": '"a"'})

    assert Cursor.decoded(cursor.encoded()) == cursor
    for text in ("", "2026-01-01", "[]", "{}", '{"at": 1, "kept": []}'):
        assert Cursor.decoded(text) == Cursor()


def test_a_cursor_overlaps_and_knows_what_it_saw() -> None:
    """It looks back by the overlap, where a version that it saw is no news; without a version everything is."""
    cursor = Cursor(at=NOON, kept={"1": '"a"'})

    assert (cursor.bound, Cursor().bound) == (NOON - OVERLAP, NEVER)
    assert [cursor.news(b) for b in (brief(0), brief(0, tag='"b"'), brief(0, "2"), brief(0, tag=""))] == [
        False,
        True,
        True,
        True,
    ]


def jwt(claims: Any) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.x"


@pytest.mark.parametrize(
    ("token", "world"),
    [
        (jwt({"tid": "t", "oid": "u"}), ("t", "u")),
        (jwt({"oid": None}), ("", "")),
        (jwt([]), ("", "")),
        ("sandbox-user", ("", "")),
        ("a.b.c", ("", "")),
        ("..", ("", "")),
    ],
)
def test_a_token_tells_its_tenant_if_it_can(token: str, world: tuple[str, str]) -> None:
    """Tenant and user are read where the token shows them; an opaque token shows nothing."""
    assert tenant_of(token) == world
