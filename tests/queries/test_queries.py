"""Every .rq file parses, tells the truth about itself and runs; values enter only as RDF terms."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from heapq import nsmallest

import pyoxigraph as ox
import pytest
from pyoxigraph import Literal, NamedNode
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import Query as Prepared

import queries
from releases.release import Release

NAMES = queries.names()
WHOLE = {"pages/incoming", "pages/outgoing", "pages/outgoing_counts", "search/texts"}  # open, all of the graph
# A value of each parameter that is no column.
UNSEEN = {
    "labels": "https://w3id.org/ccsi/id/graph/labels/en",
    "property": "http://www.w3.org/2004/02/skos/core#prefLabel",
    "type": "http://data.europa.eu/esco/model#Skill",
}
HOSTILE = 'x" } UNION { ?s ?p ?o } #\n} ; DROP ALL <http://e> \\" '


@pytest.fixture(scope="module")
def store(starter: Release) -> ox.Store:
    return ox.Store.read_only(str(starter.store))


def algebra(name: str) -> Prepared:
    """The query as another SPARQL implementation reads it."""
    return prepareQuery(queries.load(name).bind())


def test_there_are_queries_for_the_api_the_derivation_and_the_competency_questions() -> None:
    assert {n.partition("/")[0] for n in NAMES} >= {"api", "materialise", "competency"}
    assert len(NAMES) > 20


@pytest.mark.parametrize("name", NAMES)
def test_header_tells_the_truth(name: str) -> None:
    query = queries.load(name)
    assert re.fullmatch(r"[A-Z].{15,}[.?]\)?", query.summary), "the summary is one sentence"
    assert len(set(query.columns)) == len(query.columns) > 0
    assert tuple(str(v) for v in algebra(name).algebra.PV) == query.columns
    open_lines = re.findall(r"^\s*VALUES \?(\w+) \{ UNDEF \}", query.text, re.MULTILINE)
    assert sorted(open_lines) == sorted(query.parameters)
    assert "UNDEF" not in query.bind()
    assert all(meaning for meaning in query.parameters.values())


@pytest.mark.parametrize("name", NAMES)
def test_text_is_portable_and_safe(name: str) -> None:
    text = re.sub(r"#.*|<[^>]*>|\"[^\"]*\"", "", queries.load(name).text)
    assert not re.search(r"\b(LATERAL|SERVICE|INSERT|DELETE|LOAD|DROP|FROM)\b", text)
    assert "GRAPH" in text  # graphs are named, no union flag is needed


def samples(rows: list[queries.Row], column: int) -> Iterator[queries.Term]:
    yield from (row[column] for row in rows if row[column] is not None)  # type: ignore[misc]


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.long] * (n in WHOLE)) for n in NAMES])
def test_runs_open_and_bound(name: str, store: ox.Store) -> None:
    query = queries.load(name)
    every = queries.select(store, name)
    if query.always_answers:
        assert every
    for parameter in query.parameters:
        at = query.columns.index(parameter) if parameter in query.columns else -1
        known = samples(every, at) if at >= 0 else [NamedNode(UNSEEN[parameter])]
        expected: dict[queries.Term, list[queries.Row]] = {term: [] for term in nsmallest(3, set(known), key=str)}
        if at >= 0:
            for row in every:
                if (term := row[at]) in expected:
                    expected[term].append(row)  # type: ignore[index]
        for term, rows in expected.items():
            some = queries.select(store, name, {parameter: [term]})
            assert bool(some) == bool(every)
            if at >= 0:
                assert Counter(some) == Counter(rows)
        nobody = NamedNode("http://example.org/nobody")
        assert queries.select(store, name, {parameter: [nobody]}) == []
        assert queries.select(store, name, {parameter: []}) == []


@pytest.mark.parametrize("name", [n for n in NAMES if queries.load(n).parameters])
def test_values_are_rdf_terms_or_refused(name: str) -> None:
    query = queries.load(name)
    parameter = next(iter(query.parameters))
    for value in ("http://example.org/a", "<http://example.org/a>", 1, None, ox.BlankNode("b"), object()):
        with pytest.raises(TypeError, match="must be an RDF term"):
            query.bind({parameter: [value]})  # type: ignore[list-item]
    with pytest.raises(KeyError, match="has no parameter nonsense"):
        query.bind({"nonsense": [Literal("x")]})


@pytest.mark.parametrize("name", [n for n in NAMES if queries.load(n).parameters])
def test_injection_stays_a_value(name: str, store: ox.Store) -> None:
    query = queries.load(name)
    for parameter in query.parameters:
        text = query.bind({parameter: [Literal(HOSTILE), Literal(HOSTILE, language="en")]})
        prepared = prepareQuery(text).algebra
        assert tuple(str(v) for v in prepared.PV) == query.columns
        harmless = prepareQuery(query.bind({parameter: [Literal("x"), Literal("x", language="en")]})).algebra
        assert re.findall(r"[A-Z]\w+_\{", str(prepared)) == re.findall(r"[A-Z]\w+_\{", str(harmless))
        assert queries.select(store, name, {parameter: [Literal(HOSTILE)]}) == []


@pytest.mark.parametrize("iri", ["http://e/a> } #", "http://e/a b", 'http://e/"', "http://e/{x}", "no scheme"])
def test_what_is_no_iri_does_not_become_one(iri: str) -> None:
    with pytest.raises(ValueError, match="IRI"):
        NamedNode(iri)


def test_a_hostile_literal_finds_itself_and_nothing_else() -> None:
    store = ox.Store()
    graph = NamedNode("https://w3id.org/ccsi/id/graph/ontology")
    ccsi = "https://w3id.org/ccsi/ns#"
    for label in (HOSTILE, "plain"):
        node = NamedNode(f"http://example.org/{len(label)}")
        store.add(ox.Quad(node, NamedNode(ccsi + "x"), Literal(label), graph))
    text = "SELECT ?s WHERE { VALUES ?o { %s } GRAPH ?g { ?s ?p ?o } }"
    from queries import _written

    found = [row["s"] for row in store.query(text % _written(Literal(HOSTILE)))]  # type: ignore[union-attr]
    assert found == [NamedNode(f"http://example.org/{len(HOSTILE)}")]
