"""The webhook registration API: one address a tenant, its events, and the test event that proves the way."""

import ipaddress
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import DeliveryResult
from sandbox.partner_center.auth import Tokens
from sandbox.partner_center.errors import ApiError
from sandbox.partner_center.events import EVENTS, Notifier
from sandbox.partner_center.settings import TENANT, WEBHOOKS_AUDIENCE
from sandbox.partner_center.shaping import seven_digits
from sandbox.partner_center.world import World

PATH = "/webhooks/v1/registration"
TESTS_PER_MINUTE = 2
KEPT_DAYS = 7


@dataclass(frozen=True, kw_only=True)
class RegistrationRoutes:
    world: World
    tokens: Tokens
    notifier: Notifier

    async def events(self, request: Request) -> Response:
        return self._answer(request, list(EVENTS))

    async def registration(self, request: Request) -> Response:
        self.tokens.require(request, WEBHOOKS_AUDIENCE)
        return self._show(request) if request.method == "GET" else await self._register(request)

    def _show(self, request: Request) -> Response:
        current = self.world.registration
        if current is None:
            if self.world.switches.text("registration_missing") == "404":
                raise ApiError(404, "No webhook is registered.")
            return self._answer(request, {"WebhookUrl": None, "WebhookEvents": []})
        return self._answer(request, {name: current[name] for name in ("WebhookUrl", "WebhookEvents")})

    async def _register(self, request: Request) -> Response:
        wanted = _wanted(await request.body())
        current = self.world.registration
        if request.method == "POST" and current and self.world.switches.text("registration_exists") == "409":
            raise ApiError(409, "A webhook is already registered.")
        if request.method == "PUT" and not current and self.world.switches.text("registration_missing") == "404":
            raise ApiError(404, "No webhook is registered.")
        subscriber = current["SubscriberId"] if current else self.world.new_id()
        self.world.registration = wanted | {"SubscriberId": subscriber}
        self.world.changed()
        shown = {name: self.world.registration[name] for name in ("SubscriberId", "WebhookUrl", "WebhookEvents")}
        return self._answer(request, shown)

    async def test(self, request: Request) -> Response:
        self.tokens.require(request, WEBHOOKS_AUDIENCE)
        self._purge()
        minute_ago = seven_digits(self.world.now() - timedelta(minutes=1))
        if sum(one["begun"] > minute_ago for one in self.world.validations.values()) >= TESTS_PER_MINUTE:
            raise ApiError(429, f"At most {TESTS_PER_MINUTE} test events a minute.")
        if "test-created" not in (self.world.registration or {}).get("WebhookEvents", []):
            raise ApiError(400, "The event test-created is not subscribed to.")
        correlation = self.world.new_id()
        self._publish_test(correlation)
        return self._answer(request, {"correlationId": correlation})

    def _publish_test(self, correlation: str) -> None:
        registration = self.world.registration or {}
        event = {
            "EventName": "test-created",
            "ResourceUri": f"{WEBHOOKS_AUDIENCE}/webhooks/v1/registration/test",
            "ResourceName": "test",
        }
        self.world.validations[correlation] = {
            "correlationId": correlation,
            "partnerId": TENANT,
            "status": "pending",
            "callbackUrl": registration.get("WebhookUrl"),
            "results": [],
            "begun": self.world.stamp_now(),
        }
        self.notifier.publish(event, on_result=self._completion(correlation))

    def _completion(self, correlation: str) -> Callable[[DeliveryResult], None]:
        def complete(result: DeliveryResult) -> None:
            validation = self.world.validations.get(correlation)
            if validation is not None:
                validation |= {"status": "completed", "results": [self._outcome(result)]}
                self.world.changed()

        return complete

    def _outcome(self, result: DeliveryResult) -> dict[str, Any]:
        known = result.status is not None and result.status in set(HTTPStatus)
        name = HTTPStatus(result.status or 0).phrase.replace(" ", "") if known else "NoResponse"
        return {
            "responseCode": name,
            "responseMessage": "" if result.delivered else result.error,
            "systemError": result.status is None,
            "dateTimeUtc": self.world.stamp_now(),
        }

    async def test_result(self, request: Request) -> Response:
        self.tokens.require(request, WEBHOOKS_AUDIENCE)
        self._purge()
        found = self.world.validations.get(request.path_params["correlation"].lower())
        if found is None:
            raise ApiError(404, "There is no such test, or it was purged.")
        return self._answer(request, {name: value for name, value in found.items() if name != "begun"})

    def _purge(self) -> None:
        """Seven days after it was begun a test is forgotten, whether it ended or not."""
        oldest = seven_digits(self.world.now() - timedelta(days=KEPT_DAYS))
        for correlation in [ident for ident, one in self.world.validations.items() if one.get("begun", "") < oldest]:
            del self.world.validations[correlation]

    def _answer(self, request: Request, body: Any) -> Response:
        self.tokens.require(request, WEBHOOKS_AUDIENCE)
        headers = {"MS-CorrelationId": str(uuid.uuid4()), "MS-RequestId": str(uuid.uuid4()), "X-Locale": "en-US"}
        return JSONResponse(body, headers=headers)

    def routes(self) -> list[Route]:
        return [
            Route(f"{PATH}/events", self.events),
            Route(PATH, self.registration, methods=["GET", "POST", "PUT"]),
            Route(f"{PATH}/validationEvents", self.test, methods=["POST"]),
            Route(f"{PATH}/validationEvents/{{correlation}}", self.test_result),
        ]


def _wanted(raw: bytes) -> dict[str, Any]:
    """The registration that a body asks for; its keys are read without regard to case."""
    try:
        body = {str(name).lower(): value for name, value in json.loads(raw).items()}
    except (ValueError, AttributeError) as error:
        raise ApiError(400, "The body is not a JSON object.") from error
    url, events = body.get("webhookurl"), body.get("webhookevents")
    if not isinstance(url, str) or not _allowed(url):
        raise ApiError(400, "WebhookUrl must be an https address.")
    if not isinstance(events, list) or not events or not set(map(str, events)) <= set(EVENTS):
        raise ApiError(400, "WebhookEvents must be a list of known event names.")
    own_header = str(body.get("signaturetokentomssignatureheader", "")).lower() == "true"
    return {"WebhookUrl": url, "WebhookEvents": events, "SignatureTokenToMsSignatureHeader": own_header}


def _allowed(url: str) -> bool:
    parts = urlsplit(url)
    if parts.scheme == "https":
        return bool(parts.hostname)
    return parts.scheme == "http" and _loopback(parts.hostname or "")


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
