"""X.509 as the sandbox makes it: keys, authorities and leaves, for signatures of webhooks and for TLS."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID


@cache
def key(name: str) -> RSAPrivateKey:
    """Made once a process, as RSA keys are slow to make; the name only tells them apart."""
    del name
    return generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True, kw_only=True)
class Issuer:
    name: x509.Name
    key: RSAPrivateKey


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a leaf is to say; `aia_url` is where its issuer's certificate lies."""

    subject: x509.Name
    names: Sequence[x509.GeneralName]
    days: tuple[datetime, datetime]
    key: RSAPrivateKey
    aia_url: str | None = None


def subject(common_name: str, organization: str) -> x509.Name:
    names = [x509.NameAttribute(NameOID.COUNTRY_NAME, "US")]
    names.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name([*names, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def authority(
    issuer: Issuer, name: x509.Name, own: RSAPrivateKey, now: datetime, *, path_length: int | None
) -> x509.Certificate:
    """One that signs certificates, for ten years; its own issuer makes it a root."""
    builder = _builder(name, own, issuer, (now - timedelta(days=30), now + timedelta(days=3650)))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
    return builder.add_extension(_usage(signs_certificates=True), critical=True).sign(issuer.key, hashes.SHA256())


def leaf(issuer: Issuer, wish: Wish) -> x509.Certificate:
    purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    builder = _builder(wish.subject, wish.key, issuer, wish.days)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
    builder = builder.add_extension(purposes, critical=False)
    builder = builder.add_extension(x509.SubjectAlternativeName(wish.names), critical=False)
    if wish.aia_url:
        access = AuthorityInformationAccessOID.CA_ISSUERS
        described = x509.AccessDescription(access, x509.UniformResourceIdentifier(wish.aia_url))
        builder = builder.add_extension(x509.AuthorityInformationAccess([described]), critical=False)
    return builder.sign(issuer.key, hashes.SHA256())


def _builder(
    name: x509.Name, own: RSAPrivateKey, issuer: Issuer, days: tuple[datetime, datetime]
) -> x509.CertificateBuilder:
    public = own.public_key()
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer.name).public_key(public)
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(days[0]).not_valid_after(days[1])
    identifiers = (
        x509.SubjectKeyIdentifier.from_public_key(public),
        x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()),
    )
    return builder.add_extension(identifiers[0], critical=False).add_extension(identifiers[1], critical=False)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
