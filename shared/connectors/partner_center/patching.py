"""A change of the deal as Partner Center's JSON Patch: changed fields only, `add` and `replace` only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from datetime import date
from typing import Any

from shared.connectors.partner_center.extras import NONE, Extras
from shared.connectors.partner_center.mapping import is_intent, shown
from shared.connectors.partner_center.registering import registration_operations
from shared.connectors.partner_center.vocabulary import INTENT_ATTRIBUTE, OF_THE_CRM, WRITTEN
from shared.connectors.partner_center.wire import CatalogSolution, Referral, Wire
from shared.domain import deal
from shared.domain.lifecycle import CLOSED, Stage
from shared.domain.values import Contract, Group, Money, Person, Solution, Value, Values, blank

Json = dict[str, Any]
VISIBLE_POINTER = "/consent/consentToShareReferralWithMicrosoftSellers"
ATTRIBUTES_POINTER = "/details/requirements/additionalRequirements/attributes"


class Patch:
    """Operations on one referral, each built on the result of those before it."""

    def __init__(self, referral: Referral) -> None:
        self._document: Json = deepcopy(referral.plain())
        self.operations: list[Json] = []

    def put(self, pointer: str, value: Any) -> None:
        """Set a member; where its parent is missing or null, the nearest parent that is there gets the whole branch.

        `replace` needs its target to exist (RFC 6902 §4.3), and Partner Center leaves out what nobody has set.
        """
        *parents, name = pointer.strip("/").split("/")
        node, path = self._document, ""
        while parents and isinstance(node.get(parents[0]), dict):
            path, node = f"{path}/{parents[0]}", node[parents.pop(0)]
        for parent in reversed(parents):
            value, name = {name: value}, parent
        self.operations.append({"op": "replace" if name in node else "add", "path": f"{path}/{name}", "value": value})
        node[name] = deepcopy(value)


def operations(
    referral: Referral, values: Values, *, marker: str = "", counterpart: str = "", extras: Extras = NONE
) -> list[Json]:
    """What to send so that the referral shows `values`; what it shows already is not sent.

    A deal's actual value arrives as AMOUNT; ACTUAL alone stands for it.
    """
    now = shown(referral)
    wanted = dict(values)
    if isinstance(actual := wanted.pop(deal.ACTUAL, None), Money):
        wanted.setdefault(deal.AMOUNT, actual)
    if isinstance(stage := wanted.get(deal.STAGE), Stage):
        wanted[deal.STAGE] = OF_THE_CRM.get(stage, stage)
    patch = Patch(referral)
    for name, write in _WRITERS.items():
        if name in wanted and blank(wanted[name]) != blank(now.get(name)):
            write(patch, referral, wanted)
    for names, value in extras.sent(values, dict(extras.shown(referral))):
        patch.put("/".join(("", *names)), value)
    for pointer, text, held in (
        ("/externalReferenceId", counterpart, referral.external_reference_id),
        ("/lastRunId", marker, referral.last_run_id),
    ):
        if text and text != held:
            patch.put(pointer, text)
    return patch.operations


Writer = Callable[[Patch, Referral, Mapping[str, Value]], None]


def _text(field: str, pointer: str) -> Writer:
    def write(patch: Patch, _: Referral, values: Mapping[str, Value]) -> None:
        patch.put(pointer, values[field] or "")

    return write


def _amount(patch: Patch, referral: Referral, values: Mapping[str, Value]) -> None:
    value = values[deal.AMOUNT]
    money = value if isinstance(value, Money) else Money(None, None)
    held = shown(referral)[deal.AMOUNT]
    before = held if isinstance(held, Money) else Money(None, None)
    if money.currency != before.currency:
        patch.put("/details/currency", money.currency)
    if money.amount != before.amount:
        # The value is a string in the documented sample (patch-a-referral), though a number in every answer.
        patch.put("/details/dealValue", None if money.amount is None else f"{money.amount:f}")


def _closing_date(patch: Patch, _: Referral, values: Mapping[str, Value]) -> None:
    day = values[deal.CLOSING_DATE]
    patch.put("/details/closingDateTime", noon(day) if isinstance(day, date) else None)


def noon(day: date) -> str:
    """Noon UTC is the same day in the portal's local time nearly everywhere; midnight is not."""
    return f"{day.isoformat()}T12:00:00Z"


