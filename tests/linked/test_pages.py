"""Pages of linked data lead to pages, and say what the graph says."""

from __future__ import annotations

import random
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from starlette.testclient import TestClient

from app.linked import iris
from app.settings import Limits
from ontology import CCSID
from tests.linked.conftest import CURATOR, get

HERITAGE = CCSID + "domain/heritage"


class Links(HTMLParser):
    """The targets of a page, and whether its tags are balanced."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.open: list[str] = []
        self.ids: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "a" and found.get("href"):
            self.targets.append(found["href"] or "")
        if found.get("id"):
            self.ids.append(found["id"] or "")
        assert not any(name.startswith("on") or name == "style" for name in found), attrs
        if tag not in ("img", "wbr", "meta", "link", "br", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page_of(web: TestClient, target: str) -> Links:
    answer = web.get(target, headers={"accept": "text/html"}, follow_redirects=True)
    assert answer.status_code == 200, target
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    read = Links(answer.text)
    assert read.open == []
    assert len(read.ids) == len(set(read.ids))
    return read


@pytest.mark.long
def test_pages_lead_to_pages(web: TestClient) -> None:
    """From an occupation by its links: every link to us answers, three steps far, and pages are well formed."""
    todo, seen = [iris.resource(CURATOR, "https://ccsi.example"), "https://ccsi.example/"], set[str]()
    for _ in range(3):
        found = set[str]()
        for target in sorted(todo, key=lambda t: random.Random(t).random())[:25]:
            seen.add(target)
            found |= {t.partition("#")[0] for t in page_of(web, target).targets if t.startswith("https://ccsi.example")}
        other = ("/api/", "/docs", "/sparql", "/dumps", "/.well-known", "format=", ".ttl", ".jsonld", ".nt", ".rdf")
        todo = [t for t in found - seen if t and not any(part in t for part in other)]
    assert len(seen) > 30


def test_a_concept_page_shows_its_place_words_evidence_and_links_both_ways(web: TestClient) -> None:
    text = get(web, CURATOR, "text/html", format="html").text
    assert "exhibition curator</h1>" in text
    crumbs = re.findall(r'class="crumbs">(.*?)</nav>', text, re.DOTALL)
    assert any("Professionals" in c and "Archivists and curators" in c for c in crumbs)
    evidence = text[text.index('id="evidence"') : text.index('id="words"')]
    targets = [unquote(t) for t in re.findall(r'href="([^"]+)"', evidence)]
    key = CURATOR.rpartition("/")[2]
    assert any(f"/id/decision/{key}-heritage" in t for t in targets)
    assert any(f"/id/assertion/isco/{key}-heritage" in t for t in targets)
    assert any("/id/crosswalk/isco/2621" in t for t in targets)
    assert "What it links to" in text
    assert "What links to it" in text
    assert 'title="esco:isEssentialSkillFor"' in text
    assert ">has NACE code</a>" in text


def test_words_say_which_language_they_are_in(mini_dir: Path) -> None:
    """What is in the reader's language says so; where English stands in, it is in the language of the page."""
    from app.main import create_app
    from app.settings import Settings

    with TestClient(create_app(Settings(data_dir=mini_dir, log_level="error"), Limits())) as client:
        catalogue = client.app.state.service.served.catalogue  # type: ignore[attr-defined]
        other = next(tag for tag in catalogue.languages if tag != "en")
        titles = {}
        for iri in catalogue.occupations:
            asked = {"accept": "text/html", "accept-language": other}
            page = client.get("/resource", params={"uri": iri, "format": "html"}, headers=asked)
            assert page.headers["content-language"] == other
            titles[iri] = re.search(r"<h1([^>]*)>([^<]+)</h1>", page.text)
            assert not re.search(r'<a [^>]*lang="en"', page.text)
        found = {match[1] for match in titles.values() if match}
        assert f' lang="{other}"' in found
        assert found <= {f' lang="{other}"', ""}


def test_a_decision_leads_to_its_assertions_and_these_to_their_sources(web: TestClient) -> None:
    key = CURATOR.rpartition("/")[2]
    assert "<h1>decision: exhibition curator, heritage</h1>" in web.get(f"/id/decision/{key}-heritage.html").text
    decision = page_of(web, f"/id/decision/{key}-heritage")
    assertions = {t for t in decision.targets if "/id/assertion/" in t}
    assert len(assertions) >= 3
    entries = {t for a in assertions for t in page_of(web, a).targets if "/id/crosswalk/" in t or "/id/curation/" in t}
    assert len(entries) >= 2
    assert {t for entry in entries for t in page_of(web, entry).targets if "/id/source/" in t}
