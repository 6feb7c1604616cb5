"""`cosell login` over real sockets: a code with PKCE, a token that is tried, a secret in Key Vault."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from cli.commands.login import Wish, _settings
from cli.login import by_device
from cli.login.storing import store
from sandbox.azure.vault import USER
from sandbox.partner_center.auth import CLIENT_SECRET
from sandbox.partner_center.settings import REFERRALS_AUDIENCE, WEBHOOKS_AUDIENCE
from sandbox.servers import address, listen
from shared.connectors.partner_center import SCOPE
from shared.errors import AccessLost, Conflict, CosellError, Misconfigured, NeedsDecision, Unavailable
from shared.platform.refresh_token import RefreshTokenCredential, SettingVault
from tests.integration.sign_in_desk import CLIENT, NAME, AzLogin, Desk, open_desk


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """Give a desk with nothing stored."""
    async with open_desk() as made:
        yield made


def query(url: str) -> dict[str, str]:
    return {name: texts[0] for name, texts in parse_qs(urlsplit(url).query).items()}


async def test_a_sign_in_stores_a_token_that_the_functions_can_use(desk: Desk) -> None:
    """One browser, one code, one version of one secret; the credential of the functions redeems what lies there."""
    await desk.login()
    (token,) = desk.stored
    assert "Signed in as dana@fabrikam.example.com" in desk.said
    assert "multi-factor authentication was done" in desk.said
    assert f"Stored as {NAME} in {desk.vault_url}." in desk.said
    assert token not in desk.said
    settings = desk.asked().reading.best
    functions = RefreshTokenCredential(
        tenant=settings.partner_center_tenant_id,
        client_id=CLIENT,
        secret=CLIENT_SECRET,
        vault=desk.vault(settings),
        http_client=desk.session(),
        authority=f"{desk.partner_url}/",
    )
    assert (await functions.get_token(SCOPE)).token
    await functions.close()
    assert desk.stored == [token]


async def test_the_request_asks_for_what_is_documented(desk: Desk) -> None:
    """A code with a challenge of S256, the Referrals API, offline_access, a state, and localhost to come back to."""
    await desk.login()
    asked = query(desk.opened[0])
    assert (asked["response_type"], asked["code_challenge_method"], asked["prompt"]) == (
        "code",
        "S256",
        "select_account",
    )
    assert {SCOPE, "offline_access", "openid"} <= set(asked["scope"].split())
    assert re.fullmatch(r"http://localhost:\d+", asked["redirect_uri"])
    assert len(asked["state"]) > 30
    assert asked["response_mode"] == "form_post"
    assert desk.pages[-1].status_code == 200
    assert "Go back to the terminal" in desk.pages[-1].text


async def test_a_dry_run_stores_nothing(desk: Desk) -> None:
    """The token is tried and let go."""
    await desk.login(wish=Wish(dry_run=True))
    assert (desk.stored, "A dry run" in desk.said) == ([], True)


async def test_a_second_sign_in_takes_the_firsts_place(desk: Desk) -> None:
    """The secret gets another version, and the age of the one before is told."""
    await desk.login()
    await desk.login()
    assert (len(desk.stored), "in place of the one of" in desk.said) == (2, True)


@pytest.mark.parametrize(
    ("methods", "said"), [(("pwd",), "was NOT done"), ((), "does not say"), (("pwd", "mfa"), "was done")]
)
async def test_what_the_token_says_of_the_second_factor_is_told(
    desk: Desk, methods: tuple[str, ...], said: str
) -> None:
    """Partner Center asks for multi-factor authentication: where the token tells, so does the tool."""
    desk.sign_ins.person.methods = methods
    await desk.login()
    assert f"multi-factor authentication {said}" in desk.said or said in desk.said


async def refused(desk: Desk, kind: type[CosellError] = AccessLost, **login: Any) -> str:
    """What is said of a sign-in that stores nothing."""
    with pytest.raises(kind) as caught:
        await desk.login(**login)
    assert desk.stored == []
    return str(caught.value)


async def test_a_consent_that_is_not_given_is_told_with_what_to_do(desk: Desk) -> None:
    """Who answers Cancel comes back to a page that says so, and the terminal says why."""
    desk.sign_ins.person.consents = False
    assert "accept what the application asks for" in await refused(desk)
    assert "was not completed" in desk.pages[-1].text


async def test_a_missing_consent_is_told_with_its_permissions(desk: Desk) -> None:
    """AADSTS65001 at the token endpoint names what an administrator has to consent to."""
    desk.partner.state.tokens.consented = {WEBHOOKS_AUDIENCE}
    said = await refused(desk)
    assert "AADSTS65001" in said
    assert "user_impersonation" in said


async def test_without_the_webhooks_permission_deals_can_be_kept_in_step(desk: Desk) -> None:
    """What is missing for the webhook alone is told, and the token is stored."""
    desk.partner.state.tokens.consented = {REFERRALS_AUDIENCE}
    await desk.login()
    assert (len(desk.stored), "webhook cannot be registered" in desk.said) == (1, True)


@pytest.mark.parametrize("named", ["", "fabrikam.example.com"])
async def test_another_tenants_sign_in_is_refused(desk: Desk, named: str) -> None:
    """Whether the setting is the tenant's id or one of its names, a token of another tenant is not stored."""
    desk.sign_ins.person.tenant = "00000000-1111-4222-8333-444444444444"
    if named:
        desk.settings["PARTNER_CENTER_TENANT_ID"] = named
    assert "00000000-1111-4222-8333-444444444444" in await refused(desk)


