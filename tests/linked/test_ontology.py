"""The ontology as those who look for one find it (after FOOPS!): who, when, which version, words for every term; and it is kept."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations

import pyoxigraph as ox
import pytest
from starlette.testclient import TestClient

from ontology import (
    CCSI,
    CCSID,
    CONTRIBUTORS,
    DCT,
    ESCO,
    GRAPH,
    GRAPH_NACE,
    GRAPH_ONTOLOGY,
    OWL,
    PREFIXES,
    PROV,
    RDF,
    RDFS,
    SKOS,
    XSD,
)  # fmt: skip
from releases.release import Release
from tests.linked.conftest import CURATOR

THIS = ox.NamedNode(CCSI)
# Classes that have sub-classes among the others, or whose instances are the user's own.
PARENTS = {"ScopeStatement", "SkillStatement", "HeritageFunction", "ProfileTemplate", "OwnConcept"}
# What people meet in answers, pages and queries. Statements of the kinds that have tens of thousands have no name of their
# own: what shows them names them after what they are about.
NAMED = (
    "Domain", "Function", "Degree", "EvidenceRoute", "SourceConfidence", "CrosswalkEntry", "CurationEntry", "ScopeAssertion",
    "ScopeDecision", "DerivationActivity", "AnalysisUnit", "SkillArea", "TransversalFigure", "SkillCluster", "ClusteringQuality",
    "ProfileTemplate", "ProfileSection", "CompositionRule", "ValidationStatus", "ProfileGap",
)  # fmt: skip


@pytest.fixture(scope="module")
def store(starter: Release) -> ox.Store:
    return ox.Store.read_only(str(starter.store))


def values(store: ox.Store, subject: str | ox.NamedNode, prop: str) -> list[ox.Term]:
    node = ox.NamedNode(subject) if isinstance(subject, str) else subject
    return [q.object for q in store.quads_for_pattern(node, ox.NamedNode(prop), None)]


def of_class(store: ox.Store, iri: str) -> set[str]:
    return {q.subject.value for q in store.quads_for_pattern(None, ox.NamedNode(RDF + "type"), ox.NamedNode(iri))}  # type: ignore[union-attr]


def texts(store: ox.Store, subject: str, *props: str) -> dict[str, str]:
    found = [v for prop in props for v in values(store, subject, prop)]
    return {v.language or "": v.value for v in found if isinstance(v, ox.Literal)}


def test_it_says_who_when_which_and_how_to_cite_it(store: ox.Store, web: TestClient) -> None:
    for prop in ("title", "description", "creator", "publisher", "license", "rights", "bibliographicCitation"):
        assert len(values(store, THIS, DCT + prop)) == 1, prop
    for prop in ("created", "issued", "modified"):
        (date,) = values(store, THIS, DCT + prop)
        assert isinstance(date, ox.Literal)
        assert date.datatype.value == XSD + "date"
    assert (
        values(store, THIS, DCT + "creator") == values(store, THIS, DCT + "publisher") == [ox.NamedNode(CONTRIBUTORS)]
    )
    assert texts(store, CONTRIBUTORS, PREFIXES["foaf"] + "name") == {"": "The contributors to CCSI in ESCO"}
    assert web.get(CONTRIBUTORS.removeprefix("https://w3id.org/ccsi")).status_code == 303
    (version,) = values(store, THIS, OWL + "versionIRI")
    (number,) = values(store, THIS, OWL + "versionInfo")
    assert version.value == f"https://w3id.org/ccsi/ns/{number.value}"  # type: ignore[union-attr]
    assert web.get(f"/ns/{number.value}").status_code == 200  # type: ignore[union-attr]
    assert web.get("/ns/9.9.9").status_code == 404
    vann = "http://purl.org/vocab/vann/preferredNamespace"
    assert texts(store, CCSI, vann + "Prefix") == {"": "ccsi"}
    assert texts(store, CCSI, vann + "Uri") == {"": CCSI}


def test_every_term_has_words_a_place_and_a_home(store: ox.Store) -> None:
    links, figures = of_class(store, OWL + "ObjectProperty"), of_class(store, OWL + "DatatypeProperty")
    terms = {iri for iri in links | figures | of_class(store, OWL + "Class") if iri.startswith(CCSI)}
    assert len(terms) > 150
    for iri in terms:
        assert "en" in texts(store, iri, RDFS + "label"), iri
        assert "en" in texts(store, iri, SKOS + "definition"), iri
        assert values(store, iri, RDFS + "isDefinedBy") == [THIS], iri
    for iri in links:
        assert values(store, iri, RDFS + "domain"), iri
        assert values(store, iri, RDFS + "range"), iri


def test_what_has_an_inverse_runs_the_other_way(store: ox.Store) -> None:
    pairs = [(q.subject, q.object) for q in store.quads_for_pattern(None, ox.NamedNode(OWL + "inverseOf"), None)]
    ends = {name for pair in pairs for name in (pair[0].value.removeprefix(CCSI), pair[1].value.removeprefix(CCSI))}  # type: ignore[union-attr]
    assert {"broaderCluster", "narrowerCluster", "occupation", "scopeStatement", "basedOn", "weighedFor"} <= ends
    for one, other in pairs:
        assert isinstance(one, ox.NamedNode)
        assert isinstance(other, ox.NamedNode)
        assert values(store, one, RDFS + "domain") == values(store, other, RDFS + "range"), one
        assert values(store, one, RDFS + "range") == values(store, other, RDFS + "domain"), one


def test_classes_that_cannot_meet_do_not(store: ox.Store) -> None:
    query = f"""SELECT ?class {{ GRAPH <{GRAPH_ONTOLOGY}> {{ ?all a <{OWL}AllDisjointClasses> ;
        <{OWL}members>/<{RDF}rest>*/<{RDF}first> ?class }} }}"""
    apart = {row["class"].value for row in store.query(query)}  # type: ignore[union-attr]
    ours = {iri for iri in of_class(store, OWL + "Class") if iri.startswith(CCSI)}
    assert apart == ours - {CCSI + name for name in PARENTS}
    members = {iri: of_class(store, iri) for iri in apart}
    assert sum(bool(found) for found in members.values()) > 20
    assert [pair for pair in combinations(sorted(apart), 2) if members[pair[0]] & members[pair[1]]] == []


def test_what_is_stated_fits_domains_and_ranges(store: ox.Store) -> None:
    """As a reasoner would conclude: no subject is made something that it is not, no value neither."""
    a, below = ox.NamedNode(RDF + "type"), ox.NamedNode(RDFS + "subClassOf")
    parents = defaultdict(set)
    for quad in store.quads_for_pattern(None, below, None):
        parents[quad.subject.value].add(quad.object.value)  # type: ignore[union-attr]

    def kinds(node: ox.Term) -> set[str]:
        found = {q.object.value for q in store.quads_for_pattern(node, a, None)}  # type: ignore[union-attr, arg-type]
        return found | {above for kind in found for above in _above(parents, kind)}

    wrong: set[tuple[str, str, str]] = set()
    seen = 0
    for prop in of_class(store, OWL + "ObjectProperty") | of_class(store, OWL + "DatatypeProperty"):
        domain = {v.value for v in values(store, prop, RDFS + "domain")} - {RDFS + "Resource"}  # type: ignore[union-attr]
        (range_,) = (v.value for v in values(store, prop, RDFS + "range"))  # type: ignore[union-attr]
        for quad in list(store.quads_for_pattern(None, ox.NamedNode(prop), None))[::7]:
            seen += 1
            if not domain <= kinds(quad.subject):
                wrong.add((prop, "domain", quad.subject.value))  # type: ignore[union-attr]
            if isinstance(quad.object, ox.Literal):
                if range_ not in (RDFS + "Literal", quad.object.datatype.value):
                    wrong.add((prop, "range", quad.object.datatype.value))
            elif (found := kinds(quad.object)) and range_ not in found:  # the sample lacks concepts that curation names
                wrong.add((prop, "range", quad.object.value))  # type: ignore[union-attr]
    assert seen > 10_000
    assert {(prop, what) for prop, what, _ in wrong} == set(), sorted(wrong)[:20]


@pytest.mark.parametrize("name", NAMED)
def test_what_people_see_has_a_name(store: ox.Store, name: str) -> None:
    found = of_class(store, CCSI + name)
    assert found
    nameless = [iri for iri in found if "en" not in texts(store, iri, RDFS + "label", SKOS + "prefLabel")]
    assert nameless == []


def test_names_say_what_a_thing_is(store: ox.Store) -> None:
    key = CURATOR.rpartition("/")[2]
    assert texts(store, f"{CCSID}decision/{key}-heritage", RDFS + "label") == {
        "en": "exhibition curator: heritage, core"
    }
    assertion = texts(store, f"{CCSID}assertion/isco/{key}-heritage", RDFS + "label")
    assert assertion == {"en": "exhibition curator: heritage, core (by isco)"}
    assert texts(store, f"{CCSID}profile/heritage-preservation", RDFS + "label") == {
        "en": "cultural heritage: preservation", "es": "patrimonio cultural: preservación",
        "fr": "patrimoine culturel: préservation", "de": "Kulturerbe: Erhaltung",
    }  # fmt: skip
    template = texts(store, f"{CCSID}profile/heritage-{key}", RDFS + "label")
    assert template["en"] == "exhibition curator (cultural heritage)"
    assert texts(store, f"{CCSID}rule/core-shared", SKOS + "prefLabel")["fr"] == "socle commun"
    assert texts(store, f"{CCSID}unit/heritage", RDFS + "label") == {"en": "occupations of heritage"}
    for activity in of_class(store, CCSI + "DerivationActivity"):
        assert values(store, activity, PROV + "wasAssociatedWith") == [ox.NamedNode(CONTRIBUTORS)], activity


def test_a_curation_entry_leads_to_who_made_it_and_when(store: ox.Store) -> None:
    entries = of_class(store, CCSI + "CurationEntry")
    made = {values(store, entry, PROV + "wasGeneratedBy")[0].value for entry in entries}  # type: ignore[union-attr]
    (activity,) = made
    agents = {agent.value for agent in values(store, activity, PROV + "wasAssociatedWith")}  # type: ignore[union-attr]
    assert agents == {CONTRIBUTORS, f"{CCSID}agent/curation-readers"}
    assert all(texts(store, agent, PREFIXES["foaf"] + "name") for agent in agents)
    (ended,) = values(store, activity, PROV + "endedAtTime")
    assert ended.value == "2026-11-28T00:00:00Z"  # type: ignore[union-attr]


def test_hierarchies_schemes_and_mappings_go_both_ways(store: ox.Store) -> None:
    def pairs(graph: str, prop: str) -> set[tuple[str, str]]:
        quads = store.quads_for_pattern(None, ox.NamedNode(SKOS + prop), None, ox.NamedNode(graph))
        return {(q.subject.value, q.object.value) for q in quads}  # type: ignore[union-attr]

    for graph in (GRAPH_ONTOLOGY, GRAPH_NACE):
        broader = pairs(graph, "broader")
        assert broader
        assert pairs(graph, "narrower") == {(above, below) for below, above in broader}
        up = defaultdict(set)
        for below, above in broader:
            up[below].add(above)
        closure = {(c, a) for c in [*up] for a in _above(up, c)}
        assert pairs(graph, "broaderTransitive") == closure
        assert pairs(graph, "hasTopConcept") == {(s, c) for c, s in pairs(graph, "topConceptOf")}
        for one, other in (("broadMatch", "narrowMatch"), ("closeMatch", "closeMatch"), ("exactMatch", "exactMatch")):
            assert pairs(graph, one) == {(b, a) for a, b in pairs(graph, other)}, one
    in_schemes = {(c, s) for c, s in pairs(GRAPH_ONTOLOGY, "inScheme") if s.startswith(CCSID)}
    below = {c for c, _ in pairs(GRAPH_ONTOLOGY, "broader")}
    assert pairs(GRAPH_ONTOLOGY, "topConceptOf") == {(c, s) for c, s in in_schemes if c not in below}
    clusters = {
        (q.subject, q.object) for q in store.quads_for_pattern(None, ox.NamedNode(CCSI + "broaderCluster"), None)
    }
    inverse = {
        (q.object, q.subject) for q in store.quads_for_pattern(None, ox.NamedNode(CCSI + "narrowerCluster"), None)
    }
    assert clusters == inverse
    assert clusters


def _above(up: dict[str, set[str]], concept: str) -> set[str]:
    found: set[str] = set()
    todo = {concept}
    while todo:
        todo = {a for c in todo for a in up.get(c, ())} - found
        found |= todo
    return found


def test_a_crosswalk_entry_names_the_concept_of_its_code(store: ox.Store) -> None:
    entries = of_class(store, CCSI + "CrosswalkEntry")
    assert len(entries) == 89
    seen = 0
    for entry in entries:
        (code,) = values(store, entry, CCSI + "code")
        (concept,) = values(store, entry, CCSI + "codeConcept")
        assert isinstance(concept, ox.NamedNode)
        if notation := values(store, concept, SKOS + "notation"):  # the sample has not every group of ISCO-08
            assert notation == [code], entry
            seen += 1
        else:
            assert concept.value == f"http://data.europa.eu/esco/isco/C{code.value}"  # type: ignore[union-attr]
    assert seen > 60


def test_terms_of_esco_are_explained_where_they_are_met(store: ox.Store, web: TestClient) -> None:
    graph = ox.NamedNode(GRAPH + "esco")
    used = {q.predicate.value for q in store.quads_for_pattern(None, None, None, graph)}
    used |= {q.object.value for q in store.quads_for_pattern(None, ox.NamedNode(RDF + "type"), None, graph)}  # type: ignore[union-attr]
    met = {iri for iri in used if iri.startswith(ESCO)}
    assert len(met) > 8
    assert [iri for iri in met if "en" not in texts(store, iri, RDFS + "label")] == []
    for path, said in (
        ("/esco-model.ttl", "esco:hasNACECode a rdf:Property"),
        ("/shapes.ttl", "ccsi:CrosswalkEntryShape"),
    ):
        answer = web.get(path)
        assert answer.headers["content-type"] == "text/turtle; charset=utf-8"
        assert said in answer.text
        assert list(ox.parse(answer.content, format=ox.RdfFormat.TURTLE))
        assert web.get(path, headers={"if-none-match": answer.headers["etag"]}).status_code == 304
