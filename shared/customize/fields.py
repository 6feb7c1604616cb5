"""An installation's own pairs as fields of a deal: from here on they are merged and told like any other."""

from __future__ import annotations

from collections.abc import Mapping

from shared.customize.model import Pair, Wishes
from shared.domain.deal import DEAL, EXTRA, Field, Flow
from shared.domain.values import Side

FLOWS: Mapping[str, Flow] = {"both": Flow.BOTH, "to_dynamics": Flow.TO_CRM, "to_partner_center": Flow.TO_PARTNER}
OWNERS: Mapping[str, Side] = {"dynamics": Side.CRM, "partner_center": Side.PARTNER}


def name_of(pair: Pair) -> str:
    """The field's name in every record, digest and intent: of a name space of its own."""
    return f"{EXTRA}{pair.column}"


def fields_of(wishes: Wishes) -> tuple[Field, ...]:
    """The fields of a deal, and then the installation's own."""
    return (*DEAL, *(_field(pair) for pair in wishes.pairs))


def _field(pair: Pair) -> Field:
    return Field(
        name=name_of(pair),
        title=pair.title or pair.column,
        flow=FLOWS[pair.direction],
        winner=OWNERS[pair.conflict] if pair.conflict else None,
        clears=True,
    )
