"""Metrics by name, on OpenTelemetry's instruments; made on first use, and not at all where nobody exports."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from shared.observe.exporting import exporting

if TYPE_CHECKING:
    from opentelemetry.metrics import Counter, Histogram, Meter
    from opentelemetry.metrics import _Gauge as Gauge

MILLISECONDS, SECONDS = "ms", "s"


def count(name: str, **attributes: str) -> None:
    """One more of these."""
    if exporting():
        _counter(name).add(1, attributes)


def record(name: str, value: float, unit: str, **attributes: str) -> None:
    """One value of a distribution."""
    if exporting():
        _histogram(name, unit).record(value, attributes)


def gauge(name: str, value: float, unit: str = "", **attributes: str) -> None:
    """What something is now."""
    if exporting():
        _gauge(name, unit).set(value, attributes)


@cache
def _meter() -> Meter:
    from opentelemetry.metrics import get_meter  # noqa: PLC0415 - cold start

    return get_meter("cosell")


@cache
def _counter(name: str) -> Counter:
    return _meter().create_counter(name)


@cache
def _histogram(name: str, unit: str) -> Histogram:
    return _meter().create_histogram(name, unit)


@cache
def _gauge(name: str, unit: str) -> Gauge:
    return _meter().create_gauge(name, unit)
