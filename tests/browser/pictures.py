"""Takes the pictures of docs/status.md anew: `python -m tests.browser.pictures`."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from tests.browser import chromium
from tests.browser.scene import furnish
from tests.browser.serving import ROOT, over
from tests.browser.visit import Looked, Visit
from tests.integration.bench import open_bench

FOLDER = ROOT / "docs" / "images"
DESK, PHONE = {"width": 1120, "height": 1060}, {"width": 360, "height": 780}


async def take(looked: Looked, name: str, room: str = "", *, deal: str = "", **options: Any) -> None:
    async with looked.visit(**options) as visit:
        await visit.open(room, **({"id": deal} if deal else {}))
        await visit.filled()
        await _saved(visit, FOLDER / f"{name}.png")


async def _saved(visit: Visit, file: Path) -> None:
    await visit.page.screenshot(path=file, animations="disabled", caret="hide")


async def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with open_bench(Path(folder) / "root.pem") as bench:
            scene = await furnish(bench)
            async with over(bench.app, bench.base) as url, chromium.browsing() as browser:
                looked = Looked(bench=bench, scene=scene, url=url, browser=browser)
                await take(looked, "status-light", viewport=DESK)
                deal = scene.differing
                await take(looked, "status-deal-dark", "/deals", deal=deal, viewport=DESK, color_scheme="dark")
                await take(looked, "status-phone", viewport=PHONE, device_scale_factor=2)


if __name__ == "__main__":
    asyncio.run(main())
