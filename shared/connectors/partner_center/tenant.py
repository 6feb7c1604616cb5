"""Which tenant and user an access token speaks for, as far as it says so."""

from __future__ import annotations

import base64
import binascii

from shared.connectors.foreign_json import decoded


def tenant_of(token: str) -> tuple[str, str]:
    """`tid` and `oid` of a JWT, unverified: only to notice another world, never to trust one. ("", "") if opaque."""
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004  header, payload, signature (RFC 7519)
        return "", ""
    try:
        claims = decoded(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return str(claims.get("tid") or ""), str(claims.get("oid") or "")
    except (binascii.Error, ValueError, AttributeError):
        return "", ""
