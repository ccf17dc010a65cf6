"""A real browser, and a server for it to open."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.api.conftest import InProcess, Server

PATIENCE = 20_000  # milliseconds that anything may take in a browser
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
UNNAMED = """[...document.querySelectorAll("a, button, textarea")]
    .filter(e => !((e.checkVisibility() ? e.innerText : e.textContent) || e.labels?.length)).map(e => e.outerHTML)"""
# What a reader needs who does not see the page as it was meant: headings in steps, names for what scrolls, contrast (WCAG 1.4.3).
UNREADABLE = """(() => {
  const found = [];
  const levels = [...document.querySelectorAll("h1, h2, h3, h4, h5")].map(h => +h.tagName[1]);
  levels.forEach((level, n) => { if (level > (n ? levels[n - 1] : 0) + 1) found.push(`heading ${n} of level ${level}`); });
  for (const e of document.querySelectorAll('[tabindex="0"]'))
    if (e.tagName !== "PRE" && !e.getAttribute("aria-label") && !document.getElementById(e.getAttribute("aria-labelledby")))
      found.push(e.outerHTML);
  const parts = text => text.match(/[\\d.]+/g).map(Number);
  const light = c => c.slice(0, 3).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
  for (const e of document.querySelectorAll("body *")) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || !e.getClientRects().length) continue;
    let behind = e;
    while (behind && (parts(getComputedStyle(behind).backgroundColor)[3] ?? 1) === 0) behind = behind.parentElement;
    const [a, b] = [light(parts(getComputedStyle(e).color)), behind ? light(parts(getComputedStyle(behind).backgroundColor)) : 1];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push(`${ratio.toFixed(1)}: ${e.outerHTML.slice(0, 100)}`);
  }
  return found;
})()"""


def until(page: Page, expression: str, seconds: float = PATIENCE / 1000) -> None:
    """Wait for what an expression says of a page; playwright's own way is a text that the pages' policy keeps from being run."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"{expression} on {page.url}"
        page.wait_for_timeout(20)


@pytest.fixture(scope="session")
def web(starter_api: InProcess) -> InProcess:
    """The service on the bundled sample."""
    return starter_api


@pytest.fixture(scope="module")
def server(starter_server: Server) -> Server:
    return starter_server


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_playwright() as driver:
        # As root, and in most containers, Chromium cannot make a sandbox of its own; it opens this server only.
        found = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        yield found
        found.close()


class Opened:
    """A page with what its console said and where it sent requests."""

    def __init__(self, browser: Any, width: int, scripts: bool = True) -> None:
        self.page: Page = browser.new_page(viewport={"width": width, "height": 800}, java_script_enabled=scripts)
        self.page.set_default_timeout(PATIENCE)
        self.said: list[str] = []
        self.asked: set[str] = set()
        self.page.on("console", lambda m: self.said.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda e: self.said.append(str(e)))
        self.page.on("request", lambda r: self.asked.add(r.url))

    def visit(self, url: str) -> Any:
        """Open a page, and wait for what its scripts fetch where they fetch anything."""
        late = any(name in url for name in ("/sectors/", "/docs", "/sparql"))
        return self.page.goto(url, wait_until="networkidle" if late else "load")
