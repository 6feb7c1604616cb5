"""The refresh-token grant: an access token and a successor for a refresh token, through MSAL.

https://learn.microsoft.com/partner-center/developer/enable-secure-app-model
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError

AUTHORITY = "https://login.microsoftonline.com/"
LONGEST = 86_400  # seconds that a token may say it is good for
# What MSAL runs into where a proxy answers in the service's place, and the answer is not the object it expects.
NOT_AN_ANSWER = (json.JSONDecodeError, AttributeError, KeyError, TypeError, RecursionError)
TEMPORARY = frozenset({"temporarily_unavailable", "server_error"})  # RFC 6749; anything else needs a person

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Granted:
    """What the sign-in service gave: texts are "" where it gave none; `seconds` is how long the first is good."""

    access_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    id_token: str = field(default="", repr=False)
    seconds: int = 0


class Grant:
    """Redeems refresh tokens of one application; MSAL is synchronous and so has a thread."""

    def __init__(
        self,
        *,
        tenant: str,
        client_id: str,
        secret: str,
        http_client: object | None = None,
        authority: str = AUTHORITY,
    ) -> None:
        self.tenant, self.client_id, self._secret = tenant, client_id, secret
        self._http_client, self._authority = http_client, authority
        self._application: Any = None

    async def redeemed(self, token: str, scopes: Sequence[str]) -> Granted:
        """Raises ClientAuthenticationError for a token or application that is refused, ServiceRequestError else."""
        return await asyncio.to_thread(
            self.asked, lambda application: application.acquire_token_by_refresh_token(token, list(scopes))
        )

    def answered(self, ask: Callable[[Any], T]) -> T:
        """What a question put to MSAL's application is answered with. It blocks."""
        with _told_apart(self.tenant):
            return ask(self.application())

    def asked(self, ask: Callable[[Any], Mapping[str, Any]]) -> Granted:
        """The tokens that it is answered with."""
        found = self.answered(ask)
        if "access_token" not in found:
            raise _refusal(found)
        return Granted(
            access_token=str(found["access_token"]),
            refresh_token=str(found.get("refresh_token") or ""),
            id_token=str(found.get("id_token") or ""),
            seconds=_seconds(found.get("expires_in")),
        )

    def form(self) -> Mapping[str, str]:
        """What the application proves itself with, where a form is sent without MSAL."""
        return {"client_id": self.client_id, "client_secret": self._secret}

    def application(self) -> Any:
        """MSAL's own, made once; it asks the service for its addresses, and so blocks."""
        from msal import ConfidentialClientApplication  # noqa: PLC0415 - cold start

        self._application = self._application or ConfidentialClientApplication(
            self.client_id,
            authority=self._authority + self.tenant,
            client_credential=self._secret,
            http_client=self._http_client,
            instance_discovery=None if self._authority == AUTHORITY else False,
            timeout=20,
        )
        return self._application


@contextmanager
def _told_apart(tenant: str) -> Iterator[None]:
    """MSAL's failures in azure-core's words."""
    import requests  # noqa: PLC0415 - msal's own transport, needed for this credential alone
    from msal.exceptions import MsalServiceError  # noqa: PLC0415 - cold start

    try:
        yield
    except (requests.RequestException, MsalServiceError) as error:  # the second is MSAL's for a 5xx
        raise ServiceRequestError(f"the sign-in service did not answer: {type(error).__name__}") from error
    except NOT_AN_ANSWER as error:
        raise ServiceRequestError(f"the sign-in service's answer is none: {type(error).__name__}") from error
    except ValueError as error:  # MSAL's word for a tenant that does not exist
        raise ClientAuthenticationError(f"the sign-in service refuses the tenant {tenant}") from error


def _seconds(told: object) -> int:
    """How long a token is good for; none that says it oddly is kept."""
    return min(told, LONGEST) if isinstance(told, int) and told > 0 else 0


def _refusal(found: Mapping[str, Any]) -> Exception:
    text = str(found.get("error_description") or found.get("error") or "no reason given")
    if str(found.get("error")) in TEMPORARY:
        return ServiceRequestError(text)
    return ClientAuthenticationError(text)
