"""Who calls, what for, and how deep inside another call: the context of one operation."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.dynamics.role import Role

ZERO_GUID = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, kw_only=True)
class Caller:
    """`user` is who it counts as; `behalf` the one really calling, under impersonation; no `role` may do everything."""

    user: str
    business_unit: str
    object_id: str = ZERO_GUID
    read_only: bool = False
    behalf: str | None = None
    role: Role | None = None


@dataclass(frozen=True, kw_only=True)
class Execution:
    """One request's context; plug-ins run in a copy one deeper."""

    caller: Caller
    user_agent: str = ""
    tag: str | None = None
    silent_async: bool = False
    # The unmanaged solution that what is made joins.
    solution: str = ""
    correlation: str = ZERO_GUID
    request: str = ZERO_GUID
    operation: str = ZERO_GUID
    depth: int = 1
    shared: tuple[tuple[str, Any], ...] = field(default=(("IsAutoTransact", True),))

    def nested(self) -> Execution:
        return replace(self, depth=self.depth + 1)


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something the pipeline did: what steps are matched against and webhook bodies are made of."""

    message: str
    table: str
    row: str
    execution: Execution
    # Columns named by the request: what filteringattributes are compared with.
    sent: tuple[str, ...] = ()
    target: dict[str, Any] = field(default_factory=dict)
    requested: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    inputs: dict[str, Any] = field(default_factory=dict)
    # Counts up; a closing's events share the row but not the message.
    sequence: int = 0
