"""TLS for the simulators: an authority and a leaf of this process alone, and the file by which clients trust them.

Nothing of it outlives the process: no client can be left trusting a key that lies around somewhere.
"""

import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sandbox.certificates import Issuer, Wish, authority, key, leaf, subject
from sandbox.servers import LOOPBACK

OWNER = "Cosell Sandbox"


@dataclass(frozen=True, kw_only=True)
class Tls:
    """`context` is the server's; a client that trusts the PEM file `ca` and nothing else reaches it."""

    context: ssl.SSLContext
    ca: Path


@contextmanager
def making_tls() -> Iterator[Tls]:
    """Valid for this machine's loopback and a day; the files are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="cosell-tls-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        top = Issuer(name=subject("Cosell Sandbox TLS CA", OWNER), key=key("tls root"))
        now = datetime.now(UTC)
        ca, own = folder / "ca.pem", folder / "leaf.pem"
        ca.write_bytes(authority(top, top.name, top.key, now, path_length=0).public_bytes(Encoding.PEM))
        own.touch(mode=0o600)
        own.write_bytes(_private() + leaf(top, _wish(now)).public_bytes(Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(own)
        own.unlink()
        yield Tls(context=context, ca=ca)


def _private() -> bytes:
    return key("tls leaf").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _wish(now: datetime) -> Wish:
    return Wish(
        subject=subject(LOOPBACK, OWNER),
        names=[x509.IPAddress(IPv4Address(LOOPBACK)), x509.DNSName("localhost")],
        days=(now - timedelta(hours=1), now + timedelta(days=1)),
        key=key("tls leaf"),
    )
