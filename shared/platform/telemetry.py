"""ports.Telemetry: one structured log record an outcome, always with the same flat fields; ids, never people.

The names are those of `telemetry_names`; they are never sampled away, as a log record is no span.
With OpenTelemetry on, `microsoft.custom_event.name` makes the record a row of AppEvents and the rest its dimensions:
https://learn.microsoft.com/azure/azure-monitor/app/opentelemetry-add-modify
"""

from __future__ import annotations

import logging
import re

from shared.domain.oneline import one_line
from shared.domain.outcome import Kind, Outcome
from shared.messages import Signal
from shared.observe import meters
from shared.observe.tally import tally
from shared.platform.trace import correlation
from shared.ports import Facts
from shared.release import RELEASE

LOGGER = logging.getLogger("cosell")
NAMED = "microsoft.custom_event.name"
# The exporter tells of each parcel that it sends, which makes another parcel.
NOISY = (
    "azure.monitor.opentelemetry",
    "azure.core.pipeline.policies.http_logging_policy",
    "azure.identity",
    "httpx",
    "httpcore",
    "msal",
)
Fields = dict[str, str | float]
# What a person must see to. Waiting is a seller's business, told in Audit; a paused system delays thousands.
LOUD = {
    "signal_parked": logging.ERROR,
    "message_poisoned": logging.ERROR,
    "webhook_registration_lost": logging.ERROR,
    "refresh_token_old": logging.ERROR,
}
# Our sentences put what a record holds between quotation marks, and no quotation mark inside them (`quoted`). Vendors
# quote in the ways of every language; between single ones they also name columns and tables, which may stay.
PEOPLE = (
    (re.compile(r'"[^"]*"'), '"…"'),
    (re.compile(r"[“„«][^“”«»]*[“”«»]"), "“…”"),
    (re.compile(r"(?<!\w)'(?![a-z0-9_.$-]+'(?!\w))(?:[^']|'(?=\w))*'(?!\w)"), "'…'"),
    (re.compile(r"[^\s<>()\[\]\"',;:]+@[^\s<>()\[\]\"',;:]*[^\s<>()\[\]\"',;:.]"), "(a mail address)"),
    (re.compile(r"(?<!\w)(?<!:\d\d)\+\d[\d ()./-]{6,}\d"), "(a phone number)"),
)


class LogTelemetry:
    """Writes to the logger `cosell`, which the worker exports."""

    def __init__(self, logger: logging.Logger = LOGGER) -> None:
        self._logger = logger

    def outcome(self, signal: Signal, outcome: Outcome, facts: Facts) -> None:
        name, reason = _event(outcome.kind), impersonal(one_line(outcome.reason))
        fields = {**_about(signal, facts), **_came_to(outcome, facts), "reason": reason}
        self._logger.log(
            LOUD.get(name, logging.INFO),
            "%s: %s, %s",
            signal.ref,
            outcome.kind.value,
            reason,
            extra={NAMED: name, **fields},
        )
        _measured(signal, outcome, facts)

    def event(self, name: str, **fields: str | float) -> None:
        fields = {key: impersonal(one_line(v)) if isinstance(v, str) else v for key, v in fields.items()}
        said = ", ".join(f"{key} {value}" for key, value in fields.items())
        self._logger.log(LOUD.get(name, logging.INFO), "%s: %s", name, said, extra={NAMED: name, **fields})


def _event(kind: Kind) -> str:
    return f"signal_{kind.value}"


def _about(signal: Signal, facts: Facts) -> Fields:
    """Whose it is and what woke it."""
    return {
        "pair": signal.pair,
        "flow": signal.look.value,
        "link": facts.link,
        "referral_id": facts.referral,
        "opportunity_id": facts.deal,
        "record": str(signal.ref),
        "system": signal.side.value,
        "why": signal.why.value,
        "attempt": signal.tries,
        "correlation": correlation(one_line(signal.trace)),
        "release": RELEASE,
    }


def _came_to(outcome: Outcome, facts: Facts) -> Fields:
    """How it ended, and what that cost."""
    return {
        "outcome": outcome.kind.value,
        "code": outcome.code.value,
        "direction": direction(outcome),
        "fields": ",".join(sorted({name for names in outcome.carried.values() for name in names})),
        "remote_calls": tally().calls,
        "since_change_ms": "" if facts.since is None else round(facts.since),
        "took_ms": round(facts.took, 1),
    }


def direction(outcome: Outcome) -> str:
    """Where values went."""
    sides = sorted(outcome.carried)
    return "both" if len(sides) > 1 else f"to_{sides[0].value}" if sides else ""


def _measured(signal: Signal, outcome: Outcome, facts: Facts) -> None:
    flow, kind = signal.look.value, outcome.kind.value
    meters.count("cosell.outcomes", flow=flow, outcome=kind, code=outcome.code.value)
    if facts.since is not None:
        meters.record("cosell.sync_latency", facts.since, meters.MILLISECONDS, flow=flow, direction=direction(outcome))


def impersonal(text: str) -> str:
    """A reason without the people in it: Audit and the parked signal keep the words, telemetry keeps what happened."""
    for pattern, instead in PEOPLE:
        text = pattern.sub(instead, text)
    return text


def quieten() -> None:
    """Libraries that log every request at INFO drown the outcomes."""
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
