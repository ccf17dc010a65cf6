"""Each vocabulary is a SPARQL endpoint of its own, which a browser for SKOS can be pointed at: here with what Skosmos asks.

The queries are written anew in the shape in which Skosmos 3 sends them to an endpoint without a graph of its own
(`skosmos:sparqlGraph` left out), its odd parts included: a column named twice, variables that nothing binds.
"""

from __future__ import annotations

from typing import Any

import httpx2
import pyoxigraph as ox
import pytest

from ontology import CCSID, GRAPH_NACE, RDF, SKOS, VOCABULARIES
from releases.release import Release
from tests.api.conftest import Server

PREFIXES = """PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX dc: <http://purl.org/dc/terms/>
PREFIX dc11: <http://purl.org/dc/elements/1.1/>
PREFIX isothes: <http://purl.org/iso25964/skos-thes#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX skosxl: <http://www.w3.org/2008/05/skos-xl#>
"""
DOMAINS, HERITAGE, MUSEUMS = f"{CCSID}scheme/domains", f"{CCSID}domain/heritage", f"{CCSID}domain/museums"
OCCUPATIONS = "http://data.europa.eu/esco/concept-scheme/occupations"

COUNT = """SELECT (COUNT(DISTINCT(?conc)) as ?c) ?type ?typelabel (COUNT(?depr) as ?deprcount) WHERE {
  VALUES (?value) { (skos:Concept) (skos:Collection) }
  ?type rdfs:subClassOf* ?value
  { ?type ^a ?conc . OPTIONAL { ?conc owl:deprecated ?depr . FILTER (?depr = True) } }
  UNION { SELECT * WHERE { ?type rdfs:label ?typelabel } }
} GROUP BY ?type ?typelabel"""

COUNT_LANGUAGES = """SELECT ?lang ?prop (COUNT(?label) as ?count) WHERE {
  { VALUES (?type) { (skos:Concept) } VALUES (?prop) { (skos:prefLabel) (skos:altLabel) (skos:hiddenLabel) }
    ?conc a ?type . ?conc ?prop ?label . BIND(LANG(?label) AS ?lang) FILTER(?lang IN ('en','fr')) }
} GROUP BY ?lang ?prop ?type"""

SCHEMES = """SELECT ?cs ?label ?preflabel ?title ?domain ?domainLabel WHERE {
  ?cs a skos:ConceptScheme .
  OPTIONAL { ?cs dc:subject ?domain . ?domain skos:prefLabel ?domainLabel . FILTER(langMatches(lang(?domainLabel), 'en')) }
  OPTIONAL { ?cs rdfs:label ?label . FILTER(langMatches(lang(?label), 'en')) }
  OPTIONAL { ?cs skos:prefLabel ?preflabel . FILTER(langMatches(lang(?preflabel), 'en')) }
  OPTIONAL { { ?cs dc11:title ?title } UNION { ?cs dc:title ?title } FILTER(langMatches(lang(?title), 'en')) }
} ORDER BY ?cs"""

LETTERS = """SELECT DISTINCT (ucase(str(substr(?label, 1, 1))) as ?l) WHERE {
  { ?c skos:prefLabel ?label . ?c a ?type FILTER(langMatches(lang(?label), 'en')) VALUES (?type) { (skos:Concept) } }
}"""

ALPHABETICAL = """SELECT DISTINCT ?s ?label ?alabel ?qualifier WHERE {
  {
    { ?s skos:prefLabel ?label . FILTER ( strstarts(lcase(str(?label)), 'm') && langMatches(lang(?label), 'en') ) }
    UNION
    { { ?s skos:altLabel ?alabel . FILTER ( strstarts(lcase(str(?alabel)), 'm') && langMatches(lang(?alabel), 'en') ) }
      { ?s skos:prefLabel ?label . FILTER (langMatches(lang(?label), 'en')) } }
    ?s a ?type .
    FILTER NOT EXISTS { ?s owl:deprecated true }
    VALUES (?type) { (skos:Concept) }
  }
} ORDER BY LCASE(STR(COALESCE(?alabel, ?label))) STR(?s) LCASE(STR(?qualifier)) LIMIT 250"""

TOP = """SELECT DISTINCT ?top ?topuri ?label ?notation ?children WHERE {
  ?top skos:topConceptOf ?topuri .
  OPTIONAL { ?top skos:prefLabel ?label . FILTER (langMatches(lang(?label), "en")) }
  OPTIONAL { ?top skos:prefLabel ?label . FILTER (langMatches(lang(?label), "fr")) }
  OPTIONAL { ?top skos:prefLabel ?label . }
  OPTIONAL { ?top skos:notation ?notation . }
  BIND ( EXISTS { ?top skos:narrower ?a . } AS ?children )
  VALUES (?topuri) { (<%s>) }
}"""

