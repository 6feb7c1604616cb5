"""A refresh token is tried before it is stored: redeemed as the functions do it, and let into both APIs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from cli.doctor.claims import Claims, claims_of
from cli.login.advice import TENANT, explained
from shared.connectors import partner_center
from shared.connectors.partner_center.listing import PATH
from shared.errors import AccessLost, Remote, RemoteError
from shared.platform.clock import SystemClock
from shared.platform.identity import StaticTokens
from shared.platform.refresh_token_grant import Grant, Granted

if TYPE_CHECKING:
    import httpx

MFA = frozenset({"mfa", "ngcmfa", "rsa", "fido", "hwk"})  # words of `amr` that stand for more than a password
NO_REFRESH_TOKEN = "the sign-in brought no refresh token: offline_access was not granted"  # noqa: S105 - a sentence
UNTOLD = "the token does not say whether multi-factor authentication was done"
DONE = "multi-factor authentication was done"
NOT_DONE = (
    "multi-factor authentication was NOT done, and Partner Center asks for it: require it of this user "
    "(Conditional Access), then sign in again"
)


@dataclass(frozen=True, kw_only=True)
class Proof:
    """Who signed in and what that opens; `webhooks` says why the webhook API stays shut, "" where it opens."""

    refresh_token: str = field(repr=False)
    who: str
    tenant: str
    methods: Sequence[str]
    webhooks: str = ""

    @property
    def second_factor(self) -> str:
        if not self.methods:
            return UNTOLD
        return DONE if MFA & set(self.methods) else NOT_DONE


async def proven(grant: Grant, granted: Granted, *, api_url: str, client: httpx.AsyncClient) -> Proof:
    """Raises AccessLost for a token of another tenant, or one that does not open the Referrals API."""
    if not granted.refresh_token:
        raise AccessLost(Remote(system="Entra", message=NO_REFRESH_TOKEN), advice="Begin again")
    identity = claims_of(granted.id_token)
    tenant = identity.tenant or claims_of(granted.access_token).tenant
    _same_tenant(grant, tenant)
    with explained():
        redeemed = await grant.redeemed(granted.refresh_token, [partner_center.SCOPE])
    await _let_in(api_url, redeemed.access_token, client)
    claims = claims_of(redeemed.access_token)
    return Proof(
        refresh_token=granted.refresh_token,
        who=_who(identity, claims),
        tenant=tenant,
        methods=claims.methods,
        webhooks=await _webhooks(grant, granted.refresh_token),
    )


def _same_tenant(grant: Grant, tenant: str) -> None:
    """The setting may be a domain name of the tenant: Entra's own endpoints then name its id."""
    wanted = grant.tenant if _guid(grant.tenant) else str(grant.answered(lambda found: found.authority.tenant))
    if tenant.casefold() != wanted.casefold():
        message = f"the sign-in is of tenant {tenant or '(unnamed)'}, and not of {wanted}"
        raise AccessLost(Remote(system="Entra", message=message), advice=TENANT)


def _guid(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


async def _let_in(api_url: str, token: str, client: httpx.AsyncClient) -> None:
    config = partner_center.Config(api_url=api_url, webhook_api_url=api_url)
    partner = partner_center.connect(config, client=client, tokens=StaticTokens(token), clock=SystemClock())
    await partner.rest.call("GET", PATH, params={"$top": "1"})


async def _webhooks(grant: Grant, token: str) -> str:
    """Deals are kept in step without it, by auto-heal alone: so it is told, and stops nothing."""
    try:
        with explained():
            await grant.redeemed(token, [partner_center.WEBHOOK_SCOPE])
    except RemoteError as error:
        return str(error)
    return ""


def _who(identity: Claims, claims: Claims) -> str:
    return identity.who or claims.who or "somebody whom the token does not name"
