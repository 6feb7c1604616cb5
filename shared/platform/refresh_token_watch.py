"""The daily look after Partner Center's refresh token: renewed, its successor stored, its age told.

It is done in every MODE and under DRY_RUN: a token that nobody renews ends in a test installation as well.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from azure.core.exceptions import ClientAuthenticationError

from shared.errors import CosellError, RemoteError
from shared.platform.identity import identity_errors
from shared.platform.refresh_token import Kept, Vault
from shared.platform.refresh_token_grant import Grant
from shared.ports import Clock, Telemetry

LOGGER = logging.getLogger("cosell")
# https://learn.microsoft.com/entra/identity-platform/refresh-tokens
LIFETIME, OLD = timedelta(days=90), timedelta(days=60)
VAULT_ADVICE = (
    "The app's identity needs to read that secret and to set it (Key Vault Secrets Officer, on that secret alone)"
)
NO_DATE = "the vault does not say when the refresh token was stored"
NOT_STORED = "the refresh token was renewed, and its successor could not be stored"


@dataclass(frozen=True, kw_only=True)
class Renewal:
    """Where the token is kept, how it is redeemed and for what; `advice` is for a token that is refused."""

    opened: Callable[[], Vault]
    grant: Grant
    scope: str
    advice: str


class RefreshTokenWatch:
    """`renewal` is a sentence where there is nothing to look after: why not."""

    def __init__(self, *, renewal: Renewal | str, telemetry: Telemetry, clock: Clock) -> None:
        self._renewal, self._telemetry, self._clock = renewal, telemetry, clock

    async def watched(self) -> None:
        """Renew the token and tell its age, or why that could not be done, as one event."""
        if isinstance(self._renewal, str):
            self._unseen(self._renewal)
            return
        try:
            written = await self._renewed(self._renewal)
        except CosellError as error:
            self._unseen(str(error))
            return
        if written is None:
            self._unseen(NO_DATE)
            return
        self._told(self._clock.now() - written)

    async def _renewed(self, renewal: Renewal) -> datetime | None:
        """When the token that lies there now was stored."""
        vault = renewal.opened()
        try:
            with identity_errors("Key Vault", VAULT_ADVICE):
                seen = await vault.kept()
            with identity_errors("Partner Center", renewal.advice):
                successor = await _successor(renewal, seen)
            return await self._stored(vault, seen, successor) if successor else seen.written
        finally:
            await vault.close()

    async def _stored(self, vault: Vault, seen: Kept, successor: str) -> datetime | None:
        """The older token works on where its successor cannot be stored; once it is old, its age is what is told."""
        try:
            with identity_errors("Key Vault", VAULT_ADVICE):
                return (await vault.succeed(seen, successor)).written
        except RemoteError as error:
            if seen.written is None or self._clock.now() - seen.written < OLD:
                raise _NotStored(f"{NOT_STORED}: {error}") from error
            LOGGER.warning("%s: %s", NOT_STORED, error)
            return seen.written

    def _told(self, age: timedelta) -> None:
        name = "refresh_token_old" if age >= OLD else "refresh_token_seen"
        self._telemetry.event(name, age_days=max(0, age.days), days_left=max(0, LIFETIME.days - age.days))

    def _unseen(self, reason: str) -> None:
        self._telemetry.event("refresh_token_unseen", reason=reason)


class _NotStored(CosellError):
    """What the vault refused, as the end of a sentence."""


async def _successor(renewal: Renewal, seen: Kept) -> str:
    """The token that Entra gave in place of this one, "" where it gave none."""
    if not seen.token:
        raise ClientAuthenticationError("there is no refresh token")
    granted = await renewal.grant.redeemed(seen.token, [renewal.scope])
    return granted.refresh_token if granted.refresh_token != seen.token else ""
