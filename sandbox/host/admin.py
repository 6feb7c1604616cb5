"""The host's own endpoints: list and run functions, tell how it is, and count invocations for tests.

Source: https://learn.microsoft.com/azure/azure-functions/functions-manually-run-non-http
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


@dataclass(frozen=True, kw_only=True)
class Admin:
    """`start(name, input)` begins a run and says whether there is such a function."""

    functions: Callable[[], list[dict[str, Any]]]
    status: Callable[[], dict[str, Any]]
    invocations: Callable[[], Awaitable[dict[str, Any]]]
    start: Callable[[str, str], bool]

    async def __call__(self, request: Request) -> Response:
        path = request.url.path.strip("/").removeprefix("admin/")
        match request.method, path.split("/"):
            case "GET", ["functions"]:
                return JSONResponse(self.functions())
            case "POST", ["functions", name]:
                return await self._start(request, name)
            case "GET", ["host", "status"]:
                return JSONResponse(self.status())
            case "GET", ["sandbox", "invocations"]:
                return JSONResponse(await self.invocations())
        return Response(status_code=404)

    async def _start(self, request: Request, name: str) -> Response:
        try:
            document = json.loads(await request.body() or b"{}")
            text = document.get("input", "")
        except (ValueError, AttributeError):
            return Response('the body is not {"input": "..."}', status_code=400)
        known = self.start(name, text if isinstance(text, str) else json.dumps(text))
        return Response(status_code=202 if known else 404)
