"""Whom the platform has signed in, as it says so in a header of its own.

App Service sets `X-MS-CLIENT-PRINCIPAL` and lets nobody outside set it, where its authentication is on:
https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

HEADER = "x-ms-client-principal"
ENTRA = "aad"
MOST = 65_536  # characters: a person in very many groups has a long list of claims
IDS = ("http://schemas.microsoft.com/identity/claims/objectidentifier", "oid")
ROLES = ("http://schemas.microsoft.com/ws/2008/06/identity/claims/role", "roles")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Person:
    """An Entra user or application: its object id and the app roles that it was given. No name is kept."""

    id: str
    roles: frozenset[str]


def person(header: str) -> Person | None:
    """Who the header says it is; None where it says nothing that could be believed."""
    told = _told(header)
    if told.get("auth_typ") != ENTRA:
        return None
    claims = [each for each in _list(told.get("claims")) if isinstance(each, dict)]
    ids = {text for text in _values(claims, IDS) if _GUID.fullmatch(text)}
    if len(ids) != 1:
        return None
    kinds = (*ROLES, str(told.get("role_typ") or ROLES[0]))
    return Person(id=ids.pop().lower(), roles=frozenset(_values(claims, kinds)))


def _told(header: str) -> Mapping[str, Any]:
    if len(header) > MOST:
        return {}
    try:
        found = json.loads(b64decode(header, validate=True))
    except (ValueError, RecursionError):  # base64's own error is a ValueError too
        return {}
    return found if isinstance(found, dict) else {}


def _list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


def _values(claims: list[dict[str, Any]], kinds: tuple[str, ...]) -> list[str]:
    return [claim["val"] for claim in claims if claim.get("typ") in kinds and isinstance(claim.get("val"), str)]
