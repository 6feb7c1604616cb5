"""The Dynamics gateway under a `customize.yaml`, on an organisation that has columns of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from shared.connectors.partner_center.mapping import snapshot
from shared.connectors.partner_center.wire import Referral
from shared.customize import customization
from shared.domain.values import Value
from shared.ports import Draft, Snapshot
from tests.contract.custom_columns import add
from tests.contract.dynamics_bench import REFERRAL, DynamicsBench, new_draft, open_bench

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
REFERRED: dict[str, Any] = {
    "id": REFERRAL,
    "eTag": '"1"',
    "name": "Contoso warehouse robots",
    "campaignId": "Spring-7",
    "details": {"notes": "Forklifts that count", "dealValue": 1234.5, "customerAction": "Ready"},
    "customerProfile": {
        "name": "Contoso",
        "address": {"city": "Redmond", "postalCode": "98052", "country": "US"},
        "team": [{"email": "jo@contoso.example.com"}],
        "ids": [{"profileType": "External", "id": "6-ABC"}, {"profileType": "Duns", "id": "150483782"}],
    },
}


def referred(**changes: Any) -> Snapshot:
    """A referral as Partner Center's gateway reads it."""
    return snapshot(Referral.read(REFERRED | changes), '"1"', organization="", portal_link="{id}")


def draft(**values: Value) -> Draft:
    return draft_of(referred(), **values)


def draft_of(origin: Snapshot, **values: Value) -> Draft:
    return replace(new_draft(**values), source_record=origin)


@asynccontextmanager
async def customized(yaml: str, **config: Any) -> AsyncIterator[DynamicsBench]:
    """Its application user may read and bind the organisation's own tables too, as docs/customize.md asks for."""
    custom = customization(yaml if "version: 1" in yaml else f"version: 1\n{yaml}")
    async with open_bench(custom=custom, **config) as bench:
        add(bench.app.state.organization)
        bench.app.state.organization.role.change({"privileges": None})
        yield bench
