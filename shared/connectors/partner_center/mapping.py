"""A referral in the deal's vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shared.connectors.partner_center.extras import NONE, Extras
from shared.connectors.partner_center.registering import contract_lock, registered, registrable
from shared.connectors.partner_center.vocabulary import (
    INTENT_ATTRIBUTE,
    MICROSOFT,
    NO_HELP,
    invited_by,
    is_lead,
    is_microsofts,
    is_ours,
    locks,
    stage_of,
)
from shared.connectors.partner_center.wire import (
    CustomerProfile,
    Details,
    Member,
    PostalAddress,
    Referral,
    Requirements,
    instant,
)
from shared.domain import deal
from shared.domain.lifecycle import CLOSED, Stage
from shared.domain.values import Address, Customer, Group, Money, Person, Ref, Side, Solution, Value, frozen, group
from shared.ports import Snapshot

KIND = "referral"


def snapshot(
    referral: Referral, version: str, *, organization: str, portal_link: str, extras: Extras = NONE
) -> Snapshot:
    """What a read of one referral shows; Microsoft's side of the deal is added by `widened`."""
    values = shown(referral) | dict(extras.shown(referral))
    return Snapshot(
        side=Side.PARTNER,
        ref=Ref(KIND, referral.id),
        version=version,
        values=frozen(values),
        modified=referral.updated,
        created=referral.created,
        counterpart=(referral.external_reference_id or "").strip(),
        marker=referral.last_run_id or None,
        locked=_locks(values, invited=False),
        ours=is_ours(referral, organization),
        lead=is_lead(referral),
        parent=referral.engagement_id or "",
        link=portal_link.format(id=referral.id),
        name=referral.name or "",
        native=referral,
    )


def shown(referral: Referral) -> dict[str, Value]:
    """Every field that one referral alone can show."""
    details, stage = referral.details or Details(), stage_of(referral)
    closing = instant(details.closing_date_time)
    values: dict[str, Value] = {
        deal.NAME: referral.name or None,
        deal.AMOUNT: amount(details),
        deal.CLOSING_DATE: closing.date() if closing else None,
        deal.NOTES: details.notes or None,
        deal.VISIBLE: bool(referral.consent and referral.consent.consent_to_share_referral_with_microsoft_sellers),
        deal.INTENT: intent(referral),
        deal.SOLUTIONS: solutions(details.requirements),
        deal.CONTACTS: people(referral.customer_profile.team if referral.customer_profile else None),
        deal.TEAM: people(referral.team),
        deal.PROGRAM: referral.referral_program or None,
        deal.CUSTOMER: customer(referral.customer_profile),
    }
    if registrable(stage, visible=bool(values[deal.VISIBLE])):
        values |= registered(referral, values[deal.SOLUTIONS])
    return values | _stage_values(referral, stage, values[deal.AMOUNT])


def _stage_values(referral: Referral, stage: Stage | None, value: Value) -> dict[str, Value]:
    if stage is None:
        return {}  # a status newer than our tables is not shown, so it is not merged
    reason: dict[str, Value] = {deal.CLOSE_REASON: referral.status_reason or None} if stage in CLOSED else {}
    actual: dict[str, Value] = {deal.ACTUAL: value} if stage is Stage.WON else {}
    return {deal.STAGE: stage, **reason, **actual}


def amount(details: Details) -> Money | None:
    if details.deal_value is None and not details.currency:
        return None
    return Money(details.deal_value, details.currency.upper() if details.currency else None)


def intent(referral: Referral) -> str | None:
    requirements = referral.details.requirements if referral.details else None
    additional = requirements.additional_requirements if requirements else None
    attributes = (additional.attributes if additional else None) or []
    return next((a.id or None for a in attributes if is_intent(a.type)), None)


def is_intent(kind: str | None) -> bool:
    return (kind or "").casefold() == INTENT_ATTRIBUTE.casefold()


def solutions(requirements: Requirements | None) -> Group:
    found = (requirements.solutions if requirements else None) or []
    return group(
        Solution(id=s.id or "", name=s.name or "", type=s.solution_type or "", publisher=s.publisher_name or "")
        for s in found
        if s.is_managed
    )


def people(members: Sequence[Member] | None) -> Group:
    """Somebody without a mail address cannot be told from others, and is left where he is."""
    return group(
        Person(
            email=m.email,
            first_name=m.first_name or "",
            last_name=m.last_name or "",
            phone=m.phone_number or "",
            title=m.title or "",
        )
        for m in members or ()
        if m.email and m.email.strip()
    )


def customer(profile: CustomerProfile | None) -> Customer | None:
    if profile is None or not profile.name:
        return None
    a = profile.address or PostalAddress()
    address = Address(
        line1=a.address_line1 or "",
        line2=a.address_line2 or "",
        city=a.city or "",
        state=a.state or "",
        postal_code=a.postal_code or "",
        country=a.country or "",
    )
    return Customer(name=profile.name, address=address, size=profile.size or "")


def widened(record: Snapshot, engagement: Sequence[Referral]) -> Snapshot:
    """The record with Microsoft's side of the deal, chosen from all referrals of its engagement.

    On which of the two referrals Microsoft's CRM id appears is documented nowhere: both are looked at.
    """
    own = record.native if isinstance(record.native, Referral) else None
    theirs = newest_of_microsoft(engagement, but=record.ref.id)
    values: dict[str, Value] = {
        **record.values,
        deal.HELP: help_asked(theirs) if theirs else None,
        deal.MICROSOFT_ID: (_msx(theirs) if theirs else None) or (_msx(own) if own else None),
        deal.MICROSOFT_STAGE: stage_of(theirs) if theirs else None,
    }
    return replace(
        record,
        values=frozen(values),
        invited=theirs.id if theirs else _inviter(own),
        locked=_locks(values, invited=theirs is not None),
    )


def _inviter(own: Referral | None) -> str | None:
    """Microsoft, where it brought this co-sell deal itself: its own referral is there, listed already or not."""
    return MICROSOFT if own and not is_lead(own) and invited_by(own) == MICROSOFT else None


def newest_of_microsoft(engagement: Sequence[Referral], *, but: str) -> Referral | None:
    """Microsoft's referral; of several (one was declined, another sent on request) the newest that is open, if any."""
    theirs = [r for r in engagement if is_microsofts(r) and r.id != but]
    return max(theirs, key=lambda r: (stage_of(r) not in CLOSED, r.created, r.id), default=None)


def help_asked(referral: Referral) -> str | None:
    code = referral.invite_context.assistance_request_code if referral.invite_context else None
    return None if (code or NO_HELP).casefold() == NO_HELP.casefold() else code


def _msx(referral: Referral) -> str | None:
    return (referral.tracking_info.microsoft_msx_id or None) if referral.tracking_info else None


def _locks(values: dict[str, Value], *, invited: bool) -> dict[str, str]:
    stage = values.get(deal.STAGE)
    return dict(
        locks(
            stage if isinstance(stage, Stage) else None,
            visible=bool(values[deal.VISIBLE]),
            contacts=bool(values[deal.CONTACTS]),
            invited=invited,
            contract=contract_lock(values) if deal.CONTRACT in values else None,
            own=tuple(filter(deal.is_extra, values)),
        ),
    )
