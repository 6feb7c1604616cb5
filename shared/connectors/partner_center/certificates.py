"""Signing certificates by address: allowed hosts, bounded downloads, one chain walk each, remembered for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import Certificate

from shared.connectors.partner_center.addresses import allowed, host_of
from shared.connectors.partner_center.chain import Untrusted, Walk
from shared.connectors.partner_center.roots import parsed
from shared.connectors.rest import download
from shared.errors import BadEvent, RemoteError, Unavailable
from shared.ports import Clock

LARGEST = 64 * 1024
SLOWEST = 5.0
BELIEVED_FOR = timedelta(hours=24)
DOUBTED_FOR = timedelta(minutes=1)
MOST_REMEMBERED = 64
MOST_AT_ONCE = 4
MOST_UNDER_WAY = 32  # addresses being fetched or waiting for it: anybody may name one, signed or not

Download = Callable[[str], Awaitable[bytes]]


@dataclass(frozen=True, kw_only=True)
class Known:
    """What an address came to: its key, or why it is not believed; `fetched` bounds how often it is asked again."""

    fetched: datetime
    until: datetime
    key: RSAPublicKey | None = None
    refusal: BadEvent | None = None


class Certificates:
    """Trusted signing keys by the address of their certificate."""

    def __init__(
        self,
        *,
        hosts: Collection[str],
        aia_hosts: Collection[str],
        issuer: str,
        roots: Sequence[Certificate],
        download: Download,
        clock: Clock,
    ) -> None:
        self._hosts, self._aia_hosts = frozenset(map(str.casefold, hosts)), frozenset(map(str.casefold, aia_hosts))
        self._issuer, self._roots = issuer, roots
        self._download, self._clock = download, clock
        self._known: dict[str, Known] = {}
        self._under_way: dict[str, asyncio.Task[Known]] = {}
        self._gate, self._own_gate = asyncio.Semaphore(MOST_AT_ONCE), asyncio.Semaphore(MOST_AT_ONCE)

    async def key(self, url: str) -> RSAPublicKey:
        """The key of the certificate at `url`; raises BadEvent."""
        if not allowed(url, self._hosts, plain=False):
            raise BadEvent(401, "the certificate's address is not one that WEBHOOK_CERTIFICATE_HOSTS allows")
        known = self._known.get(url)
        if known is None or known.until <= self._clock.now():
            known = await self._asked(url)
        return _believed(known)

    async def renewed(self, url: str) -> RSAPublicKey | None:
        """The key fetched anew, None if it was fetched only now: the address stays when the certificate is replaced."""
        known = self._known.get(url)
        if known is not None and self._clock.now() - known.fetched < DOUBTED_FOR:
            return None
        return _believed(await self._asked(url))

    async def _asked(self, url: str) -> Known:
        """One download at a time for each address, whoever asks; a caller who goes away does not stop it.

        An address that was believed before does not queue behind those that strangers invent.
        """
        task = self._under_way.get(url)
        if task is None:
            held = self._known.get(url)
            gate = self._own_gate if held is not None and held.key is not None else self._gate
            if gate is self._gate and len(self._under_way) >= MOST_UNDER_WAY:
                raise BadEvent(503, "too many signing certificates are being fetched: send the event again")
            task = self._under_way[url] = asyncio.create_task(self._examine(url, gate))
            task.add_done_callback(lambda _: self._under_way.pop(url, None))
        return await asyncio.shield(task)

    async def _examine(self, url: str, gate: asyncio.Semaphore) -> Known:
        async with gate:
            now = self._clock.now()
            try:
                known = await self._trusted(url, now)
            except Untrusted as error:
                known = _doubted(now, BadEvent(401, f"the signing certificate is not trusted: {error}"))
            except Unavailable as error:
                known = _doubted(now, BadEvent(503, f"the signing certificate could not be downloaded: {error}"))
            except RemoteError as error:
                known = _doubted(now, BadEvent(401, f"the signing certificate could not be downloaded: {error}"))
        self._remember(url, known)
        return known

    async def _trusted(self, url: str, now: datetime) -> Known:
        walk = Walk(roots=self._roots, fetch=self._issuers, now=now)
        leaf, end = await walk.trust(parsed(await self._download(url)), organization=self._issuer)
        key = leaf.public_key()
        if not isinstance(key, RSAPublicKey):
            raise Untrusted("its key is not an RSA key")
        return Known(fetched=now, until=min(now + BELIEVED_FOR, end), key=key)

    async def _issuers(self, url: str) -> Sequence[Certificate]:
        if not allowed(url, self._aia_hosts, plain=True):
            raise Untrusted(f"its issuer lies at {host_of(url)}, which is not allowed")
        return parsed(await self._download(url))

    def _remember(self, url: str, known: Known) -> None:
        """A doubt does not displace a belief that still holds: an outage of the address must not end it."""
        held = self._known.pop(url, None)
        keeps = held is not None and held.key is not None and held.until > known.fetched and known.key is None
        while len(self._known) >= MOST_REMEMBERED:
            refused = (address for address, other in self._known.items() if other.key is None)
            del self._known[next(refused, next(iter(self._known)))]  # the oldest, doubts first
        if keeps and held is not None:
            known = Known(fetched=known.fetched, until=held.until, key=held.key)
        self._known[url] = known


def _believed(known: Known) -> RSAPublicKey:
    if known.key is not None:
        return known.key
    refusal = known.refusal or BadEvent(401, "the signing certificate is not trusted")
    raise BadEvent(refusal.status, refusal.reason)  # a new one each time: a raised exception grows its traceback


def _doubted(now: datetime, refusal: BadEvent) -> Known:
    return Known(fetched=now, until=now + DOUBTED_FOR, refusal=refusal)


def fetching(client: httpx.AsyncClient) -> Download:
    async def fetch(url: str) -> bytes:
        return await download(client, url, limit=LARGEST, timeout=SLOWEST)

    return fetch
