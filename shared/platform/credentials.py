"""Which credential the settings name for each system; imported only when one is needed, as it costs a cold start."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from shared.platform.identity import CredentialTokens, StaticTokens
from shared.platform.refresh_token import KeyVault, RefreshTokenCredential, SettingVault, Vault
from shared.platform.refresh_token_grant import Grant
from shared.platform.refresh_token_watch import Renewal
from shared.platform.storage import Account
from shared.setting_model import Settings

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

PARTNER_ADVICE = (
    "Sign in once more with `cosell login`, as the user with the Referrals admin role and with multi-factor "
    "authentication; check PARTNER_CENTER_CLIENT_ID and PARTNER_CENTER_CLIENT_SECRET if that does not help"
)
NO_REFRESH_TOKEN = "PARTNER_CENTER_AUTH is static: there is no refresh token"  # noqa: S105 - a sentence
IN_A_SETTING = "the refresh token is in a setting, where its age is not known and nothing renews it"
DATAVERSE_ADVICE = "Check DATAVERSE_AUTH and the settings that it needs, and that its secret has not expired"
Tokens = StaticTokens | CredentialTokens


def account(settings: Settings) -> Account:
    """The storage account: the connection string wins, as it does for the platform's own triggers."""
    if text := settings.storage.get_secret_value():
        return Account(connection=text)
    name = settings.storage_account
    if not name and not settings.storage_queues:
        return Account()
    return Account(
        queues=settings.storage_queues or f"https://{name}.queue.core.windows.net",
        tables=settings.storage_tables or f"https://{name}.table.core.windows.net",
        credential=managed_identity(settings.storage_client_id or settings.azure_client_id)
        if settings.storage_credential
        else default_credential(settings.azure_client_id),
    )


def partner_tokens(settings: Settings) -> Tokens:
    if settings.partner_center_auth == "static":
        return StaticTokens(settings.partner_center_token.get_secret_value())

    def make() -> AsyncTokenCredential:
        return RefreshTokenCredential(
            tenant=settings.partner_center_tenant_id,
            client_id=settings.partner_center_client_id,
            secret=settings.partner_center_client_secret.get_secret_value(),
            vault=vault(settings),
        )

    return CredentialTokens(system="Partner Center", make=make, advice=PARTNER_ADVICE)


def dataverse_tokens(settings: Settings) -> Tokens:
    if settings.dataverse_auth == "static":
        return StaticTokens(settings.dataverse_token.get_secret_value())
    make = DATAVERSE[settings.dataverse_auth]
    return CredentialTokens(system="Dynamics 365", make=lambda: make(settings), advice=DATAVERSE_ADVICE)


def renewal(settings: Settings, scope: str) -> Renewal | str:
    """How the refresh token is looked after, or why it is not."""
    if settings.partner_center_auth == "static":
        return NO_REFRESH_TOKEN
    if not settings.partner_center_key_vault_url:
        return IN_A_SETTING
    return Renewal(opened=lambda: vault(settings), grant=grant(settings), scope=scope, advice=PARTNER_ADVICE)


def grant(settings: Settings) -> Grant:
    """The application that consented to the Secure Application Model, as it redeems refresh tokens."""
    return Grant(
        tenant=settings.partner_center_tenant_id,
        client_id=settings.partner_center_client_id,
        secret=settings.partner_center_client_secret.get_secret_value(),
    )


def vault(settings: Settings) -> Vault:
    if not settings.partner_center_key_vault_url:
        return SettingVault(settings.partner_center_refresh_token.get_secret_value())

    return KeyVault(
        url=settings.partner_center_key_vault_url,
        name=settings.partner_center_refresh_token_name,
        credential=lambda: default_credential(settings.azure_client_id),
    )


def managed_identity(client_id: str) -> AsyncTokenCredential:
    from azure.identity.aio import ManagedIdentityCredential  # noqa: PLC0415 - cold start

    return ManagedIdentityCredential(client_id=client_id or None)


def default_credential(client_id: str) -> AsyncTokenCredential:
    """Managed identity on Azure, whoever is signed in on a developer's machine."""
    from azure.identity.aio import DefaultAzureCredential  # noqa: PLC0415 - cold start

    return DefaultAzureCredential(managed_identity_client_id=client_id or None)


def client_secret(settings: Settings) -> AsyncTokenCredential:
    from azure.identity.aio import ClientSecretCredential  # noqa: PLC0415 - cold start

    return ClientSecretCredential(
        settings.dataverse_tenant_id,
        settings.dataverse_client_id,
        settings.dataverse_client_secret.get_secret_value(),
    )


DATAVERSE: dict[str, Callable[[Settings], AsyncTokenCredential]] = {
    "managed_identity": lambda s: managed_identity(s.dataverse_client_id or s.azure_client_id),
    "client_secret": client_secret,
    "default": lambda s: default_credential(s.azure_client_id),
}
