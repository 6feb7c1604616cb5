"""Which requests go wrong, how, and what was asked of a simulator so far."""

import re
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

from starlette.responses import JSONResponse, Response

Kind = Literal["status", "timeout_before", "timeout_after", "reset_before", "reset_after", "slow"]
KINDS: tuple[str, ...] = get_args(Kind)
LOG_LENGTH = 2000
GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

# (status, retry_after) -> the vendor's own answer for that status
ErrorAnswer = Callable[[int, float | None], Response]


def plain_error(status: int, retry_after: float | None) -> Response:
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    return JSONResponse({"error": {"code": str(status), "message": "injected"}}, status, headers)


@dataclass(kw_only=True)
class Fault:
    """One rule; it lets `skip` matching requests pass and then meets `times` of them.

    `bearer` is whose: only requests with this token, so that what befalls the functions need not befall a seller.
    """

    method: str = "*"
    path: str = ".*"
    bearer: str = ""
    times: int = 1
    skip: int = 0
    kind: Kind = "status"
    status: int = 503
    retry_after: float | None = None
    seconds: float | None = None

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> "Fault":
        """Raises ValueError on an unknown key or kind, a path that is no regular expression, a wrong type."""
        unknown = sorted(set(body) - set(cls.__dataclass_fields__))
        if unknown:
            raise ValueError(f"a fault has no {', '.join(unknown)}")
        if body.get("kind", "status") not in KINDS:
            raise ValueError(f"kind is one of {', '.join(KINDS)}")
        try:
            re.compile(str(body.get("path", "")))
            numbers = {name: int(body[name]) for name in ("times", "skip", "status") if name in body}
            waits = {name: float(body[name]) for name in ("retry_after", "seconds") if body.get(name) is not None}
        except (re.error, TypeError) as error:
            raise ValueError(str(error)) from error
        texts = {name: str(body[name]) for name in ("method", "path", "bearer") if name in body}
        kind = cast("Kind", body.get("kind", "status"))
        return cls(kind=kind, **cast("dict[str, Any]", texts | numbers | waits))

    def matches(self, method: str, path: str, bearer: str = "") -> bool:
        theirs = self.method in ("*", method) and self.bearer in ("", bearer)
        return self.times > 0 and theirs and re.search(self.path, path) is not None

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(kw_only=True)
class Faults:
    """The rules in force, the log of the last requests and the counters since the last reset."""

    error_answer: ErrorAnswer = plain_error
    rules: list[Fault] = field(default_factory=list)
    log: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=LOG_LENGTH))
    total: int = 0
    by_route: Counter[str] = field(default_factory=Counter)

    def add(self, fault: Fault) -> None:
        self.rules.append(fault)

    def take(self, method: str, path: str, bearer: str = "") -> Fault | None:
        """The first rule that meets this request; every rule before it that skips is counted down."""
        for rule in self.rules:
            if not rule.matches(method, path, bearer):
                continue
            if rule.skip > 0:
                rule.skip -= 1
                continue
            rule.times -= 1
            self.rules = [kept for kept in self.rules if kept.times > 0]
            return rule
        return None

    def record(self, *, method: str, path: str, query: str, status: int | None, ms: float, fault: str | None) -> None:
        self.total += 1
        self.by_route[f"{method} {GUID.sub('{id}', path)}"] += 1
        entry = {"method": method, "path": path, "query": query, "status": status, "ms": round(ms, 2)}
        self.log.append(entry | ({"fault": fault} if fault else {}))

    def requests(self) -> dict[str, Any]:
        return {"total": self.total, "by_route": dict(sorted(self.by_route.items())), "log": list(self.log)}

    def forget_requests(self) -> None:
        self.total = 0
        self.by_route.clear()
        self.log.clear()

    def reset(self) -> None:
        self.rules.clear()
        self.forget_requests()
