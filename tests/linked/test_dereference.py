"""Every IRI of the release leads to what is known of it, in the representation that the client wants."""

from __future__ import annotations

import html
import json
import random
import re
from pathlib import Path
from urllib.parse import quote

import pyoxigraph as ox
import pytest
import rdflib
from starlette.testclient import TestClient

from app.settings import Limits
from ontology import CCSI, CCSID, GRAPH, SKOS
from releases.release import Release
from tests.linked.conftest import CURATOR, get

HERITAGE = CCSID + "domain/heritage"
SKILLS = "http://data.europa.eu/esco/concept-scheme/member-skills"
READERS = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/ld+json": ox.RdfFormat.JSON_LD,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
}
SUFFIXES = {
    "ttl": "text/turtle; charset=utf-8",
    "jsonld": "application/ld+json",
    "nt": "application/n-triples",
    "rdf": "application/rdf+xml",
    "html": "text/html; charset=utf-8",
}


@pytest.fixture(scope="module")
def store(starter: Release) -> ox.Store:
    return ox.Store.read_only(str(starter.store))


def triples(text: bytes, media_type: str) -> set[ox.Triple]:
    return {quad.triple for quad in ox.parse(text, format=READERS[media_type.partition(";")[0]])}


def about(store: ox.Store, iri: str) -> set[ox.Triple]:
    node = ox.NamedNode(iri)
    return {q.triple for q in store.quads_for_pattern(node, None, None)} | {
        q.triple for q in store.quads_for_pattern(None, None, node)
    }


def test_every_iri_of_ours_dereferences(web: TestClient, store: ox.Store) -> None:
    ours = {
        term.value
        for quad in store
        for term in (quad.subject, quad.predicate, quad.object, quad.graph_name)
        if isinstance(term, ox.NamedNode) and term.value.startswith((CCSI, CCSID))
    }
    kinds: dict[str, list[str]] = {}
    for iri in sorted(ours):
        kinds.setdefault("/".join(iri.split("/")[:6]), []).append(iri)
    assert len(kinds) > 80
    chosen = [iri for found in kinds.values() for iri in random.Random(7).sample(found, min(len(found), 6))]
    terms = {str(t.subject.value) for t in triples(web.get("/ns").content, "text/turtle")}
    for iri in chosen:
        if iri.startswith(CCSI):
            assert iri in terms, iri
            continue
        answer = web.get(iri.removeprefix("https://w3id.org/ccsi"))
        assert answer.status_code == 303, iri
        if iri.startswith(GRAPH):
            assert answer.headers["location"] == "https://ccsi.example/.well-known/void"
            continue
        described = web.get(answer.headers["location"])
        assert described.status_code == 200, iri
        assert any(iri == t.subject.value for t in triples(described.content, "text/turtle")), iri


@pytest.mark.parametrize(("suffix", "media_type"), SUFFIXES.items())
def test_a_thing_leads_to_the_representation_asked_for(web: TestClient, suffix: str, media_type: str) -> None:
    by_accept = web.get("/id/domain/heritage", headers={"accept": media_type})
    by_format = web.get(f"/id/domain/heritage?format={suffix}")
    document_of = f"https://ccsi.example/id/domain/heritage.{suffix}"
    by_itself = (
        "https://ccsi.example/sectors/heritage" if suffix == "html" else document_of
    )  # a browser gets the page for people
    for answer, place in ((by_accept, by_itself), (by_format, document_of)):
        assert answer.status_code == 303
        assert answer.headers["location"] == place
        assert "Accept" in answer.headers["vary"]
        assert answer.content == b""
    document = web.get(f"/id/domain/heritage.{suffix}")
    assert (document.status_code, document.headers["content-type"]) == (200, media_type)
    assert f'<{HERITAGE}>; rel="describes"' in document.headers["link"]
    for other in SUFFIXES.keys() - {suffix}:
        assert f'<https://ccsi.example/id/domain/heritage.{other}>; rel="alternate"' in document.headers["link"]


