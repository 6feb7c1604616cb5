"""The Secure Application Model: an access token for a refresh token, through MSAL, as an azure-core credential.

https://learn.microsoft.com/partner-center/developer/enable-secure-app-model
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from azure.core.credentials import AccessToken
from azure.core.exceptions import AzureError, ClientAuthenticationError, ResourceNotFoundError, ServiceRequestError

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential
    from azure.keyvault.secrets import KeyVaultSecret
    from azure.keyvault.secrets.aio import SecretClient

LOGGER = logging.getLogger("cosell")
AUTHORITY = "https://login.microsoftonline.com/"
LONGEST = 86_400  # seconds that a token may say it is good for
# What MSAL runs into where a proxy answers in the service's place, and the answer is not the object it expects.
NOT_AN_ANSWER = (json.JSONDecodeError, AttributeError, KeyError, TypeError, RecursionError)
TEMPORARY = frozenset({"temporarily_unavailable", "server_error"})  # RFC 6749; anything else needs a person


class Vault(Protocol):
    """Where the refresh token is kept."""

    async def read(self) -> str: ...
    async def write(self, token: str) -> None: ...
    async def written(self) -> datetime | None: ...
    async def close(self) -> None: ...


class SettingVault:
    """The refresh token of a setting, for development: a newer one lives as long as the process."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def read(self) -> str:
        return self._token

    async def write(self, token: str) -> None:
        self._token = token

    async def written(self) -> datetime | None:
        """Nobody knows when a setting's value was issued."""
        return None

    async def close(self) -> None:
        """Nothing is held open."""


class KeyVault:
    """The refresh token as a secret of Key Vault: read for each access token, written back when it was renewed."""

    def __init__(self, *, url: str, name: str, credential: Callable[[], AsyncTokenCredential]) -> None:
        self._url, self._name, self._make = url, name, credential
        self._credential: AsyncTokenCredential | None = None
        self._client: SecretClient | None = None

    async def read(self) -> str:
        return (await self._secret()).value or ""

    async def written(self) -> datetime | None:
        """When the present version was stored; the token in it was issued shortly before that."""
        return (await self._secret()).properties.created_on

    async def _secret(self) -> KeyVaultSecret:
        try:
            return await self._secrets().get_secret(self._name)
        except ResourceNotFoundError as error:
            raise ClientAuthenticationError(f"{self._url} holds no secret {self._name}") from error

    async def write(self, token: str) -> None:
        await self._secrets().set_secret(self._name, token, content_type="refresh token of Partner Center")

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
    """azure.core's AsyncTokenCredential over MSAL's refresh-token grant; MSAL is synchronous and so has a thread."""

    def __init__(
        self, *, tenant: str, client_id: str, secret: str, vault: Vault, http_client: object | None = None
    ) -> None:
        self._tenant, self._client_id, self._secret = tenant, client_id, secret
        self._vault, self._http_client = vault, http_client
        self._application: Any = None

    async def get_token(self, *scopes: str, **_: object) -> AccessToken:
        token = await self._vault.read()
        if not token:
            raise ClientAuthenticationError("there is no refresh token")
        found = await asyncio.to_thread(self._granted, token, list(scopes))
        if "access_token" not in found:
            raise _refusal(found)
        renewed = str(found.get("refresh_token") or "")
        if renewed and renewed != token:
            await self._keep(renewed)
        return AccessToken(str(found["access_token"]), int(time.time()) + _seconds(found.get("expires_in")))

    async def _keep(self, renewed: str) -> None:
        """The older token still works for weeks, so a vault that cannot be written is a warning."""
        try:
            await self._vault.write(renewed)
        except AzureError as error:
            LOGGER.warning("the renewed refresh token could not be stored: %s", type(error).__name__)

    def _granted(self, token: str, scopes: list[str]) -> dict[str, Any]:
        import requests  # noqa: PLC0415 - msal's own transport, needed for this credential alone
        from msal import ConfidentialClientApplication  # noqa: PLC0415 - cold start
        from msal.exceptions import MsalServiceError  # noqa: PLC0415 - cold start

        try:
            self._application = self._application or ConfidentialClientApplication(
                self._client_id,
                authority=AUTHORITY + self._tenant,
                client_credential=self._secret,
                http_client=self._http_client,
                timeout=20,
            )
            found: dict[str, Any] = self._application.acquire_token_by_refresh_token(token, scopes)
        except (requests.RequestException, MsalServiceError) as error:  # the second is MSAL's for a 5xx
            raise ServiceRequestError(f"the sign-in service did not answer: {type(error).__name__}") from error
        except NOT_AN_ANSWER as error:
            raise ServiceRequestError(f"the sign-in service's answer is none: {type(error).__name__}") from error
        except ValueError as error:  # MSAL's word for a tenant that does not exist
            raise ClientAuthenticationError(f"the sign-in service refuses the tenant {self._tenant}") from error
        return found

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


def _seconds(told: object) -> int:
    """How long a token is good for; none that says it oddly is kept."""
    return min(told, LONGEST) if isinstance(told, int) and told > 0 else 0


def _refusal(found: dict[str, Any]) -> Exception:
    text = str(found.get("error_description") or found.get("error") or "no reason given")
    if str(found.get("error")) in TEMPORARY:
        return ServiceRequestError(text)
    return ClientAuthenticationError(text)
