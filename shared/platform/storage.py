"""The storage account: its clients, made on first use and kept for the worker's life, and its failures in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError

from shared.errors import Remote, Unavailable

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential
    from azure.data.tables.aio import TableClient, TableServiceClient
    from azure.storage.queue.aio import QueueClient, QueueServiceClient

SYSTEM = "Azure Storage"
# Short, because three retries of the SDK's own default outlast the lease of a link.
PATIENCE: dict[str, Any] = {"retry_total": 2, "connection_timeout": 5, "read_timeout": 15}
# The queue SDK's own first retry comes after 15 s, give or take 3: a webhook's sender has hung up by the second.
QUEUE_PATIENCE: dict[str, Any] = {**PATIENCE, "initial_backoff": 1, "increment_base": 2, "random_jitter_range": 1}
FORBIDDEN, NOT_FOUND, NO_TABLE = 403, 404, "TableNotFound"
ADVICE = {
    401: "Check AzureWebJobsStorage",
    403: "Give the app's identity the roles Storage Queue Data Contributor and Storage Table Data Contributor",
}
# The emulator's account and key are public constants:
# https://learn.microsoft.com/azure/storage/common/storage-connect-azurite
EMULATOR = (
    "AccountName=devstoreaccount1;AccountKey="
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
    "DefaultEndpointsProtocol=http;BlobEndpoint={host}:10000/devstoreaccount1;"
    "QueueEndpoint={host}:10001/devstoreaccount1;TableEndpoint={host}:10002/devstoreaccount1;"
)


@dataclass(frozen=True, kw_only=True)
class Account:
    """Where the storage account is: a connection string, or both services' addresses and an identity."""

    connection: str = field(default="", repr=False)
    queues: str = ""
    tables: str = ""
    credential: AsyncTokenCredential | None = None


def expanded(connection: str) -> str:
    """`UseDevelopmentStorage=true` spelled out, because the SDK does not know that form."""
    parts = dict(part.strip().split("=", 1) for part in connection.split(";") if "=" in part)
    named = {name.casefold(): text for name, text in parts.items()}
    if named.get("usedevelopmentstorage", "").casefold() != "true":
        return connection
    return EMULATOR.format(host=named.get("developmentstorageproxyuri", "http://127.0.0.1").rstrip("/"))


@contextmanager
def storage_errors() -> Iterator[None]:
    """The SDK's exceptions become `Unavailable`: the store being away is never a deal's fault."""
    try:
        yield
    except HttpResponseError as error:
        status = error.status_code or 0
        remote = Remote(
            system=SYSTEM,
            status=status,
            code=str(getattr(error, "error_code", None) or ""),
            message=str(error.message or error.reason or "").partition("\n")[0][:300],
            request_id=getattr(error.response, "headers", {}).get("x-ms-request-id", ""),
        )
        raise Unavailable(remote, advice=ADVICE.get(status, "")) from error
    except AzureError as error:
        remote = Remote(system=SYSTEM, message=f"no answer ({type(error).__name__}): {error}"[:300])
        raise Unavailable(remote) from error


async def _make(service: TableServiceClient, name: str) -> None:
    """Whoever may only read makes none: whether the table is there, and may be read, the next call tells."""
    with storage_errors():
        try:
            await service.create_table_if_not_exists(name)
        except HttpResponseError as error:
            if error.status_code != FORBIDDEN:
                raise


class Storage:
    """One queue service and one table service client a worker."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._queues: QueueServiceClient | None = None
        self._tables: TableServiceClient | None = None
        self._made: set[str] = set()

    def queue(self, name: str, *, raw: bool = False) -> QueueClient:
        """A queue that may not exist yet, with the platform's own encoding; `raw` leaves texts as they lie there.

        One message that is not base64 would otherwise fail the look at all of them.
        """
        from azure.storage.queue import BinaryBase64DecodePolicy, BinaryBase64EncodePolicy  # noqa: PLC0415 - cold start

        if raw:
            return self._queue_service().get_queue_client(name)

        return self._queue_service().get_queue_client(
            name, message_encode_policy=BinaryBase64EncodePolicy(), message_decode_policy=BinaryBase64DecodePolicy()
        )

    async def table(self, name: str) -> TableClient:
        """A table that exists. Callers that come at once all try to make it: none waits for another's failure."""
        service = self._table_service()
        if name not in self._made:
            await _make(service, name)
            self._made.add(name)
        return service.get_table_client(name)

    def _notice(self, response: Any) -> None:
        """A table that somebody deleted under us is made anew by the next call."""
        if response.http_response.status_code == NOT_FOUND and NO_TABLE in response.http_response.text():
            self._made.clear()

    async def make_queue(self, name: str) -> None:
        with storage_errors():
            try:
                await self.queue(name).create_queue()
            except ResourceExistsError:
                return

    def _queue_service(self) -> QueueServiceClient:
        from azure.storage.queue.aio import QueueServiceClient  # noqa: PLC0415 - cold start

        account = self._account
        if self._queues is None and account.connection:
            self._queues = QueueServiceClient.from_connection_string(expanded(account.connection), **QUEUE_PATIENCE)
        if self._queues is None:
            self._queues = QueueServiceClient(account.queues, credential=account.credential, **QUEUE_PATIENCE)
        return self._queues

    def _table_service(self) -> TableServiceClient:
        from azure.data.tables.aio import TableServiceClient  # noqa: PLC0415 - cold start

        account, options = self._account, {**PATIENCE, "raw_response_hook": self._notice}
        if self._tables is None and account.connection:
            self._tables = TableServiceClient.from_connection_string(expanded(account.connection), **options)
        if self._tables is None:
            self._tables = TableServiceClient(endpoint=account.tables, credential=account.credential, **options)
        return self._tables

    async def close(self) -> None:
        for client in (self._queues, self._tables, self._account.credential):
            if client is not None:
                await client.close()
