"""What crawlers ask for, and the pages behind the types of faults."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from app.errors import TYPE_BASE
from app.site.about import kinds
from tests.api.conftest import HOST, InProcess


def test_robots_name_the_sitemap_and_its_pages_are_there(web: InProcess) -> None:
    robots = web.get("/robots.txt")
    assert robots.headers["content-type"] == "text/plain; charset=utf-8"
    assert "Disallow: /api/" in robots.text
    (address,) = re.findall(r"^Sitemap: (.+)$", robots.text, re.MULTILINE)
    pages = [node.text for node in ET.fromstring(web.get(address).content).iterfind(".//{*}loc")]
    assert f"{HOST}/id/domain/heritage.html" in pages
    assert len(pages) > 60
    for page in pages[::16]:
        assert web.get(str(page), headers={"accept": "text/html"}).status_code == 200, page
        assert not str(page).startswith(f"{HOST}/api/")


def test_a_feed_names_the_releases(web: InProcess) -> None:
    answer = web.get("/releases.atom")
    assert answer.headers["content-type"] == "application/atom+xml"
    feed, atom = ET.fromstring(answer.content), "{http://www.w3.org/2005/Atom}"
    (served,) = web.json("releases")["items"]
    (entry,) = feed.iter(f"{atom}entry")
    assert (entry.findtext(f"{atom}id") or "").endswith(f"/id/dataset/esco-{served['id']}")
    assert entry.findtext(f"{atom}updated") == feed.findtext(f"{atom}updated") == served["createdAt"]
    assert f"{served['counts']['inScope']} are in scope" in (entry.findtext(f"{atom}summary") or "")
    assert 'href="https://ccsi.example/releases.atom"' in web.get("/", headers={"accept": "text/html"}).text
    for link in feed.iter(f"{atom}link"):
        assert web.get(link.attrib["href"]).status_code == 200


def test_every_type_of_fault_leads_somewhere(web: InProcess) -> None:
    for kind in kinds():
        found = web.json(f"/problem/{kind.slug}", headers={"accept": "application/json"})
        assert found["type"] == TYPE_BASE + kind.slug
        assert (found["status"], found["title"]) == (kind.status, kind.title)
        assert found["description"]
    for target in (
        "nothing",
        "domains?limit=0",
        f"domains?language={'x' * 9000}",
        "/sparql?query=x",
        "/sparql?update=x",
    ):
        slug = web.get(target).json()["type"].removeprefix(TYPE_BASE)
        assert web.get(f"/problem/{slug}").status_code == 200
    page = web.get("/problem/not-found", headers={"accept": "text/html"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Nothing stands at this identifier." in page.text
    assert web.get("/problem/no-such").status_code == 404


def test_a_graph_that_there_is_not(web: InProcess) -> None:
    assert web.get("/id/graph/scope").status_code == 303
    assert web.get("/id/graph/labels/en").status_code == 303
    assert web.get("/id/graph/x").status_code == 404


def test_the_version_iri_of_the_ontology(web: InProcess) -> None:
    text = web.get("/ns", headers={"accept": "text/turtle"}).text
    assert "owl:versionIRI <https://w3id.org/ccsi/ns/0.1.0>" in text
    by_version = web.get("/ns/0.1.0", headers={"accept": "text/turtle"})
    assert by_version.text == text
    assert web.get("/ns/9.9", headers={"accept": "application/json"}).status_code == 404


def test_a_link_to_a_query_is_a_page_in_a_browser(web: InProcess) -> None:
    browser = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    page = web.get("/sparql?query=ASK%20%7B%20%3Fs%20a%20%22%3C/textarea%3E%22%20%7D", headers=browser)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "ASK { ?s a &#34;&lt;/textarea&gt;&#34; }</textarea>" in page.text
    assert web.get("/sparql?query=ASK%7B%7D&format=json", headers=browser).json()["boolean"] is True
    assert web.get("/sparql?query=ASK%7B%7D", headers={"accept": "*/*"}).json()["boolean"] is True
