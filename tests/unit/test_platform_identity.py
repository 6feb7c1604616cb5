"""Tokens: kept, renewed, shared by whoever asks at once, and failing in words that help."""

from __future__ import annotations

import asyncio
from typing import Self

import pytest
import requests
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError

from shared.errors import AccessLost, Unavailable
from shared.platform.credentials import dataverse_tokens, partner_tokens
from shared.platform.identity import CredentialTokens, StaticTokens
from shared.platform.refresh_token import RefreshTokenCredential, SettingVault
from shared.settings import read
from tests.fakes.sign_in import Answer, SignIn

SCOPE = "https://contoso.crm.dynamics.com/.default"
TENANT = "6f1b2c9e-3d52-4f6b-9a53-0c7f5c1d2e3f"


class Credential:
    """Hands out numbered tokens that live for an hour, or raises what it is told to."""

    made = 0

    def __init__(self, now: list[float], error: Exception | None = None) -> None:
        self.now, self.error, self.asked, self.closed = now, error, 0, False

    async def get_token(self, *scopes: str, **_: object) -> AccessToken:
        self.asked += 1
        await asyncio.sleep(0)
        if self.error:
            raise self.error
        return AccessToken(f"token-{self.asked}-{scopes[0]}", int(self.now[0]) + 3600)

    async def close(self) -> None:
        self.closed = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def tokens_of(credentials: list[Credential], now: list[float]) -> CredentialTokens:
    waiting = iter(credentials)
    return CredentialTokens(
        system="Dynamics 365", make=lambda: next(waiting), advice="Check DATAVERSE_AUTH", now=lambda: now[0]
    )


async def test_a_token_is_kept_until_shortly_before_its_end() -> None:
    """One request an hour, less five minutes, and one for each scope."""
    now = [1000.0]
    credential = Credential(now)
    tokens = tokens_of([credential], now)
    first = await tokens.get(SCOPE)
    now[0] += 3299
    assert await tokens.get(SCOPE) == first
    now[0] += 2
    assert await tokens.get(SCOPE) != first
    await tokens.get("another")
    assert credential.asked == 3


async def test_whoever_asks_at_once_shares_one_request() -> None:
    """Forty waiting calls cost one token."""
    now = [1000.0]
    credential = Credential(now)
    tokens = tokens_of([credential], now)
    assert len(set(await asyncio.gather(*(tokens.get(SCOPE) for _ in range(40))))) == 1
    assert credential.asked == 1


async def test_a_fresh_token_comes_from_a_new_credential() -> None:
    """After a 401 the credential's own cache must not answer with the token that was refused."""
    now = [1000.0]
    old, new = Credential(now), Credential(now)
    tokens = tokens_of([old, new], now)
    await tokens.get(SCOPE)
    now[0] += 1
    await tokens.get(SCOPE, fresh=True)
    assert (old.closed, new.asked) == (True, 1)
    await tokens.close()
    assert new.closed


async def test_a_refused_credential_is_lost_access_with_advice() -> None:
    """The sign-in service's code and our advice are both said."""
    now = [1000.0]
    error = ClientAuthenticationError("AADSTS7000222: The provided client secret keys are expired.\nTrace ID: 1")
    with pytest.raises(AccessLost, match="Check DATAVERSE_AUTH") as caught:
        await tokens_of([Credential(now, error)], now).get(SCOPE)
    assert (caught.value.remote.code, caught.value.remote.system) == ("AADSTS7000222", "Dynamics 365")


async def test_a_sign_in_service_that_does_not_answer_is_no_lost_access() -> None:
    """Time mends it, so it is Unavailable."""
    now = [1000.0]
    with pytest.raises(Unavailable):
        await tokens_of([Credential(now, ServiceRequestError("no route"))], now).get(SCOPE)


class ReadOnly(SettingVault):
    """What the functions' identity needs at run time, and no more."""

    async def write(self, token: str) -> None:
        raise AssertionError(f"{len(token)} characters were written")


def secure_application(sign_in: SignIn, vault: SettingVault) -> RefreshTokenCredential:
    return RefreshTokenCredential(tenant=TENANT, client_id=TENANT, secret="invented", vault=vault, http_client=sign_in)


async def test_a_refresh_token_becomes_an_access_token_and_stays_what_it_is() -> None:
    """MSAL's refresh-token grant, each time with the token that is kept: at run time nothing is written."""
    sign_in = SignIn(
        Answer({"access_token": "at-1", "expires_in": 3600, "token_type": "Bearer", "refresh_token": "rt-2"}),
        Answer({"access_token": "at-2", "expires_in": 3600, "token_type": "Bearer"}),
    )
    vault = ReadOnly("rt-1")
    credential = secure_application(sign_in, vault)
    assert (await credential.get_token(SCOPE)).token == "at-1"
    assert (await credential.get_token(SCOPE)).token == "at-2"
    assert [post["refresh_token"] for post in sign_in.posts] == ["rt-1", "rt-1"]
    assert SCOPE in sign_in.posts[0]["scope"]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            Answer({"error": "invalid_grant", "error_description": "AADSTS50173: revoked"}, 400),
            ClientAuthenticationError,
        ),
        (Answer({"error": "temporarily_unavailable"}, 503), ServiceRequestError),
        (requests.ConnectionError("no route"), ServiceRequestError),
    ],
)
async def test_a_refused_grant_is_told_from_one_that_was_not_answered(
    answer: Answer | Exception, expected: type[Exception]
) -> None:
    """A revoked token needs a person, an outage needs time."""
    with pytest.raises(expected):
        await secure_application(SignIn(answer), SettingVault("rt-1")).get_token(SCOPE)


async def test_no_refresh_token_says_so() -> None:
    """An empty secret is not sent anywhere."""
    with pytest.raises(ClientAuthenticationError, match="no refresh token"):
        await secure_application(SignIn(), SettingVault("")).get_token(SCOPE)


async def test_the_sandbox_token_is_handed_out_as_it_is() -> None:
    """Static credentials of the settings need no sign-in service."""
    settings = read({"DATAVERSE_AUTH": "static", "DATAVERSE_TOKEN": "sandbox-a", "PARTNER_CENTER_AUTH": "static"}).best
    assert isinstance(partner_tokens(settings), StaticTokens)
    assert await dataverse_tokens(settings).get(SCOPE, fresh=True) == "sandbox-a"


@pytest.mark.parametrize("auth", ["managed_identity", "client_secret", "default"])
async def test_every_way_to_sign_in_has_its_credential(auth: str) -> None:
    """Each value of DATAVERSE_AUTH makes an azure-identity credential without asking anybody."""
    settings = read(
        {
            "DATAVERSE_AUTH": auth,
            "DATAVERSE_TENANT_ID": TENANT,
            "DATAVERSE_CLIENT_ID": TENANT,
            "DATAVERSE_CLIENT_SECRET": "invented",
        }
    ).best
    tokens = dataverse_tokens(settings)
    assert isinstance(tokens, CredentialTokens)
    credential = tokens._make()
    assert hasattr(credential, "get_token")
    await credential.close()
