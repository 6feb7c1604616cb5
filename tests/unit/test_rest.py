"""The one HTTP client: when a request is sent again, and what goes with it."""

from __future__ import annotations

import asyncio
import gzip
from decimal import Decimal
from typing import Any

import httpx
import pytest

from shared.connectors.rest import Rest, Verdicts, download
from shared.connectors.turnstile import Turnstile
from shared.errors import AccessLost, CosellError, Refused, Unavailable

BASE = "https://api.example.com"


VERDICTS = Verdicts(request_ids=("Request-Id",))


class Tokens:
    """Counts what it hands out."""

    def __init__(self) -> None:
        self.fresh = 0

    async def get(self, scope: str, *, fresh: bool = False) -> str:
        self.fresh += fresh
        return f"{scope}-{self.fresh}"


class Server:
    """Plays a script of answers and errors, and remembers what it was asked."""

    def __init__(self, *script: httpx.Response | type[httpx.TransportError]) -> None:
        self.script = list(script)
        self.asked: list[httpx.Request] = []
        self.slept: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(step, httpx.Response):
            return step
        raise step("went wrong", request=request)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def rest(self, **over: Any) -> Rest:
        client = httpx.AsyncClient(transport=httpx.MockTransport(self))
        given: dict[str, Any] = {
            "system": "Example",
            "base_url": BASE,
            "scope": "token",
            "tokens": Tokens(),
            "client": client,
            "verdicts": VERDICTS,
            "sleep": self.sleep,
            "turnstile": Turnstile(tick=lambda: sum(self.slept)),
        }
        return Rest(**(given | over))


def ok(body: str = "{}") -> httpx.Response:
    return httpx.Response(200, text=body)


def wait(status: int, seconds: str | None) -> httpx.Response:
    return httpx.Response(status, headers={"Retry-After": seconds} if seconds else {})


async def test_money_never_passes_through_a_float() -> None:
    """Decimals are read and written digit by digit."""
    server = Server(ok('{"value": 0.1000000000000000055511151231257827}'))
    value = Decimal("12345678901234567.89")
    answer = await server.rest().call("POST", "deals", json={"a": [value, "ü", None], "b": {}})

    assert answer.json() == {"value": Decimal("0.1000000000000000055511151231257827")}
    assert server.asked[0].content.decode() == '{"a":[12345678901234567.89,"ü",null],"b":{}}'


@pytest.mark.parametrize("body", ["<html>", "", '{"a": NaN}'])
async def test_an_answer_that_is_not_json_is_an_outage(body: str) -> None:
    """A proxy's page in place of an answer is Unavailable, not a crash."""
    answer = await Server(ok(body)).rest().call("GET", "deals")

    with pytest.raises(Unavailable, match="not JSON"):
        answer.json()


HARMLESS = [
    ("GET", httpx.ReadTimeout, [0.3, 1.0], 3),
    ("GET", httpx.ReadError, [0.3, 1.0], 3),
    ("GET", wait(503, None), [0.3, 1.0], 3),
    ("GET", wait(503, "2"), [2.0, 2.0], 3),
    ("GET", wait(503, "60"), [], 1),
    ("GET", wait(429, "2"), [2.0, 2.0], 3),
    ("GET", wait(429, None), [], 1),
    ("GET", wait(404, None), [], 1),
    ("POST", httpx.ConnectError, [0.3, 1.0], 3),
    ("PATCH", httpx.ConnectTimeout, [0.3, 1.0], 3),
    ("POST", wait(429, "5"), [5.0, 5.0], 3),
    ("POST", wait(429, "6"), [], 1),
    ("POST", httpx.ReadTimeout, [], 1),
    ("PATCH", httpx.WriteError, [], 1),
    ("PATCH", httpx.RemoteProtocolError, [], 1),
    ("PATCH", wait(503, "1"), [], 1),
    ("DELETE", wait(500, None), [], 1),
]


@pytest.mark.parametrize(("method", "step", "slept", "sent"), HARMLESS)
async def test_a_request_is_repeated_only_where_that_is_harmless(
    method: str, step: httpx.Response | type[httpx.TransportError], slept: list[float], sent: int
) -> None:
    """A read is repeated; a write only if it was refused before it took effect or never left; three times at most."""
    server = Server(step)
    with pytest.raises(CosellError):
        await server.rest().call(method, "deals/1", json={})

    assert (slept, sent) == (server.slept, len(server.asked))


