"""Turns raw bindings into functions, and finds what the runtime does not check but the platform's host does."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.host import connections, ncrontab, routes
from sandbox.host.functions import Function, HttpTrigger, Problem, QueueOutput, QueueTrigger, TimerTrigger, Trigger
from sandbox.host.runtime import IndexedFunction

# https://learn.microsoft.com/rest/api/storageservices/naming-queues-and-metadata#queue-names
_QUEUE_NAME = re.compile(r"(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*")
_SETTING = re.compile(r"%([^%]*)%")
POISON = "-poison"


@dataclass(frozen=True)
class Catalog:
    functions: tuple[Function, ...]
    problems: tuple[Problem, ...]


def read(indexed: Iterable[IndexedFunction], settings: Mapping[str, str]) -> Catalog:
    functions: list[Function] = []
    problems: list[Problem] = []
    for each in indexed:
        try:
            functions.append(_function(each, settings))
        except ValueError as error:
            problems.append(Problem(each.name, str(error)))
    return Catalog(tuple(functions), tuple(problems))


def _function(indexed: IndexedFunction, settings: Mapping[str, str]) -> Function:
    trigger: Trigger | None = None
    outputs: dict[str, QueueOutput] = {}
    for binding in indexed.bindings:
        kind = str(binding["type"])
        if kind in TRIGGERS:
            trigger = TRIGGERS[kind](indexed.name, binding, settings)
        elif kind == "queue":
            outputs[str(binding["name"])] = QueueOutput(*_queue(binding, settings))
        elif kind != "http":
            raise ValueError(f"the local host knows no binding of type {kind!r}")
    if trigger is None:
        raise ValueError("no trigger among its bindings")
    return Function(
        name=indexed.name,
        trigger=trigger,
        outputs=outputs,
        bindings=indexed.bindings,
        disabled=settings.get(f"AzureWebJobs.{indexed.name}.Disabled", "").lower() in {"true", "1"},
    )


def resolve(text: str, settings: Mapping[str, str]) -> str:
    """Replace each `%NAME%` by that app setting; raises ValueError naming a setting that is missing."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in settings:
            raise ValueError(f"the app setting {match[1]!r} in {text!r} does not exist")
        return settings[match[1]]

    return _SETTING.sub(value, text)


def _http(name: str, binding: Mapping[str, Any], settings: Mapping[str, str]) -> HttpTrigger:
    route = resolve(str(binding.get("route") or name), settings)
    routes.compile_route(route)
    return HttpTrigger(
        route=route,
        methods=frozenset(str(each).upper() for each in binding.get("methods") or ()),
        auth=str(binding.get("authLevel") or "function").lower(),
    )


def _queue_trigger(name: str, binding: Mapping[str, Any], settings: Mapping[str, str]) -> QueueTrigger:
    del name
    queue, connection = _queue(binding, settings)
    if not queue.endswith(POISON) and not _QUEUE_NAME.fullmatch(queue + POISON):
        raise ValueError(f"the queue name {queue!r} leaves no room for its poison queue's: 56 characters at most")
    return QueueTrigger(queue, connection)


def _timer(name: str, binding: Mapping[str, Any], settings: Mapping[str, str]) -> TimerTrigger:
    del name
    raw = str(binding.get("schedule") or "")
    schedule = resolve(raw, settings)
    try:
        ncrontab.parse(schedule)
    except ValueError as error:
        raise ValueError(f"schedule {raw!r}: {error}") from error
    # The platform keeps a timer's lock and its last run in the host's own storage.
    connections.find("AzureWebJobsStorage", settings)
    return TimerTrigger(schedule, bool(binding.get("runOnStartup")))


def _queue(binding: Mapping[str, Any], settings: Mapping[str, str]) -> tuple[str, str]:
    raw = str(binding.get("queueName") or "")
    queue = resolve(raw, settings)
    if not _QUEUE_NAME.fullmatch(queue):
        raise ValueError(
            f"{queue!r} (from {raw!r}) is no queue name: 3 to 63 lower-case letters, digits and single hyphens"
        )
    connection = str(binding.get("connection") or "AzureWebJobsStorage")
    connections.find(connection, settings)
    return queue, connection


TRIGGERS: Mapping[str, Callable[[str, Mapping[str, Any], Mapping[str, str]], Trigger]] = {
    "httpTrigger": _http,
    "queueTrigger": _queue_trigger,
    "timerTrigger": _timer,
}
