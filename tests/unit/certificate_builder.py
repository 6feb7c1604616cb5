"""Certificates of any shape, right or wrong, for tests."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

NOW = datetime(2026, 6, 1, tzinfo=UTC)
MICROSOFT = "Microsoft Corporation"
AnyKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def key(name: str, size: int = 2048) -> rsa.RSAPrivateKey:
    """Made once for each name, since RSA keys are slow to make."""
    del name
    return rsa.generate_private_key(public_exponent=65537, key_size=size)


def named(text: str, organization: str = MICROSOFT) -> x509.Name:
    pairs = [(NameOID.ORGANIZATION_NAME, organization), (NameOID.COMMON_NAME, text)]
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in pairs])


def made(
    text: str,
    issuer: str,
    *,
    own: AnyKey | None = None,
    signer: AnyKey | None = None,
    organization: str = MICROSOFT,
    days: tuple[int, int] = (-10, 100),
    ca: bool | None = False,
    path_length: int | None = None,
    signs: bool | None = None,
    digital: bool = True,
    aia: str = "",
    extra: x509.ExtensionType | None = None,
) -> x509.Certificate:
    """A certificate of `text` by `issuer`; `ca` and `signs` None leave their extension out."""
    first, last = (NOW + timedelta(days=day) for day in days)
    builder = x509.CertificateBuilder(
        subject_name=named(text),
        issuer_name=named(issuer, organization),
        public_key=(own or key(text)).public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=first,
        not_valid_after=last,
    )
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=path_length), critical=True)
    if signs is not None or ca is False:
        builder = builder.add_extension(_usage(signs=bool(signs), digital=digital), critical=True)
    if aia:
        access = AuthorityInformationAccessOID.CA_ISSUERS
        at = x509.AccessDescription(access, x509.UniformResourceIdentifier(aia))
        builder = builder.add_extension(x509.AuthorityInformationAccess([at]), critical=False)
    if extra is not None:
        builder = builder.add_extension(extra, critical=True)
    return builder.sign(signer or key(issuer), hashes.SHA256())


def authority(text: str, issuer: str, **over: Any) -> x509.Certificate:
    return made(text, issuer, **{"ca": True, "signs": True, **over})


def _usage(*, signs: bool, digital: bool) -> x509.KeyUsage:
    others = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only")
    flags: dict[str, bool] = dict.fromkeys([*others, "decipher_only"], False)
    return x509.KeyUsage(digital_signature=digital, key_cert_sign=signs, crl_sign=signs, **flags)


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def headers(body: bytes, url: str, signer: rsa.RSAPrivateKey | None = None) -> dict[str, str]:
    signature = (signer or key("leaf")).sign(body, padding.PKCS1v15(), hashes.SHA256())
    return {
        "Authorization": f"Signature {base64.b64encode(signature).decode()}",
        "X-MS-Certificate-Url": url,
        "X-MS-Signature-Algorithm": "rsa-sha256",
    }
