"""The administrator's desk: parked signals listed, replayed, dropped."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from shared.domain.values import Ref
from shared.errors import BadMessage, RemoteError
from shared.messages import Signal, Why
from shared.platform.doors import Answer, problem
from shared.ports import Parked, ParkedEntry, Signals, Telemetry

MOST = 500  # entries of one answer
SHUT = "the storage settings of this installation are wrong: its health page names them"
P = ParamSpec("P")
Act = Callable[Concatenate["Office", P], Coroutine[Any, Any, Answer]]


def _answered(act: Act[P]) -> Act[P]:
    """503 with the reason while the storage is away or not known."""

    @wraps(act)
    async def answer(self: Office, /, *args: P.args, **kwargs: P.kwargs) -> Answer:
        if not self.ready:
            return problem(503, SHUT)
        try:
            return await act(self, *args, **kwargs)
        except RemoteError as error:
            return problem(503, str(error))

    return answer


class Office:
    """Acts for one pair; `ready` unless the storage settings are wrong."""

    def __init__(
        self, *, pair: str, parked: Parked, signals: Signals, telemetry: Telemetry, ready: bool = True
    ) -> None:
        self._pair, self._parked, self._signals, self._telemetry = pair, parked, signals, telemetry
        self.ready = ready

    @_answered
    async def listed(self) -> Answer:
        shown: list[dict[str, str]] = []
        async for entry in self._parked.every():
            if len(shown) == MOST:
                return Answer(body={"parked": shown, "more": True})
            shown.append(_shown(entry))
        return Answer(body={"parked": shown, "more": False})

    @_answered
    async def replay(self, kind: str, ident: str) -> Answer:
        """The signal goes back to its queue; the entry stays until the record succeeds."""
        entry = await self._parked.get(self._pair, Ref(kind, ident))
        if entry is None:
            return _none(kind, ident)
        try:
            parked = Signal.decoded(entry.body)
        except BadMessage as error:
            return problem(422, f"this entry is no signal and can only be dropped ({error})")
        signal = Signal(
            pair=parked.pair, look=parked.look, side=parked.side, kind=parked.kind, id=parked.id, why=Why.REPLAY
        )
        await self._signals.send(signal)
        self._telemetry.event("parked_replayed", pair=entry.pair, record=str(entry.ref))
        return Answer(status=202, body={"status": "replayed", "record": str(entry.ref)})

    @_answered
    async def drop(self, kind: str, ident: str) -> Answer:
        entry = await self._parked.get(self._pair, Ref(kind, ident))
        if entry is None:
            return _none(kind, ident)
        await self._parked.clear(entry.pair, entry.ref)
        self._telemetry.event("parked_dropped", pair=entry.pair, record=str(entry.ref), reason=entry.reason)
        return Answer(body={"status": "dropped", "record": str(entry.ref)})


def _none(kind: str, ident: str) -> Answer:
    return problem(404, f"{kind}:{ident} is not parked")


def _shown(entry: ParkedEntry) -> dict[str, str]:
    return {
        "pair": entry.pair,
        "kind": entry.ref.kind,
        "id": entry.ref.id,
        "side": entry.side.value,
        "reason": entry.reason,
        "advice": entry.advice,
        "at": entry.at.isoformat(),
    }
