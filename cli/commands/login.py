"""`cosell login`: a person signs in to Partner Center, and the refresh token goes to Key Vault and nowhere else."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import SecretStr

from cli.login import by_browser, by_device
from cli.login.proof import Proof, proven
from cli.login.storing import store, stored_at
from cli.work import Asked, run
from shared.connectors.partner_center import SCOPE
from shared.errors import Misconfigured
from shared.platform.credentials import grant, vault
from shared.platform.refresh_token import Vault
from shared.platform.refresh_token_grant import Grant, Granted
from shared.settings import Settings

if TYPE_CHECKING:
    import httpx

SECRET = "PARTNER_CENTER_CLIENT_SECRET"  # noqa: S105 - a name: it may be asked for instead
STATIC = "PARTNER_CENTER_AUTH is static: nobody signs in to a sandbox"
NO_VAULT = "PARTNER_CENTER_KEY_VAULT_URL is not set; it may be the address of the vault that keeps the refresh token"
Open = Callable[[str], object]


def add(app: typer.Typer) -> None:
    app.command()(login)


def login(
    context: typer.Context,
    *,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port of this machine that the browser comes back to; 0: any.")
    ] = 0,
    device_code: Annotated[
        bool, typer.Option("--device-code", help="Sign in on another device, where your organisation allows that.")
    ] = False,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only print the address to open.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Sign in and try the token, and store nothing.")] = False,
) -> None:
    """Sign in to Partner Center with multi-factor authentication, and store the refresh token in Key Vault."""
    asked: Asked = context.obj
    wish = Wish(port=port, device=device_code, dry_run=dry_run)
    settings = _settings(asked)
    run(Login(asked=asked, settings=settings, wish=wish, opened=_silent if no_browser else webbrowser.open).carried())


@dataclass(frozen=True, kw_only=True)
class Wish:
    """The command line as a value."""

    port: int = 0
    device: bool = False
    dry_run: bool = False


def _silent(_: str) -> None:
    """The address was printed."""


def _client() -> httpx.AsyncClient:
    import httpx  # noqa: PLC0415 - most commands do without

    return httpx.AsyncClient(follow_redirects=False, timeout=30.0)


@dataclass(frozen=True, kw_only=True)
class Login:
    """`grant`, `vault` and `client` reach the sign-in service, the vault and Partner Center: tests give others."""

    asked: Asked
    settings: Settings
    wish: Wish
    opened: Open
    grant: Callable[[Settings], Grant] = grant
    vault: Callable[[Settings], Vault] = vault
    client: Callable[[], httpx.AsyncClient] = _client
    patience: float = by_browser.PATIENCE

    async def carried(self) -> None:
        """First whether the vault lets us in, so that nobody signs in for nothing."""
        held, application = self.vault(self.settings), self.grant(self.settings)
        try:
            before = await stored_at(held)
            proof = await self._proven(application)
            self._told(proof)
            if not self.wish.dry_run:
                await store(held, proof.refresh_token)
        finally:
            await held.close()
        name, where = self.settings.partner_center_refresh_token_name, self.settings.partner_center_key_vault_url
        instead = f", in place of the one of {before:%Y-%m-%d}" if before else ""
        self._say(
            f"{'A dry run: it would be stored' if self.wish.dry_run else 'Stored'} as {name} in {where}{instead}."
        )

    async def _proven(self, application: Grant) -> Proof:
        granted = await self._signed_in(application)
        with self.asked.output.progress("trying the token"):
            async with self.client() as client:
                return await proven(application, granted, api_url=self.settings.partner_center_api_url, client=client)

    async def _signed_in(self, application: Grant) -> Granted:
        if self.wish.device:
            return await by_device.signed_in(application, SCOPE, say=self._say)
        return await by_browser.signed_in(
            application, SCOPE, port=self.wish.port, opened=self.opened, say=self._say, patience=self.patience
        )

    def _told(self, proof: Proof) -> None:
        self._say(f"Signed in as {proof.who} of tenant {proof.tenant}: {proof.second_factor}.")
        self._say("The Referrals API lets this user in.")
        if proof.webhooks:
            self._say(f"The webhook API does not, so the webhook cannot be registered: {proof.webhooks}.")

    def _say(self, text: str) -> None:
        self.asked.output.say(text)


def _settings(asked: Asked) -> Settings:
    """Only what a sign-in needs has to be right; a secret that is not at hand is asked for, unseen."""
    wrong = [one for one in asked.reading.problems if one.name.startswith("PARTNER_CENTER_") and one.name != SECRET]
    settings = asked.reading.best
    problems = [*map(str, wrong), *([STATIC] if settings.partner_center_auth == "static" else [])]
    if not settings.partner_center_key_vault_url and not problems:
        problems = [NO_VAULT]
    if problems:
        raise Misconfigured(tuple(problems))
    if settings.partner_center_client_secret.get_secret_value():
        return settings
    given = typer.prompt(f"Secret of the application {settings.partner_center_client_id}", hide_input=True, err=True)
    return settings.model_copy(update={"partner_center_client_secret": SecretStr(given)})
