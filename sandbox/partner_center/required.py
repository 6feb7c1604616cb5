"""What Microsoft requires of a new referral, in the words of its bulk import ("Required field Solution 1 missing")."""

from typing import Any

from sandbox.partner_center.errors import ApiError, refused
from sandbox.partner_center.lifecycle import dig

FIELDS = {
    "Deal name": "name",
    "Customer name": "customerProfile.name",
    "Address line 1": "customerProfile.address.addressLine1",
    "City": "customerProfile.address.city",
    "Country": "customerProfile.address.country",
    "Deal value": "details.dealValue",
    "Currency": "details.currency",
    "Closing date": "details.closingDateTime",
}
PERSON = {"first name": "firstName", "last name": "lastName", "phone": "phoneNumber", "email": "email"}
BODY_PARTS = ("type", "customerProfile", "consent", "details")
LIMIT = 50
INTENT = "CustomerMarketplaceIntent"
CONSENTS = ("consentToToShareInfoWithOthers", "consentToContact")


def _blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _person(label: str, people: list[dict[str, Any]]) -> list[str]:
    if not people:
        return [f"{label} 1"]
    return [
        f"{label} {number} {part}"
        for number, person in enumerate(people, start=1)
        for part, key in PERSON.items()
        if _blank(person.get(key))
    ]


def asks_for_help(referral: dict[str, Any]) -> bool:
    return dig(referral, "inviteContext.assistanceRequestCode") not in (None, "", "Unknown")


def missing(referral: dict[str, Any]) -> list[str]:
    """The names of required fields that are absent, in a stable order."""
    names = [name for name, path in FIELDS.items() if _blank(dig(referral, path))]
    solutions = dig(referral, "details.requirements.solutions")
    names += ["Solution 1"] if not solutions else []
    names += [f"Solution {n} id" for n, one in enumerate(solutions, start=1) if _blank(one.get("id"))]
    names += _person("Team member", referral["team"])
    attributes = dig(referral, "details.requirements.additionalRequirements.attributes")
    if not any(one["type"] == INTENT and not _blank(one["id"]) for one in attributes):
        names.append("Customer purchase intent")
    if asks_for_help(referral):
        names += _person("Customer contact", dig(referral, "customerProfile.team"))
    return names


def check_body(body: dict[str, Any]) -> None:
    """The four parts that the API page itself calls required."""
    present = {name.lower() for name, value in body.items() if value is not None}
    absent = [name for name in BODY_PARTS if name.lower() not in present]
    if absent:
        raise _complaint(absent)


def check_complete(referral: dict[str, Any]) -> None:
    absent = missing(referral)
    if absent:
        raise _complaint(absent)
    for consent in CONSENTS:
        if referral["consent"][consent] is not True:
            raise refused(f"The consent {consent} must be given.", f"consent.{consent}")


def check_still_complete(before: dict[str, Any], after: dict[str, Any]) -> None:
    """An edit may not empty what a new referral must have; what was always missing is not its fault."""
    lost = [name for name in missing(after) if name not in missing(before)]
    if lost:
        raise _complaint(lost)


def check_limits(referral: dict[str, Any]) -> None:
    for path in ("details.requirements.solutions", "team", "customerProfile.team"):
        if len(dig(referral, path)) > LIMIT:
            raise refused(f"At most {LIMIT} entries are allowed in {path}.", path)
    value = dig(referral, "details.dealValue")
    if value is not None and value < 0:
        raise refused("The value of details.dealValue cannot be negative.", "details.dealValue")


def _complaint(names: list[str]) -> ApiError:
    return refused(";".join(f"Required field {name} missing" for name in names))
