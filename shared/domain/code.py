"""Why a look at a deal ended as it did, for machines: queries, alerts and the workbook tell outcomes apart by it.

The words for people are the reason's. A code is never renamed without a line in the changelog.
"""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """A closed set; each value is what telemetry shows."""

    # done
    IN_STEP = "in_step"
    UPDATED = "updated"
    CREATED = "created"
    ADOPTED = "adopted"
    INVITED = "invited"  # Microsoft was asked for help
    NOTHING_NEW = "nothing_new"
    OTHERS_WOKEN = "others_woken"  # a record beside the deals changed
    # left
    FIELDS_DIFFER = "fields_differ"  # some stay as they are, each with its reason
    SWITCHED_OFF = "switched_off"  # nobody wants the record synchronised
    OTHER_PARTY = "other_party"
    NO_DEAL = "no_deal"
    OWN_LEAD = "own_lead"
    LEAD_ALONE = "lead_alone"
    CLOSED_BEFORE = "closed_before"
    BEFORE_FIRST_START = "before_first_start"
    COSELL_ONLY = "cosell_only"
    MOVED_ON = "moved_on"  # a lead's deal goes on as an opportunity
    GONE = "gone"
    DETACHED = "detached"
    ASLEEP = "asleep"
    # waiting
    MISSING_DATA = "missing_data"
    # delayed
    PAUSED = "paused"
    BUSY = "busy"
    CONFLICT = "conflict"
    NOT_SHOWN_YET = "not_shown_yet"
    UNANSWERED = "unanswered"  # a creation whose outcome nobody knows yet
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    ACCESS_LOST = "access_lost"
    MISCONFIGURED = "misconfigured"
    NEWER_RELEASE = "newer_release"
    WRONG_WORLD = "wrong_world"  # the settings lead to another organisation
    MICROSOFT_FLOWS = "microsoft_flows"  # active beside us
    # owed
    MODE = "mode"
    DRY_RUN = "dry_run"
    # parked
    NEEDS_DECISION = "needs_decision"
    REFUSED = "refused"
    TOO_OLD = "too_old"
    BUG = "bug"
