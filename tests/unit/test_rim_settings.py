"""What an administrator may see of a wrong setting, and what counts as one: never a secret, in whatever field it is."""

from __future__ import annotations

import json

import pytest

from shared.platform.health import health
from shared.settings import read

UNRESOLVED = "@Microsoft.KeyVault(SecretUri=https://contoso.vault.azure.net/secrets/partner-center)"


@pytest.mark.parametrize("name", ["PARTNER_CENTER_CLIENT_SECRET", "AzureWebJobsStorage", "MODE", "DEFAULT_OWNER"])
def test_a_reference_that_did_not_resolve_is_no_value(name: str) -> None:
    """Where Key Vault refuses, the platform hands over the reference's own text: it is named, not used as a secret."""
    found = read({name: UNRESOLVED})
    problem = next(problem for problem in found.problems if problem.name == name)
    assert UNRESOLVED in problem.shown
    assert "Key Vault" in problem.may_be
    assert UNRESOLVED not in repr(found.best)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AzureWebJobsStorage__queueServiceUri", "https://contoso.queue.core.windows.net/?sv=2025&sig=hush"),
        ("DATAVERSE_URL", "https://contoso.crm.dynamics.com/?code=hush"),
        ("DATAVERSE_URL", "https://user:hush@contoso.crm.dynamics.com"),
        ("AzureWebJobsStorage__tableServiceUri", "DefaultEndpointsProtocol=https;AccountName=c;AccountKey=hush"),
        ("PARTNER_CENTER_CLIENT_ID", "hush"),
    ],
)
async def test_health_shows_no_secret_that_lies_in_the_wrong_field(name: str, value: str) -> None:
    """Keys in addresses, connection strings, and a secret that was pasted into its neighbour are all left out."""
    settings = {"PARTNER_CENTER_CLIENT_SECRET": "hush", name: value}
    answer = await health(read(settings).problems, {})
    said = json.dumps(answer.body)
    assert (name in said, "hush" in said) == (True, False)
