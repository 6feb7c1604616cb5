"""Which calls are believed, and how often a certificate is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from shared.connectors.partner_center.verifier import AIA_HOSTS, Verifier, open_verifier
from shared.errors import BadEvent, Refused, Remote, Unavailable
from tests.unit.certificate_builder import MICROSOFT, NOW, authority, der, headers, key, made, pem

HOST = "https://certs.example.com"
URL = f"{HOST}/signing.cer"
BODY = b'{"EventName":"referral-created"}'
ROOT = authority("root", "root", days=(-100, 1000))
MIDDLE = authority("middle", "root", path_length=0)
LEAF = made("leaf", "middle", days=(-10, 3))
BUNDLE = pem(LEAF, MIDDLE)
OUTAGE = Unavailable(Remote(system="certs.example.com", message="no answer came"))


class Clock:
    """Stands still until told."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time

    def jitter(self) -> float:
        return 0.5


class Site:
    """Serves certificates by address, and counts."""

    def __init__(self, **files: bytes | Exception) -> None:
        self.files: dict[str, bytes | Exception] = {URL: BUNDLE, **files}
        self.asked: list[str] = []
        self.reached, self.open = asyncio.Event(), asyncio.Event()
        self.open.set()

    async def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        self.reached.set()
        await self.open.wait()
        found = self.files.get(url, Refused(Remote(system="certs", status=404, message="none")))
        if isinstance(found, Exception):
            raise found
        return found


def verifier(site: Site, clock: Clock | None = None, **over: Any) -> Verifier:
    given: dict[str, Any] = {
        "hosts": ["certs.example.com"],
        "aia_hosts": ["aia.example.com"],
        "issuer": MICROSOFT,
        "roots": (ROOT,),
        "download": site,
        "clock": clock or Clock(),
    }
    return Verifier(**(given | over))


def without(name: str) -> Callable[[dict[str, str]], dict[str, str]]:
    return lambda good: {key: text for key, text in good.items() if key != name}


def changed(**over: str) -> Callable[[dict[str, str]], dict[str, str]]:
    return lambda good: good | {name.replace("_", "-"): text for name, text in over.items()}


FINE: list[Callable[[dict[str, str]], dict[str, str]]] = [
    lambda good: good,
    changed(X_MS_Signature_Algorithm="RSA-SHA256"),
    lambda good: without("Authorization")(good) | {"x-ms-signature": good["Authorization"]},
    lambda good: good | {"x-ms-signature": good["Authorization"], "Authorization": "Bearer of the host"},
    lambda good: good | {"x-ms-signature": good["Authorization"], "Authorization": "Signature AAAA"},
    lambda good: good | {"Authorization": good["Authorization"].replace("Signature", "signature")},
]


@pytest.mark.parametrize("change", FINE)
async def test_a_signed_call_is_believed(change: Callable[[dict[str, str]], dict[str, str]]) -> None:
    """The signature in either header, before whoever else uses Authorization."""
    good = {name.title() if name.startswith("X_") else name: text for name, text in headers(BODY, URL).items()}
    await verifier(Site()).verify(change(good), BODY)


REFUSED: list[tuple[Callable[[dict[str, str]], dict[str, str]], int, str]] = [
    (without("Authorization"), 401, "not signed"),
    (changed(Authorization="Bearer abc"), 401, "not signed"),
    (changed(Authorization="Signature "), 401, "not signed"),
    (changed(Authorization="Signature !!!"), 401, "not base64"),
    (changed(Authorization="Signature AAAA"), 401, "does not match"),
    (without("X-MS-Certificate-Url"), 400, "X-MS-Certificate-Url"),
    (without("X-MS-Signature-Algorithm"), 400, "X-MS-Signature-Algorithm"),
    (lambda good: good | {"X-MS-Signature-Algorithm": "rsa-sha1"}, 400, "only rsa-sha256"),
    (lambda good: good | {"X-MS-Signature-Algorithm": "none"}, 400, "only rsa-sha256"),
    (lambda good: good | {"X-MS-Certificate-Url": "https://evil.example.net/a.cer"}, 401, "CERTIFICATE_HOSTS"),
    (lambda good: good | {"X-MS-Certificate-Url": "http://certs.example.com/signing.cer"}, 401, "CERTIFICATE_HOSTS"),
    (lambda good: good | {"X-MS-Certificate-Url": f"{HOST}/none.cer"}, 401, "could not be downloaded"),
]


@pytest.mark.parametrize(("change", "status", "reason"), REFUSED)
async def test_what_is_not_believed(
    change: Callable[[dict[str, str]], dict[str, str]], status: int, reason: str
) -> None:
    """400 for a call that says too little, 401 for one that is not to be believed, each with its reason."""
    with pytest.raises(BadEvent, match=reason) as caught:
        await verifier(Site()).verify(change(headers(BODY, URL)), BODY)

    assert caught.value.status == status


async def test_the_raw_bytes_are_what_is_signed() -> None:
    """One byte more, or another key, is no signature of this body."""
    for body, signer in ((BODY + b"\n", key("leaf")), (BODY, key("other"))):
        with pytest.raises(BadEvent, match="does not match") as caught:
            await verifier(Site()).verify(headers(BODY, URL, signer), body)
        assert caught.value.status == 401


async def test_a_foreign_address_is_never_asked() -> None:
    """A stranger's header makes no request of ours."""
    site = Site()
    with pytest.raises(BadEvent):
        await verifier(site).verify(headers(BODY, "https://evil.example.net/a.cer"), BODY)
    with pytest.raises(BadEvent):
        await verifier(site).verify({"X-MS-Certificate-Url": URL}, BODY)

    assert site.asked == []


