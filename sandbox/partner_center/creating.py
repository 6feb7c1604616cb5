"""POST: a partner's new referral, or an invitation that becomes the other party's referral in the same engagement."""

from typing import Any

from sandbox.partner_center.errors import ApiError, refused
from sandbox.partner_center.lifecycle import SHARE, dig
from sandbox.partner_center.required import asks_for_help, check_body, check_complete, check_limits
from sandbox.partner_center.schema import REFERRAL
from sandbox.partner_center.settings import (
    MICROSOFT_NAME,
    MICROSOFT_TARGET,
    OWN_MPN,
    OWN_NAME,
    OWN_ORGANIZATION,
)
from sandbox.partner_center.shaping import shaped, whole
from sandbox.partner_center.world import Referral, World, derive_type, is_own

# The service's own; whatever a caller sends for them is replaced.
BLANK: dict[str, Any] = {
    **dict.fromkeys(("acceptedDateTime", "closedDateTime", "createdDateTime", "expirationDateTime", "links")),
    "statusReason": None,
    "quality": "Unknown",
    "isSpam": False,
    "favorite": False,
    "dealSensitivity": "None",
    "registrationStatus": "None",
    "registrations": [],
}


def create(world: World, body: Any) -> Referral:
    referral = whole(body)
    check_body(body)
    check_complete(referral)
    check_limits(referral)
    invited = next((one["id"] for one in referral["target"] if one["type"] == "BusinessProfileLocation"), None)
    referral |= BLANK | {"id": world.new_id(), "qualification": referral["qualification"] or "SalesQualified"}
    referral["trackingInfo"] = shaped(REFERRAL["trackingInfo"], None, "trackingInfo")
    referral["customerProfile"]["isMatchingComplete"] = False
    if world.switches.text("last_run_id") == "dropped":
        referral["lastRunId"] = None
    if invited is None:
        _begin(world, referral)
    else:
        _invite(world, referral, invited)
    return world.store(referral, created=True)


def _begin(world: World, referral: Referral) -> None:
    """A deal of one's own is active at once, also when it was posted as New/Pending."""
    if referral["engagementId"]:
        raise refused("engagementId can be given only to invite someone into that engagement.", "engagementId")
    now = world.stamp_now()
    referral |= {
        "engagementId": world.new_id(),
        "organizationId": OWN_ORGANIZATION,
        "organizationName": OWN_NAME,
        "mpnId": referral["mpnId"] or OWN_MPN,
        "status": "Active",
        "substatus": "Accepted",
        "direction": "Outgoing",
        "createdDateTime": now,
        "acceptedDateTime": now,
    }
    derive_type(referral)


def _invite(world: World, referral: Referral, invited: str) -> None:
    """The same engagement, a referral of the invited party, New/Pending until they answer."""
    own = _deal_to_share(world, referral)
    microsoft = invited == MICROSOFT_TARGET
    if microsoft and not asks_for_help(referral):
        raise refused("Required field Help needed from Microsoft missing", "inviteContext.assistanceRequestCode")
    referral |= {
        "engagementId": own["engagementId"],
        "organizationId": world.switches.text("microsoft_organization") if microsoft else invited,
        "organizationName": MICROSOFT_NAME if microsoft else None,
        "mpnId": None,
        "status": "New",
        "substatus": "Pending",
        "direction": "Incoming",
        # A referral's team are its owner's people: Microsoft's sellers join when they accept.
        "team": [],
    }
    referral["inviteContext"]["invitedBy"] = {"organizationId": OWN_ORGANIZATION, "organizationName": OWN_NAME}
    derive_type(referral)
    world.open_for_answer(referral)


def _deal_to_share(world: World, referral: Referral) -> Referral:
    engagement = world.engagement(referral["engagementId"] or "")
    own = next((one for one in engagement if is_own(one)), None)
    if own is None:
        raise ApiError(404, "The engagement to invite into was not found.", target="engagementId")
    if own["status"] == "Closed":
        raise refused("A closed deal cannot be shared.", "engagementId")
    if not dig(own, SHARE) or not dig(referral, SHARE):
        raise refused(f"An invitation requires the consent {SHARE}.", SHARE)
    return own
