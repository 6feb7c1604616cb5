"""Calls to a vendor's HTTP API: one host, one token scope, retries only where repeating is harmless."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from shared.connectors.answers import (
    Answer,
    Failure,
    Missing,
    Said,
    Verdict,
    Verdicts,
    decipher,
    encoded,
    took_effect,
    verdict,
)
from shared.connectors.bodies import PACKED, Garbled, TooLarge, collected
from shared.connectors.dependency import dependency
from shared.connectors.foreign_json import decoded
from shared.connectors.turnstile import Turnstile
from shared.errors import AccessLost, CosellError, Refused, Remote, Throttled, Transient, Unavailable
from shared.ports import Tokens

__all__ = [
    "Answer",
    "Failure",
    "Missing",
    "Rest",
    "Said",
    "Verdict",
    "Verdicts",
    "decipher",
    "decoded",
    "download",
    "encoded",
    "took_effect",
    "verdict",
]

PATIENCE = 5.0  # seconds: a longer Retry-After is the pause's business, not one call's
READS = frozenset({"GET", "HEAD"})
NEVER_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
UNSAID = (0.3, 1.0)  # seconds before the second and third attempt when the server names no time
DOWNLOADS = "certificates"  # what telemetry calls whoever serves them
UNSAID_SHUT = 30.0  # seconds after a 429 that names none
LARGEST = 16 * 1024 * 1024
Sleep = Callable[[float], Awaitable[None]]


class _NeverSent(Unavailable):
    """No connection was made, so nothing can have happened."""


class _Shut(Throttled):
    """An earlier request was told to wait for longer than this one may: it was not sent."""


def _new_id() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True, kw_only=True)
class Rest:
    """One API of one system.

    Every absolute address (nextLink, deltaLink) must be on `base_url`'s origin. `longest` bounds a call in seconds from
    its turn at the `turnstile` on, repeats included; `largest` an answer in bytes. `headers` go with every request, and
    `stamp` names a header that gets a new GUID each time. Raises only what `shared.errors` names.
    """

    system: str
    base_url: str
    scope: str
    tokens: Tokens
    client: httpx.AsyncClient
    verdicts: Verdicts
    sleep: Sleep = asyncio.sleep
    turnstile: Turnstile = field(default_factory=Turnstile)
    longest: float = 60.0
    largest: int = LARGEST
    headers: Mapping[str, str] = field(default_factory=dict)
    stamp: str = ""
    new_id: Callable[[], str] = _new_id

    async def call(
        self,
        method: str,
        path_or_url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        content: bytes | None = None,
        attempts: int = 3,
    ) -> Answer:
        """The answer to one request, which is sent again at most `attempts - 1` times; see `_wait`."""
        body = encoded(json).encode() if json is not None else content
        kind = {"Content-Type": "application/json"} if json is not None else {}
        every = {"Accept": "application/json", **kind, **self.headers, **(headers or {})}
        request = _Request(method=method.upper(), url=self.url(path_or_url, params), headers=every, body=body)
        try:
            async with self.turnstile.turn():
                return await self._in_time(request, attempts)
        except TimeoutError as error:
            remote = self._remote("this worker's requests are too slow: there was none to spare for one more")
            raise Transient(remote) from error

    def read(self, status: int, headers: Mapping[str, str], body: bytes) -> Answer:
        """The answer, or what the vendor's table makes of it; a 429 shuts the turnstile for everybody."""
        try:
            return decipher(status, headers, body, system=self.system, verdicts=self.verdicts)
        except Throttled as error:
            self.turnstile.shut(UNSAID_SHUT if error.retry_after is None else error.retry_after)
            raise

    def url(self, path_or_url: str, params: Mapping[str, str] | None = None) -> str:
        """The absolute address, or Refused where it would carry the token to another origin."""
        query = f"?{urlencode(params, quote_via=quote, safe=_ODATA)}" if params else ""
        if "://" not in path_or_url:
            return f"{self.base_url.rstrip('/')}/{path_or_url.lstrip('/')}{query}"
        if _origin(path_or_url) != _origin(self.base_url):
            remote = Remote(system=self.system, message=f"a link points to another host: {_shown(path_or_url)}")
            raise Refused(remote, advice="It was not followed. Check the URL in the settings")
        return path_or_url + (query.replace("?", "&", 1) if "?" in path_or_url else query)

    async def _in_time(self, request: _Request, attempts: int) -> Answer:
        try:
            async with asyncio.timeout(self.longest):
                return await self._attempts(request, attempts)
        except TimeoutError as error:
            raise self._unavailable(f"no answer within {self.longest:g} s") from error

    async def _attempts(self, request: _Request, attempts: int) -> Answer:
        renewed = renew = False
        attempt = sent = 0
        while True:
            try:
                return await self._once(replace(request, sent=sent), fresh=renew)
            except CosellError as error:
                renew = _token_may_be_old(error) and not renewed
                wait = 0.0 if renew else _wait(error, request.method, attempt)
                if wait is None or (not renew and attempt + 1 >= attempts):
                    raise
            renewed, attempt, sent = renewed or renew, attempt + (not renew), sent + 1
            if wait:
                await self.sleep(wait)

    async def _once(self, request: _Request, *, fresh: bool) -> Answer:
        token = await self.tokens.get(self.scope, fresh=fresh)
        stamp = {self.stamp: self.new_id()} if self.stamp else {}
        headers = {**request.headers, **stamp, "Authorization": f"Bearer {token}"}
        await self._open()
        async with self.turnstile.through():
            return self.read(*await self._sent(request, headers))

    async def _sent(self, request: _Request, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]:
        try:
            return await _exchange(self.client, request, headers, self.largest, system=self.system)
        except NEVER_CONNECTED as error:
            raise _NeverSent(self._remote(f"no connection could be made ({type(error).__name__})")) from error
        except httpx.LocalProtocolError as error:  # its words quote the header that it refuses, and the token in it
            raise self._unavailable(f"the request could not be sent ({type(error).__name__})") from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, Garbled) as error:
            raise self._unavailable(f"no answer came ({type(error).__name__})") from error
        except TooLarge as error:
            raise self._unavailable(f"the answer is larger than {self.largest} bytes, or oddly packed") from error

    async def _open(self) -> None:
        """Wait for a moment while the system says so; where it says longer, nothing is sent."""
        waited = 0.0
        while (rest := self.turnstile.shut_for) > 0 or self.turnstile.crowded:
            if rest == 0:
                await self.turnstile.thinned(PATIENCE)
                continue
            if waited + rest > PATIENCE:
                raise _Shut(self._remote("it said to wait, so nothing was sent"), retry_after=rest)
            await self.sleep(rest)
            waited += rest

    def _remote(self, message: str) -> Remote:
        return Remote(system=self.system, message=message)

    def _unavailable(self, message: str) -> Unavailable:
        return Unavailable(self._remote(message))


