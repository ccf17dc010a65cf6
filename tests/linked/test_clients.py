"""Real clients, unchanged: SPARQLWrapper, rdflib that federates and follows links, and the example of the documents."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import rdflib
from rdflib.namespace import RDFS, SKOS
from SPARQLWrapper import CSV, GET, JSON, JSONLD, N3, POST, RDFXML, TURTLE, XML, SPARQLWrapper
from SPARQLWrapper.SPARQLExceptions import QueryBadFormed

from tests.api.conftest import Server

CCSI = rdflib.Namespace("https://w3id.org/ccsi/ns#")
HERITAGE = "https://w3id.org/ccsi/id/domain/heritage"
DOCUMENT = Path(__file__).parents[2] / "docs" / "linked-data.md"
DOMAINS = f"SELECT ?label WHERE {{ <{HERITAGE}> <{SKOS.prefLabel}> ?label }} ORDER BY ?label"


@pytest.fixture(scope="module")
def server(starter_server: Server) -> Server:
    return starter_server


def wrapper(server: Server, query: str, method: str = GET) -> SPARQLWrapper:
    made = SPARQLWrapper(f"{server.url}/sparql")
    made.setQuery(query)
    made.setMethod(method)
    return made


@pytest.mark.parametrize("method", [GET, POST])
def test_sparqlwrapper_reads_rows_in_every_format(server: Server, method: str) -> None:
    asked = wrapper(server, DOMAINS, method)
    asked.setReturnFormat(JSON)
    rows = asked.queryAndConvert()["results"]["bindings"]  # type: ignore[index,call-overload]
    labels = [row["label"]["value"] for row in rows]
    assert "cultural heritage" in labels
    asked.setReturnFormat(XML)
    assert "cultural heritage" in asked.queryAndConvert().toxml()  # type: ignore[union-attr]
    asked.setReturnFormat(CSV)
    assert asked.queryAndConvert().decode().split("\r\n")[1:-1] == labels  # type: ignore[union-attr]


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")  # by rdflib itself
def test_sparqlwrapper_reads_graphs_and_truths(server: Server) -> None:
    for wanted, reader in ((TURTLE, "turtle"), (N3, "turtle"), (RDFXML, "xml"), (JSONLD, "json-ld")):
        asked = wrapper(server, f"CONSTRUCT WHERE {{ <{HERITAGE}> ?p ?o }}")
        asked.setReturnFormat(wanted)
        graph = rdflib.Graph().parse(data=asked.query().response.read(), format=reader)
        assert (rdflib.URIRef(HERITAGE), SKOS.notation, rdflib.Literal("heritage")) in graph, wanted
    asked = wrapper(server, f"ASK {{ <{HERITAGE}> a <{CCSI.Domain}> }}")
    asked.setReturnFormat(JSON)
    assert asked.queryAndConvert()["boolean"] is True  # type: ignore[index,call-overload]


def test_sparqlwrapper_knows_a_refusal_when_it_sees_one(server: Server) -> None:
    with pytest.raises(QueryBadFormed, match="Line 1"):
        wrapper(server, "SELECT WHERE nonsense").query()


def test_another_graph_is_joined_with_ours_by_federation(server: Server) -> None:
    """A client's own data beside ours: rdflib sends the SERVICE part here and joins the answers itself."""
    own = rdflib.Graph()
    course = rdflib.URIRef("https://example.org/course/1")
    own.add((course, SKOS.related, rdflib.URIRef(HERITAGE)))
    rows = list(
        own.query(
            f"""PREFIX ccsi: <{CCSI}> PREFIX skos: <{SKOS}>
            SELECT ?course ?label WHERE {{
              ?course skos:related ?domain .
              SERVICE <{server.url}/sparql> {{ ?domain a ccsi:Domain ; skos:prefLabel ?label FILTER(LANG(?label) = "en") }}
            }}"""
        )
    )
    assert [(str(row[0]), str(row[1])) for row in rows] == [(str(course), "cultural heritage")]  # type: ignore[index]


def test_links_are_followed_by_a_client_that_only_knows_rdf(server: Server) -> None:
    """From a domain to a sub-domain and to a cut-off list, each step a plain Graph.parse of an address."""
    graph = rdflib.Graph().parse(f"{server.url}/id/domain/heritage")
    below = list(graph.subjects(SKOS.broader, rdflib.URIRef(HERITAGE)))
    assert len(below) > 3
    local = str(below[0]).replace("https://w3id.org/ccsi", server.url)
    assert (below[0], SKOS.broader, rdflib.URIRef(HERITAGE)) in rdflib.Graph().parse(local)
    scheme = "http://data.europa.eu/esco/concept-scheme/member-skills"
    hub = rdflib.Graph().parse(f"{server.url}/resource?uri={scheme}")
    pages = [str(o) for o in hub.objects(rdflib.URIRef(scheme), RDFS.seeAlso)]
    assert pages
    page = rdflib.Graph().parse(pages[0])
    assert len(list(page.subjects(SKOS.inScheme, rdflib.URIRef(scheme)))) > 100


def test_the_pandas_example_prints_what_the_document_shows(server: Server, tmp_path: Path) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (shown,) = re.findall(r"```text\n(.*?)```", text, re.DOTALL)
    script = tmp_path / "example.py"
    script.write_text(code.replace("http://127.0.0.1:8000", server.url), encoding="utf-8")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == shown.split()


def test_the_document_names_addresses_that_answer(server: Server) -> None:
    import httpx2

    found = re.findall(r"http://127\.0\.0\.1:8000(/[^\s'\"`]+)", DOCUMENT.read_text(encoding="utf-8"))
    targets = [t for t in found if not t.startswith(("/dumps", "/sparql"))]
    assert len(targets) >= 3
    for target in targets:
        answer = httpx2.get(server.url + target, follow_redirects=True)
        assert answer.status_code == 200, target
