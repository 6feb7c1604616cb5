"""Partner Center: who we are there, what we may see, and where its events go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from cli.doctor.check import Findings
from cli.doctor.claims import claims_of
from cli.doctor.finding import failed, ok, warning
from cli.doctor.once import Once
from cli.work import Tools
from shared.connectors.partner_center import SCOPE, WEBHOOK_SCOPE
from shared.connectors.partner_center.listing import PATH
from shared.connectors.partner_center.vocabulary import is_ours
from shared.connectors.partner_center.wire import Brief, Listing, Referral
from shared.domain.subscription import Standing
from shared.errors import Refused

Newest = tuple[Referral | Brief, ...]
SAY_WHERE = "Set PUBLIC_URL to the app's https address, or name it with --url"
REGISTER = "At going live: `cosell webhook register`, with --overwrite once you know whose the present one is"
FOUND: Mapping[Standing, str] = {
    Standing.NOTHING: "no webhook is registered: auto-heal alone finds what changes",
    Standing.ELSEWHERE: "events go to {host}, which is not this installation",
    Standing.INCOMPLETE: "our webhook is not told of {missing}",
}
LOOKED_AT = 50  # referrals, the newest ones
PORTAL = "Sign in to Partner Center as that user and open Referrals: co-sell opportunities must show there"
BY_HAND = (
    "No API tells: in Partner Center compare Account settings, Identifiers, with the Partner ID of the co-sell "
    "ready solution"
)
AS_USER = "Consent as a user with the Referrals admin role (Secure Application Model): applications are not let in"


async def sign_in(tools: Tools) -> Findings:
    """A token for the Referrals API, and one read with it; a refusal names the role that is missing."""
    claims = claims_of(await tools.world.partner_tokens.get(SCOPE))
    if claims.application_only:
        return failed(f"the token speaks for {claims}", AS_USER)
    await tools.core.partner.rest.call("GET", PATH, params={"$top": "1"})
    return ok(f"the Referrals API lets us in{claims.as_whom}")


async def referrals(tools: Tools, read: Once[Newest]) -> Findings:
    found = await read(tools)
    if not found:
        return warning("this user sees no referral", PORTAL)
    return ok(f"this user sees referrals, the newest of {found[0].updated:%Y-%m-%d}")


async def organisation(tools: Tools, read: Once[Newest]) -> Findings:
    """PARTNER_CENTER_ORGANIZATION_ID decides which referrals are ours: one that fits none would stop everything."""
    named, found = tools.settings.partner_center_organization_id, await read(tools)
    if not named:
        return ok("every referral that is not Microsoft's counts as ours")
    if not found or any((each.organization_id or "").casefold() == named.casefold() for each in found):
        return ok(f"referrals of {named} are ours")
    seen = ", ".join(sorted({each.organization_id or "(none)" for each in found}))
    do = "Set PARTNER_CENTER_ORGANIZATION_ID to the id that own referrals carry, or leave it empty"
    return failed(f"none of the newest {len(found)} referrals belongs to {named}: they belong to {seen}", do)


async def partner_id(tools: Tools, read: Once[Newest]) -> Findings:
    """The MPN id as own referrals carry it: one with a solution shows that the two belong together."""
    own = [each for each in await read(tools) if is_ours(each, tools.settings.partner_center_organization_id)]
    tied = sorted({number for each in own if _has_solution(each) and (number := _mpn(each))})
    if not tied:
        return warning("no own referral shows a Partner ID (MPN) together with a solution", BY_HAND)
    return ok(f"own referrals carry the Partner ID {', '.join(tied)} together with solutions")


async def registration(tools: Tools, app: str = "") -> Findings:
    """Whether the tenant's one webhook sends all its events to us; `app` is our address, "" for the settings' own."""
    claims = claims_of(await tools.world.partner_tokens.get(WEBHOOK_SCOPE))
    webhook = tools.core.webhook
    found = await (replace(webhook, address=app) if app else webhook).look()
    host = found.held.host if found.held else "nowhere"
    if found.standing is Standing.OURS:
        return ok(f"events go to {host} (the webhook API lets us in{claims.as_whom})")
    if found.standing is Standing.UNKNOWN:
        return warning(f"events go to {host}, and it is not known where this app answers", SAY_WHERE)
    wrong = failed if tools.settings.mode == "live" else warning  # a tenant's registration belongs to whoever is live
    return wrong(FOUND[found.standing].format(host=host, missing=", ".join(found.missing)), REGISTER)


def ours(url: str, door: str, app: str) -> bool:
    """Whether an address is that door of the app: of any app, as long as nobody says where ours is."""
    try:
        parts, own = urlsplit(url), urlsplit(app)
    except ValueError:
        return False
    return parts.path.rstrip("/") == door and (not app or parts.netloc.casefold() == own.netloc.casefold())


def host_of(url: str) -> str:
    """An address without its path and query, which may hold a key."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or "an address without a host"
    except ValueError:
        return "an address that cannot be read"


async def newest(tools: Tools) -> Newest:
    """The referrals that changed last, for every check that looks at them."""
    params = {"$top": str(LOOKED_AT), "$orderby": "updatedDateTime desc"}
    listing = Listing.read((await tools.core.partner.rest.call("GET", PATH, params=params)).json())
    return tuple(_referral(item, brief) for item, brief in zip(listing.value, listing.briefs(), strict=True))


def _referral(item: object, brief: Brief) -> Referral | Brief:
    """One odd field must not hide what else there is."""
    try:
        return Referral.read(item)
    except Refused:
        return brief


def _mpn(referral: Referral | Brief) -> str:
    value = (referral.model_extra or {}).get("mpnId")
    return value[:64] if isinstance(value, str) else ""


def _has_solution(referral: Referral | Brief) -> bool:
    details = referral.details if isinstance(referral, Referral) else None
    return bool(details and details.requirements and details.requirements.solutions)
