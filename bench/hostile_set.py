"""A graph that is small and enough to explode, and the queries that make it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox

RDFS_LABEL = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
NEXT = ox.NamedNode("http://example.org/next")
KIND = ox.NamedNode("http://example.org/kind")
GRAPH = ox.NamedNode("http://example.org/graph")


def build_store(path: Path, items: int = 4000) -> None:
    """A graph with labels, a ring of links and a few kinds: small, and enough to explode."""

    def quads() -> Iterator[ox.Quad]:
        for number in range(items):
            item = ox.NamedNode(f"http://example.org/item/{number}")
            yield ox.Quad(item, RDFS_LABEL, ox.Literal(f"item {number} " + "a" * 40, language="en"), GRAPH)
            yield ox.Quad(item, KIND, ox.NamedNode(f"http://example.org/kind/{number % 7}"), GRAPH)
            for step in (1, 7, 31):
                yield ox.Quad(item, NEXT, ox.NamedNode(f"http://example.org/item/{(number + step) % items}"), GRAPH)

    store = ox.Store(str(path))
    store.bulk_extend(quads())
    store.flush()
    store.optimize()


def queries(port: int) -> dict[str, str]:
    """The hostile set; `port` is that of a loopback listener which must never hear anything."""
    inside = f"http://127.0.0.1:{port}/"
    numbers = " ".join(map(str, range(1000)))
    triples = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i ."
    doubled = "?x0) " + "".join(f"BIND(CONCAT(?x{n}, ?x{n}) AS ?x{n + 1}) " for n in range(40)).lstrip()
    return {
        "cross product, COUNT": f"SELECT (COUNT(*) AS ?n) {{ {triples} }}",
        "cross product, ORDER BY": f"SELECT * {{ {triples} }} ORDER BY ?c ?f ?i LIMIT 5",
        "cross product, GROUP BY": f"SELECT ?a ?d ?g (COUNT(*) AS ?n) {{ {triples} }} GROUP BY ?a ?d ?g",
        "cross product, DISTINCT": f"SELECT DISTINCT ?c ?f ?i {{ {triples} }}",
        "cross product, COUNT DISTINCT CONCAT": f"SELECT (COUNT(DISTINCT CONCAT(STR(?c), STR(?f), STR(?i))) AS ?n) {{ {triples} }}",
        "cross product, GROUP_CONCAT": f"SELECT (GROUP_CONCAT(STR(?c)) AS ?t) {{ {triples} }}",
        "cross product, MINUS": f"SELECT * {{ {triples} MINUS {{ ?j ?k ?l . ?m ?n ?o }} }} OFFSET 999999999999",
        "cross product, no row passes": f"SELECT * {{ {triples} FILTER(CONCAT(STR(?a), STR(?d)) = STR(?g)) }}",
        "all pairs by path, ORDER BY": "SELECT ?a ?b { ?a (<http://example.org/next>|!<http://example.org/next>)* ?b } ORDER BY ?b ?a",
        "path bomb": "SELECT (COUNT(*) AS ?n) { ?a (<http://example.org/next>|!<http://example.org/next>)* ?b . ?b (<a:a>|!<a:a>)* ?c }",
        "path bomb, nested": "SELECT (COUNT(*) AS ?n) { ?a ((((<a:a>|!<a:a>)*)*)*/((<b:b>|!<b:b>)+)*)* ?b }",
        "path of 160 choices": "SELECT * { ?a " + "/".join(["(<a:a>|!<a:a>)"] * 160) + " ?b }",
        "path of 5,000 steps": "SELECT * { ?a " + "/".join(["<a:a>"] * 5000) + " ?b }",
        "REGEX backtracking": f'SELECT (COUNT(*) AS ?n) {{ {triples} FILTER REGEX(STR(?c), "^(a+)+(a+)+(a|aa)+$") }}',
        "REGEX of growing size": 'SELECT * { ?a ?b ?c FILTER REGEX(STR(?c), "((a{1,100}){1,100}){1,100}") }',
        "VALUES product": "SELECT (COUNT(*) AS ?n) {" + "".join(f" VALUES ?v{n} {{ {numbers} }}" for n in range(4)) + " }",
        "VALUES product, ORDER BY": "SELECT * {" + "".join(f" VALUES ?v{n} {{ {numbers} }}" for n in range(3)) + " } ORDER BY ?v2 ?v1",
        "VALUES of 20,000 terms": f"SELECT * {{ VALUES ?x {{ {'1 ' * 20_000} }} }}",
        "20,000 brackets": "SELECT * { FILTER(" + "(" * 20_000 + "1" + ")" * 20_000 + ") }",
        "20,000 groups": "SELECT * " + "{" * 20_000 + "}" * 20_000,
        "50,000 negations": "ASK { FILTER(" + "!" * 50_000 + "true) }",
        "3,000 nested EXISTS": "ASK " + "{ FILTER EXISTS " * 3000 + "{ ?s ?p ?o }" + " }" * 3000,
        "5,000 OR": "ASK { ?s ?p ?o FILTER(" + "?o = 1 || " * 5000 + "false) }",
        "3,300 UNION": "SELECT * { " + "{ ?s ?p ?o } UNION " * 3300 + "{ } }",
        "10,000 nested lists": "ASK { ?s ?p " + "(" * 10_000 + ")" * 10_000 + " }",
        "nesting hidden in a comment": 'ASK { ?a ?b ?c FILTER(?a<?b#>"""\n || ' + "(" * 10_000 + "1" + ")" * 10_000 + '\n #"""\n) }',
        "OPTIONAL chain": "SELECT * { ?a ?b ?c " + "".join(f"OPTIONAL {{ ?x{n} ?y{n} ?z{n} }} " for n in range(60)) + "}",
        "subqueries, ORDER BY": f"SELECT * {{ {{ SELECT * {{ {triples} }} ORDER BY ?a }} {{ SELECT * {{ ?j ?k ?l }} ORDER BY ?l }} }}",
        "string doubling": f'SELECT (STRLEN(?x40) AS ?n) {{ BIND("aaaaaaaaaaaaaaaa" AS {doubled} }}',
        "REPLACE growth": 'SELECT (REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(?t,".",?t),".",?t),".",?t),".",?t),".",?t) AS ?r)'
        ' { BIND("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz" AS ?t) }',
        "CONSTRUCT of everything": f"CONSTRUCT {{ ?a ?e ?i . ?d ?h ?c . ?g ?b ?f }} {{ {triples} }}",
        "SERVICE to loopback": f"SELECT * {{ SERVICE <{inside}> {{ ?s ?p ?o }} }}",
        "SERVICE SILENT": f"SELECT * {{ SERVICE SILENT <{inside}> {{ ?s ?p ?o }} }}",
        "SERVICE, variable": f"SELECT * {{ VALUES ?e {{ <{inside}> }} SERVICE ?e {{ ?s ?p ?o }} }}",
        "SERVICE, glued": f"PREFIX : <{inside}> SELECT * {{ ?s ?p 1SERVICE<{inside}>{{?a ?b ?c}} }}",
        "SERVICE, as a name": f"PREFIX : <{inside}> SELECT*{{SERVICE:x{{?s ?p ?o}}}}",
        "FROM a remote file": f"SELECT * FROM <{inside}data.ttl> {{ ?s ?p ?o }}",
        "FROM NAMED a remote file": f"SELECT * FROM NAMED <{inside}data.ttl> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
        "LOAD": f"LOAD <{inside}data.ttl>",
        "10 MB of query": "SELECT * { ?s ?p ?o } #" + "x" * 10_000_000,
    }  # fmt: skip
