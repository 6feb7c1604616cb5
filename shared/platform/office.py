"""The administrator's desk: parked signals listed, replayed, dropped."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Mapping
from functools import wraps
from types import MappingProxyType
from typing import Any, Concatenate, ParamSpec

from pydantic import ValidationError

from shared.domain.values import Ref, Side
from shared.errors import BadMessage, RemoteError
from shared.messages import ID, KIND, MOST_ID, MOST_KIND, Look, NewerMessage, Signal, Why
from shared.platform.doors import Answer, problem
from shared.ports import Parked, ParkedEntry, Signals, Telemetry

MOST = 500  # entries of one answer
KEY = "key"  # who acts, where nothing but a function key was shown; a person is an Entra object id
_KIND, _ID = re.compile(KIND), re.compile(ID)
SHUT = "the storage settings of this installation are wrong: its health page names them"
NO_DEALS: Mapping[str, tuple[Side, Look]] = MappingProxyType({})
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
    """Acts for one pair; `ready` unless the storage settings are wrong. `deals`: what a deal's records are called."""

    def __init__(
        self,
        *,
        pair: str,
        parked: Parked,
        signals: Signals,
        telemetry: Telemetry,
        ready: bool = True,
        deals: Mapping[str, tuple[Side, Look]] = NO_DEALS,
    ) -> None:
        self._pair, self._parked, self._signals, self._telemetry = pair, parked, signals, telemetry
        self._deals = deals
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
    async def replay(self, kind: str, ident: str, *, by: str = KEY) -> Answer:
        """A fresh signal for the record: a parked entry stays until the record succeeds.

        A deal that is not parked may be replayed too: one whose record is gone, or that was detached.
        """
        ref = Ref(kind, ident)
        if not _is_ref(ref):
            return _none(kind, ident)
        entry = await self._parked.get(self._pair, ref)
        try:
            signal = self._fresh(ref) if entry is None else _again(Signal.decoded(entry.body))
        except NewerMessage as error:  # what it asked for is not known here, and a look does no harm
            signal = self._fresh(ref)
            if signal is None:
                return problem(422, f"it can be replayed under that release, or dropped ({error})")
        except BadMessage as error:
            return problem(422, f"this entry is no signal and can only be dropped ({error})")
        if signal is None:
            return _none(kind, ident)
        await self._signals.send(signal)
        self._telemetry.event("parked_replayed", pair=self._pair, record=str(ref), by=by)
        return Answer(status=202, body={"status": "replayed", "record": str(ref)})

    def _fresh(self, ref: Ref) -> Signal | None:
        """A replay of a deal by one of its records; None for what names no deal's record."""
        if ref.kind not in self._deals:
            return None
        side, look = self._deals[ref.kind]
        try:
            return Signal(pair=self._pair, look=look, side=side, kind=ref.kind, id=ref.id, why=Why.REPLAY)
        except ValidationError:
            return None

    @_answered
    async def drop(self, kind: str, ident: str, *, by: str = KEY) -> Answer:
        ref = Ref(kind, ident)
        entry = await self._parked.get(self._pair, ref) if _is_ref(ref) else None
        if entry is None:
            return problem(404, f"{_named(kind, ident)} is not parked")
        await self._parked.clear(entry.pair, entry.ref)
        fields = {"record": str(entry.ref), "reason": entry.reason, "by": by}
        self._telemetry.event("parked_dropped", pair=entry.pair, **fields)
        return Answer(body={"status": "dropped", "record": str(entry.ref)})


def _again(parked: Signal) -> Signal:
    """The signal as it was first sent: its tries and age are of the failure that is over."""
    names = parked.model_dump(include={"pair", "look", "side", "kind", "id"})
    return Signal(**names, why=Why.REPLAY)


def _is_ref(ref: Ref) -> bool:
    """Whether a signal could name it. The storage would call a longer key an error, as if it were away."""
    return bool(len(ref.kind) <= MOST_KIND and len(ref.id) <= MOST_ID and _KIND.match(ref.kind) and _ID.match(ref.id))


def _none(kind: str, ident: str) -> Answer:
    return problem(404, f"{_named(kind, ident)} is not parked, and is no record of a deal")


def _named(kind: str, ident: str) -> str:
    return f"{kind[:MOST_KIND]}:{ident[:MOST_ID]}"


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