def _stage(patch: Patch, _: Referral, values: Mapping[str, Value]) -> None:
    stage = values[deal.STAGE]
    if not isinstance(stage, Stage):
        return
    status, substatus = WRITTEN[stage]
    patch.put("/status", status)
    patch.put("/substatus", substatus)
    if stage in CLOSED and (reason := values.get(deal.CLOSE_REASON)):
        patch.put("/statusReason", reason)


def _visible(patch: Patch, _: Referral, values: Mapping[str, Value]) -> None:
    patch.put(VISIBLE_POINTER, bool(values[deal.VISIBLE]))


def _intent(patch: Patch, referral: Referral, values: Mapping[str, Value]) -> None:
    requirements = referral.details.requirements if referral.details else None
    additional = requirements.additional_requirements if requirements else None
    held = (additional.attributes if additional else None) or []
    others = [attribute.plain() for attribute in held if not is_intent(attribute.type)]
    patch.put(ATTRIBUTES_POINTER, others + intent_attributes(values[deal.INTENT]))


def intent_attributes(value: Value) -> list[Json]:
    return [{"type": INTENT_ATTRIBUTE, "id": value}] if value else []


def _solutions(patch: Patch, referral: Referral, values: Mapping[str, Value]) -> None:
    requirements = referral.details.requirements if referral.details else None
    held = (requirements.solutions if requirements else None) or []
    wanted = {s.key: solution_json(s) for s in _elements(values[deal.SOLUTIONS]) if isinstance(s, Solution)}
    patch.put("/details/requirements/solutions", _replaced(held, _solution_key, wanted))


def _people(field: str, pointer: str, held: Callable[[Referral], Sequence[Wire] | None]) -> Writer:
    def write(patch: Patch, referral: Referral, values: Mapping[str, Value]) -> None:
        wanted = {p.key: person_json(p) for p in _elements(values[field]) if isinstance(p, Person)}
        patch.put(pointer, _replaced(held(referral) or (), _person_key, wanted))

    return write


def _registration(patch: Patch, referral: Referral, values: Mapping[str, Value]) -> None:
    contract = values[deal.CONTRACT]
    if isinstance(contract, Contract):
        patch.operations += registration_operations(referral, contract)


def _elements(value: Value) -> Iterable[Person | Solution]:
    return value.by_key().values() if isinstance(value, Group) else ()


def _solution_key(element: Wire) -> str:
    managed = isinstance(element, CatalogSolution) and element.is_managed
    return (element.plain()["id"]).strip().casefold() if managed else ""


def _person_key(element: Wire) -> str:
    return (element.plain().get("email") or "").strip().casefold()


def _replaced(held: Sequence[Wire], key: Callable[[Wire], str], wanted: Mapping[str, Json]) -> list[Json]:
    """The list in its old order: elements that we do not manage stay, wanted ones keep what we do not know of them."""
    kept = {key(element): element.plain() for element in reversed(held) if key(element)}
    unmanaged = [element.plain() for element in held if not key(element)]
    managed = [_over(kept[k], wanted[k]) for k in dict.fromkeys(map(key, held)) if k in wanted]
    return unmanaged + managed + [element for k, element in wanted.items() if k not in kept]


def _over(held: Json, wanted: Json) -> Json:
    """Empty text over null is no change."""
    return {**held, **{name: text for name, text in wanted.items() if text or held.get(name)}}


def person_json(person: Person) -> Json:
    return {
        "firstName": person.first_name or None,
        "lastName": person.last_name or None,
        "phoneNumber": person.phone or None,
        "email": person.email,
        "title": person.title or None,
    }


def solution_json(solution: Solution) -> Json:
    return {
        "id": solution.id,
        "type": "Name",  # a solution of the catalogue: all of co-sell (referral-resources)
        "name": solution.name or None,
        "solutionType": solution.type or None,
        "publisherName": solution.publisher or None,
    }


_WRITERS: Mapping[str, Writer] = {
    deal.NAME: _text(deal.NAME, "/name"),
    deal.AMOUNT: _amount,
    deal.CLOSING_DATE: _closing_date,
    deal.NOTES: _text(deal.NOTES, "/details/notes"),
    deal.VISIBLE: _visible,
    deal.INTENT: _intent,
    deal.SOLUTIONS: _solutions,
    deal.CONTACTS: _people(
        deal.CONTACTS, "/customerProfile/team", lambda r: r.customer_profile.team if r.customer_profile else None
    ),
    deal.TEAM: _people(deal.TEAM, "/team", lambda r: r.team),
    deal.STAGE: _stage,
    deal.CONTRACT: _registration,
}
