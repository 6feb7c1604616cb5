"""The tour's last chapter: an empty Dynamics 365 is set up with the administrator's own tool, as it is typed."""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.dynamics.seed import APPLICATION_CLIENT
from sandbox.people import NotSeenError
from sandbox.simulators import simulators
from sandbox.stack import FUNCTION_KEY, Stack

ADMINISTRATOR = "sandbox-seller"  # in the sandbox a person may do everything
CATALOGUE = """Solution Identifier,Solution Name,Type,Publisher Name
SOL-1001,Contoso Retail Insights,IP,Fabrikam
SOL-1002,Contoso Data Platform,IP,Fabrikam
"""
Document = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Site:
    """An empty environment beside the running stack, and the settings under which `cosell` works on it."""

    stack: Stack
    dynamics: str
    settings: Mapping[str, str]
    folder: Path

    async def cosell(self, *arguments: str, typed: str = "") -> Document:
        """Run the tool as a person would; its document. Its own words are the reason where it says no."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "cli", "--json", *arguments),
            env={**_environment(), **self.settings},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        printed, said = await process.communicate(typed.encode())
        if process.returncode:
            raise NotSeenError(f"cosell {arguments[0]} ended with {process.returncode}: {said.decode()[-1500:]}")
        found: Document = json.loads(printed)
        return found

    async def writes(self) -> int:
        """Requests so far that changed anything in Dynamics 365."""
        answer = await self.stack.client.get(f"{self.dynamics}/control/requests")
        counts = answer.raise_for_status().json()["by_route"]
        return sum(count for call, count in counts.items() if not call.startswith("GET "))


def _environment() -> dict[str, str]:
    """This process's, as far as a program needs it to run at all."""
    return {name: text for name, text in os.environ.items() if name in ("PATH", "HOME", "SYSTEMROOT", "TEMP", "TMP")}


@asynccontextmanager
async def empty_site(stack: Stack) -> AsyncIterator[Site]:
    """An environment without Microsoft's connector and without anything of ours."""
    async with simulators(connector=False) as both:
        with tempfile.TemporaryDirectory(prefix="cosell-tour-") as folder:
            settings = dict(stack.settings) | {
                "DATAVERSE_URL": both.dynamics,
                "DATAVERSE_TOKEN": ADMINISTRATOR,
                "DATAVERSE_CLIENT_ID": APPLICATION_CLIENT,
                "DATAVERSE_PREFIX": "cosell",
                "DEFAULT_OWNER": "Co-sell",
                "PUBLIC_URL": stack.host,
            }
            yield Site(stack=stack, dynamics=both.dynamics, settings=settings, folder=Path(folder))


Step = Callable[[Site], Awaitable[str]]


async def _provision(site: Site) -> Document:
    url = f"{site.stack.host}/api/dynamics/events"
    return await site.cosell("provision", "--url", url, typed=f"{FUNCTION_KEY}\n")


async def provisioned(site: Site) -> str:
    done = await _provision(site)
    made = [step["what"] for step in done["steps"] if step["done"]]
    return f"{len(made)} things made: columns, tables, a form tab, change tracking, a role, the webhook with its steps"


async def provisioned_again(site: Site) -> str:
    before = await site.writes()
    done = await _provision(site)
    if done["steps"]:
        raise NotSeenError(f"the second run found something to do: {done['steps'][:3]}")
    if written := await site.writes() - before:
        raise NotSeenError(f"the second run wrote {written} times")
    return "nothing to do: not one request that writes"


async def catalogue_loaded(site: Site) -> str:
    file = site.folder / "solutions.csv"
    file.write_text(CATALOGUE, encoding="utf-8")
    await site.cosell("solutions", "import", str(file))
    return "2 solutions that a deal can be shared with"


async def doctor_is_content(site: Site) -> str:
    report = await site.cosell("doctor")
    odd = [line for line in report["checks"] if line["state"] != "ok"]
    if odd:
        raise NotSeenError(f"the doctor is not content: {odd}")
    return f"{len(report['checks'])} checks, all green"


STEPS: tuple[tuple[str, Step], ...] = (
    ("cosell provision", provisioned),
    ("cosell provision, once more", provisioned_again),
    ("cosell solutions import solutions.csv", catalogue_loaded),
    ("cosell doctor", doctor_is_content),
)
