"""Carrying a plan out: one step after another, then one publishing of everything whose definition has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape

from cli.provisioning.plan import Plan, Step
from cli.provisioning.site import Site
from shared.errors import CosellError, Refused

Tell = Callable[[Step], None]


@dataclass(frozen=True, kw_only=True)
class Done:
    """What was carried out; `failed` is the step that stopped the rest, with why. `left` are soft ones, with why."""

    steps: tuple[Step, ...] = ()
    left: tuple[tuple[Step, str], ...] = ()
    failed: Step | None = None
    error: CosellError | None = None


async def carry(site: Site, plan: Plan, tell: Tell) -> Done:
    """Never half a step: what fails is told, what came before it stays, and the next run goes on from there."""
    done: list[Step] = []
    left: list[tuple[Step, str]] = []
    for step in plan.steps:
        try:
            await step.do()
            done.append(step)
        except Refused as error:
            if not step.soft:
                return Done(steps=tuple(done), left=tuple(left), failed=step, error=error)
            left.append((step, str(error)))
        except CosellError as error:
            return Done(steps=tuple(done), left=tuple(left), failed=step, error=error)
        tell(step)
    return await _published(site, Done(steps=tuple(done), left=tuple(left)))


async def _published(site: Site, done: Done) -> Done:
    changed = Plan(steps=done.steps).publishes
    if not changed:
        return done
    try:
        await publish(site, changed)
    except CosellError as error:
        return Done(steps=done.steps, left=done.left, error=error)
    return done


async def publish(site: Site, tables: Iterable[str]) -> None:
    """PublishXml of these tables alone."""
    listed = "".join(f"<entity>{escape(table)}</entity>" for table in sorted(tables))
    text = f"<importexportxml><entities>{listed}</entities></importexportxml>"
    await site.dataverse.change("POST", "PublishXml", {"ParameterXml": text}, {})
