"""The signing certificates: root, intermediate, leaf, their wrong relatives, and a signature over any body."""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from sandbox.certificates import Issuer, Wish, authority, key, leaf, subject

LEAF_NAME = "pcnotifications-dispatch.microsoft.com"
MICROSOFT = "Microsoft Corporation"


@dataclass(frozen=True, kw_only=True)
class Chain:
    """A leaf with the key that signs for it, and what is above it."""

    root: x509.Certificate
    intermediate: x509.Certificate
    leaf: x509.Certificate
    key: RSAPrivateKey

    @property
    def root_pem(self) -> bytes:
        return self.root.public_bytes(Encoding.PEM)

    @property
    def leaf_der(self) -> bytes:
        return self.leaf.public_bytes(Encoding.DER)

    @property
    def intermediate_der(self) -> bytes:
        return self.intermediate.public_bytes(Encoding.DER)

    @property
    def bundle_pem(self) -> bytes:
        return self.leaf.public_bytes(Encoding.PEM) + self.intermediate.public_bytes(Encoding.PEM)


def signature(body: bytes, signing_key: RSAPrivateKey) -> str:
    """RSA PKCS#1 v1.5 over SHA-256 of the raw body, in base64."""
    return base64.b64encode(signing_key.sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()


def make_chain(
    *,
    now: datetime,
    aia_url: str | None,
    organization: str = MICROSOFT,
    leaf_name: str = LEAF_NAME,
    leaf_days: tuple[int, int] = (-1, 365),
) -> Chain:
    """A chain under the sandbox's root; `leaf_days` bound the leaf's validity, `aia_url` is where its issuer lies."""
    top = Issuer(name=subject("Cosell Sandbox Root CA", MICROSOFT), key=key("root"))
    under = Issuer(
        name=subject("Cosell Sandbox Issuing CA 01", organization), key=key(f"intermediate of {organization}")
    )
    days = (now + timedelta(days=leaf_days[0]), now + timedelta(days=leaf_days[1]))
    return Chain(
        root=authority(top, top.name, top.key, now, path_length=None),
        intermediate=authority(top, under.name, under.key, now, path_length=0),
        leaf=leaf(under, _wish(subject(leaf_name, MICROSOFT), leaf_name, days, aia_url)),
        key=key("leaf"),
    )


def make_self_signed(*, now: datetime, common_name: str = LEAF_NAME, organization: str = MICROSOFT) -> Chain:
    """A leaf that claims to be its own issuer: the names are right and the chain leads nowhere."""
    name = subject(common_name, organization)
    days = (now - timedelta(days=1), now + timedelta(days=365))
    made = leaf(Issuer(name=name, key=key("leaf")), _wish(subject(common_name, MICROSOFT), common_name, days, None))
    return Chain(root=made, intermediate=made, leaf=made, key=key("leaf"))


def _wish(name: x509.Name, host: str, days: tuple[datetime, datetime], aia_url: str | None) -> Wish:
    return Wish(subject=name, names=[x509.DNSName(host)], days=days, key=key("leaf"), aia_url=aia_url)