_ODATA = "$,()'=:@*/"  # legal in a query, and readable in a log


@dataclass(frozen=True, kw_only=True)
class _Request:
    """`sent` is how often it went out before."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    sent: int = 0


def _token_may_be_old(error: CosellError) -> bool:
    return isinstance(error, AccessLost) and error.remote.status == 401  # noqa: PLR2004  403 is a missing role


def _wait(error: CosellError, method: str, attempt: int) -> float | None:
    """Seconds until the request may be sent again, None where it may not.

    A 429 was refused before it took effect, so anything may be repeated; likewise what never reached the server.
    An answer that never came, or a 5xx, says nothing about the effect: only a read is repeated.
    """
    if isinstance(error, Throttled):
        return _after_throttle(error)
    if not isinstance(error, _NeverSent) and not (isinstance(error, Unavailable) and method in READS):
        return None
    if isinstance(error, Transient) and error.retry_after is not None:
        return error.retry_after if error.retry_after <= PATIENCE else None
    return UNSAID[min(attempt, len(UNSAID) - 1)]


def _after_throttle(error: Throttled) -> float | None:
    """No wait of its own: the turnstile makes everybody wait.

    Microsoft asks for no immediate retries after a 429 (they count against the limit): without a time, none.
    """
    brief = error.retry_after is not None and error.retry_after <= PATIENCE
    return 0.0 if brief and not isinstance(error, _Shut) else None


async def _exchange(
    client: httpx.AsyncClient,
    request: _Request,
    headers: Mapping[str, str],
    limit: int,
    *,
    system: str,
    plain: bool = False,
) -> tuple[int, Mapping[str, str], bytes]:
    built = client.build_request(request.method, request.url, headers=dict(headers), content=request.body)
    built.headers.pop("cookie", None)  # a session of another call must not steer this one
    # A download may come over plain http: what somebody on the way packed is never unpacked, however small it looks.
    built.headers["accept-encoding"] = "identity" if plain else PACKED
    with dependency(request.method, request.url, system=system, retries=request.sent) as answered:
        response = await client.send(built, stream=True, follow_redirects=False)
        answered(response.status_code)
    try:
        return response.status_code, response.headers, await _limited(response, limit, plain=plain)
    finally:
        client.cookies.clear()
        await response.aclose()


async def _limited(response: httpx.Response, limit: int, *, plain: bool) -> bytes:
    """The raw stream, since the library's own unpacking knows no limit."""
    encoding, stream = response.headers.get("content-encoding", ""), response.stream
    if plain and encoding.strip().casefold() not in ("", "identity"):
        raise TooLarge
    if not isinstance(stream, httpx.AsyncByteStream):
        raise TypeError("an answer of an asynchronous client is read asynchronously")
    return await collected(stream, encoding, limit)


def _origin(url: str) -> tuple[str, str, int | None]:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return "", "", None
    # As it goes on the wire: folded, "glaß" would be "glass"; and user@host is how a host is made to look like another.
    host = "" if parsed.userinfo else parsed.raw_host.decode("ascii").lower()
    return parsed.scheme, host, parsed.port or {"https": 443, "http": 80}.get(parsed.scheme)


def _shown(url: str) -> str:
    return url.partition("?")[0][:200]


async def download(client: httpx.AsyncClient, url: str, *, limit: int, timeout: float) -> bytes:  # noqa: ASYNC109  the caller's limit is on the whole transfer
    """The bytes at a public address, without token, cookies or redirects; raises Unavailable or Refused."""
    system = _shown(url)
    request = _Request(method="GET", url=url, headers={}, body=None)
    try:
        async with asyncio.timeout(timeout):
            status, headers, body = await _exchange(client, request, {}, limit, system=DOWNLOADS, plain=True)
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, TimeoutError) as error:
        raise Unavailable(Remote(system=system, message=f"no answer came ({type(error).__name__})")) from error
    except TooLarge as error:
        raise Refused(Remote(system=system, message=f"the file is larger than {limit} bytes, or compressed")) from error
    return decipher(status, headers, body, system=system, verdicts=Verdicts()).body