@pytest.mark.parametrize("media_type", READERS)
@pytest.mark.parametrize("iri", [CURATOR, HERITAGE, "http://data.europa.eu/esco/isco/C2621"])
def test_a_description_says_what_the_graph_says(web: TestClient, store: ox.Store, iri: str, media_type: str) -> None:
    answer = get(web, iri, media_type)
    assert answer.headers["content-type"].startswith(media_type)
    said = {t for t in triples(answer.content, media_type) if iri in (t.subject.value, t.object.value)}
    known = about(store, iri)
    assert known
    if max(len(known), 0) <= 250:
        assert said - known == {t for t in said if t.predicate.value.endswith("primaryTopic")}
        assert known <= said


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")  # by rdflib itself
def test_compact_json_ld_says_the_same_to_another_reader(web: TestClient) -> None:
    compact = get(web, CURATOR, "application/ld+json")
    document = json.loads(compact.content)
    subject = next(node for node in document["@graph"] if node["@id"] == CURATOR)
    assert "esco:Occupation" in subject["@type"]
    assert subject["skos:notation"] == "2621.6"
    one = rdflib.Graph().parse(data=compact.text, format="json-ld")
    other = rdflib.Graph().parse(data=get(web, CURATOR, "application/n-triples").text, format="nt")
    assert set(one) == set(other)
    assert len(one) > 60


def test_accept_decides_and_what_cannot_be_had_is_refused(web: TestClient) -> None:
    assert get(web, CURATOR, "*/*").headers["content-type"].startswith("text/turtle")
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    assert get(web, CURATOR, browser).headers["location"].endswith("/occupations/" + CURATOR.rpartition("/")[2])
    assert get(web, CURATOR, browser, format="html").headers["content-type"].startswith("text/html")
    assert (
        get(web, CURATOR, "text/html;q=0.1, application/n-triples").headers["content-type"] == "application/n-triples"
    )
    for path in ("/resource?uri=" + quote(CURATOR), "/id/domain/heritage", "/ns"):
        answer = web.get(path, headers={"accept": "image/png"})
        assert answer.status_code == 406
        assert answer.headers["content-type"] == "application/problem+json"
        assert "text/turtle" in answer.json()["available"]


def test_a_hub_is_cut_visibly_and_followed_page_by_page(web: TestClient, store: ox.Store) -> None:
    most = Limits().links
    pointing = {
        q.subject.value for q in store.quads_for_pattern(None, ox.NamedNode(SKOS + "inScheme"), ox.NamedNode(SKILLS))
    }
    assert len(pointing) > 2 * most
    whole = triples(get(web, SKILLS).content, "text/turtle")
    shown = {t.subject.value for t in whole if t.predicate.value == SKOS + "inScheme" and t.object.value == SKILLS}
    assert len(shown) == most
    pages = {t.object.value for t in whole if t.predicate.value.endswith("seeAlso")}
    start = next(p for p in pages if "inScheme" in p)
    found: list[str] = []
    following: str | None = start
    while following:
        answer = web.get(following, headers={"accept": "application/n-triples"})
        assert answer.status_code == 200
        read = triples(answer.content, "application/n-triples")
        found += [t.subject.value for t in read if t.predicate.value == SKOS + "inScheme"]
        target = re.search(r'<([^>]+)>; rel="next"', answer.headers["link"])
        following = target[1] if target else None
        nexts = {t.object.value for t in read if t.predicate.value.endswith("hydra/core#next")}
        assert nexts == ({following} if following else set())
    assert len(found) == len(set(found))
    assert set(found) == pointing
    page = get(web, SKILLS, "text/html").text
    assert f"All {len(pointing):,}" in page


