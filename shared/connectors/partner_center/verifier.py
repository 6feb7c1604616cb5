"""Whether a webhook call comes from Microsoft: its signature over the raw body, by a certificate that is trusted."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import Certificate

from shared.connectors.partner_center.addresses import LOOPBACK
from shared.connectors.partner_center.certificates import Certificates, Download, fetching
from shared.connectors.partner_center.roots import pem_roots, system_roots
from shared.errors import BadEvent
from shared.ports import Clock

CERTIFICATE_HOSTS = ("3psostorageacct.blob.core.windows.net",)  # the address in partner-center-webhooks
AIA_HOSTS = ("www.microsoft.com", "caissuers.microsoft.com", "cacerts.digicert.com")
ISSUER = "Microsoft Corporation"
LARGEST_BODY = 64 * 1024  # an event has some 300 bytes

SCHEME = "signature"
ALGORITHM = ("rsa", "sha256")  # rsa-sha1 appears in a comment of the official sample only, and is not safe


@dataclass(frozen=True, kw_only=True)
class Signed:
    """What a call's headers say of its signature."""

    signature: bytes
    certificate_url: str

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> Signed:
        """In the order of the official sample: 401 without a signature, 400 without its certificate or algorithm."""
        lowered = {name.casefold(): text.strip() for name, text in headers.items()}
        token = _token(lowered)
        url = lowered.get("x-ms-certificate-url", "")
        if not url:
            raise BadEvent(400, "the header X-MS-Certificate-Url is missing")
        named = lowered.get("x-ms-signature-algorithm", "")
        if not named:
            raise BadEvent(400, "the header X-MS-Signature-Algorithm is missing")
        if tuple(named.casefold().split("-")) != ALGORITHM:
            raise BadEvent(400, "the signature algorithm is not supported: only rsa-sha256 is")
        return cls(signature=_decoded(token), certificate_url=url)


def _token(headers: Mapping[str, str]) -> str:
    """`x-ms-signature` goes first: where it is used, Authorization belongs to whoever stands in front of us."""
    for name in ("x-ms-signature", "authorization"):
        scheme, _, token = headers.get(name, "").partition(" ")
        if scheme.casefold() == SCHEME and token.strip():
            return token.strip()
    raise BadEvent(401, "the call is not signed: neither x-ms-signature nor Authorization carries a signature")


def _decoded(token: str) -> bytes:
    try:
        return base64.b64decode(token, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadEvent(401, "the signature is not base64") from error


class Verifier:
    """Verifies callbacks (partner-center-webhooks, "How to authenticate a callback")."""

    def __init__(
        self,
        *,
        hosts: Collection[str],
        aia_hosts: Collection[str],
        issuer: str,
        roots: Sequence[Certificate],
        download: Download,
        clock: Clock,
        largest_body: int = LARGEST_BODY,
    ) -> None:
        self._largest_body = largest_body
        self._certificates = Certificates(
            hosts=hosts,
            aia_hosts=aia_hosts,
            issuer=issuer,
            roots=roots,
            download=download,
            clock=clock,
        )

    async def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Nothing, or BadEvent: 400 headers missing, 401 not to be believed, 413 too large, 503 cannot tell now."""
        if len(body) > self._largest_body:
            raise BadEvent(413, f"the body is larger than {self._largest_body} bytes")
        signed = Signed.from_headers(headers)
        if _matches(await self._certificates.key(signed.certificate_url), signed.signature, body):
            return
        # The documented address names no version: a new certificate takes the old one's place there.
        renewed = await self._certificates.renewed(signed.certificate_url)
        if renewed is None or not _matches(renewed, signed.signature, body):
            raise BadEvent(401, "the signature does not match the body")


def _matches(key: RSAPublicKey, signature: bytes, body: bytes) -> bool:
    try:
        key.verify(signature, body, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def open_verifier(
    *,
    client: httpx.AsyncClient,
    clock: Clock,
    hosts: Collection[str] = CERTIFICATE_HOSTS,
    issuer: str = ISSUER,
    roots_path: str = "",
    aia_hosts: Collection[str] = AIA_HOSTS,
) -> Verifier:
    """A verifier as the settings describe it; a loopback host that may serve certificates may serve their issuers."""
    local = [host for host in hosts if host.partition(":")[0] in LOOPBACK]
    return Verifier(
        hosts=hosts,
        aia_hosts=[*aia_hosts, *local],
        issuer=issuer,
        roots=pem_roots(roots_path) if roots_path else system_roots(),
        download=fetching(client),
        clock=clock,
    )
