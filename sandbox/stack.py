"""The whole thing on this machine: Azurite, both simulators and the functions host, with the webhooks registered.

For the demo and the end-to-end tests. The simulators run in this process, Azurite and the host in their own.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from sandbox.host import azurite
from sandbox.host.process import spawned
from sandbox.simulators import simulators

FUNCTION_KEY = "sandbox-function-key"
MASTER_KEY = "sandbox-master-key"
EVENTS = ["referral-created", "referral-updated", "related-referral-created", "related-referral-updated"]
NEVER = "0 0 0 1 1 *"  # auto-heal runs when it is asked to, so that what heals is seen
NO_FILE = "no.settings.json"  # a developer's own local.settings.json is not for the sandbox


@dataclass(frozen=True, kw_only=True)
class Stack:
    """Addresses of what runs, and one client for all of them."""

    partner_center: str
    dynamics: str
    host: str
    storage: str
    log: Path
    settings: Mapping[str, str]
    client: httpx.AsyncClient


def settings(partner_center: str, dynamics: str, storage: str, root: Path) -> dict[str, str]:
    """App settings under which the functions talk to the sandbox alone."""
    return {
        "AzureWebJobsStorage": storage,
        "MODE": "live",
        "PARTNER_CENTER_API_URL": partner_center,
        "PARTNER_CENTER_WEBHOOK_API_URL": partner_center,
        "PARTNER_CENTER_AUTH": "static",
        "PARTNER_CENTER_TOKEN": "sandbox-user",
        "DATAVERSE_URL": dynamics,
        "DATAVERSE_AUTH": "static",
        "DATAVERSE_TOKEN": "sandbox-app",
        "WEBHOOK_CERTIFICATE_HOSTS": "127.0.0.1",
        "WEBHOOK_AIA_HOSTS": "127.0.0.1",
        "WEBHOOK_TRUSTED_ROOTS": str(root),
        "AUTO_HEAL_SCHEDULE": NEVER,
        "HOST_FUNCTION_KEY": FUNCTION_KEY,
        "HOST_MASTER_KEY": MASTER_KEY,
    }


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What a host stands on, and what outlives it: storage, both simulators, a folder for its files."""

    partner_center: str
    dynamics: str
    storage: str
    folder: Path

    @property
    def root(self) -> Path:
        """The root certificate that the simulated Partner Center's signatures lead to."""
        return self.folder / "root.pem"


@asynccontextmanager
async def ground(ports: tuple[int, int] = (0, 0)) -> AsyncIterator[Ground]:
    """Start storage and simulators, and wait until they answer."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cosell-", ignore_cleanup_errors=True)))
        storage = await asyncio.to_thread(stack.enter_context, azurite.running())
        both = await stack.enter_async_context(simulators(ports))
        made = Ground(partner_center=both.partner_center, dynamics=both.dynamics, storage=storage, folder=folder)
        made.root.write_bytes(both.root_pem)
        yield made


@asynccontextmanager
async def hosted(
    on: Ground, overrides: Mapping[str, str] | None = None, *, port: int = 0, lease: int = 600, runtime: str = "auto"
) -> AsyncIterator[Stack]:
    """Run a host there, with both systems' webhooks sent to it; another one may follow it."""
    values = settings(on.partner_center, on.dynamics, on.storage, on.root) | dict(overrides or {})
    log = on.folder / f"host-{len(list(on.folder.glob('host-*.log'))) + 1}.log"
    arguments = ["--lease", str(lease), "--settings", str(on.folder / NO_FILE), "--port", str(port)]
    async with (
        spawned(values, *arguments, "--runtime", runtime, log=log) as host,
        httpx.AsyncClient(timeout=30) as client,
    ):
        made = Stack(
            partner_center=on.partner_center,
            dynamics=on.dynamics,
            host=host,
            storage=on.storage,
            log=log,
            settings=values,
            client=client,
        )
        await register(made)
        yield made


@asynccontextmanager
async def running(
    overrides: Mapping[str, str] | None = None, *, host_port: int = 0, ports: tuple[int, int] = (0, 0), lease: int = 600
) -> AsyncIterator[Stack]:
    """Start everything, wait until it answers, register the webhooks; stop everything at the end."""
    async with ground(ports) as on, hosted(on, overrides, port=host_port, lease=lease) as stack:
        yield stack


async def register(stack: Stack) -> None:
    """Tell both systems where their events go."""
    answer = await stack.client.post(
        f"{stack.partner_center}/webhooks/v1/registration",
        headers={"Authorization": "Bearer sandbox-user"},
        json={"WebhookUrl": f"{stack.host}/api/partner-center/events", "WebhookEvents": EVENTS},
    )
    answer.raise_for_status()
    answer = await stack.client.post(
        f"{stack.dynamics}/control/webhook",
        json={"url": f"{stack.host}/api/dynamics/events", "code": FUNCTION_KEY},
    )
    answer.raise_for_status()