def test_conditional_and_packed_requests(web: TestClient) -> None:
    for path in ("/ns", "/id/domain/heritage.ttl", "/resource?uri=" + quote(CURATOR)):
        first = web.get(path)
        assert first.headers["etag"].startswith('"')
        assert "Accept" in first.headers["vary"]
        again = web.get(path, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        packed = web.get(path, headers={"accept-encoding": "gzip"})
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.content == first.content
        assert packed.headers["etag"] != first.headers["etag"]
        head = web.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == first.headers["content-length"]
        assert first.headers["access-control-allow-origin"] == "*"
        assert web.options(path).status_code == 204
        assert web.post(path).status_code == 405


@pytest.mark.parametrize(
    "uri",
    [
        "http://e/<script>alert(1)</script>", 'http://e/"onload="x', "no scheme", "", "http://e/a b", "javascript", "/id/domain/heritage",
        "http://e/{x}", "http://e/\\", "http://e/`", "http://e/\n", "http://[", "a" * 1900,
    ],
)  # fmt: skip
def test_what_is_no_iri_is_refused(web: TestClient, uri: str) -> None:
    answer = get(web, uri)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["field"] == "uri"
    page = get(web, uri, "text/html")
    assert page.status_code == 422
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "cannot be used</h1>" in page.text
    assert "<script" not in page.text


@pytest.mark.parametrize(
    "uri",
    ["http://example.org/'><script>alert(1)</script>", "javascript:alert(1)", "http://e/#<>", "file:///etc/passwd", "urn:x:%00", "http://é/ü"],
)  # fmt: skip
def test_a_strange_iri_is_unknown_or_refused_and_never_markup(web: TestClient, uri: str) -> None:
    assert get(web, uri).headers["content-type"] == "application/problem+json"
    page = get(web, uri, "text/html")
    assert page.status_code in (404, 422)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<script" not in page.text
    assert 'href="javascript' not in page.text


@pytest.mark.parametrize(
    "path", ["/id/domain/nothing", "/id/domain/nothing.html", "/ns.exe", "/id/domain/heritage?colour=red"]
)
def test_a_fault_is_a_page_for_people_and_json_for_programs(web: TestClient, path: str) -> None:
    browser = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    page = web.get(path, headers=browser)
    assert page.status_code in (404, 422)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-store"
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert page.text.count("<h1>") == 1
    if not path.endswith(".html"):
        problem = web.get(path)
        assert (problem.status_code, problem.headers["content-type"]) == (page.status_code, "application/problem+json")
        assert problem.json()["detail"] in html.unescape(page.text)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/id", 404), ("/id/nothing", 404), ("/id/domain/heritage.exe", 404), ("/id/domain/heritage.", 404), ("/id/domain/.ttl", 404),
        ("/id/../etc/passwd", 404), ("/id/%2e%2e/%2e%2e/etc/passwd", 404), ("/id/domain/%3Cscript%3E", 404), ("/id/a%20b.ttl", 404),
        ("/id/%00", 404), ("/id/domain/heritage.html.ttl", 404), ("/id/" + "a" * 3000, 404), ("/id/" + "a/" * 5000, 414), ("/ns.exe", 404),
        ("/id/domain/heritage?format=exe", 422), ("/id/domain/heritage.ttl?format=nt", 422), ("/id/domain/heritage?colour=red", 422),
        ("/resource", 422), ("/resource?uri=http://e/" + "a" * 2001, 422), ("/resource?uri=http://e/a&offset=1", 422),
        ("/resource?uri=" + quote(CURATOR) + "&property=x", 422), ("/resource?uri=" + quote(CURATOR) + "&property=http://e/p", 404),
        ("/resource?uri=" + quote(SKILLS) + "&property=" + quote(SKOS + "inScheme") + "&inverse=true&offset=-1", 422),
        ("/resource?uri=" + quote(SKILLS) + "&property=" + quote(SKOS + "inScheme") + "&inverse=true&offset=99999999999999999999", 422),
        ("/resource?uri=" + quote(SKILLS) + "&property=" + quote(SKOS + "inScheme") + "&inverse=maybe", 422),
        ("/resource?uri=" + quote(CURATOR) + "&format=xls", 422), ("/contexts/v2.jsonld", 404), ("/ns?format=../x", 422),
        ("/assets/../docs.py", 404), ("/assets/%2e%2e%2fdocs.py", 404), ("/assets/site.css.map", 404),
    ],
)  # fmt: skip
def test_faults(web: TestClient, path: str, status: int) -> None:
    answer = web.get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert "<script" not in answer.text.lower() or answer.headers["content-type"] == "application/problem+json"


