"""The daily look on a real Key Vault client: a version of its own for each successor, and nobody's overwritten."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sandbox.azure.vault import USER
from sandbox.partner_center.auth import CLIENT_SECRET
from sandbox.partner_center.settings import TENANT
from shared.connectors.partner_center import SCOPE
from shared.errors import AccessLost
from shared.platform.clock import SystemClock
from shared.platform.identity import CredentialTokens
from shared.platform.refresh_token import RefreshTokenCredential
from shared.platform.refresh_token_watch import RefreshTokenWatch, Renewal
from tests.fakes.store import FakeTelemetry
from tests.integration.sign_in_desk import CLIENT, NAME, Desk, open_desk


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """Give a desk at which somebody has signed in."""
    async with open_desk() as made:
        await made.login()
        yield made


async def looked(desk: Desk) -> tuple[str, dict[str, str | float]]:
    """The event of one daily look."""
    settings, telemetry = desk.asked().reading.best, FakeTelemetry()
    renewal = Renewal(opened=lambda: desk.vault(settings), grant=desk.grant(settings), scope=SCOPE, advice="sign in")
    await RefreshTokenWatch(renewal=renewal, telemetry=telemetry, clock=SystemClock()).watched()
    (event,) = telemetry.events
    return event


async def test_a_day_makes_a_version(desk: Desk) -> None:
    """What Entra gave in place of the token lies there afterwards, as young as that."""
    assert await looked(desk) == ("refresh_token_seen", {"age_days": 0, "days_left": 90})
    assert await looked(desk) == ("refresh_token_seen", {"age_days": 0, "days_left": 90})
    assert len(set(desk.stored)) == 3


async def test_an_old_token_is_young_again(desk: Desk) -> None:
    """80 days without a look end with one."""
    desk.secrets.versions[NAME][0]["attributes"]["created"] -= 80 * 86_400
    assert (await looked(desk))[0] == "refresh_token_seen"


async def test_a_version_that_came_between_stays(desk: Desk) -> None:
    """Somebody signs in after the token was read: its successor is let go, and the new one is what is left."""
    vault = desk.vault(desk.asked().reading.best)
    seen = await vault.kept()
    desk.secrets.put(NAME, "of a person who just signed in")
    left = await vault.succeed(seen, "the successor of an older one")
    await vault.close()
    assert left.token == desk.stored[-1] == "of a person who just signed in"
    assert "the successor of an older one" not in desk.stored


async def test_an_identity_that_may_not_write_is_told(desk: Desk) -> None:
    """The vault's own refusal, with the role that is missing; the token works on."""
    desk.az.token = USER
    name, fields = await looked(desk)
    assert (name, "Key Vault Secrets Officer" in str(fields["reason"])) == ("refresh_token_unseen", True)
    assert len(desk.stored) == 1


async def test_a_revoked_token_is_told(desk: Desk) -> None:
    """Entra's code is in the reason, and the token is not."""
    desk.partner.state.tokens.refresh.clear()
    name, fields = await looked(desk)
    assert (name, "AADSTS9002313" in str(fields["reason"])) == ("refresh_token_unseen", True)
    assert desk.stored[0] not in str(fields)


async def test_at_run_time_a_closed_vault_is_lost_access_in_its_own_words(desk: Desk) -> None:
    """Partner Center cannot be called, and what is said is that the vault lets nobody in."""
    settings = desk.asked().reading.best
    desk.secrets.firewall = True

    def made() -> RefreshTokenCredential:
        return RefreshTokenCredential(
            tenant=TENANT,
            client_id=CLIENT,
            secret=CLIENT_SECRET,
            vault=desk.vault(settings),
            http_client=desk.session(),
        )

    tokens = CredentialTokens(system="Partner Center", make=made, advice="sign in")
    with pytest.raises(AccessLost, match=f"{desk.vault_url} answered"):
        await tokens.get(SCOPE)
    await tokens.close()
