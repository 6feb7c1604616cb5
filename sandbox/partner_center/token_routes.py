"""Entra's endpoints: discovery, authorization, device code and tokens."""

from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.partner_center.auth import Tokens
from sandbox.partner_center.oauth import OAuthError
from sandbox.partner_center.settings import TENANT
from sandbox.partner_center.sign_in import PageError

PREFIXES = ("/oauth/{tenant}", "/{tenant}")  # as a token endpoint alone, and as Entra's own host has it


def token_routes(tokens: Tokens, base_url: str) -> list[Route]:
    """A tenant is known by its id, or by any name of it."""
    issuer = f"{base_url}/oauth/{TENANT}/v2.0"

    async def issue(request: Request) -> Response:
        try:
            return JSONResponse(tokens.issue((await request.body()).decode(), issuer))
        except OAuthError as error:
            return JSONResponse({"error": error.error, "error_description": error.description}, error.status)

    async def discover(request: Request) -> Response:
        named = request.path_params["tenant"]
        own = request.url.path.startswith("/oauth/")
        authority = f"{base_url}/oauth/{named}" if own else f"{base_url}/{TENANT}"
        return JSONResponse(
            {
                "issuer": issuer,
                "token_endpoint": f"{authority}/oauth2/v2.0/token",
                "authorization_endpoint": f"{authority}/oauth2/v2.0/authorize",
                "device_authorization_endpoint": f"{authority}/oauth2/v2.0/devicecode",
            }
        )

    async def authorize(request: Request) -> Response:
        """The person signs in at once, as `tokens.sign_ins.person` would."""
        try:
            back = tokens.sign_ins.authorized(request.query_params)
        except PageError as error:
            return HTMLResponse(f"<p>Sorry, but we're having trouble signing you in.</p><p>{error}</p>", 400)
        posted = request.query_params.get("response_mode") == "form_post"
        return HTMLResponse(back.page) if posted else RedirectResponse(back.url, 302)

    async def device(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        return JSONResponse(tokens.sign_ins.device(form, base_url))

    async def entered(request: Request) -> Response:
        known = tokens.sign_ins.entered(dict(parse_qsl((await request.body()).decode())).get("user_code", ""))
        return HTMLResponse("<p>You may close this window.</p>" if known else "<p>That code didn't work.</p>")

    served = [
        ("oauth2/v2.0/token", issue, "POST"),
        ("oauth2/v2.0/authorize", authorize, "GET"),
        ("oauth2/v2.0/devicecode", device, "POST"),
        ("v2.0/.well-known/openid-configuration", discover, "GET"),
    ]
    routes = [Route(f"{prefix}/{path}", act, methods=[verb]) for prefix in PREFIXES for path, act, verb in served]
    return [*routes, Route("/devicelogin", entered, methods=["POST"])]
