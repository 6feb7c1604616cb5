"""ports.Telemetry: one structured log record an outcome, always with the same flat fields; ids, never people.

With OpenTelemetry on, `microsoft.custom_event.name` makes the record a row of AppEvents and the rest its dimensions:
https://learn.microsoft.com/azure/azure-monitor/app/opentelemetry-add-modify
"""

from __future__ import annotations

import logging

from shared.domain.link import Link
from shared.domain.outcome import Kind, Outcome
from shared.messages import Signal

LOGGER = logging.getLogger("cosell")
NAMED = "microsoft.custom_event.name"
NOISY = ("azure.core.pipeline.policies.http_logging_policy", "azure.identity", "httpx", "httpcore", "msal")
EVENTS = {kind: f"signal_{kind.value}" for kind in Kind}
LEVELS = {Kind.PARKED: logging.ERROR, Kind.WAITING: logging.WARNING, Kind.DELAYED: logging.WARNING}


class LogTelemetry:
    """Writes to the logger `cosell`, which the worker exports."""

    def __init__(self, logger: logging.Logger = LOGGER) -> None:
        self._logger = logger

    def outcome(self, signal: Signal, outcome: Outcome, *, link: Link | None, ms: float) -> None:
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
            "reason": outcome.reason,
            "ms": round(ms, 1),
            "trace": signal.trace,
        }
        level = LEVELS.get(outcome.kind, logging.INFO)
        text = "%s: %s, %s"
        extra = {NAMED: EVENTS[outcome.kind], **fields}
        self._logger.log(level, text, signal.ref, outcome.kind.value, outcome.reason, extra=extra)

    def event(self, name: str, **fields: str | float) -> None:
        safe = {f"field_{key}" if key in RESERVED else key: value for key, value in fields.items()}
        said = ", ".join(f"{key} {value}" for key, value in fields.items())
        self._logger.info("%s: %s", name, said, extra={NAMED: name, "event": name, **safe})


RESERVED = frozenset(vars(logging.LogRecord("", 0, "", 0, "", None, None))) | {"message", "asctime"}


def quieten() -> None:
    """Libraries that log every request at INFO drown the outcomes."""
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
