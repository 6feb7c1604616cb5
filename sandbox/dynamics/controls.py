"""Control routes of this simulator alone: limits, a ready-made webhook, the base rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import quoteattr

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.dynamics.customizing_rows import MESSAGES, SPECIAL, filter_id, message_id
from sandbox.dynamics.execution import Caller, Execution
from sandbox.dynamics.limits import Protection
from sandbox.dynamics.organization import BUSINESS_UNIT, Organization, stable_id
from sandbox.dynamics.rules import make_pipeline
from sandbox.dynamics.seed import APPLICATION, seed
from sandbox.dynamics.store import Ref, Row
from sandbox.faults import control_route, json_object


@dataclass(frozen=True, kw_only=True)
class Controls:
    organization: Organization
    protection: Protection
    changed: Callable[[], None]

    async def limits(self, request: Request) -> Response:
        self.protection.limits = self.protection.limits.changed(await json_object(request))
        return JSONResponse(
            {name: getattr(self.protection.limits, name) for name in ("requests", "window", "concurrent")}
        )

    async def role(self, request: Request) -> Response:
        """What application users may do from now on; GET shows it with the privileges that were needed since."""
        if request.method == "POST":
            self.organization.role.change(await json_object(request))
        return JSONResponse(self.organization.role.as_dict())

    async def seed(self, _: Request) -> Response:
        seed(self.organization)
        self.changed()
        return JSONResponse({"status": "seeded"})

    async def webhook(self, request: Request) -> Response:
        """Registers an endpoint with all the steps a synchroniser needs; again with the same URL changes it."""
        body = await json_object(request)
        url = body.get("url")
        if not isinstance(url, str) or not url:
            raise ValueError("url is the address to post to")
        steps = self._register(url, body)
        self.changed()
        return JSONResponse({"serviceendpointid": stable_id("endpoint", url), "steps": steps})

    def _register(self, url: str, body: dict[str, Any]) -> list[str]:
        endpoint = stable_id("endpoint", url)
        values: Row = {"name": url, "contract": 8, "url": url, **_secret(body.get("code"))}
        self._put("serviceendpoint", endpoint, values | {"messageformat": 2, "messagecharset": 1})
        names = self.organization.names
        listed = [(table, message) for table in ("opportunity", "lead") for message in MESSAGES]
        listed += [(table, message) for message, table in SPECIAL.items()]
        listed += [(table, "Update") for table in ("account", "contact", "systemuser")]
        listed += [(table, message) for table in (names.row, names.detail) for message in MESSAGES]
        for table, message in listed:
            step = stable_id("step", url, table, message)
            self._put("sdkmessageprocessingstep", step, _step(endpoint, table, message))
            if table == names.row and message != "Create":
                self._put("sdkmessageprocessingstepimage", stable_id("image", step), _image(step))
        return [f"{message} of {table}" for table, message in listed]

    def _put(self, table: str, row_id: str, values: Row) -> None:
        execution = Execution(caller=Caller(user=APPLICATION, business_unit=BUSINESS_UNIT), silent_async=True)
        pipeline, definition = make_pipeline(self.organization), self.organization.schema.tables[table]
        if self.organization.store.get(table, row_id) is None:
            pipeline.create(definition, values, execution, row_id)
        else:
            pipeline.update(definition, row_id, values, execution)
        self.organization.events.clear()

    def routes(self) -> list[Route]:
        return [
            control_route("limits", self.limits, "POST"),
            control_route("role", self.role, "GET", "POST"),
            control_route("seed", self.seed, "POST"),
            control_route("webhook", self.webhook, "POST"),
        ]


def _image(step: str) -> Row:
    """The row before: a changed or deleted solution row does not say otherwise whose it was."""
    return {
        "name": "pre",
        "entityalias": "pre",
        "imagetype": 0,
        "messagepropertyname": "Target",
        "sdkmessageprocessingstepid": Ref("sdkmessageprocessingstep", step),
    }


def _step(endpoint: str, table: str, message: str) -> Row:
    return {
        "name": f"{message} of {table}",
        "stage": 40,
        "mode": 1,
        "rank": 1,
        "asyncautodelete": True,
        "eventhandler": Ref("serviceendpoint", endpoint),
        "sdkmessageid": Ref("sdkmessage", message_id(message)),
        "sdkmessagefilterid": Ref("sdkmessagefilter", filter_id(table, message)),
    }


def _secret(key: object) -> Row:
    """A function key goes along in its header."""
    if not key:
        return {"authtype": 4, "authvalue": None}
    setting = f'<setting name="x-functions-key" value={quoteattr(str(key))}/>'
    return {"authtype": 5, "authvalue": f"<settings>{setting}</settings>"}
