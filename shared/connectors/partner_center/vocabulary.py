"""Partner Center's words and ours: the tables of stages, help, sides of a deal and kinds of referral."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from shared.connectors.partner_center.wire import Brief, Referral
from shared.domain import deal
from shared.domain.lifecycle import CLOSED, Stage

MICROSOFT = "msft"  # target id and organization id of Microsoft's side (referral-resources, create-a-referral)
MICROSOFT_NAMES = frozenset({"microsoft", "microsoft corporation"})
NO_HELP = "Unknown"
INTENT_ATTRIBUTE = "CustomerMarketplaceIntent"

BY_SUBSTATUS: Mapping[tuple[str, str], Stage] = MappingProxyType(
    {
        ("closed", "won"): Stage.WON,
        ("closed", "lost"): Stage.LOST,
        ("closed", "declined"): Stage.DECLINED,
        ("closed", "expired"): Stage.EXPIRED,
        ("closed", "error"): Stage.ERROR,
    },
)
BY_STATUS: Mapping[str, Stage] = MappingProxyType(
    {
        "new": Stage.PENDING,
        "active": Stage.ACTIVE,
        "closed": Stage.ERROR,  # closed for a reason that is newer than this table: not won, and terminal
    },
)
WRITTEN: Mapping[Stage, tuple[str, str]] = MappingProxyType(
    {
        Stage.PENDING: ("New", "Pending"),
        Stage.HOLD: ("New", "Pending"),
        Stage.ACTIVE: ("Active", "Accepted"),
        Stage.OPEN: ("Active", "Accepted"),
        Stage.WON: ("Closed", "Won"),
        Stage.LOST: ("Closed", "Lost"),
        Stage.DECLINED: ("Closed", "Declined"),
        Stage.EXPIRED: ("Closed", "Expired"),
        Stage.ERROR: ("Closed", "Error"),
    },
)
OF_THE_CRM: Mapping[Stage, Stage] = MappingProxyType({Stage.HOLD: Stage.PENDING, Stage.OPEN: Stage.ACTIVE})

_LEADS = frozenset(  # (qualification, invited by): "Classification" in referrals-api-introduction; type Independent
    {
        ("direct", MICROSOFT),
        ("direct", ""),
        ("salesqualified", MICROSOFT),
        ("marketingqualified", MICROSOFT),
    },
)


def stage_of(referral: Referral) -> Stage | None:
    status, substatus = (referral.status or "").casefold(), (referral.substatus or "").casefold()
    return BY_SUBSTATUS.get((status, substatus)) or BY_STATUS.get(status)


def is_microsofts(referral: Brief) -> bool:
    """Which organization id Microsoft's referral bears is documented nowhere: its target and its name count as well."""
    targets = {(target.id or "").casefold() for target in referral.target or ()}
    named = (referral.organization_name or "").strip().casefold() in MICROSOFT_NAMES
    return named or (referral.organization_id or "").casefold() == MICROSOFT or MICROSOFT in targets


def is_ours(referral: Brief, organization: str) -> bool:
    owner = (referral.organization_id or "").casefold()
    return not is_microsofts(referral) and (not organization or owner in ("", organization.casefold()))


def invited_by(referral: Referral) -> str:
    """The id of the organisation that brought this deal, "" where nobody else did; Microsoft's also by its name."""
    inviter = referral.invite_context.invited_by if referral.invite_context else None
    if inviter is None:
        return ""
    named = (inviter.organization_name or "").strip().casefold() in MICROSOFT_NAMES
    return MICROSOFT if named else (inviter.organization_id or "").casefold()


def is_lead(referral: Referral) -> bool:
    independent = (referral.type or "").casefold() == "independent"
    return independent and ((referral.qualification or "").casefold(), invited_by(referral)) in _LEADS


TERMINAL_REASON = "Partner Center takes no changes to a closed referral"
PENDING_REASON = "Partner Center takes no changes to a referral before it is accepted"
VISIBLE_REASON = "a deal that Microsoft sellers can see cannot be hidden from them again"
CONTACT_REASON = "the customer contact cannot change once the deal is shared with Microsoft"
CUSTOMER_REASON = "Partner Center takes the customer's name and address only when a deal is created"
HELP_REASON = "Microsoft was already asked for help on this deal, which is asked once"
READ_ONLY_REASON = "only Microsoft sets this"
NOT_WON_REASON = "a deal is registered once it is won and Microsoft can see it"

_ALWAYS = {
    deal.CUSTOMER: CUSTOMER_REASON,
    deal.PROGRAM: READ_ONLY_REASON,
    deal.MICROSOFT_ID: READ_ONLY_REASON,
    deal.MICROSOFT_STAGE: READ_ONLY_REASON,
    deal.REGISTRATION: READ_ONLY_REASON,
    deal.REGISTRATION_REASON: READ_ONLY_REASON,
    deal.CONTRACT: NOT_WON_REASON,
}


def locks(
    stage: Stage | None,
    *,
    visible: bool,
    contacts: bool,
    invited: bool,
    contract: str | None = None,
    own: tuple[str, ...] = (),
) -> Mapping[str, str]:
    """Why a field cannot be written now (referral-resources: life cycle; manage-co-sell-opportunities: read-only).

    `contract` says why the registration's contract of a won deal cannot; where that is "", it is all that can.
    `own` are the names of an installation's own fields.
    """
    if stage in CLOSED:
        closed = dict.fromkeys([*deal.TITLES, deal.CUSTOMER, *own], TERMINAL_REASON)
        if contract is None:
            return closed
        del closed[deal.CONTRACT]
        return closed | ({deal.CONTRACT: contract} if contract else {})
    if stage is Stage.PENDING:
        pending = dict.fromkeys([*deal.TITLES, *own], PENDING_REASON) | _ALWAYS
        del pending[deal.STAGE]
        return pending
    shared = {deal.VISIBLE: VISIBLE_REASON} | ({deal.CONTACTS: CONTACT_REASON} if contacts else {})
    return _ALWAYS | (shared if visible else {}) | ({deal.HELP: HELP_REASON} if invited else {})
