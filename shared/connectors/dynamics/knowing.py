"""Calls under the organisation's metadata as it is known, which somebody may have changed since it was read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from shared.connectors.dynamics.verdicts import UnknownName
from shared.errors import Misconfigured

T = TypeVar("T")
S = TypeVar("S")


async def known(
    call: Callable[[S], Awaitable[T]], *, schema: Callable[[], Awaitable[S]], forget: Callable[[], None]
) -> T:
    """The call under what is known, once more under fresh metadata if a name is unknown by now; else Misconfigured."""
    try:
        return await call(await schema())
    except UnknownName:
        forget()
    try:
        return await call(await schema())
    except UnknownName as error:
        raise unknown(error) from error


def unknown(error: UnknownName) -> Misconfigured:
    return Misconfigured((f"Dynamics 365 does not know a table or column that is used: {error}",))
