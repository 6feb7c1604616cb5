"""ports.Telemetry: one structured log record an outcome, always with the same flat fields; ids, never people.

With OpenTelemetry on, `microsoft.custom_event.name` makes the record a row of AppEvents and the rest its dimensions:
https://learn.microsoft.com/azure/azure-monitor/app/opentelemetry-add-modify
"""

from __future__ import annotations

import logging
import re

from shared.domain.link import Link
from shared.domain.oneline import one_line
from shared.domain.outcome import Kind, Outcome
from shared.messages import Signal

LOGGER = logging.getLogger("cosell")
NAMED = "microsoft.custom_event.name"
NOISY = ("azure.core.pipeline.policies.http_logging_policy", "azure.identity", "httpx", "httpcore", "msal")
EVENTS = {kind: f"signal_{kind.value}" for kind in Kind}
# What a person must see to. Waiting is a seller's business, told in Audit; a paused system delays thousands.
LOUD = {
    EVENTS[Kind.PARKED]: logging.ERROR,
    "message_poisoned": logging.ERROR,
    "webhook_registration_lost": logging.ERROR,
}
# Our sentences put what a record holds between quotation marks, and no quotation mark inside them.
PEOPLE = (
    (re.compile(r'"[^"]*"'), '"…"'),
    (re.compile(r"[^\s<>()\[\]\"',;:]+@[^\s<>()\[\]\"',;:]*[^\s<>()\[\]\"',;:.]"), "(a mail address)"),
    (re.compile(r"(?<!\w)(?<!:\d\d)\+\d[\d ()./-]{6,}\d"), "(a phone number)"),
)


class LogTelemetry:
    """Writes to the logger `cosell`, which the worker exports."""

    def __init__(self, logger: logging.Logger = LOGGER) -> None:
        self._logger = logger

    def outcome(self, signal: Signal, outcome: Outcome, *, link: Link | None, ms: float) -> None:
        reason = impersonal(one_line(outcome.reason))
        fields: dict[str, str | float] = {
            "event": EVENTS[outcome.kind],
            "pair": signal.pair,
            "system": signal.side.value,
            "key": link.key if link else "",
            "record": str(signal.ref),
            "look": signal.look.value,
            "why": signal.why.value,
            "attempt": signal.tries,
            "outcome": outcome.kind.value,
            "reason": reason,
            "ms": round(ms, 1),
            "trace": one_line(signal.trace),
        }
        name = EVENTS[outcome.kind]
        extra = {NAMED: name, **fields}
        level = LOUD.get(name, logging.INFO)
        self._logger.log(level, "%s: %s, %s", signal.ref, outcome.kind.value, reason, extra=extra)

    def event(self, name: str, **fields: str | float) -> None:
        fields = {key: impersonal(one_line(v)) if isinstance(v, str) else v for key, v in fields.items()}
        safe = {f"field_{key}" if key in RESERVED else key: value for key, value in fields.items()}
        said = ", ".join(f"{key} {value}" for key, value in fields.items())
        level = LOUD.get(name, logging.INFO)
        self._logger.log(level, "%s: %s", name, said, extra={NAMED: name, "event": name, **safe})


def impersonal(text: str) -> str:
    """A reason without the people in it: Audit and the parked signal keep the words, telemetry keeps what happened."""
    for pattern, instead in PEOPLE:
        text = pattern.sub(instead, text)
    return text


RESERVED = frozenset(vars(logging.LogRecord("", 0, "", 0, "", None, None))) | {"message", "asctime"}


def quieten() -> None:
    """Libraries that log every request at INFO drown the outcomes."""
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