async def test_a_tenant_may_be_named_by_its_domain(desk: Desk) -> None:
    """Entra's own endpoints say which id that is."""
    await desk.login(PARTNER_CENTER_TENANT_ID="fabrikam.example.com")
    assert len(desk.stored) == 1


async def test_a_user_whom_the_referrals_api_refuses_is_not_stored(desk: Desk) -> None:
    """A token that opens nothing would look well for 90 days."""
    desk.partner.state.tokens.require = _nobody
    assert "403" in await refused(desk)


def _nobody(*_: object, **__: object) -> None:
    from sandbox.partner_center.errors import ApiError  # noqa: PLC0415 - only here

    raise ApiError(403, "The user has no referrals role.", target="authorization")


async def test_a_redirect_that_is_not_registered_is_told_when_nobody_comes_back(desk: Desk) -> None:
    """Entra says it in the browser alone; the terminal waits, and then says what each such page means."""
    desk.sign_ins.redirects.clear()
    assert "nobody came back" in await refused(desk, Unavailable, patience=0.5)
    assert "AADSTS50011" in desk.pages[0].text
    assert "redirect URI http://localhost" in desk.said


async def test_a_wrong_secret_is_told_without_it(desk: Desk) -> None:
    """The setting is named, its value is not."""
    said = await refused(desk, PARTNER_CENTER_CLIENT_SECRET="s3cr3t-of-another-app")
    assert "PARTNER_CENTER_CLIENT_SECRET" in said
    assert "s3cr3t" not in said + desk.said


async def test_a_port_that_is_taken_is_told(desk: Desk) -> None:
    """Before any browser opens."""
    taken = listen()
    try:
        port = int(address(taken).rpartition(":")[2])
        assert "--port" in await refused(desk, Misconfigured, wish=Wish(port=port))
    finally:
        taken.close()
    assert desk.opened == []


# --- Key Vault --------------------------------------------------------------------------------------------------------


async def test_who_may_not_write_the_secret_is_told_which_role_to_ask_for(desk: Desk) -> None:
    """403 of the vault names Key Vault Secrets Officer."""
    desk.az = AzLogin(USER)
    assert "Key Vault Secrets Officer" in await refused(desk)


async def test_a_vault_that_lets_nobody_in_costs_no_sign_in(desk: Desk) -> None:
    """The vault is asked first: its firewall, or nobody being signed in to Azure, is told before the browser opens."""
    desk.secrets.firewall = True
    assert "firewall" in await refused(desk)
    assert desk.opened == []


