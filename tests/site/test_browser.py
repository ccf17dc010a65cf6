"""The pages in a real browser: they run their scripts under their own policy, and fit narrow screens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.api.conftest import Server
from tests.site.conftest import CHROMIUM, UNNAMED, UNREADABLE, Opened

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine: pages are not tried in a browser")

CURATOR = "/resource?uri=" + quote(
    "http://data.europa.eu/esco/occupation/691d30cc-6b2c-4025-89b4-3e719fe664c7", safe=""
)
PAGES = ["/", "/docs", "/sparql", "/ns", "/.well-known/void", "/id/domain/heritage.html", CURATOR]
WIDTHS = {"desktop": 1280, "narrow": 360}


@pytest.fixture
def desktop(browser: Any) -> Iterator[Opened]:
    opened = Opened(browser, WIDTHS["desktop"])
    yield opened
    opened.page.close()


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS.keys())
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_offline_and_fits(server: Server, browser: Any, path: str, width: int) -> None:
    opened = Opened(browser, width)
    try:
        answer = opened.page.goto(server.url + path, wait_until="networkidle")
        assert answer is not None
        assert answer.status == 200
        assert opened.said == []
        assert all(url.startswith((server.url, "data:")) for url in opened.asked), opened.asked
        overflow = opened.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0
        if path != "/docs":  # Swagger UI is not ours
            assert opened.page.locator("h1").count() == 1
            unnamed = opened.page.evaluate(UNNAMED)
            assert unnamed == []
            assert opened.page.evaluate(UNREADABLE) == []
    finally:
        opened.page.close()


def test_an_example_runs_and_its_answer_can_be_followed(server: Server, desktop: Opened) -> None:
    page = desktop.page
    page.goto(server.url + "/sparql")
    page.get_by_text("Run it").first.click()
    page.wait_for_selector("#result table")
    assert "row" in page.inner_text("#status")
    assert page.locator("#result th").all_inner_texts() == ["occupation", "label", "isco", "confidence"]
    assert "#example=stories/job_portal" in page.url
    page.locator("#result td a").first.click()
    page.wait_for_selector("#evidence")
    assert "core" in page.inner_text("main")
    assert desktop.said == []


def test_a_query_is_shared_by_its_address_and_run_by_the_keyboard(server: Server, desktop: Opened) -> None:
    page = desktop.page
    page.goto(server.url + "/sparql")
    text = 'SELECT ("é😀 <b>&" AS ?a) ("x"@fr AS ?b) (<javascript:alert(1)> AS ?c) {}'
    page.fill("#query", text)
    shared = page.get_attribute("#share", "href")
    assert shared
    page.goto("about:blank")
    page.goto(server.url + shared)
    assert page.input_value("#query") == text
    assert page.locator("#result table").count() == 0, "a shared query is shown, not run"
    page.focus("#query")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#result table")
    assert page.locator("#result td").first.inner_text() == "é😀 <b>&"
    assert page.locator("#result b").count() == 0
    target = page.locator("#result td a").get_attribute("href")
    assert target
    assert target.startswith(server.url + "/resource?uri=javascript%3A")
    assert desktop.said == []


def test_an_error_names_its_place_and_the_editor_goes_there(server: Server, desktop: Opened) -> None:
    page = desktop.page
    page.goto(server.url + "/sparql")
    page.fill("#query", "SELECT * WHERE {\n  ?s ?p '😀' nonsense:x ?o\n}")
    page.click("#run")
    page.wait_for_selector("#fault button")
    assert "line 2" in page.inner_text("#fault button").lower()
    assert "nonsense:x" in page.inner_text("#fault pre")
    page.click("#fault button")
    start = page.evaluate("document.getElementById('query').selectionStart")
    assert page.input_value("#query")[:17] == "SELECT * WHERE {\n"
    assert start >= 17
    assert page.evaluate("document.activeElement.id") == "query"


def test_graphs_and_truths_are_shown_too(server: Server, desktop: Opened) -> None:
    page = desktop.page
    page.goto(server.url + "/sparql")
    page.fill("#query", "ASK { ?s ?p ?o }")
    page.click("#run")
    expect(page.locator("#status")).to_have_text(re.compile("^Yes"))
    page.fill("#query", "CONSTRUCT WHERE { <https://w3id.org/ccsi/id/domain/heritage> ?p ?o }")
    page.click("#run")
    page.wait_for_selector("#result pre")
    assert "skos:prefLabel" in page.inner_text("#result pre")
    assert page.locator("#result a").all_inner_texts() == ["TTL", "JSONLD", "NT", "RDF"]


def test_a_running_query_can_be_stopped(server: Server, desktop: Opened) -> None:
    page = desktop.page
    page.goto(server.url + "/sparql")
    page.fill("#query", "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }")
    page.click("#run")
    page.wait_for_selector("#stop:visible")
    page.click("#stop")
    expect(page.locator("#status")).to_have_text("Stopped.")


def test_without_scripts_the_form_gives_json_as_the_page_says(server: Server, browser: Any) -> None:
    page: Page = browser.new_page(java_script_enabled=False)
    try:
        page.goto(server.url + "/sparql")
        assert "comes as JSON" in page.inner_text("noscript p")
        page.fill("#query", "ASK { ?s ?p ?o }")
        with page.expect_navigation() as arrived:
            page.click("#run")
        answer = arrived.value
        assert answer is not None
        assert answer.headers["content-type"] == "application/sparql-results+json"
        assert answer.json()["boolean"] is True
    finally:
        page.close()
