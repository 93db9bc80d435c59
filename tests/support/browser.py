"""A real Chromium on a real server, and the list of requests that left the machine (which must stay empty)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bench._browser import CHROMIUM_FLAGS, chromium
from bench.dashboard import served

SETTLED = "document.querySelectorAll('[data-testid=stSkeleton], [data-stale=true]').length == 0"
NEEDS_CHROMIUM = pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")
WIDTHS = (390, 1280, 1920)  # a phone, a laptop, a large screen
TIMEOUT_MS = 120_000  # of a busy machine; a deadline, not an expectation


class Visit:
    """One visitor: a page, and what it asked for outside of the dashboard."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.address = page, address
        self.outside: list[str] = []
        self.errors: list[str] = []
        page.set_default_timeout(TIMEOUT_MS)
        own = (address, address.replace("http", "ws", 1), "data:", "blob:")
        page.on("request", lambda request: None if request.url.startswith(own) else self.outside.append(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, path: str = "") -> None:
        """Open a path and wait until the page is drawn."""
        self.page.goto(f"{self.address}/{path}")
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is drawn any more."""
        self.page.wait_for_selector("h1")
        self.page.wait_for_function(SETTLED)

    def too_wide(self) -> list[str]:
        """Return what a visitor would have to scroll sideways."""
        parts = ("document.scrollingElement", "document.querySelector('[data-testid=stMain]')")
        return [part for part in parts if self.page.evaluate(f"{part}.scrollWidth - {part}.clientWidth") > 0]

    def choose(self, link: str) -> None:
        """Follow a link of the navigation."""
        self.page.click(f'[data-testid="stSidebarNavLink"]:has-text("{link}")')


@contextmanager
def browsing(output_dir: Path, color_scheme: Any = "light", **environment: str) -> Iterator[Visit]:
    """Serve a folder of artifacts and visit it; asserts at the end that nothing was fetched from outside."""
    from playwright.sync_api import sync_playwright

    with served(output_dir, **environment) as address, sync_playwright() as driver:
        chrome = driver.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        context = chrome.new_context(viewport={"width": 1280, "height": 1000}, color_scheme=color_scheme)
        context.grant_permissions([])
        visit = Visit(context.new_page(), address)
        yield visit
        assert visit.outside == []
        assert visit.errors == []
        chrome.close()
