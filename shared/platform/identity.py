"""ports.Tokens: a sandbox's static token, or any azure-core credential with its failures in our words."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

from shared.errors import AccessLost, Remote, Unavailable

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

EARLY = 300.0  # seconds before its end from which on a token is not handed out any more
FORBIDDEN = (401, 403)
_CODE = re.compile(r"AADSTS\d+")


class StaticTokens:
    """The token of a sandbox; settings allow it for loopback addresses only."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def get(self, scope: str, *, fresh: bool = False) -> str:
        del scope, fresh
        return self._token

    async def close(self) -> None:
        """Nothing is held open."""


@dataclass(frozen=True, kw_only=True)
class _Token:
    text: str = field(repr=False)
    ends: float
    fetched: float


class CredentialTokens:
    """Tokens of a credential, each kept until shortly before it ends; workers that ask at once share one request.

    `advice` tells a person what to do when the credential is refused. `make` is called again for a fresh token, since
    credentials keep theirs and offer no way to drop it.
    """

    def __init__(
        self,
        *,
        system: str,
        make: Callable[[], AsyncTokenCredential],
        advice: str,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._system, self._make, self._advice, self._now = system, make, advice, now
        self._credential: AsyncTokenCredential | None = None
        self._tokens: dict[str, _Token] = {}
        self._lock = asyncio.Lock()  # one for all scopes: a credential must not be closed under another scope's request

    async def get(self, scope: str, *, fresh: bool = False) -> str:
        asked = self._now()
        async with self._lock:
            token = self._tokens.get(scope)
            stale = token is None or token.ends - EARLY <= self._now() or (fresh and token.fetched <= asked)
            if token is None or stale:
                token = await self._fetch(scope, fresh=fresh)
                self._tokens[scope] = token
        return token.text

    async def _fetch(self, scope: str, *, fresh: bool) -> _Token:
        if fresh:
            await self.close()
        self._credential = self._credential or self._make()
        with identity_errors(self._system, self._advice):
            found = await self._credential.get_token(scope)
        return _Token(text=found.token, ends=float(found.expires_on), fetched=self._now())

    async def close(self) -> None:
        credential, self._credential = self._credential, None
        if credential is not None:
            await credential.close()


@contextmanager
def identity_errors(system: str, advice: str) -> Iterator[None]:
    """A refused credential is lost access to its system; a sign-in service that does not answer is not."""
    try:
        yield
    except ClientAuthenticationError as error:
        text = str(error.message)
        code = _CODE.search(text)
        remote = Remote(system=system, status=401, code=code[0] if code else "", message=text.partition("\n")[0][:300])
        raise AccessLost(remote, advice=advice) from error
    except HttpResponseError as error:
        remote = Remote(system=system, status=error.status_code or 0, message=str(error.message)[:300])
        if remote.status in FORBIDDEN:
            raise AccessLost(remote, advice=advice) from error
        raise Unavailable(remote) from error
    except AzureError as error:
        remote = Remote(system=system, message=f"no token ({type(error).__name__}): {error}"[:300])
        raise Unavailable(remote) from error
