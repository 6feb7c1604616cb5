"""What people do in the portal and at Microsoft: new deals, edits, answers of Microsoft's seller."""

from copy import deepcopy
from typing import Any

from sandbox.partner_center import lifecycle
from sandbox.partner_center.editing import settle
from sandbox.partner_center.errors import ApiError, refused
from sandbox.partner_center.invented import KINDS, MICROSOFT_TEAM, related_of
from sandbox.partner_center.settings import MICROSOFT_NAME, OWN_MPN, OWN_NAME, OWN_ORGANIZATION
from sandbox.partner_center.shaping import whole
from sandbox.partner_center.world import Referral, World, is_own

# "Deal registration status" of the portal's page on registering deals, as the API spells them.
REVIEWS = ("ReviewPending", "ActionRequired", "Approved", "Passed", "Failed", "Closed")


def merged(base: Any, change: Any) -> Any:
    """RFC 7396: objects merge, null removes, everything else replaces."""
    if not isinstance(change, dict):
        return deepcopy(change)
    result = dict(base) if isinstance(base, dict) else {}
    for name, value in change.items():
        result[name] = None if value is None else merged(result.get(name), value)
    return result


def make(world: World, kind: str, partial: dict[str, Any]) -> Referral:
    """A referral that did not come through the API; `partial` over the invented defaults of its kind."""
    if kind not in KINDS:
        raise refused(f"kind is one of {', '.join(KINDS)}")
    now = world.stamp_now()
    base = KINDS[kind] | {
        "id": world.new_id(),
        "engagementId": world.new_id(),
        "organizationId": OWN_ORGANIZATION,
        "organizationName": OWN_NAME,
        "mpnId": OWN_MPN,
    }
    made = merged(base, partial)
    referral = whole(made, made)
    referral |= {name: referral[name].lower() for name in ("id", "engagementId")}
    if referral["status"] == "New" and not referral["expirationDateTime"]:
        world.open_for_answer(referral)
    if referral["status"] != "New" and not referral["acceptedDateTime"]:
        referral["acceptedDateTime"] = referral["createdDateTime"] or now
    if kind == "inbound":
        _beside(world, referral)
    return world.store(referral, created=True)


def _beside(world: World, referral: Referral) -> None:
    """Microsoft's own referral of a deal that Microsoft sent; it was there first, so nobody is told of it."""
    organization = world.switches.text("microsoft_organization")
    related = related_of(referral) | {"id": world.new_id(), "organizationId": organization}
    related["organizationName"] = MICROSOFT_NAME
    listener, world.listener = world.listener, lambda _event, _referral: None
    world.store(related, created=True)
    world.listener = listener


def edit(world: World, referral_id: str, change: dict[str, Any], *, force: bool = False) -> Referral:
    """A merge patch as a colleague in the portal would make it; `force` lets even closed deals change."""
    before = world.find(referral_id)
    edited = merged(before, change)
    after = whole(edited, edited)
    if not force:
        lifecycle.check_terminal(before, after, illegal=409)
        lifecycle.check_status(before, after, illegal=409)
    settle(world, before, after)
    return world.store(after)


def answer(world: World, engagement_id: str, body: dict[str, Any]) -> Referral:
    """Microsoft's seller accepts, declines, wins or loses; raises ApiError 404 where nobody invited Microsoft."""
    engagement = world.engagement(engagement_id)
    microsoft = next((one for one in reversed(engagement) if one["organizationName"] == MICROSOFT_NAME), None)
    if microsoft is None:
        raise ApiError(404, "Microsoft has no referral in this engagement.")
    change = {name: body[name] for name in ("status", "substatus", "statusReason") if name in body}
    if change.get("status") == "Active":
        change["team"] = MICROSOFT_TEAM
    number = {"trackingInfo": {"microsoftMsxId": body.get("msxId")}} if body.get("msxId") else {}
    shown_on = world.switches.text("msx_id_on")
    answered = edit(world, microsoft["id"], change | (number if shown_on != "own" else {}))
    own = next((one for one in engagement if is_own(one)), None)
    if number and own and shown_on != "microsoft":
        edit(world, own["id"], number, force=True)
    return answered


def review(world: World, referral_id: str, body: dict[str, Any]) -> Referral:
    """Microsoft goes on with a deal's registration: `status`, and a `statusReason` where it has one."""
    before = world.find(referral_id)
    if not before["registrations"]:
        raise refused("The deal is not registered.", "registrations")
    after = deepcopy(before)
    registration, status = after["registrations"][0], str(body.get("status", ""))
    if status not in REVIEWS:
        raise refused(f"status is one of {', '.join(REVIEWS)}", "status")
    registration |= {"status": status, "statusReason": body.get("statusReason")}
    stamp = f"{status[0].lower()}{status[1:]}DateTime"
    registration["statusHistory"] |= {stamp: world.stamp_now()} if stamp in registration["statusHistory"] else {}
    after["registrationStatus"] = status
    return world.store(after)


def spring_ambush(world: World, referral_id: str) -> None:
    """Someone else edits the referral in the moment after it was read."""
    waiting = world.ambushes.get(referral_id.lower(), [])
    if waiting:
        edit(world, referral_id, waiting.pop(0), force=True)
