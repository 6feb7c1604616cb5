"""The body of a new referral: the partner's own, or Microsoft's beside it."""

from __future__ import annotations

from datetime import date
from typing import Any

from shared.connectors.partner_center.extras import NONE, Extras
from shared.connectors.partner_center.patching import Json, intent_attributes, noon, person_json, solution_json
from shared.connectors.partner_center.vocabulary import MICROSOFT
from shared.connectors.partner_center.wire import SYSTEM, Referral
from shared.domain import deal
from shared.domain.values import Customer, Group, Money, Person, Solution, Value, Values
from shared.errors import NotMet
from shared.ports import Draft

NO_HELP_CHOSEN = "Choose how Microsoft can help, then Microsoft is invited to this deal"


def new_deal(draft: Draft, extras: Extras = NONE) -> Json:
    """The partner's own referral (create-a-referral). `type` is indicative: the service derives it from consent."""
    made = _own_deal(draft)
    for (*parents, name), value in extras.sent(draft.values, {}):
        inside = made
        for parent in parents:
            inside = inside.setdefault(parent, {})
        inside[name] = value
    return made


def _own_deal(draft: Draft) -> Json:
    values = draft.values
    visible = bool(values.get(deal.VISIBLE))
    solutions = [solution_json(s) for s in _elements(values.get(deal.SOLUTIONS)) if isinstance(s, Solution)]
    return {
        "name": values.get(deal.NAME),
        "type": "Shared" if visible else "Independent",
        "qualification": "SalesQualified",
        "externalReferenceId": draft.source.id,
        "lastRunId": draft.marker,
        "target": [{"type": "SolutionProfile", "id": s["id"]} for s in solutions] if visible else [],
        "customerProfile": _customer(values),
        "consent": _consent(visible=visible),
        "details": {
            **_details(values),
            "requirements": {
                "solutions": solutions,
                "additionalRequirements": {"attributes": intent_attributes(values.get(deal.INTENT))},
            },
        },
        "team": _people(values.get(deal.TEAM)),
    }


def invitation(draft: Draft) -> Json:
    """Microsoft's referral in the own one's engagement, with what the own one says of the deal."""
    own = draft.parent.native if draft.parent else None
    if not isinstance(own, Referral) or not own.engagement_id:
        raise NotMet(f"{SYSTEM} shows no engagement that Microsoft could be invited to: accept the referral first")
    if not (code := draft.values.get(deal.HELP)):
        raise NotMet(NO_HELP_CHOSEN)
    shown = own.plain()
    carried = {name: shown[name] for name in ("name", "customerProfile", "details", "team") if shown.get(name)}
    return {
        **carried,
        "type": "Shared",
        "qualification": own.qualification or "SalesQualified",
        "engagementId": own.engagement_id,
        "target": [{"type": "BusinessProfileLocation", "id": MICROSOFT}],
        "consent": _consent(visible=True),
        "inviteContext": {"assistanceRequestCode": code, "notes": _notes(draft, own)},
        "lastRunId": draft.marker,
    }


def _notes(draft: Draft, own: Referral) -> str:
    return str(draft.values.get(deal.NOTES) or (own.details.notes if own.details else None) or "")


def _consent(*, visible: bool) -> Json:
    """A deal whose consent to share contacts is false is refused; "ToTo" is the API's own spelling."""
    return {
        "consentToToShareInfoWithOthers": True,
        "consentToContact": True,
        "consentToMicrosoftToContactSpecificPartners": True,
        "consentToShareReferralWithMicrosoftSellers": visible,
    }


def _customer(values: Values) -> Json:
    """Empty parts are null: an empty text would be a wrong country rather than a missing one."""
    value = values.get(deal.CUSTOMER)
    customer = value if isinstance(value, Customer) else Customer(name="")
    address = customer.address
    profile: Json = {
        "name": customer.name or None,
        "address": {
            "addressLine1": address.line1 or None,
            "addressLine2": address.line2 or None,
            "city": address.city or None,
            "state": address.state or None,
            "postalCode": address.postal_code or None,
            "country": address.country or None,
        },
        "team": _people(values.get(deal.CONTACTS)),
    }
    return profile | ({"size": customer.size} if customer.size else {})


def _details(values: Values) -> dict[str, Any]:
    money, day = values.get(deal.AMOUNT), values.get(deal.CLOSING_DATE)
    return {
        "notes": values.get(deal.NOTES) or "",
        "dealValue": money.amount if isinstance(money, Money) else None,
        "currency": money.currency if isinstance(money, Money) else None,
        "closingDateTime": noon(day) if isinstance(day, date) else None,
    }


def _people(value: Value) -> list[Json]:
    return [person_json(person) for person in _elements(value) if isinstance(person, Person)]


def _elements(value: Value) -> list[Person | Solution]:
    return list(value.by_key().values()) if isinstance(value, Group) else []