def test_a_page_beyond_the_last_is_empty_and_says_where_the_links_are(web: TestClient) -> None:
    answer = get(web, SKILLS, "text/turtle", property=SKOS + "inScheme", inverse="true", offset="9000000")
    assert answer.status_code == 200
    assert 'rel="first"' in answer.headers["link"]
    assert 'rel="next"' not in answer.headers["link"]


def test_the_context_is_published_under_a_version_that_stays(web: TestClient) -> None:
    answer = web.get("/contexts/v1.jsonld")
    assert answer.headers["content-type"] == "application/ld+json"
    assert answer.json() == web.get("/api/v1/context.jsonld").json()


def test_the_ontology_is_documented_term_by_term(web: TestClient, store: ox.Store) -> None:
    defined = {
        q.subject.value
        for q in store.quads_for_pattern(
            None, ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#isDefinedBy"), ox.NamedNode(CCSI)
        )
    }
    page = web.get("/ns", headers={"accept": "text/html"}).text
    assert len(defined) > 100
    for iri in defined:
        assert f'id="{iri.removeprefix(CCSI)}"' in page, iri
    for suffix, media_type in SUFFIXES.items():
        answer = web.get(f"/ns.{suffix}")
        assert answer.headers["content-type"] == media_type
        if suffix != "html":
            subjects = {t.subject.value for t in triples(answer.content, media_type)}
            assert defined <= subjects


@pytest.mark.long
def test_the_public_address_is_a_setting(starter_dir: Path) -> None:
    from app.main import create_app
    from app.settings import Settings

    settings = Settings(data_dir=starter_dir, log_level="error", public_url="https://data.example.org/ccsi/")
    with TestClient(create_app(settings, Limits()), follow_redirects=False) as client:
        assert (
            client.get("/id/domain/heritage").headers["location"]
            == "https://data.example.org/ccsi/id/domain/heritage.ttl"
        )
        page = client.get("/id/domain/heritage.html").text
        assert 'href="https://data.example.org/ccsi/assets/site.css"' in page
        assert "testserver" not in page


def test_a_withdrawn_concept_is_gone(tmp_path: Path, fixtures: Path) -> None:
    from app.main import create_app
    from app.settings import Settings
    from loaders.build import load
    from loaders.request import LoadRequest

    release = load(
        LoadRequest(
            [fixtures / "withdrawn.ttl"],
            tmp_path,
            "1.2.0",
            curation=fixtures / "no-curation.ttl",
            partial=True,
            skills=False,
        )
    )
    withdrawn = next(iter(release.withdrawn()))
    with TestClient(create_app(Settings(data_dir=tmp_path, log_level="error"), Limits())) as client:
        answer = client.get("/resource", params={"uri": withdrawn})
        assert answer.status_code == 410
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["uri"] == withdrawn
        page = client.get("/resource", params={"uri": withdrawn}, headers={"accept": "text/html"})
        assert page.status_code == 410
        assert withdrawn in page.text
        assert "Withdrawn" in page.text


@pytest.mark.long
def test_no_thing_has_a_name_that_a_suffix_would_hide(store: ox.Store) -> None:
    ours = {q.subject.value for q in store if q.subject.value.startswith(CCSID)}
    assert not [iri for iri in ours if iri.endswith((".ttl", ".jsonld", ".nt", ".rdf", ".html"))]
    assert all(iri == ox.NamedNode(iri).value for iri in ours)
