"""The role of a runtime: it indexes one function app and invokes its functions."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sandbox.host.calls import Call, Ending, Trace


@dataclass(frozen=True)
class IndexedFunction:
    """A function as the runtime announces it to the host: a name and raw bindings, nothing checked."""

    name: str
    bindings: tuple[Mapping[str, object], ...]


class Runtime(Protocol):
    """Indexes and invokes; knows no queue, no route and no schedule."""

    @property
    def name(self) -> str: ...

    async def index(self, app_dir: Path) -> tuple[IndexedFunction, ...]:
        """Import the app and list its functions; raises IndexRefusedError where the platform would load none."""
        ...

    async def invoke(self, function: str, call: Call, trace: Trace) -> Ending:
        """Run one function to its end; a `CancelledError` that it lets escape is passed on."""
        ...

    async def stop(self) -> None: ...
