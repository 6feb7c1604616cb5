"""A Key Vault: secrets with versions, the challenge that tells a client where to sign in, and its refusals.

https://learn.microsoft.com/rest/api/keyvault/secrets/set-secret/set-secret
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.clock import Clock

OFFICER, USER = "sandbox-officer", "sandbox-user"
CHALLENGE = 'Bearer authorization="https://login.microsoftonline.com/{tenant}", resource="https://vault.azure.net"'
FORBIDDEN = "Caller is not authorized to perform action on resource. Action: 'Microsoft.KeyVault/vaults/secrets/{what}'"


@dataclass
class Vault:
    """`deleted` names secrets that were deleted and can be recovered: their names cannot be set."""

    tenant: str
    base_url: str = "https://contoso.vault.azure.net"
    clock: Clock = field(default_factory=Clock)
    versions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    firewall: bool = False

    def values(self, name: str) -> list[str]:
        """Every version's value, the oldest first."""
        return [version["value"] for version in self.versions.get(name, [])]

    def put(self, name: str, value: str, content_type: str | None = None) -> dict[str, Any]:
        now, version = int(self.clock.now().timestamp()), secrets.token_hex(16)
        made = {
            "value": value,
            "contentType": content_type,
            "id": f"{self.base_url}/secrets/{name}/{version}",
            "attributes": {"enabled": True, "created": now, "updated": now, "recoveryLevel": "Recoverable+Purgeable"},
        }
        self.versions.setdefault(name, []).append(made)
        return made

    def refused(self, request: Request, what: str) -> Response | None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in (OFFICER, USER):
            challenge = {"WWW-Authenticate": CHALLENGE.format(tenant=self.tenant)}
            return JSONResponse(
                _error("Unauthorized", "AKV10000: Request is missing a Bearer or PoP token."), 401, challenge
            )
        if self.firewall:
            inner = {"innererror": {"code": "ForbiddenByFirewall"}}
            return JSONResponse(
                _error("Forbidden", "Client address is not authorized and caller is not trusted.", inner), 403
            )
        if token == USER and what == "setSecret/action":
            inner = {"innererror": {"code": "ForbiddenByRbac"}}
            return JSONResponse(_error("Forbidden", FORBIDDEN.format(what=what), inner), 403)
        return None

    async def got(self, request: Request) -> Response:
        if refused := self.refused(request, "getSecret/action"):
            return refused
        name, version = request.path_params["name"], request.path_params.get("version", "").strip("/")
        found = [one for one in self.versions.get(name, []) if not version or one["id"].endswith(version)]
        if not found:
            return JSONResponse(_error("SecretNotFound", f"A secret with (name/id) {name} was not found."), 404)
        return JSONResponse(found[-1])

    async def set(self, request: Request) -> Response:
        if refused := self.refused(request, "setSecret/action"):
            return refused
        name = request.path_params["name"]
        if name in self.deleted:
            text = f"Secret {name} is currently in a deleted but recoverable state, and its name cannot be reused."
            return JSONResponse(
                _error("Conflict", text, {"innererror": {"code": "ObjectIsDeletedButRecoverable"}}), 409
            )
        body = json.loads(await request.body())
        return JSONResponse(self.put(name, body["value"], body.get("contentType")))


def _error(code: str, message: str, more: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, **(more or {})}}


def create_app(vault: Vault) -> Starlette:
    """Tokens: `sandbox-officer` reads and writes, `sandbox-user` reads."""
    return Starlette(
        routes=[
            Route("/secrets/{name}", vault.set, methods=["PUT"]),
            Route("/secrets/{name}", vault.got),
            Route("/secrets/{name}/", vault.got),
            Route("/secrets/{name}/{version}", vault.got),
        ]
    )
