"""Certificates from bytes and files: downloads, the machine's roots, a PEM file of roots."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509 import Certificate

from shared.connectors.partner_center.chain import MALFORMED, Untrusted
from shared.errors import Misconfigured


def parsed(data: bytes) -> Sequence[Certificate]:
    """DER, or one or more certificates as PEM; raises Untrusted."""
    try:
        if b"-----BEGIN" in data:
            return x509.load_pem_x509_certificates(data)
        return [x509.load_der_x509_certificate(data)]
    except MALFORMED as error:
        raise Untrusted("its download holds no certificate") from error


@cache
def system_roots() -> tuple[Certificate, ...]:
    """What this machine trusts, and Mozilla's list besides, as many containers have no store of their own."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    return tuple(_readable(context.get_ca_certs(binary_form=True)))


def _readable(stored: Iterable[bytes]) -> Iterable[Certificate]:
    """A machine's store may hold roots that break RFC 5280 (a serial number of zero): they are left out."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", CryptographyDeprecationWarning)
        for data in stored:
            try:
                yield x509.load_der_x509_certificate(data)
            except (*MALFORMED, CryptographyDeprecationWarning):
                continue


def pem_roots(path: str) -> tuple[Certificate, ...]:
    """The roots in a PEM file (WEBHOOK_TRUSTED_ROOTS); raises Misconfigured."""
    try:
        return tuple(x509.load_pem_x509_certificates(Path(path).read_bytes()))
    except (OSError, *MALFORMED) as error:
        problem = f"WEBHOOK_TRUSTED_ROOTS is {path!r}: it must be a PEM file of root certificates ({error})"
        raise Misconfigured((problem,)) from error
