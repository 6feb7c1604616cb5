"""What strangers may send to our doors: events, headers, and the certificates that headers point to."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cryptography.x509 import Certificate

from shared.connectors.dynamics.events import decode
from shared.connectors.partner_center.addresses import allowed, host_of
from shared.connectors.partner_center.certificates import Certificates
from shared.connectors.partner_center.events import hear
from shared.connectors.partner_center.roots import _readable, pem_roots
from shared.connectors.partner_center.verifier import AIA_HOSTS, CERTIFICATE_HOSTS, Signed
from shared.errors import BadEvent, Misconfigured, Refused, Remote
from tests.fakes.store import FakeClock
from tests.fuzz.odd_certificates import odd
from tests.fuzz.parser import Parser
from tests.unit import certificate_builder as build

SAMPLES = Path(__file__).parents[1] / "samples"
AT = "https://certs.example.com/leaf.crt"
AIA = "http://certs.example.com/issuer.crt"
ROOT = build.authority("root", "root", organization=build.MICROSOFT)
ISSUER = build.authority("issuer", "root")
ORGANIZATION = "0a1b2c3d-0000-4000-8000-00000000e001"


def of(folder: str, *names: str) -> Sequence[bytes]:
    files = [SAMPLES / folder / f"{name}.json" for name in names] or sorted((SAMPLES / folder).glob("*.json"))
    return [file.read_bytes() for file in files]


def headers_of(data: bytes) -> dict[str, str]:
    """Lines `name: value`, as lenient as a server is that hands over whatever came."""
    lines = data.decode("latin-1").split("\n")
    return {name.strip(): text.strip() for name, _, text in (line.partition(":") for line in lines)}


def as_headers(headers: dict[str, str]) -> bytes:
    return "\n".join(f"{name}: {text}" for name, text in headers.items()).encode("latin-1")


def _dynamics_event(data: bytes) -> object:
    return decode(data, {}, tag="cosell", organization="", pair="cosell")


def _dynamics_event_of_ours(data: bytes) -> object:
    return decode(data, {}, tag="cosell", organization=ORGANIZATION, pair="cosell")


def _dynamics_headers(data: bytes) -> object:
    body = b'{"PrimaryEntityId": "11111111-2222-4333-8444-555555555555"}'
    return decode(body, headers_of(data), tag="", organization="", pair="cosell")


def _address(data: bytes) -> object:
    text = data.decode("utf-8", "surrogateescape")
    return allowed(text, CERTIFICATE_HOSTS, plain=False), allowed(text, AIA_HOSTS, plain=True), host_of(text)


def _certificates(answers: dict[str, bytes]) -> Certificates:
    async def download(url: str) -> bytes:
        if url not in answers:
            raise Refused(Remote(system=url, status=404))
        return answers[url]

    hosts = ("certs.example.com",)
    roots, issuer = [ROOT], build.MICROSOFT
    clock = FakeClock(build.NOW)
    return Certificates(hosts=hosts, aia_hosts=hosts, issuer=issuer, roots=roots, download=download, clock=clock)


def _certificate(data: bytes) -> object:
    return asyncio.run(_certificates({AT: data, AIA: build.der(ISSUER)}).key(AT))


def _issuer(data: bytes) -> object:
    return asyncio.run(_certificates({AT: build.der(_leaf(aia=AIA)), AIA: data}).key(AT))


def _leaf(*, aia: str = "") -> Certificate:
    return build.made("leaf", "issuer", aia=aia)


def _bundles() -> Sequence[bytes]:
    return [build.pem(_leaf(), ISSUER), build.der(_leaf(aia=AIA)), build.pem(_leaf(aia=AIA)), *odd().values()]


def _roots(data: bytes) -> object:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "roots.pem"
        file.write_bytes(data)
        return pem_roots(str(file))


def _pems() -> Sequence[bytes]:
    return [build.pem(ROOT, ISSUER), build.der(ROOT)]


def _signed() -> Sequence[bytes]:
    headers = build.headers(b"{}", AT)
    own = {**headers, "x-ms-signature": headers.pop("Authorization")}
    return [as_headers(build.headers(b"{}", AT)), as_headers(own)]


def _dynamics_names() -> Sequence[bytes]:
    return [as_headers({"x-ms-dynamics-entity-name": "opportunity", "x-ms-dynamics-request-name": "Update"})]


def _addresses() -> Sequence[bytes]:
    return [f"https://{host}/a/b.crt?c=d".encode() for host in (*CERTIFICATE_HOSTS, "127.0.0.1:7081", "[::1]")]


REFUSED = (BadEvent,)
PARSERS = (
    Parser(
        name="partner-event",
        read=lambda data: hear(data, "cosell"),
        samples=lambda: of("partner_center", "event_related_updated"),
        allowed=REFUSED,
    ),
    Parser(
        name="dynamics-event",
        read=_dynamics_event,
        samples=lambda: of("dynamics"),
        allowed=REFUSED,
        largest=2 * 1024 * 1024,
    ),
    Parser(
        name="dynamics-event-of-an-organisation",
        read=_dynamics_event_of_ours,
        samples=lambda: of("dynamics", "update", "wrapped_guids"),
        allowed=REFUSED,
    ),
    Parser(name="dynamics-event-headers", read=_dynamics_headers, samples=_dynamics_names, allowed=REFUSED),
    Parser(
        name="signature-headers",
        read=lambda data: Signed.from_headers(headers_of(data)),
        samples=_signed,
        allowed=REFUSED,
    ),
    Parser(name="certificate-address", read=_address, samples=_addresses, allowed=()),
    Parser(name="certificate", read=_certificate, samples=_bundles, allowed=REFUSED),
    Parser(name="trusted-roots", read=_roots, samples=_pems, allowed=(Misconfigured,)),
    Parser(
        name="machine-roots",
        read=lambda data: list(_readable([data])),
        samples=lambda: [build.der(ROOT), *odd().values()],
        allowed=(),
    ),
    Parser(name="certificate-issuer", read=_issuer, samples=lambda: [build.der(ISSUER)], allowed=REFUSED),
)
