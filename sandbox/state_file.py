"""Keeps a simulator's state in one JSON file, written soon after a change and replaced as a whole."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

DEBOUNCE_SECONDS = 0.5


class StateFile:
    """`path` None keeps nothing; `dump` returns what is to be kept, as JSON."""

    def __init__(self, path: Path | None, dump: Callable[[], dict[str, Any]]) -> None:
        self._path = path
        self._dump = dump
        self._waiting: asyncio.TimerHandle | None = None

    def load(self) -> dict[str, Any] | None:
        if self._path is None or not self._path.exists():
            return None
        state: dict[str, Any] = json.loads(self._path.read_text("utf-8"))
        return state

    def touch(self) -> None:
        """Something changed: save within the debounce time. Needs a running loop."""
        if self._path is not None and self._waiting is None:
            self._waiting = asyncio.get_running_loop().call_later(DEBOUNCE_SECONDS, self.save)

    def save(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".draft")
        draft.write_text(json.dumps(self._dump(), ensure_ascii=False), "utf-8")
        draft.replace(self._path)
