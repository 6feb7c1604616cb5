"""The control routes that every simulator has: requests, faults, webhooks, switches, clock, reset, health."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.fault_rules import Fault, Faults
from sandbox.switches import Switches
from sandbox.webhook_sender import WebhookSender

Handler = Callable[[Request], Awaitable[Response]]


async def json_object(request: Request) -> dict[str, Any]:
    """The request's JSON object, {} for an empty body; raises ValueError for anything else."""
    raw = await request.body()
    body = json.loads(raw) if raw.strip() else {}
    if not isinstance(body, dict):
        raise ValueError("the body is a JSON object")  # noqa: TRY004 - one error for every bad body
    return body


def refusing(handler: Handler) -> Handler:
    """A ValueError of a control call is the caller's: 400 with its words."""

    async def guarded(request: Request) -> Response:
        try:
            return await handler(request)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)

    return guarded


def control_route(path: str, handler: Handler, *methods: str) -> Route:
    return Route(f"/control/{path}", refusing(handler), methods=list(methods))


@dataclass(frozen=True, kw_only=True)
class Control:
    """What the common routes steer; `forget` returns the simulator's own records to the start."""

    faults: Faults
    clock: Clock
    sender: WebhookSender
    switches: Switches
    forget: Callable[[], None]

    async def requests(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.faults.forget_requests()
        return JSONResponse(self.faults.requests())

    async def rules(self, request: Request) -> Response:
        if request.method == "POST":
            self.faults.add(Fault.parse(await json_object(request)))
        elif request.method == "DELETE":
            self.faults.rules.clear()
        return JSONResponse({"faults": [rule.as_dict() for rule in self.faults.rules]})

    async def webhooks(self, request: Request) -> Response:
        if request.method == "POST":
            self.sender.configure(await json_object(request))
        return JSONResponse(self.sender.status())

    async def release(self, _: Request) -> Response:
        return JSONResponse({"released": self.sender.release()})

    async def switch(self, request: Request) -> Response:
        if request.method == "PATCH":
            self.switches.patch(await json_object(request))
        return JSONResponse(self.switches.as_dict())

    async def time(self, request: Request) -> Response:
        seconds = (await json_object(request)).get("advance", 0)
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
            raise ValueError("advance is a number of seconds")  # noqa: TRY004 - one error for every bad body
        self.clock.advance(seconds)
        return JSONResponse({"now": self.clock.now().isoformat()})

    async def reset(self, _: Request) -> Response:
        self.faults.reset()
        self.sender.reset()
        self.switches.reset()
        self.clock.reset()
        self.forget()
        return JSONResponse({"status": "reset"})

    async def health(self, _: Request) -> Response:
        return JSONResponse({"status": "ok"})


def control_routes(control: Control) -> list[Route]:
    return [
        control_route("requests", control.requests, "GET", "DELETE"),
        control_route("faults", control.rules, "GET", "POST", "DELETE"),
        control_route("webhooks", control.webhooks, "GET", "POST"),
        control_route("webhooks/release", control.release, "POST"),
        control_route("switches", control.switch, "GET", "PATCH"),
        control_route("clock", control.time, "GET", "POST"),
        control_route("reset", control.reset, "POST"),
        control_route("health", control.health, "GET"),
    ]
