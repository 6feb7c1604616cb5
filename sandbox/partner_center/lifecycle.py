"""Which status may follow which, and what of a referral may still change (referral-resources, transition table)."""

from typing import Any

from sandbox.partner_center.errors import ApiError, refused

NEXT_STATUS = {"New": {"New", "Active", "Closed"}, "Active": {"Active", "Closed"}, "Closed": {"Closed"}}
SUBSTATUS = {
    "New": {"Pending", "Received"},
    "Active": {"Accepted"},
    "Closed": {"Won", "Lost", "Declined", "Expired", "Error"},
}
SHARE = "consent.consentToShareReferralWithMicrosoftSellers"
# What the caller says about itself is no edit of the deal; the stamps change with every write.
BOOKKEEPING = frozenset({"eTag", "updatedDateTime", "lastModifiedVia", "lastRunId", "links"})
# What the service alone writes of a registration; the history of its steps is beside them.
SERVICE_WRITTEN = ("registrationDateTime", "status", "statusReason")

READ_ONLY = (
    "id",
    "engagementId",
    "organizationId",
    "organizationName",
    "mpnId",
    "createdDateTime",
    "expirationDateTime",
    "acceptedDateTime",
    "closedDateTime",
    "direction",
    "registrationStatus",
    "trackingInfo",
    "inviteContext.invitedBy",
    "customerProfile.name",
    "customerProfile.address",
    "customerProfile.ids",
    "customerProfile.isMatchingComplete",
)
# path -> what it may hold and still be set; once another value is there and the deal is shared, it stays.
WRITE_ONCE: dict[str, tuple[Any, ...]] = {
    "inviteContext.assistanceRequestCode": (None, "", "Unknown"),
    "inviteContext.notes": (None, ""),
    "customerProfile.team": (None, []),
}


def dig(referral: dict[str, Any], path: str) -> Any:
    value: Any = referral
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def check_status(before: dict[str, Any], after: dict[str, Any], *, illegal: int) -> None:
    """Raises ApiError with the status `illegal` (no public source names it) for a step outside the table."""
    old, new, sub = before["status"], after["status"], after["substatus"]
    if new not in NEXT_STATUS.get(old, set()) or sub not in SUBSTATUS.get(new, set()):
        step = f"{old}/{before['substatus']} to {new}/{sub}"
        raise ApiError(illegal, f"The status transition from {step} is not allowed.", target="status")


def check_terminal(before: dict[str, Any], after: dict[str, Any], *, illegal: int) -> None:
    """A closed referral takes no edit; a won one still takes deal registrations."""
    if before["status"] != "Closed":
        return
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} - BOOKKEEPING
    if changed - ({"registrations"} if before["substatus"] == "Won" else set()):
        state = f"{before['status']}/{before['substatus']}"
        raise ApiError(illegal, f"The referral is {state} and can no longer be changed.", target=min(changed))


def check_mutability(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Raises ApiError 400 naming the field that may not, or no longer, change."""
    for path in READ_ONLY:
        if dig(before, path) != dig(after, path):
            raise refused(f"The field {path} is read-only.", path)
    if not dig(before, SHARE):
        return
    if not dig(after, SHARE):
        raise refused(f"The field {SHARE} cannot be withdrawn.", SHARE)
    for path, unset in WRITE_ONCE.items():
        if dig(before, path) not in unset and dig(before, path) != dig(after, path):
            raise refused(f"The field {path} cannot be changed once the deal is shared.", path)


def check_registrations(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Deal registration is for won deals that Microsoft's sellers could see."""
    if before["registrations"] == after["registrations"]:
        return
    if (before["status"], before["substatus"]) != ("Closed", "Won") or not dig(before, SHARE):
        raise refused("Only a shared referral that is Closed/Won can be registered.", "registrations")
    held = {one["id"]: one for one in before["registrations"]}
    for registration in after["registrations"]:
        was = held.get(registration["id"])
        changed = [name for name in SERVICE_WRITTEN if was and registration[name] != was[name]]
        if changed:
            raise refused(f"The field registrations.{changed[0]} is read-only.", f"registrations.{changed[0]}")
