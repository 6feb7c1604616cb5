"""The local functions host: runs a function app as Azure would, against real queues, on this machine."""

from sandbox.host.calls import Failed, Outcome, Succeeded
from sandbox.host.errors import HostError, HostJsonError, IndexRefusedError, SettingsError
from sandbox.host.host import Host

__all__ = ["Failed", "Host", "HostError", "HostJsonError", "IndexRefusedError", "Outcome", "SettingsError", "Succeeded"]
