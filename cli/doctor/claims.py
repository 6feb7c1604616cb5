"""Whose token it is, as far as it says so itself: read without verifying, never printed."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.connectors.foreign_json import decoded

# Entra's access tokens: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
WHO = ("upn", "preferred_username", "unique_name", "email", "name")
LONGEST = 200  # characters of a claim that are shown


@dataclass(frozen=True, kw_only=True)
class Claims:
    """What of a token is no secret; all empty for a token that is not ours to read.

    `app` is the client's id, `methods` how the person proved to be who it is ("mfa" among them), where it is told.
    """

    audience: str = ""
    tenant: str = ""
    who: str = ""
    app: str = ""
    scopes: str = ""
    methods: tuple[str, ...] = ()
    application_only: bool = False

    def __str__(self) -> str:
        """Who it speaks for, "" for a token that only its issuer can read."""
        if not self.tenant and not self.who and not self.app:
            return ""
        who = f"the application {self.app}" if self.application_only or not self.who else self.who
        return f"{who} of tenant {self.tenant or '(unnamed)'}"

    @property
    def as_whom(self) -> str:
        """The end of a sentence."""
        return f", as {self}" if str(self) else ""


def claims_of(token: str) -> Claims:
    """Of a JSON Web Token (RFC 7519); an opaque one has none that anybody but its issuer could read."""
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004  header, payload, signature
        return Claims()
    try:
        found = decoded(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return Claims()
    return _read(found) if isinstance(found, Mapping) else Claims()


def _read(found: Mapping[str, Any]) -> Claims:
    def text(name: str) -> str:
        value = found.get(name)
        return value[:LONGEST] if isinstance(value, str) else ""

    return Claims(
        audience=text("aud"),
        tenant=text("tid"),
        who=next((text(name) for name in WHO if text(name)), text("oid")),
        app=text("appid") or text("azp"),
        scopes=text("scp"),
        methods=_words(found.get("amr")),
        application_only=text("idtyp") == "app" or bool(text("oid") and not text("scp")),
    )


def _words(value: object) -> tuple[str, ...]:
    return tuple(word[:LONGEST] for word in value if isinstance(word, str)) if isinstance(value, list) else ()
