"""How a scenario begins: a deal made on one side and synchronised."""

from __future__ import annotations

from tests.fakes.world import World


async def linked_from_partner(**world: object) -> World:
    """A deal made in Partner Center, synchronised."""
    w = World(**world)  # type: ignore[arg-type]  # the fields of World by name
    await w.heal()
    w.clock.advance(60)
    w.partner.make()
    await w.settle()
    return w


async def linked_from_crm(**values: object) -> World:
    """A deal made in the CRM, shared."""
    w = World()
    await w.heal()
    w.crm.make(**values)  # type: ignore[arg-type]  # fields of a deal by name
    await w.settle()
    return w
