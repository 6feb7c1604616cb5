"""Many deals in step, as copies of one that the product itself brought into step, and edits of them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sandbox.dynamics.organization import Organization
from sandbox.dynamics.store import Ref
from sandbox.partner_center import portal
from sandbox.partner_center.world import World
from shared.domain.link import Base, Link
from shared.domain.values import Side, Values, digest

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Deal:
    """The ids of one deal's records."""

    number: int
    row: str
    referral: str

    @property
    def text(self) -> str:
        """What somebody writes into its notes."""
        return f"Call number {self.number} was held."

    @property
    def edited_in_crm(self) -> bool:
        return self.number % 2 == 1


@dataclass(frozen=True, kw_only=True)
class Model:
    """A deal in step: its link, and what each side shows of it."""

    link: Link
    shown: Mapping[Side, Values]

    def __post_init__(self) -> None:
        for side, values in self.shown.items():
            if self._base(side, values, self.link.key, "").shown != self.link.shown(side):
                raise AssertionError(f"{side}: the model's link is not what its records show")

    def link_of(self, deal: Deal, versions: Mapping[Side, str], engagement: str) -> Link:
        """The link of a copy: digests are salted with its key."""
        base = {side: self._base(side, values, deal.row, versions[side]) for side, values in self.shown.items()}
        return replace(self.link, key=deal.row, partner=deal.referral, engagement=engagement, base=base, tag=None)

    def _base(self, side: Side, values: Values, key: str, version: str) -> Base:
        names = self.link.shown(side)
        return replace(self.link.base[side], version=version, shown={name: digest(values[name], key) for name in names})


def copies(count: int, model: Model, world: World, organization: Organization) -> Iterator[tuple[Deal, Link]]:
    """So many more deals, on both sides."""
    old = model.link
    referral = json.dumps(world.referrals[str(old.partner)])
    solutions = organization.store.table(organization.names.row).values()
    below = [row for row in solutions if Ref("opportunity", old.key) in row.values()]
    for number in range(count):
        deal = Deal(number=number, row=_id("row", number), referral=_id("referral", number))
        engagement = _id("engagement", number)
        names = {old.key: deal.row, str(old.partner): deal.referral, old.engagement: engagement}
        copy = json.loads(_renamed(referral, names))
        world.referrals[deal.referral] = copy
        version = _rows(organization, names, below)
        yield deal, model.link_of(deal, {Side.PARTNER: copy["eTag"], Side.CRM: version}, engagement)


def _id(kind: str, number: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{kind} {number}"))


def _renamed(text: str, names: Mapping[str, str]) -> str:
    for before, after in names.items():
        text = text.replace(before, after) if before else text
    return text


def _rows(organization: Organization, names: Mapping[str, str], below: Sequence[Json]) -> str:
    """Copy the opportunity and the solution rows `below` it; the opportunity's version."""
    store, (row, copy) = organization.store, next(iter(names.items()))
    child = organization.names.row
    key = organization.schema.tables[child].primary_id
    for one in below:
        ident = str(uuid.uuid5(uuid.UUID(copy), str(one[key])))
        store.put(child, ident, _copied(one, names) | {key: ident, "versionnumber": store.next_version()})
    version = store.next_version()
    found = store.table("opportunity")[row]
    store.put("opportunity", copy, _copied(found, names) | {"versionnumber": version})
    return f'W/"{version}"'


def _copied(row: Json, names: Mapping[str, str]) -> Json:
    return {column: _value(value, names) for column, value in row.items()}


def _value(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Ref):
        return Ref(value.table, names.get(value.id, value.id))
    return _renamed(value, names) if isinstance(value, str) else value


def edit_referral(world: World, deal: Deal) -> None:
    """A colleague writes into the referral's notes."""
    portal.edit(world, deal.referral, {"details": {"notes": deal.text}})
