"""The daily look after the refresh token: what is stored, what is told, and what is never overwritten."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ServiceRequestError

from shared.bootstrap import App
from shared.platform.refresh_token import KeyVault
from shared.platform.refresh_token_grant import Grant
from shared.platform.refresh_token_watch import RefreshTokenWatch, Renewal
from shared.settings import read
from tests.fakes.sign_in import Answer, FakeVault, SignIn
from tests.fakes.store import FakeClock, FakeTelemetry

GUID = "6f1b2c9e-3d52-4f6b-9a53-0c7f5c1d2e3f"
RENEWED = Answer({"access_token": "at", "expires_in": 3600, "token_type": "Bearer", "refresh_token": "rt-2"})
SAME = Answer({"access_token": "at", "expires_in": 3600, "token_type": "Bearer"})


class Bench:
    """A watch over a vault whose token was stored `days` ago, in front of a sign-in service with these answers."""

    def __init__(self, *answers: Answer | Exception, days: float = 0, token: str = "rt-1") -> None:
        self.clock, self.telemetry, self.sign_in = FakeClock(), FakeTelemetry(), SignIn(*answers, tenant=GUID)
        self.vault = FakeVault(self.clock, token, stored=self.clock.now() - timedelta(days=days))

    async def look(self) -> tuple[str, dict[str, str | float]]:
        """The one event that it tells."""
        grant = Grant(tenant=GUID, client_id=GUID, secret="invented", http_client=self.sign_in)
        renewal = Renewal(opened=lambda: self.vault, grant=grant, scope="https://api.example.com/.default", advice="do")
        watch = RefreshTokenWatch(renewal=renewal, telemetry=self.telemetry, clock=self.clock)
        await watch.watched()
        (event,) = self.telemetry.events
        assert self.vault.closed == 1
        return event

    @property
    def stored(self) -> list[str]:
        return [version.token for version in self.vault.versions]


def forbidden() -> HttpResponseError:
    error = HttpResponseError("Caller is not authorized to perform action secrets/set")
    error.status_code = 403
    return error


async def test_the_successor_is_stored_and_is_as_young_as_that() -> None:
    """One redemption a day, one new version, and an age that begins anew."""
    bench = Bench(RENEWED, days=70)
    assert await bench.look() == ("refresh_token_seen", {"age_days": 0, "days_left": 90})
    assert bench.stored == ["rt-1", "rt-2"]
    assert [post["refresh_token"] for post in bench.sign_in.posts] == ["rt-1"]


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (59.9, ("refresh_token_seen", {"age_days": 59, "days_left": 31})),
        (60, ("refresh_token_old", {"age_days": 60, "days_left": 30})),
        (95, ("refresh_token_old", {"age_days": 95, "days_left": 0})),
    ],
)
async def test_a_token_without_a_successor_grows_old(days: float, expected: tuple[str, dict[str, float]]) -> None:
    """Where Entra gives none, the age is that of the version that lies there; nothing is written."""
    bench = Bench(SAME, days=days)
    assert await bench.look() == expected
    assert bench.stored == ["rt-1"]


async def test_a_token_that_was_stored_meanwhile_is_not_overwritten() -> None:
    """Somebody signs in while the timer redeems the token before: the new one stays, and its age is told."""
    bench = Bench(RENEWED, days=80)
    bench.vault.ambush = ["of a person who just signed in"]
    assert await bench.look() == ("refresh_token_seen", {"age_days": 0, "days_left": 90})
    assert bench.stored == ["rt-1", "of a person who just signed in"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer({"error": "invalid_grant", "error_description": "AADSTS700082: expired"}, 400), "AADSTS700082"),
        (Answer({"error": "temporarily_unavailable"}, 503), "did not answer"),
        (requests.ConnectionError("no route"), "did not answer"),
    ],
)
async def test_a_token_that_cannot_be_redeemed_is_told_with_its_reason(answer: Answer | Exception, reason: str) -> None:
    """An expired or revoked token, or no sign-in service: nothing is written, and no token is in the reason."""
    bench = Bench(answer, days=20)
    name, fields = await bench.look()
    assert (name, reason in str(fields["reason"])) == ("refresh_token_unseen", True)
    assert "rt-1" not in str(fields)
    assert bench.stored == ["rt-1"]


async def test_an_empty_secret_is_sent_nowhere() -> None:
    """There is nothing to redeem, and that is what is told."""
    bench = Bench(token="")
    assert "no refresh token" in str((await bench.look())[1]["reason"])
    assert bench.sign_in.posts == []


@pytest.mark.parametrize(
    "error", [ServiceRequestError("no route"), ClientAuthenticationError("AADSTS7000222: expired")]
)
async def test_a_vault_that_cannot_be_read_is_told(error: ServiceRequestError | ClientAuthenticationError) -> None:
    """Away or refused: the reason, and nothing is redeemed that could not be stored."""
    bench = Bench(RENEWED)
    bench.vault.broken = {"read": error}
    name, fields = await bench.look()
    assert (name, "Key Vault" in str(fields["reason"])) == ("refresh_token_unseen", True)
    assert bench.sign_in.posts == []


@pytest.mark.parametrize(
    ("days", "expected"), [(5, "refresh_token_unseen"), (60, "refresh_token_old"), (89, "refresh_token_old")]
)
async def test_a_vault_that_cannot_be_written_is_told_until_the_age_is_what_counts(
    days: int, expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The older token works on: first the reason is the event, from 60 days on the age is, and the reason a line."""
    bench = Bench(RENEWED, days=days)
    bench.vault.broken = {"write": forbidden()}
    name, fields = await bench.look()
    assert name == expected
    assert "Key Vault Secrets Officer" in str(fields) + caplog.text
    assert "rt-" not in str(fields) + caplog.text
    assert bench.stored == ["rt-1"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"PARTNER_CENTER_AUTH": "static"}, "PARTNER_CENTER_AUTH is static"),
        ({"PARTNER_CENTER_REFRESH_TOKEN": "invented"}, "in a setting"),
        ({"PARTNER_CENTER_CLIENT_ID": "no guid"}, "settings of this installation are wrong"),
    ],
)
async def test_where_there_is_nothing_to_look_after_that_is_said(changes: dict[str, str], reason: str) -> None:
    """The sandbox's static token, a token in a setting, wrong settings: one event with the reason, and no call."""
    app, telemetry = (
        App(read({"AzureWebJobsStorage": "UseDevelopmentStorage=true", **SETTINGS, **changes})),
        FakeTelemetry(),
    )
    app.refresh_token._telemetry = telemetry
    await app.refresh_token.watched()
    await app.close()
    ((name, fields),) = telemetry.events
    assert (name, reason in str(fields["reason"])) == ("refresh_token_unseen", True)


SETTINGS = {
    "PARTNER_CENTER_TENANT_ID": GUID,
    "PARTNER_CENTER_CLIENT_ID": GUID,
    "PARTNER_CENTER_CLIENT_SECRET": "invented",
    "PARTNER_CENTER_API_URL": "http://127.0.0.1:1",
    "PARTNER_CENTER_WEBHOOK_API_URL": "http://127.0.0.1:1",
    "PARTNER_CENTER_TOKEN": "sandbox",
}


@pytest.mark.parametrize("changes", [{"MODE": "test"}, {"DRY_RUN": "true"}, {"DATAVERSE_URL": "", "MODE": "Live!"}])
async def test_no_mode_and_no_other_setting_lets_a_token_end(changes: dict[str, str]) -> None:
    """In test mode, under DRY_RUN and while other settings are wrong the token is looked after all the same."""
    vault = {"PARTNER_CENTER_KEY_VAULT_URL": "https://contoso.vault.azure.net"}
    app = App(read({"AzureWebJobsStorage": "UseDevelopmentStorage=true", **SETTINGS, **vault, **changes}))
    renewal = app.refresh_token._renewal
    assert isinstance(renewal, Renewal)
    assert isinstance(renewal.opened(), KeyVault)
    await app.close()
