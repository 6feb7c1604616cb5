"""The Partner Center gateway keeps the laws of every gateway, whichever way Microsoft's server turns out to behave."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from sandbox.partner_center.settings import OWN_ORGANIZATION
from tests.contract.gateway_laws import GatewayLaws
from tests.contract.partner_center_bench import PartnerCenterBench, open_bench

ONE_WAY: dict[str, Any] = {}
THE_OTHER: dict[str, Any] = {
    "last_run_id": "dropped",
    "post_status": 200,
    "next_link": "odd",
    "range_filters": "refused",
    "illegal_transition": 422,
    "related_event_id": "own",
    "microsoft_organization": "9f6e0c1d-0000-4000-8000-00000000abcd",
}


class TestPartnerCenter(GatewayLaws):
    """Run twice: with the simulator's first answers, and with the others."""

    @pytest.fixture(params=[ONE_WAY, THE_OTHER], ids=["one way", "the other"])
    async def bench(self, request: pytest.FixtureRequest) -> AsyncIterator[PartnerCenterBench]:
        switches: dict[str, Any] = request.param
        config: dict[str, Any] = {"organization": OWN_ORGANIZATION, "range_filters": True} if switches else {}
        async with open_bench(**config) as bench:
            await bench.switch(**switches)
            bench.carries_marker = not switches
            yield bench
