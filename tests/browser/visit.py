"""A visit to the status page in a browser, with a note of everything that a person would not see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, Page, Request

from tests.browser.scene import Scene
from tests.browser.serving import KEY
from tests.integration.bench import Bench

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1200, "height": 900}
CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
WIDTHS = "() => [document.documentElement.scrollWidth, window.innerWidth]"
LEAST = 4.5  # WCAG 2.2, 1.4.3: what small text needs
FILLED = "() => !document.querySelector('[aria-busy], .light.wait')"


@dataclass
class Visit:
    """A page, and what its console said and whom it called."""

    page: Page
    url: str
    said: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    addresses: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: self.said.append(f"dialog: {dialog.message}"))
        self.page.on("request", self._requested)

    def _requested(self, request: Request) -> None:
        self.addresses.append(request.url)
        if not request.url.startswith("data:"):
            self.hosts.add(urlsplit(request.url).netloc)

    async def open(self, room: str = "", **query: str) -> None:
        """Go there with the key, as somebody who was sent the address does."""
        words = "&".join(f"{name}={text}" for name, text in (query | {"code": KEY}).items())
        await self.page.goto(f"{self.url}/api/status{room}?{words}")

    async def filled(self) -> None:
        """Wait until every part has come."""
        await self.page.wait_for_function(FILLED)

    async def poor_contrast(self) -> list[dict[str, Any]]:
        """Each text that is shown in colours too close to each other."""
        found: list[dict[str, Any]] = await self.page.evaluate(CONTRAST, LEAST)
        return found

    async def scrolls_sideways(self) -> bool:
        content, window = await self.page.evaluate(WIDTHS)
        return bool(content > window)


@dataclass(frozen=True, kw_only=True)
class Looked:
    """The site that is looked at: the app behind it, what is on it, and a browser."""

    bench: Bench
    scene: Scene
    url: str
    browser: Browser

    @asynccontextmanager
    async def visit(self, **options: Any) -> AsyncIterator[Visit]:
        context = await self.browser.new_context(**{"viewport": DESK} | options)
        context.set_default_timeout(15_000)
        try:
            yield Visit(page=await context.new_page(), url=self.url)
        finally:
            await context.close()
