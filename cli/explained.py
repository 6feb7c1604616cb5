"""An explanation as a person reads it: what would happen first, then both sides, then the link."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from cli.output import Output
from shared.domain.link import Intent, Link, Purpose
from shared.domain.values import Side, blank
from shared.platform.explained import title
from shared.sync.explanation import Explanation, FieldView, State
from shared.sync.rehearsal import Write
from shared.sync.wording import said

Systems = Mapping[Side, str]
Names = Mapping[str, str]


def tell(output: Output, told: Explanation, now: datetime) -> None:
    """Print it."""
    for side in (Side.CRM, Side.PARTNER):
        output.say(f"{told.titles[side]}: {_record(told, side)}")
    for text in told.standing:
        output.say(f"Nothing is looked at now. {text}")
    output.say()
    reasons = "".join(map(_sentence, (told.outcome.reason, told.outcome.advice)))
    output.say(f"The next look: {told.outcome.kind.value}. {reasons}".rstrip())
    _tell_writes(output, told, told.writes, "It would write")
    _tell_writes(output, told, told.owed, "If the settings allowed it, it would write")
    for text in told.left:
        output.say(f"Left alone: {text}")
    output.say()
    _tell_fields(output, told)
    if told.link:
        output.say()
        output.table(("link", ""), link_rows(told.link, told.titles, told.names, now))
    for entry in told.parked:
        output.say()
        output.say(f"Parked since {_time(entry.at)}: {_sentence(entry.reason)}{_sentence(entry.advice)}")


def _record(told: Explanation, side: Side) -> str:
    record = told.sides.get(side)
    if record is not None:
        named = f"{record.ref.kind} {record.ref.id}"
        return " ".join(part for part in (named, f"(changed {_time(record.modified)})", record.link) if part)
    ident = told.ident(side)
    return f"{ident} (not there)" if ident else "none"


def _tell_writes(output: Output, told: Explanation, writes: tuple[Write, ...], title: str) -> None:
    if not writes:
        return
    output.say()
    output.table((title, "what", "value"), [row for write in writes for row in _write(told, write)])


def _write(told: Explanation, write: Write) -> Iterator[tuple[str, str, str]]:
    """Its values a line each; the first line names the record."""
    head = f"{write.purpose} {write.kind} {write.id} in {told.titles[write.side]}"
    for part in _parts(write, told.names):
        yield (head, *part)
        head = ""


def _parts(write: Write, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for text in write.first:
        yield "first", text
    shown = {name: value for name, value in write.values.items() if write.purpose is Purpose.WRITE or blank(value)}
    for name, value in shown.items():
        yield title(name, names), said(value)
    if write.counterpart:
        yield "belongs to", write.counterpart
    if write.share:
        yield "synchronised", "yes"
    if write.line:
        yield "Audit", f"{write.mark or ''} {write.line}".strip()


def _tell_fields(output: Output, told: Explanation) -> None:
    columns = ("field", told.titles[Side.CRM], told.titles[Side.PARTNER], "since they last agreed")
    rows = [
        (view.title, _shown(view, Side.CRM), _shown(view, Side.PARTNER), f"{_mark(view)}{view.state}{_locks(view)}")
        for view in told.fields
    ]
    output.table(columns, rows)


def _shown(view: FieldView, side: Side) -> str:
    return said(view.shown[side]) if side in view.shown else ""


def _mark(view: FieldView) -> str:
    return "≠ " if view.differs else ""


def _locks(view: FieldView) -> str:
    """Why a side takes no other value, where that is of interest: of a field that agrees it is not."""
    news = view.differs and view.state is not State.AGREED
    return f" ({'; '.join(dict.fromkeys(view.locked.values()))})" if view.locked and news else ""


def link_rows(
    link: Link, systems: Mapping[Side, str], names: Mapping[str, str], now: datetime
) -> list[tuple[str, str]]:
    """What the store holds of the deal, as far as there is something to say."""
    return [(name, text) for name, text in _link(link, systems, names, now) if text]


def _link(
    link: Link, systems: Mapping[Side, str], names: Mapping[str, str], now: datetime
) -> Iterator[tuple[str, str]]:
    last = link.outcome
    yield link.kind or "opportunity", link.key
    yield "referral", link.partner or ""
    yield "linked", "yes" if link.linked else "no"
    yield "last outcome", f"{last.kind} since {_time(last.at)}: {last.reason}" if last else ""
    for intent in link.intents:
        yield "unfinished", _intent(intent, names, now)
    yield "looked at again", _time(link.wake_at) if link.wake_at else ""
    yield "waits for", ", ".join(map(str, link.waiting))
    yield "owed", "; ".join(link.owed)
    yield "still to be said in Audit", "; ".join(link.unsaid)
    yield "Microsoft's referral", link.invited or ""
    gone = f"its record in {systems[link.gone]}: nothing is synchronised until it is replayed" if link.gone else ""
    yield "gone", gone
    yield "goes on as", f"opportunity {link.moved}" if link.moved else ""
    yield "came from", str(link.origin) if link.origin else ""
    yield "parted", "the opportunity was reopened after its referral was closed" if link.detached else ""


def _intent(intent: Intent, names: Mapping[str, str], now: datetime) -> str:
    age = max(0, round((now - intent.started).total_seconds()))
    state = "under way" if intent.open(now) else "its lease is over"
    fields = dict.fromkeys(title(name, names) for shown in intent.will.values() for name in shown)
    return f"{intent.purpose}, begun {age} s ago, {state}: {', '.join(fields) or 'no fields'}"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:].rstrip('.')}. " if text else ""


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
