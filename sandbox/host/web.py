"""Serves the HTTP functions of an app, with their routes, methods and keys."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from starlette.datastructures import Headers, QueryParams
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.host.calls import Answer, HttpCall, Outcome, Succeeded
from sandbox.host.functions import Function, HttpTrigger
from sandbox.host.keys import Keys
from sandbox.host.routes import Route, compile_route

# https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger#limits
MAX_BODY = 104_857_600

# The server writes these itself.
_OWN_HEADERS = {"content-length", "transfer-encoding", "connection"}

Run = Callable[[Function, HttpCall], Awaitable[Outcome]]


class TooLargeError(Exception):
    """The request's body is over the limit."""


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    function: Function
    trigger: HttpTrigger
    route: Route


def endpoints(functions: Iterable[Function], prefix: str) -> tuple[Endpoint, ...]:
    """Compile the routes of enabled HTTP functions, the most specific first."""
    found = [
        Endpoint(function=each, trigger=each.trigger, route=compile_route(each.trigger.route, prefix))
        for each in functions
        if isinstance(each.trigger, HttpTrigger) and not each.disabled
    ]
    return tuple(sorted(found, key=lambda endpoint: endpoint.route.rank))


@dataclass(frozen=True, kw_only=True)
class FunctionsApp:
    """An ASGI app; `admin` answers what is under /admin."""

    endpoints: tuple[Endpoint, ...]
    keys: Keys
    run: Run
    admin: Callable[[Request], Awaitable[Response]]
    max_body: int = MAX_BODY

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except TooLargeError:
            response = Response(status_code=413)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path = request.scope.get("raw_path", request.url.path.encode()).decode("ascii").partition("?")[0]
        if path.strip("/").lower().startswith("admin/"):
            return await self._admin(request)
        for endpoint in self.endpoints:
            params = endpoint.route.match(path)
            if params is not None and (not endpoint.trigger.methods or request.method in endpoint.trigger.methods):
                return await self._run(endpoint, request, params)
        return Response(status_code=200 if path in {"", "/"} else 404)

    async def _admin(self, request: Request) -> Response:
        if not self.keys.admit("admin", _key(request)):
            return Response(status_code=401)
        return await self.admin(request)

    async def _run(self, endpoint: Endpoint, request: Request, params: dict[str, str]) -> Response:
        if not self.keys.admit(endpoint.trigger.auth, _key(request)):
            return Response(status_code=401)
        call = HttpCall(
            method=request.method,
            url=str(request.url),
            headers=_headers(request.headers),
            query=_query(request.query_params),
            params=params,
            body=await self._body(request),
        )
        outcome = await self.run(endpoint.function, call)
        return _response(outcome.answer) if isinstance(outcome, Succeeded) else Response(status_code=500)

    async def _body(self, request: Request) -> bytes:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self.max_body:
                raise TooLargeError
        return bytes(body)


def _key(request: Request) -> str:
    return request.headers.get("x-functions-key") or request.query_params.get("code") or ""


def _headers(headers: Headers) -> dict[str, str]:
    """Names in lower case and repeated ones joined, as the platform hands them to Python."""
    return {name: ",".join(headers.getlist(name)) for name in headers}


def _query(query: QueryParams) -> dict[str, str]:
    """Empty values are dropped: they do not survive the platform's way to Python either."""
    joined = {name: ",".join(query.getlist(name)) for name in query}
    return {name: value for name, value in joined.items() if value}


def _response(answer: Answer | None) -> Response:
    if answer is None:
        return Response(status_code=204)
    response = Response(content=answer.body, status_code=answer.status)
    for name, value in answer.headers:
        if name.lower() not in _OWN_HEADERS:
            response.headers.append(name, value)
    return response
