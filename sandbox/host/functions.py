"""The functions of an app as the host sees them: a trigger each, and the queues that they put messages on."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class HttpTrigger:
    """`methods` in upper case; none named means any."""

    route: str
    methods: frozenset[str]
    auth: str


@dataclass(frozen=True)
class QueueTrigger:
    queue: str
    connection: str


@dataclass(frozen=True)
class TimerTrigger:
    schedule: str
    on_startup: bool


Trigger = HttpTrigger | QueueTrigger | TimerTrigger


@dataclass(frozen=True)
class QueueOutput:
    queue: str
    connection: str


@dataclass(frozen=True, kw_only=True)
class Function:
    """`outputs` by the name of the binding; `$return` is the return value."""

    name: str
    trigger: Trigger
    outputs: Mapping[str, QueueOutput]
    bindings: tuple[Mapping[str, object], ...]
    disabled: bool


@dataclass(frozen=True)
class Problem:
    """Why the platform would not start one function; the others run."""

    function: str
    reason: str

    def __str__(self) -> str:
        return f"the {self.function!r} function is in error: {self.reason}"
