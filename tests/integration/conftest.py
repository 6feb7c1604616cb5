"""A bench for every test of this tier."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.bench import Bench, open_bench


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """Give the app between both simulators, started and quiet."""
    async with open_bench(tmp_path / "root.pem") as made:
        yield made
