"""The browser of this machine: Chromium or Chrome, found and never downloaded, and kept from calling anybody."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# What a browser does by itself on the Internet is switched off, and no name but this machine's leads anywhere.
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
MISSING = (
    "no Chromium or Chrome is installed here: `apt-get install chromium` on Debian, or set CHROMIUM to the path of one"
)


def found() -> str | None:
    """The path of a browser, or nothing."""
    wanted = os.environ.get("CHROMIUM", "")
    return wanted or next((path for name in NAMES if (path := shutil.which(name))), None)


@asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    """A browser with a profile of its own, gone afterwards."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found(), headless=True, args=list(FLAGS))
        try:
            yield browser
        finally:
            await browser.close()
