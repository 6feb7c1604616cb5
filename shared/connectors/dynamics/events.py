"""A webhook call of Dataverse as a signal: it names a row, and nothing else in it is used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from shared.connectors.dynamics.context import Context
from shared.connectors.dynamics.odata import is_guid
from shared.domain.values import Side
from shared.errors import BadEvent
from shared.messages import Look, Signal, Why

DEAL, LEAD = "opportunity", "lead"
LOOKS: Mapping[str, Look] = MappingProxyType(
    {
        DEAL: Look.OPPORTUNITY,
        LEAD: Look.LEAD,
        "account": Look.OPPORTUNITY,
        "contact": Look.OPPORTUNITY,
        "systemuser": Look.OPPORTUNITY,
        "opportunityclose": Look.OPPORTUNITY,
    },
)
ONLY_CALL = 1  # Depth of a change that nothing else caused
_KIND = re.compile(r"[a-z][a-z0-9_]{0,63}")
_MESSAGE_NAME = re.compile(r"\w{1,128}")  # of a custom message too: it goes into reasons
_ENTITY, _MESSAGE = "x-ms-dynamics-entity-name", "x-ms-dynamics-request-name"


@dataclass(frozen=True)
class Dropped:
    """An event that says nothing new, and why."""

    reason: str


def decode(body: bytes, headers: Mapping[str, str], *, tag: str, organization: str, pair: str) -> Signal | Dropped:
    """The signal of an event; raises BadEvent for a body that cannot be understood or is another organisation's.

    Our own writes are dropped only where nothing else can hide behind them: the tag is this deployment's and pair's,
    and Depth is 1. Plug-ins that run inside our call carry our tag too, one deeper.
    """
    context = Context.parsed(body)
    named = {name.casefold(): text for name, text in headers.items()}
    kind = (context.text("PrimaryEntityName") or named.get(_ENTITY, "")).casefold()
    message = (context.text("MessageName") or named.get(_MESSAGE, "")).casefold()
    if not _KIND.fullmatch(kind) or not _MESSAGE_NAME.fullmatch(message):
        raise BadEvent(400, "the body names no table or no message")
    _check_organization(context, organization)
    if tag and tag in context.tags() and context.depth == ONLY_CALL:
        return Dropped(reason=f"our own write ({message} of {kind})")
    return _signal(context, kind, message, pair)


def _signal(context: Context, kind: str, message: str, pair: str) -> Signal:
    """Rows that belong to a deal wake the deal where the body tells which; else whoever knows the row finds it."""
    look, why, row = LOOKS.get(kind, Look.SOLUTION), Why.EVENT, context.row
    owner = "" if kind in (DEAL, LEAD, "account", "contact", "systemuser") else context.points_to(DEAL)
    if owner:
        kind, row = DEAL, owner
    elif message == "delete":
        why = Why.GONE
    if not is_guid(row):
        raise BadEvent(400, f"the body names no row of {kind}")
    return Signal(pair=pair, look=look, side=Side.CRM, kind=kind, id=row, why=why)


def _check_organization(context: Context, pinned: str) -> None:
    """A copy of the environment carries our step along, and its rows carry the same ids."""
    named = context.text("OrganizationId").strip("{}").casefold()
    if pinned and named != pinned.strip("{}").casefold():
        shown = named if is_guid(named) else "(none)"
        raise BadEvent(403, f"the event is of organisation {shown}, not of the one that is pinned")
