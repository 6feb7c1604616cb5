"""Whether a certificate leads to a trusted root: RFC 5280 §6.1 as far as a signing certificate needs it.

`cryptography.x509.verification` is made for TLS peers (a name to match, a purpose in the leaf) and fetches nothing,
so the walk is ours; each signature is checked by `verify_directly_issued_by`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import Certificate
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtensionOID, NameOID

LONGEST = 5  # certificates between leaf and root, both counted
MOST_CERTIFICATES = 10  # in one download
MOST_ISSUERS = 3  # cross-signed ones: tried one after another
SMALLEST_KEY = 2048
WEAK_HASHES = frozenset({"md5", "sha1"})
UNDERSTOOD = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.CERTIFICATE_POLICIES,
    },
)
# What the library raises for a certificate that is not what the standard says; the last three are no ValueErrors.
MALFORMED = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
Fetch = Callable[[str], Awaitable[Sequence[Certificate]]]
AnyExtension = TypeVar("AnyExtension", bound=x509.ExtensionType)


class Untrusted(Exception):
    """A certificate that is not to be believed, and why."""


@dataclass(frozen=True, kw_only=True)
class Walk:
    """One search for a chain; `fetch` gives the certificates at an AIA address, or raises Untrusted."""

    roots: Sequence[Certificate]
    fetch: Fetch
    now: datetime

    async def trust(self, bundle: Sequence[Certificate], *, organization: str) -> tuple[Certificate, datetime]:
        """The leaf of what was downloaded and until when it may be believed; raises Untrusted."""
        try:
            leaf = _leaf(bundle)
            _check_leaf(leaf, organization)
            return leaf, await self._climb([leaf], bundle)
        except MALFORMED as error:
            raise Untrusted(f"it cannot be read ({error})") from error

    async def _climb(self, path: list[Certificate], bundle: Sequence[Certificate]) -> datetime:
        """Go from the last of `path` to a root: the end of the chain's validity, or what stopped the last way tried."""
        last = path[-1]
        _check_any(last, self.now)
        for root in self.roots:
            # A root is trusted because it is listed: only its dates and its signature are looked at.
            if _in_time(root, self.now) and _issued(last, root):
                return min(certificate.not_valid_after_utc for certificate in [*path, root])
        if len(path) + 1 >= LONGEST:
            raise Untrusted(f"its chain is longer than {LONGEST} certificates")
        why = Untrusted(f"nobody trusted issued it: {last.issuer.rfc4514_string()}")
        for issuer in await self._issuers(last, bundle):
            try:
                _check_authority(issuer, below=len(path) - 1)
                return await self._climb([*path, issuer], bundle)
            except Untrusted as error:
                why = error
        raise why

    async def _issuers(self, certificate: Certificate, bundle: Sequence[Certificate]) -> list[Certificate]:
        """Those that came along, else those at the certificate's AIA address (RFC 5280 §4.2.2.1)."""
        found = [issuer for issuer in bundle if issuer != certificate and _issued(certificate, issuer)]
        address = None if found else _issuer_address(certificate)
        fetched = await self.fetch(address) if address else ()
        return (found or [issuer for issuer in fetched if _issued(certificate, issuer)])[:MOST_ISSUERS]


def _leaf(bundle: Sequence[Certificate]) -> Certificate:
    if len(bundle) > MOST_CERTIFICATES:
        raise Untrusted(f"its download holds more than {MOST_CERTIFICATES} certificates")
    for certificate in bundle:
        if not _is_authority(certificate):
            return certificate
    raise Untrusted("its download holds no certificate that signs anything but certificates")


def _check_leaf(leaf: Certificate, organization: str) -> None:
    organizations = [name.value for name in leaf.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
    if organization not in organizations:
        raise Untrusted(f"its issuer is not of O={organization}: {leaf.issuer.rfc4514_string()}")
    if not isinstance(leaf.public_key(), RSAPublicKey):
        raise Untrusted("its key is not an RSA key")
    usage = _extension(leaf, x509.KeyUsage)
    if usage is not None and not usage.digital_signature:
        raise Untrusted("its key is not for signatures")


def _check_any(certificate: Certificate, now: datetime) -> None:
    if not _in_time(certificate, now):
        first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        raise Untrusted(f"{_name(certificate)} is valid from {first:%Y-%m-%d} to {last:%Y-%m-%d} only")
    key, hashed = certificate.public_key(), certificate.signature_hash_algorithm
    if isinstance(key, RSAPublicKey) and key.key_size < SMALLEST_KEY:
        raise Untrusted(f"the key of {_name(certificate)} has fewer than {SMALLEST_KEY} bits")
    if hashed is not None and hashed.name in WEAK_HASHES:
        raise Untrusted(f"{_name(certificate)} is signed with {hashed.name}")
    unknown = [e.oid.dotted_string for e in certificate.extensions if e.critical and e.oid not in UNDERSTOOD]
    if unknown:  # RFC 5280 §4.2: a critical extension that is not processed refuses the certificate
        raise Untrusted(f"{_name(certificate)} has critical extensions that are not understood: {', '.join(unknown)}")


def _check_authority(certificate: Certificate, *, below: int) -> None:
    """`below` counts the authorities between this one and the leaf."""
    constraints = _extension(certificate, x509.BasicConstraints)
    usage = _extension(certificate, x509.KeyUsage)
    if constraints is None or not constraints.ca or usage is None or not usage.key_cert_sign:
        raise Untrusted(f"{_name(certificate)} may not issue certificates")
    if constraints.path_length is not None and below > constraints.path_length:
        raise Untrusted(f"{_name(certificate)} may not have so many authorities below it")


def _issuer_address(certificate: Certificate) -> str | None:
    for description in _extension(certificate, x509.AuthorityInformationAccess) or ():
        location = description.access_location
        named = isinstance(location, x509.UniformResourceIdentifier)
        if named and description.access_method == AuthorityInformationAccessOID.CA_ISSUERS:
            return str(location.value)
    return None


def _is_authority(certificate: Certificate) -> bool:
    constraints = _extension(certificate, x509.BasicConstraints)
    return constraints is not None and constraints.ca


def _in_time(certificate: Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def _issued(certificate: Certificate, issuer: Certificate) -> bool:
    if certificate.issuer != issuer.subject:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True


def _extension(certificate: Certificate, kind: type[AnyExtension]) -> AnyExtension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _name(certificate: Certificate) -> str:
    return certificate.subject.rfc4514_string()