CHILDREN = """SELECT ?child ?label ?child ?grandchildren ?notation WHERE {
  <%s> a skos:Concept .
  OPTIONAL {
    ?child skos:broader <%s> .
    OPTIONAL { ?child skos:prefLabel ?label . FILTER (langMatches(lang(?label), "en")) }
    OPTIONAL { ?child skos:prefLabel ?label . }
    OPTIONAL { ?child skos:notation ?notation . }
    BIND ( EXISTS { ?a skos:broader ?child . } AS ?grandchildren )
  }
}"""

PARENTS = """SELECT ?broad ?parent ?children ?grandchildren
 (SAMPLE(?lab) as ?label) (SAMPLE(?childlab) as ?childlabel) (GROUP_CONCAT(?topcs; separator=" ") as ?tops)
 (SAMPLE(?nota) as ?notation) (SAMPLE(?childnota) as ?childnotation)
WHERE {
  <%s> a skos:Concept .
  OPTIONAL {
    <%s> skos:broader* ?broad .
    OPTIONAL { ?broad skos:prefLabel ?lab . FILTER (langMatches(lang(?lab), "en")) }
    OPTIONAL { ?broad skos:notation ?nota . }
    OPTIONAL { ?broad skos:broader ?parent . }
    OPTIONAL { ?broad skos:narrower ?children .
      OPTIONAL { ?children skos:prefLabel ?childlab . FILTER (langMatches(lang(?childlab), "en")) }
      OPTIONAL { ?children skos:notation ?childnota . } }
    BIND ( EXISTS { ?children skos:narrower ?a . } AS ?grandchildren )
    OPTIONAL { ?broad skos:topConceptOf ?topcs . }
  }
} GROUP BY ?broad ?parent ?member ?children ?grandchildren"""

SEARCH = """SELECT DISTINCT ?s ?label ?plabel ?alabel ?nlabel ?hlabel ?graph ?notation
 (GROUP_CONCAT(DISTINCT STR(?type);separator=' ') as ?types)
WHERE {
  {
    { SELECT DISTINCT ?s ?label ?notation (MIN(?matchstr) AS ?hit) WHERE {
        { { VALUES (?prop) { (skos:prefLabel) (skos:altLabel) }
            VALUES (?prop ?pri ?langParam) { (skos:prefLabel 1 'en') (skos:altLabel 3 'en') (skos:notation 5 '') (skos:hiddenLabel 7 'en') }
            ?s ?prop ?match . FILTER (STRSTARTS(LCASE(STR(?match)), 'mus')
              && (?prop = skos:notation || LANGMATCHES(lang(?match), ?langParam)))
            ?s ?prop ?match }
          OPTIONAL { ?s skos:prefLabel ?label . FILTER (LANGMATCHES(lang(?label), 'en')) }
          BIND(IF(langMatches(LANG(?match),'en'), ?pri, ?pri+1) AS ?npri)
          BIND(CONCAT(STR(?npri), LANG(?match), '@', STR(?match)) AS ?matchstr)
          OPTIONAL { ?s skos:notation ?notation } }
      } GROUP BY ?s ?label ?notation }
    FILTER(BOUND(?s))
    BIND(STR(SUBSTR(?hit,1,1)) AS ?pri)
    BIND(IF((SUBSTR(STRBEFORE(?hit, '@'),1) != ?pri),
      STRLANG(STRAFTER(?hit, '@'), SUBSTR(STRBEFORE(?hit, '@'),2)), STRAFTER(?hit, '@')) AS ?match)
    BIND(IF((?pri = "1" || ?pri = "2") && ?match != ?label, ?match, ?unbound) as ?plabel)
    BIND(IF((?pri = "3" || ?pri = "4"), ?match, ?unbound) as ?alabel)
    BIND(IF((?pri = "5" || ?pri = "6"), ?match, ?unbound) as ?nlabel)
    BIND(IF((?pri = "7" || ?pri = "8"), ?match, ?unbound) as ?hlabel)
    { ?s a ?type . {{?s skos:inScheme <%s>}} }
    FILTER NOT EXISTS { ?s owl:deprecated true }
  }
} GROUP BY ?s ?match ?label ?plabel ?alabel ?nlabel ?hlabel ?notation ?graph
ORDER BY LCASE(STR(?match)) LANG(?match)"""

