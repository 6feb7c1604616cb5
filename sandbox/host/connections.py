"""Finds the storage account behind a connection name, as bindings name it, and opens its queues."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from azure.core.credentials_async import AsyncTokenCredential
from azure.storage.queue.aio import QueueServiceClient

# Azurite's account and key are published and the same everywhere:
# https://learn.microsoft.com/azure/storage/common/storage-connect-azurite#well-known-storage-account-and-key
DEVELOPMENT_ACCOUNT = "devstoreaccount1"
DEVELOPMENT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
DEVELOPMENT_PORTS = {"BlobEndpoint": 10000, "QueueEndpoint": 10001, "TableEndpoint": 10002}

# A local store answers at once or not at all; the SDK's own 15 s before the first retry would look like a hang.
RETRIES: Mapping[str, Any] = {"initial_backoff": 1, "increment_base": 2, "retry_total": 2}


@dataclass(frozen=True, kw_only=True)
class Connection:
    """Either a connection string, or the address of the queue service with the identity to use."""

    text: str = ""
    queue_uri: str = ""
    client_id: str = ""


def find(name: str, settings: Mapping[str, str]) -> Connection:
    """Look a connection up by its name, with and without the `AzureWebJobs` prefix; raises ValueError if there is none.

    Identity-based form: NAME__queueServiceUri, or NAME__accountName; see
    https://learn.microsoft.com/azure/azure-functions/functions-reference#configure-an-identity-based-connection
    """
    for candidate in (f"AzureWebJobs{name}", name):
        if text := settings.get(candidate):
            return Connection(text=expand(text))
        client_id = settings.get(f"{candidate}__clientId", "")
        if uri := settings.get(f"{candidate}__queueServiceUri"):
            return Connection(queue_uri=uri, client_id=client_id)
        if account := settings.get(f"{candidate}__accountName"):
            return Connection(queue_uri=f"https://{account}.queue.core.windows.net", client_id=client_id)
    raise ValueError(f"the connection {name!r} is missing: set it, or {name}__queueServiceUri, as an app setting")


def expand(text: str) -> str:
    """Spell out `UseDevelopmentStorage=true`, keeping endpoints that the text itself names."""
    parts = dict(part.split("=", 1) for part in text.split(";") if "=" in part)
    if parts.pop("UseDevelopmentStorage", "").lower() != "true":
        return text
    proxy = parts.pop("DevelopmentStorageProxyUri", "http://127.0.0.1").rstrip("/")
    defaults = {
        "DefaultEndpointsProtocol": proxy.partition(":")[0],
        "AccountName": DEVELOPMENT_ACCOUNT,
        "AccountKey": DEVELOPMENT_KEY,
        **{key: f"{proxy}:{port}/{DEVELOPMENT_ACCOUNT}" for key, port in DEVELOPMENT_PORTS.items()},
    }
    return ";".join(f"{key}={value}" for key, value in (defaults | parts).items())


class Accounts:
    """One client per connection for the life of a host."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._settings = settings
        self._clients: dict[Connection, QueueServiceClient] = {}
        self._credentials: list[AsyncTokenCredential] = []

    def open(self, name: str) -> QueueServiceClient:
        connection = find(name, self._settings)
        if connection not in self._clients:
            self._clients[connection] = self._client(connection)
        return self._clients[connection]

    def _client(self, connection: Connection) -> QueueServiceClient:
        if connection.text:
            return QueueServiceClient.from_connection_string(connection.text, **RETRIES)
        from azure.identity.aio import DefaultAzureCredential  # noqa: PLC0415 — slow, and Azurite needs none

        credential = DefaultAzureCredential(managed_identity_client_id=connection.client_id or None)
        self._credentials.append(credential)
        return QueueServiceClient(connection.queue_uri, credential=credential, **RETRIES)

    async def close(self) -> None:
        for client in self._clients.values():
            await client.close()
        for credential in self._credentials:
            await credential.close()
