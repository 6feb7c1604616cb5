"""Azure Resource Manager, for the settings and function keys of function apps.

https://learn.microsoft.com/rest/api/appservice/web-apps/update-application-settings: a PUT replaces all of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

SITE = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Web/sites/{name}"
CONTRIBUTOR, READER = "sandbox-contributor", "sandbox-reader"


def _nobody() -> None:
    """Nothing is told of a restart."""


@dataclass
class Site:
    """A function app: a change of its settings restarts it, which `restarted` is told."""

    name: str
    host: str
    settings: dict[str, str]
    keys: dict[str, str] = field(default_factory=dict)
    restarted: Callable[[], None] = _nobody
    calls: list[str] = field(default_factory=list)
    starting: int = 0  # requests for keys that a starting app leaves unanswered

    def properties(self, kind: str, values: dict[str, Any]) -> Response:
        return JSONResponse({"name": kind, "type": "Microsoft.Web/sites/config", "properties": values})


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status)


@dataclass(frozen=True)
class Management:
    """All sites of the one subscription that there is."""

    sites: dict[str, Site]

    def refused(self, request: Request) -> Response | None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in (CONTRIBUTOR, READER):
            return _error(401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
        if "api-version" not in request.query_params:
            return _error(
                400, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required."
            )
        if request.path_params["name"] not in self.sites:
            return _error(404, "ResourceNotFound", f"The Resource '{request.url.path}' was not found.")
        if token == READER and request.method != "GET":
            return _error(403, "AuthorizationFailed", "The client does not have authorization to perform the action.")
        return None

    async def site(self, request: Request) -> Response:
        if refused := self.refused(request):
            return refused
        site = self._noted(request)
        return JSONResponse({"name": site.name, "properties": {"state": "Running", "defaultHostName": site.host}})

    async def listed(self, request: Request) -> Response:
        if refused := self.refused(request):
            return refused
        return self._noted(request).properties("appsettings", self.sites[request.path_params["name"]].settings)

    async def replaced(self, request: Request) -> Response:
        if refused := self.refused(request):
            return refused
        site = self._noted(request)
        site.settings = {str(k): str(v) for k, v in json.loads(await request.body())["properties"].items()}
        site.restarted()
        return site.properties("appsettings", site.settings)

    async def keys(self, request: Request) -> Response:
        if refused := self.refused(request):
            return refused
        function = request.path_params["function"]
        site = self._noted(request)
        if site.starting:
            site.starting -= 1
            return _error(503, "ServiceUnavailable", "The service is unavailable.")
        key = site.keys.get(function)
        return JSONResponse({"default": key}) if key else _error(404, "NotFound", f"Cannot find function {function}.")

    def _noted(self, request: Request) -> Site:
        site = self.sites[request.path_params["name"]]
        site.calls.append(f"{request.method} {request.url.path.partition(site.name)[2]}")
        return site


def create_app(*sites: Site) -> Starlette:
    """Tokens: `sandbox-contributor` may do everything, `sandbox-reader` may look."""
    made = Management({site.name: site for site in sites})
    settings = f"{SITE}/config/appsettings"
    return Starlette(
        routes=[
            Route(SITE, made.site),
            Route(f"{settings}/list", made.listed, methods=["POST"]),
            Route(settings, made.replaced, methods=["PUT"]),
            Route(f"{SITE}/functions/{{function}}/listkeys", made.keys, methods=["POST"]),
        ]
    )
