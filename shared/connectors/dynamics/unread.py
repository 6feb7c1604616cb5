"""Why a row cannot be shown that a batch may have written."""

from __future__ import annotations

from shared.connectors.dynamics.calls import Batched, Calls
from shared.connectors.dynamics.verdicts import SYSTEM
from shared.errors import AccessLost, Refused, Remote, RemoteError, Transient, Unavailable


def unread(calls: Calls, done: Batched, message: str) -> RemoteError:
    """A missing privilege says so itself; any other refusal to show the row is no refusal of the write before it."""
    try:
        calls.check([done.read] if done.read else [])
    except (AccessLost, Transient) as error:
        return error
    except Refused as error:
        return Unavailable(error.remote, advice=message)
    return Unavailable(Remote(system=SYSTEM, message=message))
