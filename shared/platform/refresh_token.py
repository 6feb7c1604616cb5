"""Where Partner Center's refresh token is kept, and the azure-core credential that it makes.

At run time it is read and never written: renewing it is `refresh_token_watch`'s alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError

from shared.platform.refresh_token_grant import AUTHORITY, Grant

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential
    from azure.keyvault.secrets import KeyVaultSecret
    from azure.keyvault.secrets.aio import SecretClient


@dataclass(frozen=True, kw_only=True)
class Kept:
    """The token as it lies there: in which version of the secret, and when that one was stored."""

    token: str = field(repr=False)
    version: str = ""
    written: datetime | None = None


class NoSecretError(ClientAuthenticationError):
    """Nobody has stored a refresh token yet."""


class Vault(Protocol):
    """Where the refresh token is kept."""

    async def read(self) -> str: ...
    async def kept(self) -> Kept: ...
    async def write(self, token: str) -> None: ...
    async def succeed(self, seen: Kept, token: str) -> Kept: ...
    async def written(self) -> datetime | None: ...
    async def close(self) -> None: ...


class SettingVault:
    """The refresh token of a setting, for development: nothing renews it."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def read(self) -> str:
        return self._token

    async def kept(self) -> Kept:
        return Kept(token=self._token)

    async def write(self, token: str) -> None:
        self._token = token

    async def succeed(self, seen: Kept, token: str) -> Kept:
        if await self.kept() == seen:
            await self.write(token)
        return await self.kept()

    async def written(self) -> datetime | None:
        """Nobody knows when a setting's value was issued."""
        return None

    async def close(self) -> None:
        """Nothing is held open."""


class KeyVault:
    """The refresh token as a secret of Key Vault; each `write` makes a new version of it."""

    def __init__(self, *, url: str, name: str, credential: Callable[[], AsyncTokenCredential]) -> None:
        self._url, self._name, self._make = url, name, credential
        self._credential: AsyncTokenCredential | None = None
        self._client: SecretClient | None = None

    async def read(self) -> str:
        return (await self._secret()).value or ""

    async def kept(self) -> Kept:
        secret = await self._secret()
        properties = secret.properties
        return Kept(token=secret.value or "", version=properties.version or "", written=properties.created_on)

    async def written(self) -> datetime | None:
        """When the present version was stored; the token in it was issued shortly before that."""
        return (await self._secret()).properties.created_on

    async def _secret(self) -> KeyVaultSecret:
        try:
            return await self._secrets().get_secret(self._name)
        except ResourceNotFoundError as error:
            raise NoSecretError(f"{self._url} holds no secret {self._name}") from error
        except HttpResponseError as error:
            error.message = f"{self._url} answered: {error.message}"  # at run time it is told as Partner Center's
            raise

    async def write(self, token: str) -> None:
        await self._secrets().set_secret(self._name, token, content_type="refresh token of Partner Center")

    async def succeed(self, seen: Kept, token: str) -> Kept:
        """Store the successor of `seen`, unless another one lies there by now; gives what lies there then.

        A vault has no conditional write: what is stored between this look and the write, some milliseconds, is
        covered by it. `cosell login` therefore looks again after it has stored.
        """
        if (await self.kept()).version == seen.version:
            await self.write(token)
        return await self.kept()

    def _secrets(self) -> SecretClient:
        from azure.keyvault.secrets.aio import SecretClient  # noqa: PLC0415 - cold start

        if self._client is None:
            self._credential = self._make()
            self._client = SecretClient(self._url, self._credential, retry_total=2)
        return self._client

    async def close(self) -> None:
        for held in (self._client, self._credential):
            if held is not None:
                await held.close()


class RefreshTokenCredential:
    """azure.core's AsyncTokenCredential over the refresh-token grant.

    The successor that each redemption brings is let go: the token that is kept lives on beside it, and one writer a
    day is enough (https://learn.microsoft.com/entra/identity-platform/refresh-tokens).
    """

    def __init__(
        self,
        *,
        tenant: str,
        client_id: str,
        secret: str,
        vault: Vault,
        http_client: object | None = None,
        authority: str = AUTHORITY,
    ) -> None:
        self._vault = vault
        self._grant = Grant(
            tenant=tenant, client_id=client_id, secret=secret, http_client=http_client, authority=authority
        )

    async def get_token(self, *scopes: str, **_: object) -> AccessToken:
        token = await self._vault.read()
        if not token:
            raise ClientAuthenticationError("there is no refresh token")
        granted = await self._grant.redeemed(token, scopes)
        return AccessToken(granted.access_token, int(time.time()) + granted.seconds)

    async def close(self) -> None:
        await self._vault.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.close()
