"""Certificates that no authority should issue, each wrong in one way that a library may trip over."""

from __future__ import annotations

from collections.abc import Mapping

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tests.unit import certificate_builder as build

VERSION = b"\xa0\x03\x02\x01"  # [0] INTEGER of one byte; the serial number follows
# A general name of a kind that the library does not read, alone and as an AIA location, and plain nonsense.
VALUES = {"x400": "3004a3023000", "x400 location": "300e300c06082b06010505073002a300", "nothing": "", "null": "0500"}
AnyKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
NAMES = {"2.5.29.17": "names", "1.3.6.1.5.5.7.1.1": "aia", "2.5.29.15": "usage", "2.5.29.19": "constraints"}


def odd() -> Mapping[str, bytes]:
    """By what is wrong with it."""
    plain = build.der(build.made("leaf", "issuer"))
    at = plain.index(VERSION) + len(VERSION)
    length = plain[at + 2]
    serial = slice(at + 3, at + 3 + length)
    return {
        "version 6": plain[:at] + b"\x05" + plain[at + 1 :],
        "serial number 0": plain[: serial.start] + bytes(length) + plain[serial.stop :],
        "negative serial number": plain[: serial.start] + b"\xff" * length + plain[serial.stop :],
        **{f"{NAMES[oid]}: {what}": extended(oid, value) for oid in NAMES for what, value in VALUES.items()},
        **{f"key: {what}": keyed(key) for what, key in _keys().items()},
    }


def _builder(key: AnyKey) -> x509.CertificateBuilder:
    like = build.made("leaf", "issuer")
    return x509.CertificateBuilder(
        subject_name=like.subject,
        issuer_name=like.issuer,
        public_key=key,
        serial_number=5,
        not_valid_before=like.not_valid_before_utc,
        not_valid_after=like.not_valid_after_utc,
    )


def extended(oid: str, value: str) -> bytes:
    """With an extension of this content."""
    extension = x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), bytes.fromhex(value))
    made = _builder(build.key("leaf").public_key()).add_extension(extension, critical=False)
    return build.der(made.sign(build.key("issuer"), hashes.SHA256()))


def keyed(key: AnyKey) -> bytes:
    """For a key of another kind, or of a size that nobody uses."""
    return build.der(_builder(key).sign(build.key("issuer"), hashes.SHA256()))


def _keys() -> Mapping[str, AnyKey]:
    return {
        "60,000 bits": rsa.RSAPublicNumbers(65537, (1 << 60_000) + 1).public_key(),
        "a large exponent": rsa.RSAPublicNumbers((1 << 2000) + 1, (1 << 2047) + 1).public_key(),
        "EC": ec.generate_private_key(ec.SECP256R1()).public_key(),
        "Ed25519": ed25519.Ed25519PrivateKey.generate().public_key(),
    }
