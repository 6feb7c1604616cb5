"""All checks, and in which order: first what needs nobody, then both sign-ins, then the rest of whom let us in."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial

from cli.doctor import (
    both,
    crm_access,
    crm_columns,
    crm_rows,
    crm_steps,
    crm_tables,
    partner,
    settings,
    storage,
    token_age,
)
from cli.doctor.check import Check
from cli.doctor.finding import Area, Line, Report, State, failed
from cli.doctor.once import Once
from cli.work import Tools

Told = Callable[[], None]
ALONE = (
    Check(area=Area.SETTINGS, name="settings", look=settings.readable),
    Check(area=Area.SETTINGS, name="trusted roots", look=settings.trust),
    Check(area=Area.STORAGE, name="tables", look=storage.tables),
    Check(area=Area.STORAGE, name="queues", look=storage.queues),
    Check(area=Area.STORAGE, name="poison queues", look=storage.poison),
    Check(area=Area.STORAGE, name="parked deals", look=storage.parked),
    Check(area=Area.STORAGE, name="pauses", look=storage.pauses),
    Check(area=Area.PARTNER, name="refresh token", look=token_age.age),
)
SIGN_IN = (
    Check(area=Area.PARTNER, name="sign-in", look=partner.sign_in),
    Check(area=Area.CRM, name="sign-in", look=crm_access.sign_in),
)
SHUT, MEND = "not looked at: nobody lets us in there", "Mend the sign-in, then run this again"
SIDES = frozenset({Area.PARTNER, Area.CRM})
NEEDS = {Area.PARTNER: frozenset({Area.PARTNER}), Area.CRM: frozenset({Area.CRM}), Area.BOTH: SIDES}


def inside(app: str) -> tuple[Check, ...]:
    """What can be looked at once a system has let us in. Both read some things once, for several checks."""
    newest, schema = Once(partner.newest), Once(crm_tables.read_schema)
    return (
        Check(area=Area.PARTNER, name="referrals", look=partial(partner.referrals, read=newest)),
        Check(area=Area.PARTNER, name="organisation", look=partial(partner.organisation, read=newest)),
        Check(area=Area.PARTNER, name="Partner ID", look=partial(partner.partner_id, read=newest)),
        Check(area=Area.CRM, name="roles", look=crm_access.roles),
        Check(area=Area.CRM, name="columns of settings", look=partial(crm_columns.settings, read=schema)),
        Check(area=Area.CRM, name="co-sell columns", look=partial(crm_columns.columns, read=schema)),
        Check(area=Area.CRM, name="lead columns", look=crm_columns.leads),
        Check(area=Area.CRM, name="choices", look=partial(crm_columns.choices, read=schema)),
        Check(area=Area.CRM, name="solutions", look=partial(crm_tables.solutions, read=schema)),
        Check(area=Area.CRM, name="change tracking", look=partial(crm_tables.tracking, read=schema)),
        Check(area=Area.CRM, name="alternate keys", look=crm_tables.keys),
        Check(area=Area.CRM, name="webhook steps", look=partial(crm_steps.steps, read=schema, app=app)),
        Check(area=Area.CRM, name="DEFAULT_OWNER", look=crm_rows.owner),
        Check(area=Area.CRM, name="currencies", look=crm_rows.currencies),
        Check(area=Area.CRM, name="Microsoft's flows", look=crm_rows.flows),
        Check(area=Area.BOTH, name="pinned world", look=both.world),
        Check(area=Area.BOTH, name="clock", look=both.clocks),
        Check(area=Area.BOTH, name="round trip", look=both.round_trips),
    )


COUNT = len(ALONE) + len(SIGN_IN) + 1 + len(inside(""))


async def diagnose(tools: Tools, *, app: str = "", told: Told = lambda: None) -> Report:
    """Look at everything and change nothing; `told` is called after each of COUNT checks.

    `app` is the function app's address where the caller knows it: then a webhook must lead there and nowhere else.
    """
    lines = await _made(ALONE, tools, told)
    signed_in = await _made(SIGN_IN, tools, told)
    shut = frozenset(line.area for line in signed_in if line.finding.state is State.FAILED)
    webhook = Check(area=Area.PARTNER, name="webhook", look=partial(partner.registration, app=app))  # its own audience
    further = inside(app)
    left = [check for check in further if NEEDS[check.area] & shut]
    lines += [*signed_in, *await _made([webhook, *(check for check in further if check not in left)], tools, told)]
    for _ in left:
        told()
    lines += _not_made(Counter(check.area for check in left))
    order = list(Area)
    mode = settings.mode_of(tools.settings)
    return Report(mode=mode, lines=tuple(sorted(lines, key=lambda line: order.index(line.area))))


async def _made(checks: Iterable[Check], tools: Tools, told: Told) -> list[Line]:
    async def made(check: Check) -> tuple[Line, ...]:
        lines = await check.lines(tools)
        told()
        return lines

    return [line for lines in await asyncio.gather(*map(made, checks)) for line in lines]


def _not_made(left: Counter[Area]) -> list[Line]:
    """One line for all that a shut door hides."""
    return [Line(area=area, check=f"{count} more checks", finding=failed(SHUT, MEND)) for area, count in left.items()]
