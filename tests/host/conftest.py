"""Runs the host's sample app, on each runtime, against an Azurite of the session."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue.aio import QueueServiceClient

from sandbox.host import Host, microsoft
from tests.host.support import QUEUES, SETTINGS, Running

APP = Path(__file__).parent / "app"

Start = Callable[..., AbstractAsyncContextManager[Running]]


@pytest.fixture(params=["direct", "microsoft"] if microsoft.available() else ["direct"])
def runtime(request: pytest.FixtureRequest) -> str:
    """Name each runtime that there is for this Python: what holds on one holds on the other."""
    return str(request.param)


@pytest.fixture
async def queues(azurite_connection: str) -> AsyncIterator[QueueServiceClient]:
    """Open the account with every queue of the sample app empty."""
    async with QueueServiceClient.from_connection_string(azurite_connection) as service:
        for name in QUEUES:
            client = service.get_queue_client(name)
            try:
                await client.clear_messages()
            except ResourceNotFoundError:
                await client.create_queue()
        yield service


@pytest.fixture
def start(runtime: str, queues: QueueServiceClient, azurite_connection: str) -> Start:
    """Start the sample app: `lease` and `grace` in seconds, further settings by name."""

    @asynccontextmanager
    async def running(*, lease: int = 600, grace: float = 10, **settings: str) -> AsyncIterator[Running]:
        given = SETTINGS | {"AzureWebJobsStorage": azurite_connection} | settings
        host = Host(app_dir=APP, settings=given, lease=lease, grace=grace, runtime=runtime)
        async with host, httpx.AsyncClient(base_url=host.url, timeout=20) as http:
            yield Running(host=host, http=http, queues=queues)

    return running
