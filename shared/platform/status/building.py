"""The page put together from what an app has: the one module of it that knows settings and the outside world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.platform.health import Check
from shared.platform.office import Office
from shared.platform.outside import Outside
from shared.platform.status.admission import Admission
from shared.platform.status.checks import Checks
from shared.platform.status.house import Explain, House
from shared.platform.status.kept import Kept
from shared.platform.status.render import environment
from shared.platform.status.shown import FRESH, Parts
from shared.platform.status.survey import Survey
from shared.platform.status.tickets import Tickets
from shared.settings import STORAGE, Reading


@dataclass(frozen=True, kw_only=True)
class Lot:
    """What the page stands on. `explain` takes a deal's id and who asks for it."""

    reading: Reading
    world: Outside
    checks: Mapping[str, Check]
    explain: Explain


def house(lot: Lot, office: Office) -> House:
    settings, world = lot.reading.best, lot.world
    survey = Survey(links=world.links, parked=world.parked, clock=world.clock, tick=world.tick)
    parts = Parts(
        checks=Checks(checks=lot.checks, tick=world.tick),
        survey=survey,
        tickets=Tickets(cursors=world.cursors, clock=world.clock),
        clock=world.clock,
        counts=Kept(survey.counts, seconds=FRESH, tick=world.tick),
        lately=Kept(survey.lately, seconds=FRESH, tick=world.tick),
        ready=lot.reading.good(STORAGE),
    )
    return House(
        admission=Admission(
            signs_in=settings.website_auth_enabled, role=settings.status_role, address=settings.address
        ),
        parts=parts,
        office=office,
        explain=lot.explain,
        policy=settings.policy(),
        problems=lot.reading.problems,
        clock=world.clock,
        templates=environment(),
    )
