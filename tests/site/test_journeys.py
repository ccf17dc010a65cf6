"""The journeys of tests/site/journeys.py in a real browser: wide and narrow, with and without scripts, by keyboard alone."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.api.conftest import Server
from tests.site.conftest import CHROMIUM, UNNAMED, UNREADABLE, Opened, until
from tests.site.journeys import CONSERVATOR, JOURNEYS, KINDS, OVERFLOW, Reader

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine: pages are not tried in a browser"),
]

LANGUAGES, WIDTHS = ("en", "fr"), (390, 768, 1440)
COLOUR_ALONE = """[...document.querySelectorAll("main a:not([aria-current], .button, .cell)")]
    .filter(a => !getComputedStyle(a).textDecorationLine.includes("underline") && !a.querySelector(".name, img"))
    .map(a => a.outerHTML)"""
# Text that lies on other text: the boxes of what holds text of its own, two by two.
OVERLAPS = """(() => {
  const boxes = [...document.querySelectorAll("body *")]
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.getClientRects().length
      && e.checkVisibility({visibilityProperty: true}) && !e.closest(".unseen, .skip, .cell, details:not([open])"))
    .map(e => [e, e.getBoundingClientRect()]).slice(0, 600);
  const found = [];
  for (const [n, [a, x]] of boxes.entries()) for (const [b, y] of boxes.slice(n + 1, n + 40)) {
    if (a.contains(b) || b.contains(a) || getComputedStyle(a).display === "inline" || getComputedStyle(b).display === "inline") continue;
    const wide = Math.min(x.right, y.right) - Math.max(x.left, y.left), high = Math.min(x.bottom, y.bottom) - Math.max(x.top, y.top);
    if (wide > 2 && high > 2) found.push(`${a.outerHTML.slice(0, 90)} and ${b.outerHTML.slice(0, 90)}`);
  }
  return found;
})()"""
FIRST_VISIT = 150_000  # bytes as they are sent
SHOTS = os.environ.get("SCREENSHOTS", "")  # a folder for pictures of every kind of page, to be looked at


def walk(
    server: Server,
    browser: Any,
    journey: Callable[[Reader], None],
    language: str,
    width: int,
    scripts: bool,
    by_keyboard: bool,
) -> None:
    opened = Opened(browser, width, scripts)
    try:
        opened.page.goto(f"{server.url}/?language={language}")
        reader = Reader(opened.page, language, by_keyboard)
        reader.looks()
        journey(reader)
        assert opened.said == []
        assert all(url.startswith((server.url, "data:")) for url in opened.asked), opened.asked
    finally:
        opened.page.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "keyboard and no scripts"])
@pytest.mark.parametrize("number", range(len(JOURNEYS)), ids=[j.__name__ for j in JOURNEYS])
def test_a_journey_ends_with_the_thing_in_hand(server: Server, browser: Any, number: int, scripts: bool) -> None:
    """Each once by mouse with scripts, and once by keyboard without; languages and widths in turn."""
    turn = number + scripts
    walk(server, browser, JOURNEYS[number], LANGUAGES[turn % 2], WIDTHS[turn % 3], scripts, by_keyboard=not scripts)


@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda j: j.__name__)
def test_every_journey_in_every_way(server: Server, browser: Any, journey: Callable[[Reader], None]) -> None:
    for language, width, scripts, by_keyboard in product(LANGUAGES, WIDTHS, (True, False), (True, False)):
        walk(server, browser, journey, language, width, scripts, by_keyboard)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", KINDS)
def test_a_page_can_be_read_and_is_light(server: Server, browser: Any, path: str, scheme: Any) -> None:
    opened = Opened(browser, 1440 if scheme == "light" else 390)
    page = opened.page
    sizes: list[int] = []
    page.on("requestfinished", lambda r: sizes.append(r.sizes()["responseBodySize"]))
    try:
        page.emulate_media(color_scheme=scheme)
        opened.visit(server.url + path)
        page.evaluate("for (const image of document.images) image.loading = 'eager'")
        until(page, "[...document.images].every(image => image.complete)")
        if SHOTS:
            name = re.sub(r"[^a-z0-9]+", "-", path).strip("-")[:60] or "home"
            page.screenshot(path=Path(SHOTS) / f"{name}-{scheme}.png", full_page=True)
        assert page.evaluate(UNNAMED) == []
        assert page.evaluate(UNREADABLE) == []
        assert page.evaluate(OVERFLOW) <= 0
        assert page.evaluate(COLOUR_ALONE) == [], "a link that is told by its colour alone"
        assert 0 < sum(sizes) < FIRST_VISIT
        assert [said for said in opened.said if "404" not in said] == []
    finally:
        page.close()


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("path", KINDS)
def test_a_page_that_runs_from_right_to_left_is_the_mirror_image(
    server: Server, browser: Any, path: str, width: int
) -> None:
    opened = Opened(browser, width)
    page = opened.page
    try:
        opened.visit(server.url + path)
        before = page.locator(".brand").bounding_box()
        page.evaluate("document.documentElement.dir = 'rtl'")
        after = page.locator(".brand").bounding_box()
        assert before
        assert after
        shown = page.evaluate("document.documentElement.clientWidth")
        assert abs(before["x"] - (shown - after["x"] - after["width"])) < 2, "the head begins at the other side"
        assert page.evaluate(OVERFLOW) <= 0
        assert page.evaluate(OVERLAPS) == []
    finally:
        page.close()


def test_a_name_is_completed_and_the_keyboard_opens_its_page(server: Server, browser: Any) -> None:
    opened = Opened(browser, 390)
    page = opened.page
    try:
        page.goto(f"{server.url}/?language=en", wait_until="networkidle")
        box = page.locator("input[type=search]")
        if not page.locator("[role=combobox]").count():
            pytest.skip("the scripts of the pages are not built here: sh web/build.sh .venv/bin/python")
        box.press_sequentially("conservat")
        expect(page.get_by_role("option").first).to_be_visible()
        page.keyboard.press("ArrowDown")
        assert box.get_attribute("aria-activedescendant")
        page.keyboard.press("Escape")
        expect(page.get_by_role("listbox")).to_be_hidden()
        box.fill("")
        box.press_sequentially("conservator")
        page.locator(f'[role=option][data-uri$="{CONSERVATOR}"]').click()
        page.wait_for_url(f"**/occupations/{CONSERVATOR}?language=en")
        assert opened.said == []
    finally:
        page.close()


def test_tables_sort_and_filter_and_the_map_opens_a_field(server: Server, browser: Any) -> None:
    opened = Opened(browser, 1440)
    page = opened.page
    try:
        page.goto(f"{server.url}/sectors/heritage?language=en", wait_until="networkidle")
        table = page.locator("section[aria-labelledby=members] table")
        if not table.locator("button.sort").count():
            pytest.skip("the scripts of the pages are not built here: sh web/build.sh .venv/bin/python")
        table.get_by_role("button", name="Occupation").click()
        names = table.locator("tbody th").all_inner_texts()
        assert names == sorted(names, key=str.casefold)
        assert table.locator("th[aria-sort=ascending]").count() == 1
        page.get_by_label("Filter").fill("CONSÉRVATOR")
        left = table.locator("tbody tr:visible th").all_inner_texts()
        assert left
        assert all("conservator" in name.lower() for name in left)
        page.get_by_role("button", name="As cards").click()
        assert table.locator("thead").is_hidden()
        cell = page.locator(".skillmap button.cell").first
        name = cell.locator(".name").inner_text()
        section = page.locator("[data-area]", has=page.locator("h3", has_text=name)).first
        wanted = section.locator("p a").count()
        cell.press("Enter")
        assert page.locator(".skillmap a.cell").count() == wanted
        page.get_by_role("button", name="All fields").press("Enter")
        assert page.evaluate("document.activeElement.querySelector('.name')?.textContent") == name, "back where one was"
        assert opened.said == []
    finally:
        page.close()


def test_print_leaves_out_what_paper_cannot_do(server: Server, browser: Any) -> None:
    opened = Opened(browser, 768)
    page = opened.page
    try:
        page.emulate_media(media="print", color_scheme="dark")
        page.goto(f"{server.url}/composer?anchor={CONSERVATOR}", wait_until="networkidle")
        for hidden in ("header nav", ".tools", "a.drop", "form"):
            assert page.locator(hidden).first.is_hidden(), hidden
        assert page.locator("#asked").is_visible()
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    finally:
        page.close()
