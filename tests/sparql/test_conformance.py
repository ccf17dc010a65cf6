"""The W3C SPARQL 1.1 Protocol and service description tests, against the running endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import Graph, Namespace, URIRef
from rdflib.namespace import RDF

from tests.sparql.conftest import call
from tools import conformance
from tools.conformance_syntax import LENIENT, read_syntax_tests, run_syntax
from tools.endpoint import Endpoint, endpoint

FOLDER = conformance.default_folder()
TESTS = conformance.read_manifest(FOLDER) if FOLDER else []
SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
MEDIA_TYPES = ["text/turtle", "application/rdf+xml", "application/n-triples", "application/ld+json", "application/trig"]

needs_suite = pytest.mark.skipif(
    FOLDER is None, reason="the W3C tests are not at $CCSI_ESCO_DATA/w3c-sparql11-protocol"
)


@pytest.fixture(scope="module")
def w3c(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    assert FOLDER is not None
    path: Path = tmp_path_factory.mktemp("w3c") / "store"
    conformance.build_store(FOLDER, path)
    with endpoint(path) as target:
        yield target


@needs_suite
def test_the_whole_suite_is_read() -> None:
    assert (len(TESTS), sum(test.updates for test in TESTS)) == (34, 14)


@needs_suite
@pytest.mark.parametrize("test", TESTS, ids=[test.name for test in TESTS])
def test_protocol(test: conformance.Test, w3c: Endpoint) -> None:
    assert conformance.run(test, w3c) == ""


SYNTAX = FOLDER.parent / "w3c-sparql-syntax" if FOLDER else None
SYNTAX_TESTS = read_syntax_tests(SYNTAX) if SYNTAX and SYNTAX.is_dir() else []


@pytest.mark.skipif(not SYNTAX_TESTS, reason="the W3C tests are not at $CCSI_ESCO_DATA/w3c-sparql-syntax")
def test_syntax(w3c: Endpoint) -> None:
    assert sum(test.positive for test in SYNTAX_TESTS) == 215
    assert len(SYNTAX_TESTS) == 296
    wrong = {test.name: found for test in SYNTAX_TESTS if (found := run_syntax(test, w3c))}
    assert set(wrong.values()) == {"policy", "function"}
    assert sum(found == "policy" for found in wrong.values()) == 3
    assert sum(found == "function" for found in wrong.values()) == 8
    unexcused = [t for t in SYNTAX_TESTS if t.name in LENIENT]
    assert [t.positive for t in unexcused] == [False]


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_service_description(media_type: str, target: Endpoint) -> None:
    reply = call(target, headers={"accept": media_type})
    assert reply.status == 200
    assert reply.headers["content-type"].startswith(media_type)
    triples = (quad.triple for quad in ox.parse(reply.body, format=ox.RdfFormat.from_media_type(media_type)))
    graph = Graph().parse(data=ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES), format="nt")
    services = list(graph.subjects(RDF.type, SD.Service))
    assert services == [URIRef(target.url)]
    assert list(graph.objects(services[0], SD.endpoint)) == [URIRef(target.url)]
    # The ranges of the vocabulary: what each property points at is of the class it must be.
    dataset = graph.value(services[0], SD.defaultDataset)
    assert (dataset, RDF.type, SD.Dataset) in graph
    assert (graph.value(dataset, SD.defaultGraph), RDF.type, SD.Graph) in graph
    for named in graph.objects(dataset, SD.namedGraph):
        assert (named, RDF.type, SD.NamedGraph) in graph
        assert isinstance(graph.value(named, SD.name), URIRef)
        assert (graph.value(named, SD.graph), RDF.type, SD.Graph) in graph
    assert (services[0], SD.supportedLanguage, SD.SPARQL11Query) in graph
    assert (services[0], SD.feature, SD.UnionDefaultGraph) in graph
    assert (services[0], SD.feature, SD.BasicFederatedQuery) not in graph
    assert len(list(graph.objects(services[0], SD.resultFormat))) == 10
