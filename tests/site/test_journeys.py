"""Pages for people in a real browser: from the search box to a profile in hand, on wide and narrow screens."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Server
from tests.site.conftest import CHROMIUM, UNNAMED, UNREADABLE, Opened

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine: pages are not tried in a browser")

CONSERVATOR = "7556c748-15b4-4e44-97d9-00d885d4cd7d"
DATABASES = "c1b4aa1e-bc42-49e4-952a-0cbd45f1d57b"
PAGES = ["/", "/find?q=museum", "/sectors/heritage", f"/occupations/{CONSERVATOR}", f"/skills/{DATABASES}", "/method"]
COLOUR_ALONE = """[...document.querySelectorAll("main a:not([aria-current])")]
    .filter(a => !getComputedStyle(a).textDecorationLine.includes("underline") && !a.querySelector(".name, img"))
    .map(a => a.outerHTML)"""
FIRST_VISIT = 150_000  # bytes as they are sent
# The sample has ESCO's words in English alone. Language: what is typed, what its page is headed, the words for why, the sector
JOURNEYS = {
    "en": ("conservator", "conservator", "Sectors, and why", "cultural heritage", "español"),
    "fr": ("2621.3", "conservator", "Secteurs, et pourquoi", "cultural heritage", "English"),
}


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("language", JOURNEYS)
def test_from_the_search_box_to_a_profile(server: Server, browser: Any, language: str, width: int) -> None:
    typed, heading, why, sector, other = JOURNEYS[language]
    opened = Opened(browser, width)
    page = opened.page
    try:
        page.goto(f"{server.url}/?language={language}", wait_until="networkidle")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip", "the first stop leads past the head"
        page.fill("input[type=search]", typed)
        page.keyboard.press("Enter")
        page.locator(f'.hits a[href*="/occupations/{CONSERVATOR}"]').click()
        assert page.locator("h1").inner_text().lower() == heading
        assert page.locator("#why").inner_text() == why
        files = [a.get_attribute("href") for a in page.locator('section[aria-labelledby="profile"] a').all()]
        sheet = next(str(href) for href in files if href and href.endswith(".xlsx"))
        assert page.request.get(sheet).body()[:2] == b"PK"
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
        page.get_by_role("link", name=sector, exact=True).first.click()
        assert page.locator("h1").inner_text().lower() == sector
        assert page.locator("#members").is_visible()
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
        page.locator(".languages summary").click()
        page.locator(".languages a", has_text=other).click()
        assert "/sectors/heritage?" in page.url
        assert page.locator("html").get_attribute("lang") == {"español": "es", "English": "en"}[other]
        page.wait_for_load_state("networkidle")
        assert opened.said == []
        assert all(url.startswith((server.url, "data:")) for url in opened.asked), opened.asked
    finally:
        page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_can_be_read_and_is_light(server: Server, browser: Any, path: str, scheme: Any) -> None:
    opened = Opened(browser, 1440 if scheme == "light" else 390)
    page = opened.page
    sizes: list[int] = []
    page.on("requestfinished", lambda r: sizes.append(r.sizes()["responseBodySize"]))
    try:
        page.emulate_media(color_scheme=scheme)
        page.goto(server.url + path, wait_until="networkidle")
        page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        page.wait_for_load_state("networkidle")
        assert page.evaluate(UNNAMED) == []
        assert page.evaluate(UNREADABLE) == []
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
        assert page.evaluate(COLOUR_ALONE) == [], "a link that is told by its colour alone"
        assert 0 < sum(sizes) < FIRST_VISIT
        assert opened.said == []
    finally:
        page.close()


def test_without_scripts_all_is_there(server: Server, browser: Any) -> None:
    page = browser.new_page(java_script_enabled=False)
    try:
        page.goto(f"{server.url}/?language=en")
        page.fill("input[type=search]", "museum")
        page.click("button")
        assert page.locator(".hits li").count() > 3
        page.locator(".facets a", has_text="cultural heritage").click()
        assert "domain=heritage" in page.url
        assert page.input_value("input[type=search]") == "museum"
    finally:
        page.close()
