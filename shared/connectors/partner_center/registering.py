"""Deal registration of a won referral: what Microsoft says of it, and the contract it is registered with.

Shapes are those of the Logic Apps connector's operations "create" and "patch deal registration": one is added at
`/registrations/-`, and what may still be edited lies at `/registrations/0/…`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from shared.connectors.partner_center.wire import DealRegistration, Referral, instant
from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.values import Contract, Group, Money, Value

Json = dict[str, Any]
KIND = "AzureIPCoSell"  # the one type that the operations name
NONE = "none"
# Once Microsoft has decided nothing is edited any more: no source says that it could be.
OPEN_TO_EDITS = frozenset({"", "reviewpending", "actionrequired"})
DECIDED_REASON = "Microsoft has decided on the deal's registration: change it in Partner Center"
SEVERAL_REASON = "a deal with several solutions is registered in Partner Center, where each gets its own value"


def registrable(stage: Stage | None, *, visible: bool) -> bool:
    """Only won deals that Microsoft's sellers can see are registered (register-deals); a private one never is."""
    return stage is Stage.WON and visible


def registered(referral: Referral, solutions: Value) -> dict[str, Value]:
    """What a registrable referral shows: also that there is no registration yet."""
    held = _held(referral)
    status = referral.registration_status or ""
    shown = status if status.casefold() not in ("", NONE) else (held.status or "" if held else "")
    return {
        deal.REGISTRATION: shown or None,
        deal.REGISTRATION_REASON: (held.status_reason or None) if held else None,
        deal.CONTRACT: _contract(held, solutions) if held else None,
    }


def contract_lock(values: Mapping[str, Value]) -> str:
    """Why the contract of a registrable referral cannot be written; "" where it can."""
    solutions = values.get(deal.SOLUTIONS)
    if not isinstance(solutions, Group) or len(solutions) != 1:
        return SEVERAL_REASON
    status = values.get(deal.REGISTRATION)
    return "" if str(status or "").casefold() in OPEN_TO_EDITS else DECIDED_REASON


def registration_operations(referral: Referral, contract: Contract) -> Iterator[Json]:
    """JSON Patch operations that register the deal with this contract, or change those parts that differ."""
    held, wanted = _held(referral), _json(contract, _solution_id(referral))
    if held is None:
        yield {"op": "add", "path": "/registrations/-", "value": wanted}
        return
    before = held.plain()
    for name, value in wanted["contract"].items():
        yield from _changed("/registrations/0/contract", name, value, before.get("contract"))
    details = before.get("solutionDetails") or [{}]
    for name, value in wanted["solutionDetails"][0].items():
        if name != "id":
            yield from _changed("/registrations/0/solutionDetails/0", name, value, details[0])


def _changed(pointer: str, name: str, value: Any, before: Any) -> Iterator[Json]:
    """A member that differs; a date that is still the same day keeps its time."""
    there = before.get(name) if isinstance(before, Mapping) else None
    if not _same(name, there, value):
        yield {"op": "add" if there is None else "replace", "path": f"{pointer}/{name}", "value": value}


def _same(name: str, there: Any, value: Any) -> bool:
    if name.endswith("DateTime"):
        return _day(there) == _day(value)
    if isinstance(there, str) and isinstance(value, str):
        return there.casefold() == value.casefold()
    return bool(there == value)


def _held(referral: Referral) -> DealRegistration | None:
    return referral.registrations[0] if referral.registrations else None


def _contract(held: DealRegistration, solutions: Value) -> Contract | None:
    """The registration's contract, None where it does not say enough to be one."""
    said, details = held.contract, held.solution_details or []
    one = isinstance(solutions, Group) and len(solutions) == 1 and details
    if said is None or not one:
        return None
    start, signed = _day(said.start_date_time), _day(said.sign_date_time)
    if start is None or signed is None or said.value is None:
        return None
    return Contract(
        value=Money(said.value, said.currency.upper() if said.currency else None),
        term=said.term or "",
        start=start,
        signed=signed,
        end=_day(said.end_date_time),
        on_azure=bool(details[0].is_deployed_on_azure),
        deployment=details[0].primary_deployment_on or "",
        pricing=details[0].pricing_model or "",
    )


def _json(contract: Contract, solution: str) -> Json:
    amount, currency = contract.value.amount, contract.value.currency
    return {
        "type": KIND,
        "solutionDetails": [
            {
                "id": solution,
                "currency": currency,
                "value": amount,
                "isDeployedOnAzure": contract.on_azure,
                "primaryDeploymentOn": contract.deployment,
                "pricingModel": contract.pricing,
            }
        ],
        "contract": {
            "currency": currency,
            "value": amount,
            "term": contract.term,
            "startDateTime": _noon(contract.start),
            "endDateTime": _noon(contract.end),
            "signDateTime": _noon(contract.signed),
        },
    }


def _solution_id(referral: Referral) -> str:
    """The identifier of the deal's one solution; `contract_lock` has seen to it that there is one."""
    requirements = referral.details.requirements if referral.details else None
    found = [one for one in (requirements.solutions if requirements else None) or [] if one.is_managed]
    return (found[0].id or "") if found else ""


def _day(text: Any) -> date | None:
    moment = instant(text) if isinstance(text, str) else None
    return moment.date() if moment else None


def _noon(day: date | None) -> str | None:
    """As for every day that is sent (see `patching.noon`)."""
    return f"{day.isoformat()}T12:00:00Z" if day else None
