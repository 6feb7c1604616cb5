"""`--settings azure`: the settings of the deployed app, as they hold for a person on another machine."""

from __future__ import annotations

from collections.abc import Mapping

from cli.azure.azd import place
from cli.azure.management import AppSettings, management
from cli.azure.references import Read, resolved
from shared.settings import environment

# What only the app itself has: its managed identity. A person is who `az login` says, also in the workflow.
AS_A_PERSON = {
    "AZURE_CLIENT_ID": "",
    "AzureWebJobsStorage__credential": "",
    "AzureWebJobsStorage__clientId": "",
}
IDENTITY, PERSON = "managed_identity", "default"


async def deployed() -> Mapping[str, str]:
    """Raises Misconfigured where nobody says which app, and what Azure refuses."""
    async with management(place({}, environment())) as azure:
        settings, address = await azure.settings(), await azure.address()
    return await as_a_person(settings, address)


async def as_a_person(settings: AppSettings, address: str, read: Read | None = None) -> Mapping[str, str]:
    """The same installation, signed in to as a person: secrets read from the vault, identities left to the app."""
    values = {**await resolved(settings.values, read), **AS_A_PERSON}
    if values.get("DATAVERSE_AUTH", IDENTITY).casefold() in ("", IDENTITY):
        values |= {"DATAVERSE_AUTH": PERSON, "DATAVERSE_CLIENT_ID": ""}
    return {"PUBLIC_URL": address, **{name: text for name, text in values.items() if name != "PUBLIC_URL" or text}}
