"""The refresh token into Key Vault, as whoever is signed in with `az login`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from azure.core.exceptions import ResourceExistsError

from shared.errors import AccessLost, Conflict, NeedsDecision, Remote, RemoteError
from shared.platform.identity import identity_errors
from shared.platform.refresh_token import NoSecretError, Vault

ROLE = (
    "Sign in with `az login`, as somebody with the role Key Vault Secrets Officer on that vault. Where the answer "
    "speaks of the client's address it is the vault's firewall: let this machine's address in, or run this inside"
)
DELETED = "the secret was deleted and can be recovered, which keeps its name: `az keyvault secret recover`, then again"
OTHER = "another token was stored at the same moment: run this again"


async def stored_at(vault: Vault) -> datetime | None:
    """When the present token was stored, None where there is none. It shows in time whether the vault lets us in."""
    try:
        with _refusals():
            return await vault.written()
    except AccessLost as error:
        if isinstance(error.__cause__, NoSecretError):
            return None
        raise


async def store(vault: Vault, token: str) -> None:
    """Store it, and look whether it is what lies there then: a vault has no conditional write."""
    with _refusals():
        await vault.write(token)
        there = await vault.read()
    if there != token:
        raise Conflict(Remote(system="Key Vault", message=OTHER))


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        with identity_errors("Key Vault", ROLE):
            yield
    except RemoteError as error:
        if isinstance(error.__cause__, ResourceExistsError):
            raise NeedsDecision(DELETED) from error
        raise
