"""The Referrals API over HTTP: paths with any number of trailing slashes, headers, bodies."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.partner_center import creating, editing, listing
from sandbox.partner_center.auth import Tokens
from sandbox.partner_center.errors import ApiError, not_found, refused
from sandbox.partner_center.portal import spring_ambush
from sandbox.partner_center.settings import REFERRALS_AUDIENCE
from sandbox.partner_center.views import COLLECTION, entity
from sandbox.partner_center.world import Referral, World

JSON_TYPES = ("application/json", "application/json-patch+json")


@dataclass(frozen=True)
class ReferralRoutes:
    world: World
    tokens: Tokens

    async def collection(self, request: Request) -> Response:
        self._admit(request)
        if request.method == "GET":
            return self._answer(request, listing.page(self.world, request.query_params))
        created = creating.create(self.world, await _json(request))
        return self._answer(request, entity(self.world, created), self.world.switches.integer("post_status"))

    async def item(self, request: Request) -> Response:
        """`/{id}` and `/{id}//`: Microsoft's own connector appends slashes to keep its paths apart."""
        referral_id = request.path_params["rest"].strip("/")
        if not referral_id:
            return await self.collection(request)
        self._admit(request)
        if not _is_guid(referral_id):
            raise not_found(referral_id)
        handler = {"GET": self._get, "HEAD": self._get, "PUT": self._put, "PATCH": self._patch}.get(request.method)
        if handler is None:
            raise ApiError(405, f"{request.method} is not allowed here.")
        return await handler(request, referral_id)

    def _admit(self, request: Request) -> None:
        self.tokens.require(request, REFERRALS_AUDIENCE, delegated=True)
        self.world.limit.enter(self.world.now().timestamp())

    async def _get(self, request: Request, referral_id: str) -> Response:
        answer = self._show(request, self.world.find(referral_id))
        spring_ambush(self.world, referral_id)
        return answer

    async def _put(self, request: Request, referral_id: str) -> Response:
        body = await _json(request)
        return self._show(request, editing.replace(self.world, referral_id, body, request.headers.get("if-match")))

    async def _patch(self, request: Request, referral_id: str) -> Response:
        body = await _json(request)
        after = editing.patch(self.world, referral_id, body, request.headers.get("if-match"))
        if "return=representation" in request.headers.get("prefer", "").replace(" ", "").lower():
            return self._show(request, after)
        return Response(status_code=204, headers=_headers(request) | {"ETag": after["eTag"]})

    def _show(self, request: Request, referral: Referral) -> Response:
        return self._answer(request, entity(self.world, referral))

    def _answer(self, request: Request, body: dict[str, Any], status: int = 200) -> Response:
        etag = {"ETag": body["eTag"]} if "eTag" in body else {}
        return JSONResponse(body, status, _headers(request) | etag)

    def routes(self) -> list[Route]:
        return [
            Route(COLLECTION, self.collection, methods=["GET", "POST"]),
            Route(COLLECTION + "/{rest:path}", self.item, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
        ]


def _headers(request: Request) -> dict[str, str]:
    headers = {"Request-ID": str(uuid.uuid4()), "x-ms-ags-diagnostic": '{"ServerInfo":{"DataCenter":"Sandbox"}}'}
    asked = request.headers.get("client-request-id")
    return headers | ({"client-request-id": asked} if asked else {})


def _is_guid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


async def _json(request: Request) -> Any:
    if request.headers.get("content-type", "").split(";")[0].strip().lower() not in JSON_TYPES:
        raise ApiError(415, "The body must be application/json.")
    try:
        return json.loads(await request.body())
    except ValueError as error:
        raise refused(f"The body is not valid JSON: {error}") from error
