"""Chooses the runtime by name: `auto` is Microsoft's own where it runs."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from sandbox.host import microsoft
from sandbox.host.direct import DirectRuntime
from sandbox.host.errors import HostError
from sandbox.host.microsoft import MicrosoftRuntime
from sandbox.host.runtime import Runtime

RUNTIMES: Mapping[str, Callable[[], Runtime]] = MappingProxyType(
    {"microsoft": MicrosoftRuntime, "direct": DirectRuntime},
)
NAMES = ("auto", *RUNTIMES)


def choose(name: str) -> Runtime:
    wanted = ("microsoft" if microsoft.available() else "direct") if name == "auto" else name
    if wanted == "microsoft" and not microsoft.available():
        raise HostError("Microsoft's runtime needs Python 3.13 or later and azure-functions-runtime installed")
    return RUNTIMES[wanted]()
