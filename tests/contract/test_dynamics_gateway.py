"""The Dynamics gateway keeps the laws of every gateway, whichever way Microsoft's server turns out to behave."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.contract.dynamics_bench import DynamicsBench, open_bench
from tests.contract.gateway_laws import GatewayLaws

ONE_WAY: dict[str, Any] = {}
THE_OTHER: dict[str, Any] = {
    "create_on_hold": "in_progress",
    "fill_customer": False,
    "closed_rows": "allow_audit",
    "readonly_columns": "refused",
    "empty_text": "kept",
    "plugin": True,
    "case_sensitive_filters": True,
}


class TestDynamics(GatewayLaws):
    """Run twice: with the simulator's first answers, and with the others."""

    @pytest.fixture(params=[ONE_WAY, THE_OTHER], ids=["one way", "the other"])
    async def bench(self, request: pytest.FixtureRequest) -> AsyncIterator[DynamicsBench]:
        async with open_bench() as bench:
            await bench.switch(**request.param)
            yield bench
