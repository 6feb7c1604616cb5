"""A furnished site and a browser for every test of this tier; without a browser they are skipped and say why."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.browser import chromium
from tests.browser.scene import furnish
from tests.browser.serving import over
from tests.browser.visit import Looked
from tests.integration.bench import open_bench


@pytest.fixture
async def looked(tmp_path: Path) -> AsyncIterator[Looked]:
    """Give the page as it is served, with a week of invented deals on it."""
    if chromium.found() is None:
        pytest.skip(chromium.MISSING)
    async with open_bench(tmp_path / "root.pem", WEBSITE_AUTH_ENABLED="True") as bench:
        scene = await furnish(bench)
        async with over(bench.app, bench.base) as url, chromium.browsing() as browser:
            yield Looked(bench=bench, scene=scene, url=url, browser=browser)
