"""PATCH and PUT: what a partner may change of its own referral, under the eTag it names."""

from copy import deepcopy
from typing import Any

from sandbox.partner_center import lifecycle
from sandbox.partner_center.errors import ApiError, refused, stale
from sandbox.partner_center.json_patch import patched
from sandbox.partner_center.required import check_limits, check_still_complete
from sandbox.partner_center.schema import REFERRAL
from sandbox.partner_center.shaping import canonical, whole
from sandbox.partner_center.world import Referral, World, derive_type, is_own

# A full replace need not repeat what only the service writes.
SERVICE_OWNED = (*(path for path in lifecycle.READ_ONLY if "." not in path), "type", "updatedDateTime", "eTag", "links")


def patch(world: World, referral_id: str, operations: Any, if_match: str | None) -> Referral:
    """If-Match is optional: without it the last writer wins."""
    before = _editable(world, referral_id)
    _check_etag(before, if_match)
    return _keep(world, before, patched(before, operations))


def replace(world: World, referral_id: str, body: Any, if_match: str | None) -> Referral:
    """The whole resource: what the body leaves out is emptied."""
    before = _editable(world, referral_id)
    if if_match is None:
        raise ApiError(world.switches.integer("put_without_if_match"), "The header If-Match is required.")
    _check_etag(before, if_match)
    after = whole(body, before)
    given = {canonical(name, REFERRAL) for name in body}
    if "links" in given:
        raise refused("The property links is not part of a referral that is replaced.", "links")
    after |= {name: deepcopy(before[name]) for name in SERVICE_OWNED if name not in given}
    return _keep(world, before, after)


def _editable(world: World, referral_id: str) -> Referral:
    referral = world.find(referral_id)
    if not is_own(referral):
        raise ApiError(403, "The referral belongs to another organization.", target="referral")
    return referral


def _check_etag(referral: Referral, if_match: str | None) -> None:
    if if_match not in (None, "*", referral["eTag"]):
        raise stale()


def _keep(world: World, before: Referral, after: Referral) -> Referral:
    illegal = world.switches.integer("illegal_transition")
    lifecycle.check_terminal(before, after, illegal=illegal)
    lifecycle.check_status(before, after, illegal=illegal)
    lifecycle.check_mutability(before, after)
    lifecycle.check_registrations(before, after)
    check_still_complete(before, after)
    check_limits(after)
    if world.switches.text("last_run_id") == "dropped":
        after["lastRunId"] = before["lastRunId"]
    settle(world, before, after)
    return world.store(after)


def settle(world: World, before: Referral, after: Referral) -> None:
    """What the service itself writes beside an edit: the dates of its steps, the type, the registrations' state."""
    after["type"] = before["type"]
    if before["consent"] != after["consent"]:
        derive_type(after)
    if before["status"] != after["status"]:
        dates = {"Active": "acceptedDateTime", "Closed": "closedDateTime"}
        after[dates.get(after["status"], "updatedDateTime")] = world.stamp_now()
    for registration in after["registrations"]:
        if not registration["id"]:
            _submit(world, after, registration)


def _submit(world: World, referral: Referral, registration: dict[str, Any]) -> None:
    now = world.stamp_now()
    registration |= {"id": world.new_id(), "registrationDateTime": now, "status": "ReviewPending"}
    registration["statusHistory"]["reviewPendingDateTime"] = now
    referral["registrationStatus"] = "ReviewPending"
