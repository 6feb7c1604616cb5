"""An explanation as one JSON document: what `cosell --json explain` prints and `GET /api/deals/{id}` answers.

It holds the values of a deal, so it is for an administrator alone: behind a key, and in no cache.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.domain import deal
from shared.domain.link import Intent, Link
from shared.domain.values import Side
from shared.ports import ParkedEntry
from shared.sync.explanation import Explanation, FieldView
from shared.sync.rehearsal import Write
from shared.sync.wording import worded

Document = Mapping[str, Any]
ALONG = {deal.CUSTOMER: "Customer", deal.CLOSE_REASON: "Close reason", deal.ACTUAL: "Actual value"}


def document(told: Explanation, now: datetime) -> Document:
    """Everything that is explained; times are ISO 8601 in UTC, ages in seconds."""
    return {
        "asked": told.asked,
        "record": told.ident(Side.CRM),
        "referral": told.ident(Side.PARTNER),
        "outcome": {
            "kind": told.outcome.kind.value,
            "reason": told.outcome.reason,
            "advice": told.outcome.advice,
            "look_again": told.outcome.look_again,
        },
        "standing": list(told.standing),
        "writes": [write_document(write, told.names) for write in told.writes],
        "owed": [write_document(write, told.names) for write in told.owed],
        "left": list(told.left),
        "fields": [_field(view) for view in told.fields],
        "records": {side.value: _record(told, side) for side in Side},
        "link": link_document(told.link, now, told.names) if told.link else None,
        "parked": [_parked(entry) for entry in told.parked],
    }


def write_document(write: Write, names: Mapping[str, str]) -> Document:
    """One write: to which side, what for, the values by their titles, and what the seller is told by it."""
    return {
        "to": write.side.value,
        "kind": write.kind,
        "does": write.purpose.value,
        "record": write.id,
        "counterpart": write.counterpart,
        "share": write.share,
        "values": {title(name, names): worded(value) for name, value in write.values.items()},
        "audit": write.line,
        "mark": write.mark.value if write.mark else "",
        "first": list(write.first),
    }


def link_document(link: Link, now: datetime, names: Mapping[str, str]) -> Document:
    """What the store holds of a deal. Digests are left out: they say nothing to a person."""
    return {
        "kind": link.kind or "opportunity",
        "record": link.key,
        "referral": link.partner or "",
        "linked": link.linked,
        "versions": {side.value: link.version(side) for side in Side},
        "outcome": _outcome(link),
        "intents": [_intent(intent, now, names) for intent in link.intents],
        "wake_at": _time(link.wake_at),
        "waiting": [str(ref) for ref in link.waiting],
        "tries": link.tries,
        "owed": list(link.owed),
        "unsaid": list(link.unsaid),
        "invited": link.invited or "",
        "detached": link.detached,
        "gone": link.gone.value if link.gone else "",
        "engagement": link.engagement,
    }


def _field(view: FieldView) -> Document:
    return {
        "field": view.name,
        "title": view.title,
        **{side.value: worded(view.shown.get(side)) for side in Side},
        "shown_by": [side.value for side in Side if side in view.shown],
        "state": view.state.value,
        "differs": view.differs,
        "locked": {side.value: why for side, why in view.locked.items()},
    }


def _record(told: Explanation, side: Side) -> Document | None:
    record = told.sides.get(side)
    if record is None:
        return None
    return {
        "system": told.titles[side],
        "kind": record.ref.kind,
        "id": record.ref.id,
        "version": record.version,
        "modified": record.modified.isoformat(),
        "created": record.created.isoformat(),
        "counterpart": record.counterpart,
        "shared": record.shared,
        "link": record.link,
    }


def _outcome(link: Link) -> Document | None:
    last = link.outcome
    return {"kind": str(last.kind), "reason": last.reason, "at": last.at.isoformat()} if last else None


def _intent(intent: Intent, now: datetime, names: Mapping[str, str]) -> Document:
    return {
        "purpose": intent.purpose.value,
        "started": intent.started.isoformat(),
        "age": max(0, round((now - intent.started).total_seconds())),
        "open": intent.open(now),
        "passed": intent.passed,
        "writes": {side.value: [title(name, names) for name in shown] for side, shown in intent.will.items()},
    }


def title(name: str, names: Mapping[str, str]) -> str:
    """A field by the title that people know it by: the deal's, an installation's own, or what travels along."""
    return names.get(name) or deal.TITLES.get(name) or ALONG.get(name, name)


def _parked(entry: ParkedEntry) -> Document:
    return {
        "kind": entry.ref.kind,
        "id": entry.ref.id,
        "reason": entry.reason,
        "advice": entry.advice,
        "at": entry.at.isoformat(),
    }


def _time(at: datetime | None) -> str:
    return at.isoformat() if at else ""
