"""What goes into an invocation and what comes out of it, whichever runtime carries it out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class HttpCall:
    """One request; header names in lower case, the body as it came over the wire."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, kw_only=True)
class QueueCall:
    """One queue message, decoded; times are aware and in UTC."""

    body: bytes
    id: str
    dequeue_count: int
    pop_receipt: str
    inserted: datetime
    expires: datetime
    next_visible: datetime


@dataclass(frozen=True, kw_only=True)
class TimerCall:
    """One tick of a timer."""

    past_due: bool
    last: datetime
    next: datetime


Call = HttpCall | QueueCall | TimerCall


@dataclass(frozen=True, kw_only=True)
class Trace:
    """Names one invocation in logs and traces; `parent` is a W3C traceparent."""

    invocation_id: str
    parent: str
    state: str = ""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What an HTTP function answers."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Succeeded:
    """The function returned; `messages` are queue message bodies by output binding, not yet sent."""

    answer: Answer | None = None
    messages: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Failed:
    """The function did not return; nothing that it set leaves the host."""

    error: str
    traceback: str = ""


@dataclass(frozen=True)
class WorkerDied:
    """The function ended the process it ran in (`SystemExit`)."""

    error: str


Outcome = Succeeded | Failed
Ending = Outcome | WorkerDied
