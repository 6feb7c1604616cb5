"""Every app setting with its default: the table that the documentation and the health answer are made of."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from shared.domain.policy import Policy
from shared.domain.values import Side
from shared.setting_types import (
    Column,
    Cron,
    Deployment,
    Directory,
    Guid,
    Guids,
    Host,
    Hosts,
    Origin,
    Prefix,
    Url,
    loopback,
)

ANY_CASE = BeforeValidator(lambda text: text.casefold() if isinstance(text, str) else text)
Switch = Annotated[bool, Field(description="true or false (Yes and No do as well)")]
Secret = Annotated[SecretStr, Field(description="a secret: set a Key Vault reference, not the value itself")]
MaybeOrigin = Annotated[Origin | Literal[""], Field(description="empty, or an https address without a path")]
MaybeUrl = Annotated[
    Url | Literal[""], Field(description="empty, or an https address, like https://contoso.example.com")
]
MaybeHost = Annotated[Host | Literal[""], Field(description="a host name (the platform sets it)")]
MaybeDirectory = Annotated[
    Directory | Literal[""], Field(description="a tenant id (a GUID) or one of its domain names")
]
MaybeGuid = Annotated[Guid | Literal[""], Field(description="a GUID like 00000000-0000-0000-0000-000000000000")]
MaybeColumn = Annotated[Column | Literal[""], Field(description="empty, or the logical name of a text column")]
Winner = Annotated[Literal["dynamics", "partner_center"], ANY_CASE, Field(description="dynamics or partner_center")]
Mode = Annotated[Literal["live", "test"], ANY_CASE, Field(description="live or test")]
PartnerAuth = Annotated[Literal["refresh_token", "static"], ANY_CASE, Field(description="refresh_token or static")]
DataverseAuth = Annotated[
    Literal["managed_identity", "client_secret", "default", "static"],
    ANY_CASE,
    Field(description="managed_identity, client_secret, default or static"),
]
AppRole = Annotated[str, Field(pattern=r"^\S{1,120}$", description="the value of an app role, without spaces")]
SecretName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9-]{1,127}$", description="a secret's name in the vault: letters, digits, dashes")
]
# Dataverse lets one user have 52 requests under way at once, whichever worker sends them:
# https://learn.microsoft.com/power-apps/developer/data-platform/api-limits
Share = Annotated[int, Field(ge=1, le=52, description="a whole number from 1 to 52")]
NO_SECRET = SecretStr("")
WINNERS = {"dynamics": Side.CRM, "partner_center": Side.PARTNER}
HOST_STORAGE = "AzureWebJobsStorage"


def _of_storage(name: str) -> Any:
    """A setting of the identity-based connection: the platform's own names, with two underscores."""
    return Field("", alias=f"{HOST_STORAGE}__{name}")


class Settings(BaseSettings):
    """Each app setting under its name in capitals; a missing or empty one has the default that stands here."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", str_strip_whitespace=True, alias_generator=str.upper, hide_input_in_errors=True
    )

    deal_value_field: Column = "estimatedvalue"
    deal_currency_field: MaybeColumn = ""
    country_code_field: Column = "address1_country"
    show_checkmark: Switch = True
    cosell_only: Switch = False
    conflict_winner: Winner = "dynamics"
    mode: Mode = "test"
    test_records: Guids = frozenset()
    default_owner: str = ""
    dry_run: Switch = False
    auto_heal_schedule: Cron = "0 */5 * * * *"
    customize: str = ""

    partner_center_api_url: Url = "https://api.partner.microsoft.com"
    partner_center_webhook_api_url: Url = "https://api.partnercenter.microsoft.com"
    partner_center_auth: PartnerAuth = "refresh_token"
    partner_center_tenant_id: MaybeDirectory = ""
    partner_center_client_id: MaybeGuid = ""
    partner_center_client_secret: Secret = NO_SECRET
    partner_center_key_vault_url: MaybeOrigin = ""
    partner_center_refresh_token_name: SecretName = "partner-center-refresh-token"  # noqa: S105 - a name, not a secret
    partner_center_refresh_token: Secret = NO_SECRET
    partner_center_token: Secret = NO_SECRET
    partner_center_organization_id: str = ""

    dataverse_url: MaybeOrigin = ""
    dataverse_auth: DataverseAuth = "managed_identity"
    dataverse_tenant_id: MaybeDirectory = ""
    dataverse_client_id: MaybeGuid = ""
    dataverse_client_secret: Secret = NO_SECRET
    dataverse_token: Secret = NO_SECRET
    dataverse_concurrency: Share = 10
    dataverse_prefix: Prefix = "msft"
    own_prefix: Prefix = "cosell"

    webhook_certificate_hosts: Hosts = ("3psostorageacct.blob.core.windows.net",)
    webhook_aia_hosts: Hosts = ("www.microsoft.com", "caissuers.microsoft.com", "cacerts.digicert.com")
    webhook_certificate_issuer: str = "Microsoft Corporation"
    webhook_trusted_roots: str = ""
    public_url: MaybeUrl = ""
    website_hostname: MaybeHost = ""
    website_auth_enabled: Switch = False
    status_role: AppRole = "Cosell.Operator"

    storage: Secret = Field(NO_SECRET, alias=HOST_STORAGE)
    storage_account: str = _of_storage("accountName")
    storage_queues: str = _of_storage("queueServiceUri")
    storage_tables: str = _of_storage("tableServiceUri")
    storage_credential: str = _of_storage("credential")
    storage_client_id: str = _of_storage("clientId")
    azure_client_id: MaybeGuid = ""
    cosell_deployment: Deployment = "cosell"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `settings.read` was given: a test never has to change the process's own environment."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    @property
    def pair(self) -> str:
        return "cosell"

    @property
    def tag(self) -> str:
        """What our own writes to Dynamics carry, so that their events can be told from other people's."""
        return f"{self.cosell_deployment}:{self.pair}"

    @property
    def address(self) -> str:
        """Where this app answers, without a slash at the end; "" where neither a person nor the platform said."""
        here = f"//{self.website_hostname}"
        own = f"{'http' if loopback(here) else 'https'}:{here}" if self.website_hostname else ""
        return self.public_url or own

    def policy(self) -> Policy:
        return Policy(
            pair=self.pair,
            winner=WINNERS[self.conflict_winner],
            cosell_only=self.cosell_only,
            live=self.mode == "live",
            test_records=self.test_records,
            dry_run=self.dry_run,
            show_mark=self.show_checkmark,
            fingerprint=self._fingerprint(),
        )

    def _fingerprint(self) -> str:
        """Changes exactly when a write that was forbidden may be allowed now."""
        forbidding = (self.mode, sorted(self.test_records), self.dry_run, self.cosell_only)
        return hashlib.blake2b(repr(forbidding).encode(), digest_size=8).hexdigest()