CONCEPT = """CONSTRUCT {
  ?s ?p ?uri . ?sp ?uri ?op . ?uri ?p ?o . ?p rdfs:label ?proplabel . ?p rdfs:subPropertyOf ?pp . ?o a ?ot .
  ?o skos:prefLabel ?opl . ?o rdfs:label ?ol . ?o skos:notation ?on . ?directgroup skos:member ?uri . ?group skos:prefLabel ?grouplabel .
} WHERE {
  VALUES (?uri) { (<%s>) }
  {
    { ?s ?p ?uri . FILTER(!isBlank(?s)) FILTER(?p != skos:inScheme) FILTER NOT EXISTS { ?s owl:deprecated true . } }
    UNION { ?sp ?uri ?op . }
    UNION { ?directgroup skos:member ?uri . ?group skos:member+ ?uri . ?group skos:prefLabel ?grouplabel . ?group a ?grouptype . }
    UNION {
      ?uri ?p ?o .
      OPTIONAL { ?uri skos:notation ?nVal . FILTER(isLiteral(?nVal)) BIND(datatype(?nVal) AS ?dt) ?dt rdfs:label ?dtlabel }
      OPTIONAL { ?o rdf:rest* ?b1 . ?b1 rdf:first ?item . ?b1 rdf:rest ?b2 . OPTIONAL { ?item a ?it . } }
      OPTIONAL { { ?p rdfs:label ?proplabel . } UNION { ?p rdfs:subPropertyOf ?pp . } }
      OPTIONAL { { ?o a ?ot . } UNION { ?o skos:prefLabel ?opl . } UNION { ?o rdfs:label ?ol . } UNION { ?o skos:notation ?on . }
                 UNION { ?o a skosxl:Label . ?o ?xlprop ?xlval } }
    }
  }
}"""

Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def server(starter_server: Server) -> Server:
    starter_server.wait(lambda: httpx2.get(f"{starter_server.url}/api/v1/health/ready/sparql").status_code == 200)
    return starter_server


@pytest.fixture(scope="module")
def store(starter: Release) -> ox.Store:
    return ox.Store.read_only(str(starter.store))


def sent(server: Server, vocabulary: str, query: str, accept: str) -> httpx2.Response:
    """As EasyRdf's client does: short queries in the address, long ones as a form."""
    url, text = f"{server.url}/sparql/{vocabulary}", PREFIXES + query
    if len(text) <= 2046:
        answer = httpx2.get(url, params={"query": text}, headers={"accept": accept})
    else:
        answer = httpx2.post(url, data={"query": text}, headers={"accept": accept})
    assert answer.status_code == 200, answer.text
    return answer


def rows(server: Server, vocabulary: str, query: str) -> Rows:
    found = sent(server, vocabulary, query, "application/sparql-results+json").json()["results"]["bindings"]
    return [{name: value["value"] for name, value in row.items()} for row in found]


def concepts(store: ox.Store, graphs: list[str]) -> set[str]:
    a, concept = ox.NamedNode(RDF + "type"), ox.NamedNode(SKOS + "Concept")
    return {q.subject.value for g in graphs for q in store.quads_for_pattern(None, a, concept, ox.NamedNode(g))}


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_an_address_holds_its_vocabulary_and_no_other(server: Server, store: ox.Store, vocabulary: str) -> None:
    names = [g.value for g in store.named_graphs() if isinstance(g, ox.NamedNode)]
    own = [g for g in names if any(g == s or (s.endswith("/") and g.startswith(s)) for s in VOCABULARIES[vocabulary])]
    found = {row["s"] for row in rows(server, vocabulary, "SELECT DISTINCT ?s { ?s a skos:Concept }")}
    assert found == concepts(store, own)
    assert len(found) > 100
    assert rows(server, vocabulary, "SELECT ?g { GRAPH ?g { ?s ?p ?o } } LIMIT 1") == []


def test_nace_is_a_graph_of_its_own_too(server: Server, store: ox.Store) -> None:
    query = f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{GRAPH_NACE}> {{ ?c a skos:Concept }} }}"
    answer = httpx2.get(f"{server.url}/sparql", params={"query": PREFIXES + query, "format": "csv"})
    assert int(answer.text.split()[1]) == len(concepts(store, [GRAPH_NACE])) == 996 + 1047