async def test_the_caller_may_forbid_repeats() -> None:
    """`attempts=1` sends once."""
    server = Server(httpx.ReadTimeout)
    with pytest.raises(Unavailable):
        await server.rest().call("GET", "deals", attempts=1)

    assert len(server.asked) == 1


async def test_a_refused_token_is_renewed_once() -> None:
    """A 401 gets one fresh token, for writes too; a second 401 is lost access."""
    mended, lost = Server(wait(401, None), ok()), Server(wait(401, None))
    await mended.rest().call("POST", "deals", json={})
    with pytest.raises(AccessLost):
        await lost.rest().call("GET", "deals")

    assert [r.headers["authorization"] for r in mended.asked] == ["Bearer token-0", "Bearer token-1"]
    assert len(lost.asked) == 2
    assert mended.slept == lost.slept == []


async def test_a_retry_after_a_renewal_keeps_the_new_token() -> None:
    """A token is renewed for a 401, not for whatever fails after it."""
    server = Server(wait(401, None), wait(503, None), ok())
    await server.rest().call("GET", "deals")

    assert [r.headers["authorization"][-1] for r in server.asked] == ["0", "1", "1"]


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example.net/deals",
        "http://api.example.com/deals",
        "https://api.example.com:8443/deals",
        "https://api.example.com@evil.example.net/deals",
        "https://api.example.com.evil.example.net/deals",
        "https://user@api.example.com/deals",
    ],
)
async def test_a_link_to_another_origin_is_not_followed(link: str) -> None:
    """The token goes to the configured origin alone, whatever a server's link says."""
    server = Server(ok())
    with pytest.raises(Refused, match="another host"):
        await server.rest().call("GET", link)

    assert server.asked == []


async def test_addresses_keep_their_query() -> None:
    """Parameters are encoded so that OData reads them; a followed link keeps its own query."""
    server = Server(ok())
    rest = server.rest(base_url=f"{BASE}/v1/")
    await rest.call("GET", "deals", params={"$filter": "name eq 'a b&c'"})
    await rest.call("GET", f"{BASE}:443/v1/deals?$skiptoken=a%2Bb")

    assert [str(r.url) for r in server.asked] == [
        f"{BASE}/v1/deals?$filter=name%20eq%20'a%20b%26c'",
        f"{BASE}/v1/deals?$skiptoken=a%2Bb",
    ]


async def test_nothing_is_carried_from_call_to_call() -> None:
    """Cookies are neither kept nor sent, redirects are not followed, each call has its own id."""
    script = [
        httpx.Response(200, headers={"Set-Cookie": "session=1"}),
        ok(),
        httpx.Response(307, headers={"Location": "/"}),
    ]
    server = Server(*script)
    rest = server.rest(stamp="client-request-id")
    rest.client.cookies.set("other", "2")
    await rest.call("GET", "a")
    await rest.call("GET", "b")
    with pytest.raises(Refused, match="redirect"):
        await rest.call("GET", "c")

    assert [r.url.path for r in server.asked] == ["/a", "/b", "/c"]
    assert not any("cookie" in r.headers for r in server.asked)
    assert len({r.headers["client-request-id"] for r in server.asked}) == 3


async def test_an_answer_without_end_is_cut_off() -> None:
    """An answer larger than the limit is Unavailable, as its effect is not known."""
    with pytest.raises(Unavailable, match="larger than 10 bytes"):
        await Server(ok("x" * 11)).rest(largest=10).call("POST", "deals", json={})


async def test_a_whole_call_has_a_limit() -> None:
    """A server that never answers is given up after `longest`."""

    async def silent(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        return ok()

    client = httpx.AsyncClient(transport=httpx.MockTransport(silent))
    with pytest.raises(Unavailable, match=r"within 0\.01 s"):
        await Server(ok()).rest(client=client, longest=0.01).call("GET", "deals")


async def test_a_download_is_never_unpacked() -> None:
    """Compression is not asked for and not taken: a few bytes on the wire must not become a gigabyte in memory."""
    bomb = gzip.compress(b"0" * 1_000_000)
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers["accept-encoding"])
        return httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(bomb))

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        with pytest.raises(Refused, match="compressed"):
            await download(client, "http://aia.example.com/a.cer", limit=64 * 1024, timeout=1)
    assert asked == ["identity"]
