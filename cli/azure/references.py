"""Key Vault references as whoever is signed in here may read them: the platform resolves them for the app alone.

https://learn.microsoft.com/azure/app-service/app-service-key-vault-references
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping

from azure.core.exceptions import AzureError

REFERENCE = re.compile(r"@Microsoft\.KeyVault\((.+)\)", re.IGNORECASE)
ADDRESS = re.compile(r"(https://[\w.-]+(?::\d+)?)/secrets/([\w-]+)/?(\w*)/?", re.IGNORECASE)
Read = Callable[[str, str, str], Awaitable[str]]


async def resolved(values: Mapping[str, str], read: Read | None = None) -> Mapping[str, str]:
    """The same settings with each reference's secret; one that nobody here may read stays as it is, and is named.

    `read` is given a vault's address, a secret's name and its version, "" for the newest.
    """
    found = dict(values)
    for name, text in values.items():
        if place := located(text):
            try:
                found[name] = await (read or secret)(*place)
            except AzureError:
                continue  # the settings then say of it that it does not resolve
    return found


def located(text: str) -> tuple[str, str, str] | None:
    """Vault, name and version of a reference in either of its two forms; None for any other text."""
    inside = REFERENCE.fullmatch(text.strip())
    if inside is None:
        return None
    parts = {name.strip().casefold(): value for name, _, value in (p.partition("=") for p in inside[1].split(";"))}
    if address := ADDRESS.fullmatch(parts.get("secreturi", "").strip()):
        return address[1], address[2], address[3]
    vault, name = parts.get("vaultname", ""), parts.get("secretname", "")
    if not (re.fullmatch(r"[\w-]+", vault) and re.fullmatch(r"[\w-]+", name)):
        return None
    return f"https://{vault}.vault.azure.net", name, parts.get("secretversion", "")


async def secret(vault: str, name: str, version: str) -> str:
    from azure.keyvault.secrets.aio import SecretClient  # noqa: PLC0415 - most commands do without

    from shared.platform.credentials import default_credential  # noqa: PLC0415 - the same

    async with default_credential("") as credential, SecretClient(vault, credential, retry_total=2) as client:
        return (await client.get_secret(name, version or None)).value or ""
