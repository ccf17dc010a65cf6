"""The pages in a real browser: they run their scripts under their own policy, and fit narrow screens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from playwright.sync_api import Page, expect

from app.html.render import BUILT
from ontology import CCSI, CCSID
from tests.api.conftest import Server
from tests.site.conftest import CHROMIUM, UNNAMED, UNREADABLE, Opened

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine: pages are not tried in a browser")

CURATOR = (
    "/resource?uri="
    + quote("http://data.europa.eu/esco/occupation/691d30cc-6b2c-4025-89b4-3e719fe664c7", safe="")
    + "&format=html"
)
PAGES = ["/", "/docs", "/sparql", "/ns", "/.well-known/void", "/id/domain/heritage.html", CURATOR]
WIDTHS = {"desktop": 1280, "narrow": 360}


@pytest.fixture
def desktop(browser: Any) -> Iterator[Opened]:
    opened = Opened(browser, WIDTHS["desktop"])
    yield opened
    opened.page.close()


@pytest.fixture
def asking(server: Server, desktop: Opened) -> Page:
    """The query page with its editor."""
    if not (BUILT / "query.js").exists():
        pytest.skip("the scripts of the pages are not built here: sh web/build.sh .venv/bin/python")
    desktop.page.goto(server.url + "/sparql")
    return desktop.page


def write(page: Page, text: str) -> None:
    """Open the page with a text in its editor, as a link to the query does."""
    here = page.url.partition("#")[0]
    page.goto("about:blank")
    page.goto(f"{here}#query={quote(text, safe='')}")
    expect(page.locator(".cm-content")).to_be_visible()


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


def test_an_example_runs_and_its_answer_can_be_followed(desktop: Opened, asking: Page) -> None:
    page = asking
    page.get_by_text("Run it").first.click()
    page.wait_for_selector("#result table")
    assert "row" in page.inner_text("#status")
    assert page.locator("#result th").all_inner_texts() == ["occupation", "label", "isco", "confidence"]
    assert "#example=stories/job_portal" in page.url
    page.locator("#result td a").first.click()
    page.wait_for_selector("#why")
    assert "core" in page.inner_text("main")
    assert desktop.said == []


def test_a_query_is_shared_by_its_address_and_run_by_the_keyboard(
    server: Server, desktop: Opened, asking: Page
) -> None:
    page = asking
    text = 'SELECT ("é😀 <b>&" AS ?a) ("x"@fr AS ?b) (<javascript:alert(1)> AS ?c) {}'
    write(page, text)
    shared = page.get_attribute("#share", "href")
    assert shared
    page.goto("about:blank")
    page.goto(server.url + shared)
    assert page.input_value("#query") == text
    assert page.locator("#result table").count() == 0, "a shared query is shown, not run"
    page.locator(".cm-content").focus()
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#result table")
    assert page.locator("#result td").first.inner_text() == "é😀 <b>&"
    assert page.locator("#result b").count() == 0
    target = page.locator("#result td a").get_attribute("href")
    assert target
    assert target.startswith(server.url + "/resource?uri=javascript%3A")
    assert desktop.said == []


def test_an_error_names_its_place_and_the_editor_goes_there(asking: Page) -> None:
    page = asking
    write(page, "SELECT * WHERE {\n  ?s ?p '😀' nonsense:x ?o\n}")
    page.click("#run")
    page.wait_for_selector("#fault button")
    assert "line 2" in page.inner_text("#fault button").lower()
    assert "nonsense:x" in page.inner_text("#fault pre")
    page.click("#fault button")
    assert page.locator(".cm-lintRange-error").inner_text() == "nonsense:x", "marked at its place"
    assert page.evaluate("document.activeElement.shadowRoot.activeElement.className").startswith("cm-content")


def test_graphs_and_truths_are_shown_too(asking: Page) -> None:
    page = asking
    write(page, "ASK { ?s ?p ?o }")
    page.click("#run")
    expect(page.locator("#status")).to_have_text(re.compile("^Yes"))
    write(page, "CONSTRUCT WHERE { <https://w3id.org/ccsi/id/domain/heritage> ?p ?o }")
    page.click("#run")
    page.wait_for_selector("#result pre")
    assert "skos:prefLabel" in page.inner_text("#result pre")
    assert page.locator("#result a").all_inner_texts() == ["TTL", "JSONLD", "NT", "RDF"]


def test_a_running_query_can_be_stopped(asking: Page) -> None:
    page = asking
    write(page, "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }")
    page.click("#run")
    page.wait_for_selector("#stop:visible")
    page.click("#stop")
    expect(page.locator("#status")).to_have_text("Stopped.")


def test_the_editor_completes_names(desktop: Opened, asking: Page) -> None:
    page = asking
    write(page, "SELECT * { ?decision a ")
    page.locator(".cm-content").press("Control+End")
    page.keyboard.type("ccsi:ScopeDec")
    option = page.locator(".cm-tooltip-autocomplete li", has_text="ccsi:ScopeDecision")
    expect(option).to_be_visible()
    page.wait_for_timeout(200)  # what appears under a key that is being pressed is not taken by it
    page.keyboard.press("Enter")
    assert "?decision a ccsi:ScopeDecision" in page.input_value("#query")
    page.keyboard.type(" ; ccsi:confidence ?conf")
    page.keyboard.press("Escape")
    assert desktop.said == []


def test_figures_are_drawn_too(desktop: Opened, asking: Page) -> None:
    page = asking
    write(
        page,
        f"PREFIX ccsi: <{CCSI}>\nSELECT ?sector (COUNT(*) AS ?n) {{ ?d a ccsi:ScopeDecision ; ccsi:domain ?sector }} GROUP BY ?sector",
    )
    page.click("#run")
    page.wait_for_selector("#result table")
    rows = page.locator("#result tbody tr").count()
    assert rows > 2
    assert page.locator("#result meter").count() == rows
    assert desktop.said == []


PARTS = f"""PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
{{}} {{{{ ?part skos:broader <{CCSID}domain/heritage> ; skos:prefLabel ?label . FILTER(LANG(?label) = "en") }}}}"""


@pytest.mark.parametrize(
    "begin",
    [
        f"CONSTRUCT {{ ?part skos:broader <{CCSID}domain/heritage> ; skos:prefLabel ?label }} WHERE",
        f"SELECT ?part ?label (<{CCSID}domain/heritage> AS ?whole) WHERE",
    ],
    ids=["a graph", "rows"],
)
def test_what_an_answer_links_is_drawn(server: Server, desktop: Opened, asking: Page, begin: str) -> None:
    page = asking
    write(page, PARTS.format(begin))
    page.click("#run")
    page.get_by_text("Map of links").click()
    picture = page.locator("#result svg.links")
    expect(picture).to_be_visible()
    parts = httpx2.get(f"{server.url}/api/v1/domains/heritage?language=en").json()["narrower"]
    labels = {part["preferredLabel"]["en"] for part in parts}
    named = set(picture.locator("a > text").all_text_contents())
    assert len(labels) > 5
    assert labels < named
    assert picture.locator("line").count() == len(parts)
    href = picture.locator("a", has_text="museums").first.get_attribute("href")
    assert href == f"{server.url}/id/domain/museums"
    assert desktop.said == []


def test_the_query_page_speaks_the_language_of_its_reader(server: Server, desktop: Opened, asking: Page) -> None:
    page = asking
    page.goto(f"{server.url}/sparql?language=de")
    write(page, "ASK { ?s ?p ?o }")
    page.get_by_role("button", name="Ausführen", exact=True).click()
    expect(page.locator("#status")).to_have_text(re.compile("^Ja, in"))
    page.locator(".languages summary").click()
    page.get_by_role("link", name="français").click()
    expect(page.locator("h1")).to_have_text("Interroger le graphe")
    assert page.input_value("#query") == "ASK { ?s ?p ?o }", "the switch keeps what was asked"
    assert desktop.said == []


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
