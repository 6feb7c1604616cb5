"""Reads host.json: the settings of the platform's host that matter to a local run.

Names, defaults and ranges: https://learn.microsoft.com/azure/azure-functions/functions-host-json and
https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue#host-json
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sandbox.host.errors import HostJsonError

MAX_BATCH = 32
_TIMESPAN = re.compile(r"(?:(\d+)\.)?([01]?\d|2[0-3]):([0-5]?\d):([0-5]?\d)(?:\.(\d{1,7}))?")


@dataclass(frozen=True, kw_only=True)
class QueueOptions:
    """How queue triggers take, retry and give up messages."""

    batch_size: int
    new_batch_threshold: int
    max_dequeue_count: int
    visibility_timeout: timedelta
    max_polling_interval: timedelta
    base64: bool


@dataclass(frozen=True, kw_only=True)
class HostConfig:
    """What the host takes from host.json; no `function_timeout` means no limit."""

    queues: QueueOptions
    route_prefix: str
    function_timeout: timedelta | None


OVERRIDE = "AzureFunctionsJobHost__"


def read(app_dir: Path, settings: Mapping[str, str]) -> HostConfig:
    """Read the app's host.json; raises HostJsonError naming the key and what is wrong with it.

    Settings like AzureFunctionsJobHost__extensions__queues__batchSize override it:
    https://learn.microsoft.com/azure/azure-functions/functions-host-json#override-hostjson-values
    """
    path = app_dir / "host.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise HostJsonError(f"{path}: {error}") from error
    if not isinstance(document, dict) or document.get("version") != "2.0":
        raise HostJsonError(f'{path}: "version" must be "2.0"')
    for name, text in settings.items():
        if name.startswith(OVERRIDE):
            _override(document, name.removeprefix(OVERRIDE).split("__"), text)
    extensions = _section(document, "extensions")
    return HostConfig(
        queues=_queues(_section(extensions, "queues")),
        route_prefix=str(_section(extensions, "http").get("routePrefix", "api")).strip("/"),
        function_timeout=_function_timeout(document.get("functionTimeout", "00:30:00")),
    )


def _override(document: dict[str, Any], keys: list[str], text: str) -> None:
    for key in keys[:-1]:
        document = document.setdefault(key, {})
    # Settings are texts; what looks like a whole number stands for one.
    document[keys[-1]] = int(text) if text.isascii() and text.isdecimal() else text


def _section(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = document.get(key, {})
    if not isinstance(value, dict):
        raise HostJsonError(f"host.json: {key!r} must be an object")
    return value


def _queues(options: Mapping[str, Any]) -> QueueOptions:
    batch = _integer(options, "batchSize", 16, low=1, high=MAX_BATCH)
    encoding = str(options.get("messageEncoding", "base64")).lower()
    if encoding not in {"base64", "none"}:
        raise HostJsonError(f'host.json: "messageEncoding" is "base64" or "none", not {encoding!r}')
    return QueueOptions(
        batch_size=batch,
        new_batch_threshold=_integer(options, "newBatchThreshold", batch // 2 * (os.cpu_count() or 1), low=0),
        max_dequeue_count=_integer(options, "maxDequeueCount", 5, low=1),
        visibility_timeout=_span(options, "visibilityTimeout", "00:00:00"),
        max_polling_interval=max(_span(options, "maxPollingInterval", "00:01:00"), timedelta(milliseconds=100)),
        base64=encoding == "base64",
    )


def _integer(options: Mapping[str, Any], key: str, default: int, *, low: int, high: int | None = None) -> int:
    value = options.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < low or (high is not None and value > high):
        wanted = f"at least {low}" if high is None else f"from {low} to {high}"
        raise HostJsonError(f"host.json: {key!r} is a whole number {wanted}, not {value!r}")
    return value


def _span(options: Mapping[str, Any], key: str, default: str) -> timedelta:
    value = options.get(key, default)
    try:
        return timespan(str(value))
    except ValueError as error:
        raise HostJsonError(f"host.json: {key!r}: {error}") from error


def timespan(text: str) -> timedelta:
    """Read `[d.]hh:mm:ss[.fffffff]`, the .NET way to write a duration."""
    match = _TIMESPAN.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a duration like 00:00:30")
    days, hours, minutes, seconds, fraction = match.groups()
    whole = timedelta(days=int(days or 0), hours=int(hours), minutes=int(minutes), seconds=int(seconds))
    return whole + timedelta(seconds=float(f"0.{fraction}") if fraction else 0)


def _function_timeout(value: object) -> timedelta | None:
    if value == "-1":
        return None
    return _span({"functionTimeout": value}, "functionTimeout", "")