async def test_a_deleted_secret_is_told_with_its_way_back(desk: Desk) -> None:
    """Its name is taken until somebody recovers it."""
    desk.secrets.deleted.add(NAME)
    assert "recover" in await refused(desk, NeedsDecision)


# --- device code ------------------------------------------------------------------------------------------------------


class Typing:
    """The person types the code while the tool waits between two looks."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.waits, self.said = desk, 0, ""

    def say(self, text: str) -> None:
        self.said += text

    async def sleep(self, _: float) -> None:
        self.waits += 1
        code = re.search(r"enter the code (\w+)", self.said)
        assert code
        if self.waits == 2:
            await asyncio.to_thread(self.desk.enter, code[1])


async def test_a_device_code_signs_in_where_entra_takes_the_secret(desk: Desk) -> None:
    """The code is printed with a word on policies; once it was typed there is a token that can be redeemed."""
    typing = Typing(desk)
    grant = desk.grant(desk.asked().reading.best)
    granted = await by_device.signed_in(grant, SCOPE, say=typing.say, sleep=typing.sleep)
    assert (await grant.redeemed(granted.refresh_token, [SCOPE])).access_token
    assert (typing.waits, "Conditional Access" in typing.said) == (2, True)


@pytest.mark.parametrize(
    ("public", "consents", "word"),
    [(True, True, "Allow public client flows"), (False, False, "declined")],
)
async def test_a_device_code_that_is_refused_is_told(desk: Desk, public: bool, consents: bool, word: str) -> None:  # noqa: FBT001 - a table
    """An application that is public, and a person who declines."""
    desk.sign_ins.public, desk.sign_ins.person.consents = public, consents
    typing = Typing(desk)
    with pytest.raises(AccessLost, match=word):
        await by_device.signed_in(desk.grant(desk.asked().reading.best), SCOPE, say=typing.say, sleep=typing.sleep)


async def test_a_device_code_that_nobody_types_ends(desk: Desk) -> None:
    """Fifteen minutes of waiting are counted, and then it is over."""

    async def slept(seconds: float) -> None:
        assert seconds >= 5

    with pytest.raises(Unavailable, match="15 minutes"):
        await by_device.signed_in(desk.grant(desk.asked().reading.best), SCOPE, say=lambda _: None, sleep=slept)


# --- settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"PARTNER_CENTER_AUTH": "static", "PARTNER_CENTER_TOKEN": "x"}, "static"),
        ({"PARTNER_CENTER_TENANT_ID": ""}, "PARTNER_CENTER_TENANT_ID"),
        ({"PARTNER_CENTER_KEY_VAULT_URL": ""}, "PARTNER_CENTER_KEY_VAULT_URL"),
        ({"PARTNER_CENTER_KEY_VAULT_URL": "", "PARTNER_CENTER_REFRESH_TOKEN": "x"}, "PARTNER_CENTER_KEY_VAULT_URL"),
    ],
)
async def test_settings_that_a_sign_in_needs_are_named(desk: Desk, changes: dict[str, str], word: str) -> None:
    """Those of Partner Center alone: Dynamics 365 and storage may still be missing."""
    with pytest.raises(Misconfigured, match=word):
        _settings(desk.asked(**changes))


async def test_loopback_may_be_called_by_its_number(desk: Desk) -> None:
    """A browser that comes back to 127.0.0.1 is as good as one that comes back to localhost."""

    def opened(url: str) -> None:
        back, fields = desk.form(url)
        desk.post(back.replace("localhost", "127.0.0.1"), fields)

    await desk.login(opened)
    assert len(desk.stored) == 1


async def test_a_token_that_another_writer_covered_is_told() -> None:
    """A vault has no conditional write: what lies there afterwards is looked at, and if it is not ours, said."""

    class Covered(SettingVault):
        async def write(self, token: str) -> None:
            await super().write(f"another one than {token}")

    with pytest.raises(Conflict, match="another token was stored"):
        await store(Covered("before"), "ours")
