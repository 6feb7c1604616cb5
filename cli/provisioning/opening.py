"""The environment opened for provisioning: by a person, and before anything but Dataverse is set up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from cli.provisioning.dataverse import PATIENCE, Dataverse
from cli.provisioning.site import SOLUTION, Site, language_of
from cli.work import Asked
from shared.connectors.dynamics import Config, connect
from shared.errors import AccessLost, Misconfigured
from shared.settings import Settings

NEEDED = ("DATAVERSE_", "OWN_PREFIX", "COUNTRY_CODE_FIELD")
WHO = (
    "Provisioning needs a person with the role System Administrator or System Customizer: sign in with `az login` and "
    "set DATAVERSE_AUTH=default for this command. The application user's own role does not allow it, on purpose."
)


@asynccontextmanager
async def site_of(asked: Asked) -> AsyncIterator[Site]:
    """Only the settings that name Dataverse have to be right; raises Misconfigured with those that are not."""
    wrong = [problem for problem in asked.reading.problems if problem.name.startswith(NEEDED)]
    if wrong:
        raise Misconfigured(tuple(map(str, wrong)))
    settings = asked.reading.best
    world = asked.world(settings)
    world.client.timeout = PATIENCE
    config = _config(settings)
    try:
        crm = connect(config, client=world.client, tokens=world.dataverse_tokens, clock=world.clock, tick=world.tick)
        dataverse = Dataverse(rest=replace(crm.calls.rest, longest=PATIENCE), solution=SOLUTION)
        yield Site(dataverse=dataverse, config=config, language=await language_of(dataverse))
    except AccessLost:
        asked.output.say(WHO)
        raise
    finally:
        await world.close()


def _config(settings: Settings) -> Config:
    return Config(
        url=settings.dataverse_url,
        prefix=settings.dataverse_prefix,
        own_prefix=settings.own_prefix,
        country_code_field=settings.country_code_field,
        tag=settings.tag,
    )
