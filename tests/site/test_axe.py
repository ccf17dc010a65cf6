"""axe-core finds nothing against WCAG 2.2 AA on any kind of page, wide in light and narrow in dark."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import Server
from tests.site.conftest import CHROMIUM, PATIENCE, Opened
from tests.site.journeys import KINDS
from tests.site.test_browser import PAGES as LINKED

# A test tool (MPL-2.0) that set-up installs with the packages of the pages' scripts; it is no part of them.
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What is evaluated has no bound of its own in Playwright; nothing is fetched for it again.
RUN = """([rules, patience]) => Promise.race([
  axe.run(document, {runOnly: rules, resultTypes: ["violations"], preload: false}),
  new Promise((_, refuse) => setTimeout(() => refuse(new Error("axe did not end")), patience)),
])"""

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine: pages are not tried in a browser"),
    pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: sh web/build.sh .venv/bin/python"),
]


@cache
def _source() -> str:
    return AXE.read_text("utf-8")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)], ids=["light", "dark"])
@pytest.mark.parametrize("path", [*KINDS, *(p for p in LINKED if p not in KINDS)])
def test_axe_finds_nothing(server: Server, browser: Any, path: str, scheme: Any, width: int) -> None:
    opened = Opened(browser, width)
    page = opened.page
    try:
        page.emulate_media(color_scheme=scheme)
        opened.visit(server.url + path)
        page.evaluate(_source())
        found = page.evaluate(RUN, [RULES, PATIENCE])
        assert found["passes"], "it ran"
        told = [
            f"{v['id']}: {n['html'][:160]} {n['failureSummary'][:200]}" for v in found["violations"] for n in v["nodes"]
        ]
        assert told == []
    finally:
        page.close()
