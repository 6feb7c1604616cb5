"""What settings mean together: which need each other, and which are only for a sandbox on this machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from shared.setting_model import Settings
from shared.setting_types import loopback, storage_connection, url


@dataclass(frozen=True, kw_only=True)
class Rule:
    """The setting to name when `broken`, and what it may be then."""

    name: str
    may_be: str
    broken: Callable[[Settings], bool]


def _partner_local(s: Settings) -> bool:
    return loopback(s.partner_center_api_url) and loopback(s.partner_center_webhook_api_url)


def _partner(auth: str, field: str) -> Callable[[Settings], bool]:
    return lambda s: s.partner_center_auth == auth and _empty(getattr(s, field))


def _dataverse(auth: str, field: str) -> Callable[[Settings], bool]:
    return lambda s: s.dataverse_auth == auth and _empty(getattr(s, field))


def _empty(value: object) -> bool:
    return not (value.get_secret_value() if isinstance(value, SecretStr) else value)


def _no_refresh_token(s: Settings) -> bool:
    no_source = not s.partner_center_key_vault_url and _empty(s.partner_center_refresh_token)
    return s.partner_center_auth == "refresh_token" and no_source


def _by_identity(s: Settings) -> bool:
    return bool(s.storage_account or s.storage_queues or s.storage_tables)


def _no_tables(s: Settings) -> bool:
    return _empty(s.storage) and not s.storage_account and bool(s.storage_queues) and not s.storage_tables


def _no_queues(s: Settings) -> bool:
    return _empty(s.storage) and not s.storage_account and bool(s.storage_tables) and not s.storage_queues


def _breaks(check: Callable[[str], str], text: str) -> bool:
    try:
        check(text)
    except ValueError:
        return bool(text)
    return False


def _unreadable_roots(s: Settings) -> bool:
    if not s.webhook_trusted_roots:
        return False
    from cryptography.x509 import load_pem_x509_certificates  # noqa: PLC0415 - slow to import, rarely needed

    try:
        return not load_pem_x509_certificates(Path(s.webhook_trusted_roots).read_bytes())
    except (OSError, ValueError):
        return True


SERVICE = "the https address of the storage account's {} service"
RULES: tuple[Rule, ...] = (
    Rule(
        name="AzureWebJobsStorage",
        may_be="a connection string, or the AzureWebJobsStorage__queueServiceUri and __tableServiceUri form",
        broken=lambda s: _empty(s.storage) and not _by_identity(s),
    ),
    Rule(
        name="AzureWebJobsStorage",
        may_be="a connection string of a storage account, or UseDevelopmentStorage=true",
        broken=lambda s: _breaks(storage_connection, s.storage.get_secret_value()),
    ),
    Rule(name="AzureWebJobsStorage__tableServiceUri", may_be=SERVICE.format("table"), broken=_no_tables),
    Rule(name="AzureWebJobsStorage__queueServiceUri", may_be=SERVICE.format("queue"), broken=_no_queues),
    Rule(
        name="AzureWebJobsStorage__tableServiceUri",
        may_be=SERVICE.format("table"),
        broken=lambda s: _breaks(url, s.storage_tables),
    ),
    Rule(
        name="AzureWebJobsStorage__queueServiceUri",
        may_be=SERVICE.format("queue"),
        broken=lambda s: _breaks(url, s.storage_queues),
    ),
    Rule(
        name="AzureWebJobsStorage__credential",
        may_be="managedidentity, or empty",
        broken=lambda s: s.storage_credential.casefold() not in ("", "managedidentity"),
    ),
    Rule(
        name="PARTNER_CENTER_AUTH",
        may_be="refresh_token; static only while both Partner Center addresses are on this machine",
        broken=lambda s: s.partner_center_auth == "static" and not _partner_local(s),
    ),
    Rule(
        name="PARTNER_CENTER_TOKEN",
        may_be="the sandbox's token (PARTNER_CENTER_AUTH=static needs it)",
        broken=_partner("static", "partner_center_token"),
    ),
    Rule(
        name="PARTNER_CENTER_TENANT_ID",
        may_be="the partner tenant's id (a GUID) or one of its domain names",
        broken=_partner("refresh_token", "partner_center_tenant_id"),
    ),
    Rule(
        name="PARTNER_CENTER_CLIENT_ID",
        may_be="the id of the application that consented to the Secure Application Model, a GUID",
        broken=_partner("refresh_token", "partner_center_client_id"),
    ),
    Rule(
        name="PARTNER_CENTER_CLIENT_SECRET",
        may_be="that application's secret, as a Key Vault reference",
        broken=_partner("refresh_token", "partner_center_client_secret"),
    ),
    Rule(
        name="PARTNER_CENTER_KEY_VAULT_URL",
        may_be="the address of the vault that keeps the refresh token "
        "(for development PARTNER_CENTER_REFRESH_TOKEN instead)",
        broken=_no_refresh_token,
    ),
    Rule(
        name="DATAVERSE_URL",
        may_be="the environment's https address without a path, like https://contoso.crm.dynamics.com",
        broken=lambda s: not s.dataverse_url,
    ),
    Rule(
        name="DATAVERSE_AUTH",
        may_be="managed_identity, client_secret or default; static only while DATAVERSE_URL is on this machine",
        broken=lambda s: s.dataverse_auth == "static" and s.dataverse_url != "" and not loopback(s.dataverse_url),
    ),
    Rule(
        name="DATAVERSE_TOKEN",
        may_be="the sandbox's token (DATAVERSE_AUTH=static needs it)",
        broken=_dataverse("static", "dataverse_token"),
    ),
    Rule(
        name="DATAVERSE_TENANT_ID",
        may_be="a GUID or a domain name (DATAVERSE_AUTH=client_secret needs it)",
        broken=_dataverse("client_secret", "dataverse_tenant_id"),
    ),
    Rule(
        name="DATAVERSE_CLIENT_ID",
        may_be="a GUID (DATAVERSE_AUTH=client_secret needs it)",
        broken=_dataverse("client_secret", "dataverse_client_id"),
    ),
    Rule(
        name="DATAVERSE_CLIENT_SECRET",
        may_be="a Key Vault reference to it (DATAVERSE_AUTH=client_secret needs it)",
        broken=_dataverse("client_secret", "dataverse_client_secret"),
    ),
    Rule(
        name="WEBHOOK_TRUSTED_ROOTS",
        may_be="empty (the system's roots), or the path of a readable PEM file of root certificates",
        broken=_unreadable_roots,
    ),
    Rule(
        name="WEBHOOK_CERTIFICATE_HOSTS",
        may_be="at least one host name",
        broken=lambda s: not s.webhook_certificate_hosts,
    ),
    Rule(
        name="DEAL_CURRENCY_FIELD",
        may_be="empty, or a text column (another one than DEAL_VALUE_FIELD)",
        broken=lambda s: s.deal_value_field == s.deal_currency_field,
    ),
)