async def test_a_large_body_is_refused_before_anything() -> None:
    """413, and nothing is fetched for it."""
    site = Site()
    with pytest.raises(BadEvent) as caught:
        await verifier(site, largest_body=8).verify(headers(BODY, URL), BODY)

    assert (caught.value.status, site.asked) == (413, [])


@pytest.mark.parametrize(
    ("address", "reason"),
    [("http://aia.example.com/m.cer", ""), ("http://evil.example.net/m.cer", "evil.example.net, which is not allowed")],
)
async def test_issuers_come_from_allowed_hosts_alone(address: str, reason: str) -> None:
    """AIA is plain http on its own allow-list; another host is not asked."""
    site = Site(**{URL: der(made("leaf", "middle", aia=address)), address: der(MIDDLE)})
    check = verifier(site).verify(headers(BODY, URL), BODY)
    if not reason:
        await check
        return
    with pytest.raises(BadEvent, match=reason):
        await check
    assert site.asked == [URL]


async def test_a_belief_lasts_a_day_or_the_chains_life() -> None:
    """One download serves for 24 h, and never longer than the first certificate to end."""
    site, clock = Site(), Clock()
    check = verifier(site, clock)
    for hours, downloads in ((0, 1), (23, 1), (24, 2), (71, 3)):
        clock.time = NOW + timedelta(hours=hours)
        await check.verify(headers(BODY, URL), BODY)
        assert len(site.asked) == downloads
    clock.time = NOW + timedelta(days=3, seconds=1)
    with pytest.raises(BadEvent, match="valid from"):
        await check.verify(headers(BODY, URL), BODY)


@pytest.mark.parametrize(("failure", "status"), [(OUTAGE, 503), (b"junk", 401)])
async def test_a_doubt_lasts_a_minute(failure: bytes | Exception, status: int) -> None:
    """A failed download is remembered for a minute: 503 where it may come right, so that the event is sent again."""
    site, clock = Site(**{URL: failure}), Clock()
    check = verifier(site, clock)
    for seconds, downloads in ((0, 1), (59, 1), (60, 2)):
        clock.time = NOW + timedelta(seconds=seconds)
        with pytest.raises(BadEvent) as caught:
            await check.verify(headers(BODY, URL), BODY)
        assert (caught.value.status, len(site.asked)) == (status, downloads)
    site.files[URL] = BUNDLE
    clock.time = NOW + timedelta(seconds=120)
    await check.verify(headers(BODY, URL), BODY)


async def test_callers_share_one_download() -> None:
    """Concurrent events wait for the same download, and one caller's going away does not end it."""
    site = Site()
    site.open.clear()
    check = verifier(site)
    first, *others = [asyncio.create_task(check.verify(headers(BODY, URL), BODY)) for _ in range(8)]
    await site.reached.wait()
    first.cancel()
    site.open.set()
    await asyncio.gather(*others)

    assert site.asked == [URL]
    assert (await asyncio.gather(first, return_exceptions=True))[0].__class__ is asyncio.CancelledError


async def test_a_replaced_certificate_is_noticed() -> None:
    """The address names no version: a signature that stops matching asks it again, once a minute at most."""
    site, clock = Site(), Clock()
    check = verifier(site, clock)
    await check.verify(headers(BODY, URL), BODY)
    site.files[URL] = pem(made("leaf", "middle", own=key("successor")), MIDDLE)
    for _ in range(3):
        with pytest.raises(BadEvent, match="does not match"):
            await check.verify(headers(BODY, URL, key("successor")), BODY)
    assert len(site.asked) == 1
    clock.time = NOW + timedelta(minutes=1)
    await check.verify(headers(BODY, URL, key("successor")), BODY)
    assert len(site.asked) == 2


async def test_an_outage_does_not_end_a_belief() -> None:
    """A forged call that makes us ask again while the address is down costs the good ones nothing."""
    site, clock = Site(), Clock()
    check = verifier(site, clock)
    await check.verify(headers(BODY, URL), BODY)
    site.files[URL] = OUTAGE
    clock.time = NOW + timedelta(minutes=5)
    with pytest.raises(BadEvent):
        await check.verify(headers(BODY, URL, key("other")), BODY)
    await check.verify(headers(BODY, URL), BODY)

    assert len(site.asked) == 2


async def test_strangers_cannot_fill_the_memory() -> None:
    """Addresses on an allowed host are remembered up to a number."""
    site = Site()
    check = verifier(site)
    for number in range(100):
        with pytest.raises(BadEvent):
            await check.verify(headers(BODY, f"{HOST}/{number}.cer"), BODY)

    assert len(check._certificates._known) == 64


async def test_a_verifier_as_the_settings_describe_it(tmp_path: Any) -> None:
    """Roots from a file; a loopback host that may serve certificates may serve their issuers."""
    (tmp_path / "roots.pem").write_bytes(pem(ROOT))
    local = "http://127.0.0.1:9/leaf.cer"
    files = {
        local: der(made("leaf", "middle", aia="http://127.0.0.1:9/m.cer")),
        "http://127.0.0.1:9/m.cer": der(MIDDLE),
    }
    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=files[str(request.url)]))
    async with httpx.AsyncClient(transport=transport) as client:
        check = open_verifier(
            client=client,
            clock=Clock(),
            hosts=["127.0.0.1"],
            roots_path=str(tmp_path / "roots.pem"),
            aia_hosts=AIA_HOSTS,
        )
        await check.verify(headers(BODY, local), BODY)
        other = open_verifier(client=client, clock=Clock(), hosts=["127.0.0.1"])
        with pytest.raises(BadEvent, match="nobody trusted"):
            await other.verify(headers(BODY, local), BODY)
