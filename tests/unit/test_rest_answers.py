"""What an HTTP answer means, and what a download may cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from shared.connectors.rest import Missing, Said, Verdicts, decipher, download, encoded, verdict
from shared.errors import AccessLost, Conflict, CosellError, Refused, Throttled, Unavailable

BASE = "https://api.example.com"


def read_codes(body: Any) -> Said:
    return Said(codes=tuple(body["codes"]), message=body.get("message", ""))


VERDICTS = Verdicts(
    read=read_codes,
    codes={"Stale": verdict(Conflict), "broken": verdict(Refused)},
    statuses={409: verdict(Conflict)},
    request_ids=("Request-Id",),
)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, b'{"codes": ["broken", "stale"]}', Conflict),
        (412, b'{"codes": ["BROKEN"]}', Refused),
        (400, b'{"codes": ["unheard of"]}', Refused),
        (400, b"<html>", Refused),
        (302, b"", Refused),
        (401, b"", AccessLost),
        (403, b"", AccessLost),
        (404, b"", Missing),
        (409, b"", Conflict),
        (412, b"", Conflict),
        (429, b"", Throttled),
        (500, b"", Unavailable),
        (504, b"", Unavailable),
    ],
)
def test_the_innermost_known_code_decides_and_the_status_after_it(
    status: int, body: bytes, kind: type[CosellError]
) -> None:
    """An error is judged by the vendor's most particular code, without case, and by its status where none is known."""
    with pytest.raises(kind):
        decipher(status, {}, body, system="Example", verdicts=VERDICTS)


def test_a_refusal_keeps_what_the_vendor_said() -> None:
    """The vendor's code, words and request id reach the person who reads the error."""
    body = b'{"codes": ["outer", "broken"], "message": "no such thing"}'
    with pytest.raises(Refused) as caught:
        decipher(400, {"REQUEST-ID": "r-1"}, body, system="Example", verdicts=VERDICTS)

    assert str(caught.value) == "Example answered 400 outer: no such thing (request r-1)"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "57"}, 57.0),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-3"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_either_form(headers: dict[str, str], seconds: float | None) -> None:
    """Retry-After is seconds or a date, which is measured from the answer's own clock; anything else is nothing."""
    with pytest.raises(Throttled) as caught:
        decipher(429, headers, b"", system="Example", verdicts=VERDICTS)

    assert caught.value.retry_after == seconds


def test_numbers_that_json_has_not_are_refused() -> None:
    """NaN is never sent."""
    with pytest.raises(ValueError, match="Out of range"):
        encoded({"a": float("nan")})


def client_of(handler: Callable[[httpx.Request], httpx.Response]) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(handler))


async def test_a_download_has_limits_and_no_token() -> None:
    """A public file is fetched without credentials, up to its limit, without following redirects."""
    asked: list[httpx.Request] = []

    def serve(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return {"/ok": httpx.Response(200, text="abc"), "/moved": httpx.Response(302, headers={"Location": "/ok"})}.get(
            request.url.path, httpx.Response(404)
        )

    async with client_of(serve) as client:
        assert await download(client, f"{BASE}/ok", limit=3, timeout=1) == b"abc"
        for path, limit in (("ok", 2), ("moved", 9), ("none", 9)):
            with pytest.raises(Refused):
                await download(client, f"{BASE}/{path}", limit=limit, timeout=1)

    assert not any("authorization" in request.headers for request in asked)
    assert len(asked) == 4


@pytest.mark.parametrize("error", [httpx.ConnectError("no"), httpx.ReadTimeout("no"), httpx.InvalidURL("no")])
async def test_a_download_that_fails_is_unavailable(error: Exception) -> None:
    """Foreign exceptions stop here."""

    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    async with client_of(fail) as client:
        with pytest.raises(Unavailable):
            await download(client, f"{BASE}/a", limit=1, timeout=1)
