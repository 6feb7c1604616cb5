"""The signing certificates: root, intermediate, leaf, their wrong relatives, and a signature over any body."""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

LEAF_NAME = "pcnotifications-dispatch.microsoft.com"
MICROSOFT = "Microsoft Corporation"


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


def subject(common_name: str, organization: str) -> x509.Name:
    names = [x509.NameAttribute(NameOID.COUNTRY_NAME, "US")]
    names.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name([*names, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def make_chain(
    *,
    now: datetime,
    aia_url: str | None,
    organization: str = MICROSOFT,
    leaf_name: str = LEAF_NAME,
    leaf_days: tuple[int, int] = (-1, 365),
) -> Chain:
    """A chain under the sandbox's root; `leaf_days` bound the leaf's validity, `aia_url` is where its issuer lies."""
    root_name = subject("Cosell Sandbox Root CA", MICROSOFT)
    root = _authority(Issuer(name=root_name, key=key("root")), root_name, "root", now, path_length=None)
    above = subject("Cosell Sandbox Issuing CA 01", organization)
    under = f"intermediate of {organization}"
    intermediate = _authority(Issuer(name=root_name, key=key("root")), above, under, now, path_length=0)
    days = [now + timedelta(days=day) for day in leaf_days]
    leaf = _leaf(Issuer(name=above, key=key(under)), leaf_name, (days[0], days[1]), aia_url)
    return Chain(root=root, intermediate=intermediate, leaf=leaf, key=key("leaf"))


def make_self_signed(*, now: datetime, common_name: str = LEAF_NAME, organization: str = MICROSOFT) -> Chain:
    """A leaf that claims to be its own issuer: the names are right and the chain leads nowhere."""
    name = subject(common_name, organization)
    days = (now - timedelta(days=1), now + timedelta(days=365))
    leaf = _leaf(Issuer(name=name, key=key("leaf")), common_name, days, None)
    return Chain(root=leaf, intermediate=leaf, leaf=leaf, key=key("leaf"))


def _builder(
    name: x509.Name, key_name: str, issuer: Issuer, days: tuple[datetime, datetime]
) -> x509.CertificateBuilder:
    public = key(key_name).public_key()
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer.name).public_key(public)
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(days[0]).not_valid_after(days[1])
    own, above = (
        x509.SubjectKeyIdentifier.from_public_key(public),
        x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()),
    )
    return builder.add_extension(own, critical=False).add_extension(above, critical=False)


def _authority(
    issuer: Issuer, name: x509.Name, key_name: str, now: datetime, *, path_length: int | None
) -> x509.Certificate:
    builder = _builder(name, key_name, issuer, (now - timedelta(days=30), now + timedelta(days=3650)))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
    return builder.add_extension(_usage(signs_certificates=True), critical=True).sign(issuer.key, hashes.SHA256())


def _leaf(issuer: Issuer, common_name: str, days: tuple[datetime, datetime], aia_url: str | None) -> x509.Certificate:
    purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    builder = _builder(subject(common_name, MICROSOFT), "leaf", issuer, days)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
    builder = builder.add_extension(purposes, critical=False)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(common_name)]), critical=False)
    if aia_url:
        access = AuthorityInformationAccessOID.CA_ISSUERS
        described = x509.AccessDescription(access, x509.UniformResourceIdentifier(aia_url))
        builder = builder.add_extension(x509.AuthorityInformationAccess([described]), critical=False)
    return builder.sign(issuer.key, hashes.SHA256())


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
