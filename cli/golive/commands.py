"""The same by hand, for whoever may not, or does not want to, let a tool change settings."""

from __future__ import annotations

import shutil
from asyncio.subprocess import DEVNULL, create_subprocess_exec

from cli.azure.azd import Place

AZD = ("azd", "env", "set", "MODE")


def commands(where: Place, mode: str) -> list[str]:
    """In their order; the last keeps the next deployment of the template from setting MODE back."""
    by_name = f"--name {where.app} --resource-group {where.group} --subscription {where.subscription}"
    webhook = ["cosell --settings azure webhook register"] if mode == "live" else []
    return [
        f"az functionapp config appsettings set {by_name} --settings MODE={mode} --output none",
        *webhook,
        kept(mode),
    ]


def kept(mode: str) -> str:
    return " ".join((*AZD, mode))


async def keep(where: Place, mode: str) -> bool:
    """Have azd's environment say the same, so that `azd provision` does not set MODE back; False: do it by hand."""
    program = shutil.which(AZD[0])
    if not where.environment or program is None:
        return False
    line = (program, *AZD[1:], mode, "--environment", where.environment)
    done = await create_subprocess_exec(*line, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL)
    return await done.wait() == 0