def test_counts_languages_schemes_and_letters(server: Server, store: ox.Store) -> None:
    counted = {row["type"]: int(row["c"]) for row in rows(server, "esco", COUNT) if "typelabel" not in row}
    assert counted[SKOS + "Concept"] == len(concepts(store, [g for g in VOCABULARIES["esco"] if not g.endswith("/")]))
    languages = {
        (r["lang"], r["prop"].rpartition("#")[2]): int(r["count"]) for r in rows(server, "esco", COUNT_LANGUAGES)
    }
    assert languages["en", "prefLabel"] > 1000
    assert languages["en", "altLabel"] > 100
    titles = {row["cs"]: row.get("title") for row in rows(server, "ccsi", SCHEMES)}
    assert titles[DOMAINS] == "Domains of the cultural and creative sectors and industries"
    assert all(titles.values()), "every scheme of ours has a title"
    letters = {row["l"] for row in rows(server, "esco", LETTERS)}
    assert {"A", "M", "Z"} & letters >= {"A", "M"}


def test_the_alphabetical_index_has_both_kinds_of_labels(server: Server) -> None:
    found = rows(server, "esco", ALPHABETICAL)
    shown = [row.get("alabel", row["label"]).lower() for row in found]
    assert len(found) > 20
    assert shown == sorted(shown)
    assert all(text.startswith("m") for text in shown)
    assert any("alabel" in row for row in found)
    assert any("alabel" not in row for row in found)


def test_the_hierarchy_is_walked_from_the_top_and_from_below(server: Server) -> None:
    top = {row["top"]: row for row in rows(server, "ccsi", TOP % DOMAINS)}
    assert len(top) == 11
    assert (top[HERITAGE]["label"], top[HERITAGE]["children"]) == ("cultural heritage", "true")
    below = {row["child"]: row for row in rows(server, "ccsi", CHILDREN % (HERITAGE, HERITAGE))}
    assert (below[MUSEUMS]["label"], below[MUSEUMS]["grandchildren"]) == ("museums", "false")
    above = rows(server, "ccsi", PARENTS % (MUSEUMS, MUSEUMS))
    assert {row["broad"] for row in above} == {MUSEUMS, HERITAGE}
    assert {row["parent"] for row in above if row["broad"] == MUSEUMS} == {HERITAGE}
    assert {row["tops"] for row in above if row["broad"] == HERITAGE} == {DOMAINS}
    assert MUSEUMS in {row.get("children") for row in above}
    assert len(rows(server, "ccsi", TOP % f"{CCSID}scheme/skill-areas")) == 145
    sections = rows(server, "nace", TOP % "http://data.europa.eu/ux2/nace2.1/nace2.1")
    assert {row["notation"] for row in sections} == set("ABCDEFGHIJKLMNOPQRSTUV")


def test_a_search_finds_what_begins_so(server: Server) -> None:
    found = rows(server, "esco", SEARCH % OCCUPATIONS)
    labels = {row["label"] for row in found}
    assert "museum scientist" in labels
    assert all((row.get("alabel") or row["label"]).lower().startswith("mus") for row in found)
    assert all(SKOS + "Concept" in row["types"].split() for row in found)


def test_a_concept_comes_with_all_that_a_page_shows(server: Server) -> None:
    answer = sent(server, "ccsi", CONCEPT % MUSEUMS, "text/turtle")
    graph = {q.triple for q in ox.parse(answer.content, format=ox.RdfFormat.TURTLE)}
    museums, heritage = ox.NamedNode(MUSEUMS), ox.NamedNode(HERITAGE)
    assert ox.Triple(museums, ox.NamedNode(SKOS + "broader"), heritage) in graph
    assert (
        ox.Triple(heritage, ox.NamedNode(SKOS + "prefLabel"), ox.Literal("cultural heritage", language="en")) in graph
    )
    wikidata = ox.NamedNode("http://www.wikidata.org/entity/Q33506")
    assert ox.Triple(museums, ox.NamedNode(SKOS + "closeMatch"), wikidata) in graph
    assert ox.Triple(wikidata, ox.NamedNode(SKOS + "prefLabel"), ox.Literal("museum", language="en")) in graph


def test_an_address_has_one_dataset_and_describes_itself(server: Server) -> None:
    url = f"{server.url}/sparql/nace"
    refused = httpx2.get(url, params={"query": "ASK {}", "default-graph-uri": GRAPH_NACE})
    problem: Any = refused.json()
    assert (refused.status_code, problem["type"].rpartition("/")[2]) == (400, "sparql-request")
    said = httpx2.get(url, headers={"accept": "text/turtle"}).text
    assert f"<{url}>" in said
    assert "The vocabulary nace." in said
    assert "namedGraph" not in said
    assert httpx2.get(f"{server.url}/sparql/other").status_code == 404
