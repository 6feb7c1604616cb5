"""This simulator's own control routes: the portal, Microsoft's seller, expiry, concurrent edits, stray events."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import control_route, json_object
from sandbox.partner_center import portal
from sandbox.partner_center.certificates import LEAF_NAME
from sandbox.partner_center.events import EVENTS, Notifier
from sandbox.partner_center.views import view
from sandbox.partner_center.world import Referral, World


@dataclass(frozen=True, kw_only=True)
class PartnerCenterControls:
    world: World
    notifier: Notifier

    def _show(self, referral: Referral, status: int = 200) -> Response:
        return JSONResponse(view(self.world, referral), status)

    async def referrals(self, request: Request) -> Response:
        if request.method == "GET":
            rows = [view(self.world, one) for one in self.world.referrals.values()]
            return JSONResponse({"value": rows, "registration": self.world.registration})
        body = await json_object(request)
        partial = body.get("referral", {})
        if not isinstance(partial, dict):
            raise ValueError("referral is an object")  # noqa: TRY004 - one error for every bad body
        return self._show(portal.make(self.world, str(body.get("kind", "inbound")), partial), 201)

    async def referral(self, request: Request) -> Response:
        referral_id = request.path_params["id"].lower()
        referral = self.world.find(referral_id)
        if request.method == "DELETE":
            del self.world.referrals[referral_id]
            self.world.changed()
            return Response(status_code=204)
        if request.method == "PATCH":
            force = request.query_params.get("force", "").lower() == "true"
            referral = portal.edit(self.world, referral_id, await json_object(request), force=force)
        return self._show(referral)

    async def ambush(self, request: Request) -> Response:
        """The body is a merge patch that lands right after the next GET of this referral."""
        referral_id = self.world.find(request.path_params["id"])["id"]
        waiting = self.world.ambushes.setdefault(referral_id, [])
        waiting.append(await json_object(request))
        return JSONResponse({"waiting": len(waiting)})

    async def microsoft(self, request: Request) -> Response:
        engagement = request.path_params["engagement"]
        return self._show(portal.answer(self.world, engagement, await json_object(request)))

    async def review(self, request: Request) -> Response:
        return self._show(portal.review(self.world, request.path_params["id"], await json_object(request)))

    async def expire(self, _: Request) -> Response:
        return JSONResponse({"expired": self.world.expire_due()})

    async def limits(self, request: Request) -> Response:
        return JSONResponse(self.world.limit.change(await json_object(request)))

    async def event(self, request: Request) -> Response:
        """An event that nothing caused: `{"event", "id", "certificate": "expired|wrong-org|self-signed"}`."""
        body = await json_object(request)
        name, certificate = str(body.get("event", "referral-updated")), str(body.get("certificate", LEAF_NAME))
        if name not in EVENTS or certificate not in self.notifier.certificates.chains:
            raise ValueError("no such event or certificate")
        sent = self.notifier.referral_event(name, str(body.get("id", "")), certificate)
        return JSONResponse({"sent": sent})

    def routes(self) -> list[Route]:
        return [
            control_route("referrals", self.referrals, "GET", "POST"),
            control_route("referrals/{id}", self.referral, "GET", "PATCH", "DELETE"),
            control_route("referrals/{id}/ambush", self.ambush, "POST"),
            control_route("referrals/{id}/review", self.review, "POST"),
            control_route("engagements/{engagement}/microsoft", self.microsoft, "POST"),
            control_route("expire", self.expire, "POST"),
            control_route("events", self.event, "POST"),
            control_route("limits", self.limits, "POST"),
        ]
