"""SERVICE with an allow-list: right rows from real servers, a problem from bad ones, and no word to any other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from app.errors import FederationRefused, TooComplex
from app.settings import Limits, Settings
from app.sparql.complexity import Bounds
from app.sparql.guard import check
from bench.endpoints import listener
from tests.servers import Reply, free_port, needs_virtuoso, oxigraph
from tests.sparql.conftest import call, served
from tools.endpoint import Endpoint, endpoint

EX = "http://example.org/"
PREFIXES = f"PREFIX ex: <{EX}>\nPREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>\nPREFIX i: <{EX}item/>\n"
ODD = 'it\'s "odd" \\ } # \n\t\u00e9\U0001f600 SERVICE <http://x/> {'


def triples(text: str) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(PREFIXES + text, format=ox.RdfFormat.TURTLE)]


PRICES = [
    *triples("\n".join(f"i:{n} ex:price {n}.5 ; ex:stock {n % 3} ." for n in range(0, 40, 2))),
    ox.Triple(ox.NamedNode(EX + "item/2"), ox.NamedNode(EX + "note"), ox.Literal(ODD, language="en-gb")),
    ox.Triple(ox.NamedNode(EX + "item/4"), ox.NamedNode(EX + "note"), ox.Literal("x", datatype=ox.NamedNode(EX + "t"))),
    ox.Triple(ox.NamedNode(EX + "item/6"), ox.NamedNode(EX + "maker"), ox.BlankNode("who")),
]
KINDS = triples("\n".join(f'<{EX}kind/{n}> rdfs:label "Art {n}"@de .' for n in range(3)))


@contextmanager
def holding(content: list[ox.Triple], folder: Path) -> Iterator[str]:
    """A real server that holds these; its query URL."""
    store = ox.Store(str(folder / "store"))
    store.extend(ox.Quad(*triple) for triple in content)
    store.flush()
    del store
    with oxigraph(folder / "store") as url:
        yield url + "/query"


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Names that queries here use, and the endpoints that they stand for. Nothing listens at `dead`."""
    with ExitStack() as stack:
        found = {
            name: stack.enter_context(holding(content, tmp_path_factory.mktemp(name)))
            for name, content in (("prices", PRICES), ("kinds", KINDS), ("secret", PRICES))
        }
        yield {**found, "dead": f"http://127.0.0.1:{free_port()}/query"}


@pytest.fixture(
    scope="module", params=["embedded", "oxigraph", pytest.param("virtuoso", marks=[needs_virtuoso, pytest.mark.long])]
)
def target(
    request: pytest.FixtureRequest, store: Path, others: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Endpoint]:
    allowed = ", ".join(others[name] for name in ("prices", "kinds", "dead"))
    folder = tmp_path_factory.mktemp("server")
    with served(store, Limits(sparql_values=500), request.param, folder, allowed) as running:
        yield running


@pytest.fixture(scope="module")
def merged(store: Path, others: dict[str, str]) -> ox.Store:
    """All data in one store: what an endpoint holds is the graph of its name."""
    together = ox.Store()
    together.extend(ox.Quad(*quad.triple) for quad in ox.Store.read_only(str(store)))
    for name, content in (("prices", PRICES), ("kinds", KINDS)):
        together.extend(ox.Quad(*triple, ox.NamedNode(others[name])) for triple in content)
    return together


def ask(target: Endpoint, others: dict[str, str], text: str, **headers: str) -> Reply:
    return call(target, query=PREFIXES + named(text, others), headers=headers)


def named(text: str, others: dict[str, str]) -> str:
    for name, url in others.items():
        text = text.replace(f"<{name}>", f"<{url}>")
    return text


def as_graphs(text: str, others: dict[str, str]) -> str:
    """The same query for one store that holds everything."""
    outline = check(text, Bounds.of(Limits(), others.values()))
    assert outline.services
    text = outline.text
    for service in reversed(outline.services):
        text = text[: service.start] + f"GRAPH <{service.endpoint}> " + text[service.group :]
    return text


def rows(solutions: Any) -> Counter[tuple[str, ...]]:
    names = sorted(variable.value for variable in solutions.variables)
    return Counter(tuple(str(row[name]) for name in names) for row in solutions)


def parsed(answer: Reply) -> Any:
    assert answer.status == 200, answer.body
    return ox.parse_query_results(answer.body, format=ox.QueryResultsFormat.JSON)


WELL = {
    "joined": "SELECT * { ?i ex:kind ?k . SERVICE <prices> { ?i ex:price ?p } }",
    "first": "SELECT ?i ?k { SERVICE <prices> { ?i ex:price ?p FILTER(?p > 30) } ?i ex:kind ?k }",
    "glued": "SELECT*{?i ex:kind ?k.SERVICE<prices>{?i ex:stock 2}}",
    "any case, comments": "SELECT * { sErViCe # } <secret> {\n <prices> # {\n { ?i ex:stock 2 # }\n } }",
    "several": "SELECT * { ?i ex:kind ?k . SERVICE <prices> { ?i ex:price ?p } SERVICE <kinds> { ?k rdfs:label ?l } }",
    "one twice": "SELECT * { SERVICE <prices> { ?i ex:price ?p } SERVICE <prices> { ?i ex:stock 1 } }",
    "odd literals": "SELECT * { SERVICE <prices> { ?i ex:note ?n } }",
    "unbound": "SELECT * { SERVICE <prices> { ?i ex:price ?p OPTIONAL { ?i ex:note ?n } } ?i ex:kind ?k }",
    "OPTIONAL": "SELECT * { ?i ex:kind ?k FILTER(?k = <http://example.org/kind/1>) OPTIONAL { SERVICE <prices> { ?i ex:price ?p } } }",
    "OPTIONAL with a filter":
    "SELECT * { VALUES (?i ?m) { (i:2 1) (i:4 9) } OPTIONAL { SERVICE <prices> { ?i ex:price ?p } FILTER(?p > ?m) } }",
    "UNION": "SELECT * { { SERVICE <prices> { ?i ex:stock 1 } } UNION { SERVICE <kinds> { ?i rdfs:label ?l } } }",
    "UNION inside": "SELECT * { SERVICE <prices> { { ?i ex:stock 1 } UNION { ?i ex:note ?n } } }",
    "MINUS": "SELECT * { ?i ex:kind <http://example.org/kind/1> MINUS { SERVICE <prices> { ?i ex:price ?p } } }",
    "EXISTS": "SELECT ?i { ?i ex:kind <http://example.org/kind/1> FILTER EXISTS { SERVICE <prices> { ?i ex:price ?p } } }",
    "NOT EXISTS": "SELECT ?i { ?i ex:kind <http://example.org/kind/1> FILTER NOT EXISTS { SERVICE <prices> { ?i ex:price ?p } } }",
    "in a sub-select": "SELECT * { ?i ex:kind ?k { SELECT ?i (SUM(?p) AS ?s) { SERVICE <prices> { ?i ex:price ?p } } GROUP BY ?i } }",
    "a sub-select": "SELECT * { SERVICE <prices> { SELECT ?s (COUNT(?i) AS ?n) { ?i ex:stock ?s } GROUP BY ?s } }",
    "a projection hides": "SELECT * { VALUES ?p { 7 } SERVICE <prices> { SELECT ?i { ?i ex:price ?p } } }",
    "aggregated": "SELECT ?k (AVG(?p) AS ?a) { ?i ex:kind ?k SERVICE <prices> { ?i ex:price ?p } } GROUP BY ?k HAVING(COUNT(*) > 2)",
    "BIND before and in it": "SELECT * { BIND(i:2 AS ?i) SERVICE <prices> { ?i ex:price ?p BIND(?p * 2 AS ?q) } BIND(?q + 1 AS ?r) }",
    "no variable, a solution": "SELECT * { VALUES ?x { 1 2 } SERVICE <prices> { i:2 ex:price 2.5 } }",
    "no variable, no solution": "SELECT * { VALUES ?x { 1 2 } SERVICE <prices> { i:2 ex:price 3.5 } }",
    "no solution": "SELECT * { ?i ex:kind ?k SERVICE <prices> { ?i ex:nothing ?p } }",
    "VALUES in it": "SELECT * { SERVICE <prices> { VALUES ?i { i:2 i:3 } ?i ex:price ?p } }",
    "a blank node as a pattern": "SELECT * { SERVICE <prices> { ?i ex:price ?p . _:b ex:stock 2 ; ex:price ?p } }",
    "a blank node counted": "SELECT * { SERVICE <prices> { SELECT (COUNT(?m) AS ?n) { ?i ex:maker ?m FILTER(ISBLANK(?m)) } } }",
    "prefixes of its own": "PREFIX ex: <http://example.com/> PREFIX p: <http://example.org/> BASE <http://example.org/item/> "
    "SELECT * { SERVICE <prices> { <2> p:price ?p } VALUES ?e { ex:e } }",
    "in words only": "SELECT * { SERVICE <prices> { ?i ex:note ?n FILTER(CONTAINS(?n, 'SERVICE <secret> {')) # SERVICE <secret> {}\n } }",
}  # fmt: skip
# VALUES as all of an alternative, of MINUS or of EXISTS; a product that changes its type; BASE behind PREFIX.
UNLIKE_VIRTUOSO = {"UNION", "MINUS", "EXISTS", "NOT EXISTS", "BIND before and in it", "prefixes of its own"}


@pytest.mark.parametrize("name", WELL)
def test_rows_are_those_of_one_store(
    target: Endpoint, others: dict[str, str], merged: ox.Store, name: str, request: pytest.FixtureRequest
) -> None:
    text = PREFIXES + named(WELL[name], others)
    if request.node.callspec.params["target"] == "virtuoso" and name in UNLIKE_VIRTUOSO:
        pytest.skip("Virtuoso 7.2.5 errs in this query whoever sends it")
    found = ask(target, others, WELL[name])
    assert rows(parsed(found)) == rows(merged.query(as_graphs(text, others)))
    assert found.headers["cache-control"] == "no-store"
    assert "etag" not in found.headers


def test_other_forms(target: Endpoint, others: dict[str, str]) -> None:
    group = "SERVICE <prices> { ?i ex:stock 2 }"
    assert ask(target, others, f"ASK {{ {group} ?i ex:kind ?k }}").json["boolean"] is True
    assert ask(target, others, f"ASK {{ {group} ?i ex:none ?k }}").json["boolean"] is False
    graph = ask(
        target, others, f"CONSTRUCT {{ ?i ex:in ?k }} {{ {group} ?i ex:kind ?k }}", accept="application/n-triples"
    )
    assert (graph.status, graph.body.count(b"/in> ")) == (200, 7)
    assert ask(target, others, f"DESCRIBE ?i {{ {group} }}", accept="application/n-triples").status == 200
    assert ask(target, others, f"SELECT * {{ {group} }}", accept="text/turtle").status == 406


def test_fresh_blank_nodes_of_the_query_itself(
    target: Endpoint, others: dict[str, str], request: pytest.FixtureRequest
) -> None:
    if request.node.callspec.params["target"] == "virtuoso":
        pytest.skip("Virtuoso 7.2.5 has no BNODE()")
    found = ask(target, others, "SELECT ?i (BNODE() AS ?b) { SERVICE <prices> { ?i ex:stock 2 } }").json
    assert len(found["results"]["bindings"]) == 7


def test_an_answer_is_never_kept(target: Endpoint, others: dict[str, str]) -> None:
    found = ask(target, others, "ASK { SERVICE <prices> { ?i ex:stock 2 } }", **{"if-none-match": "*"})
    assert (found.status, found.headers["cache-control"], "etag" in found.headers) == (200, "no-store", False)


def test_nothing_listens(target: Endpoint, others: dict[str, str]) -> None:
    text = "SELECT * { ?i ex:kind <http://example.org/kind/1> SERVICE <dead> { ?s ?p ?o } } LIMIT 1"
    found = ask(target, others, text)
    assert (found.status, found.json["type"].rpartition("/")[2]) == (502, "service-fault")
    assert len(ask(target, others, silent(text)).json["results"]["bindings"]) == 1
    both = "SELECT ?i { SERVICE SILENT <dead> { ?i ?p ?o } SERVICE SILENT <prices> { ?i ex:stock 2 } }"
    assert len(ask(target, others, both).json["results"]["bindings"]) == 7


def silent(text: str) -> str:
    return text.replace("SERVICE", "SERVICE SILENT")


def test_a_fault_in_a_group_keeps_its_place(target: Endpoint, others: dict[str, str]) -> None:
    found = ask(target, others, "SELECT * { ?s ?p ?o\n  SERVICE <prices> # {\n { ?s ?p ! } }").json
    assert (found["line"], found["offendingLine"]) == (6, " { ?s ?p ! } }")
    late = ask(target, others, "SELECT (1 AS ?i) { SERVICE <prices> { ?i ex:stock 2 } }")
    assert (late.status, "SERVICE" in late.json["detail"], "line" in late.json) == (400, True, False)


REFUSED = {
    "not listed": "SELECT * { SERVICE <secret> { ?s ?p ?o } }",
    "not listed, SILENT": "SELECT * { SERVICE SILENT <secret> { ?s ?p ?o } }",
    "a listed one before": "SELECT * { SERVICE <prices> { ?s ?p ?o } SERVICE <secret> { ?s ?p ?o } }",
    "a variable": "SELECT * { VALUES ?e { <prices> } SERVICE ?e { ?s ?p ?o } }",
    "nested": "SELECT * { SERVICE <prices> { ?s ?p ?o SERVICE <prices> { ?s ?p ?o } } }",
    "nested elsewhere": "SELECT * { SERVICE <prices> { { SELECT ?s { SERVICE <secret> { ?s ?p ?o } } } } }",
    "nested by a name": "PREFIX e: <secret> SELECT * { SERVICE <prices> { SERVICE e: { ?s ?p ?o } } }",
    "nested behind a dot": "SELECT * { SERVICE <prices> { ?s ?p ex:.SERVICE <secret> { ?s ?p ?o } } }",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_allowed(store: Path, name: str) -> None:
    with listener() as (here, heard), listener() as (there, heard_too):
        others = {"prices": f"http://127.0.0.1:{here}/query", "secret": f"http://127.0.0.1:{there}/query"}
        with endpoint(store, Settings(sparql_services=others["prices"]), Limits(sparql_seconds=5)) as target:
            found = ask(target, others, REFUSED[name])
    assert (found.status, found.json["type"].rpartition("/")[2]) == (403, "sparql-federation")
    assert f"<{others['prices']}>" in found.json["detail"]
    assert found.json["line"] == 4
    assert heard == heard_too == []


HOSTILE = {
    "no end": "SELECT * { SERVICE <prices> { ?s ?p ?o ",
    "an end too many": "SELECT * { SERVICE <prices> { ?s ?p ?o } } }",
    "closed and opened again": "SELECT * { SERVICE <prices> { ?s ?p ?o } } LIMIT 1 #\n SERVICE <prices> { { ?s ?p ?o } }",
    "a comment that swallows the end": "SELECT * { SERVICE <prices> { ?s ?p ?o # } }\n",
    "a string that swallows the end": "SELECT * { SERVICE <prices> { ?s ?p '''x } }",
    "crossed brackets": "SELECT * { SERVICE <prices> { FILTER(?s } ) } }",
    "a comparison that reads as an IRI": "SELECT * { SERVICE <prices> { ?s ?p ?o FILTER(?s<?o&&'>'=?p)} LIMIT 1 #'\n} }",
    "a dialect": "SELECT * { SERVICE <prices> { DEFINE get:soft 'soft' } }",
    "behind the group": "SELECT * { ?s ?p ?o } SERVICE <prices> { ?s ?p ?o }",
    "an alternative": "SELECT * { SERVICE <prices> {} UNION {} }",
    "in a template": "CONSTRUCT { SERVICE <prices> { ?s ?p ?o } } { ?s ?p ?o }",
    "without a query": "SERVICE <prices> { ?s ?p ?o }",
    "a prefix that is missing": "SELECT * { SERVICE <prices> { ?s no:such ?o } }",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_query_is_not_sent(store: Path, name: str) -> None:
    with listener() as (port, heard):
        others = {"prices": f"http://127.0.0.1:{port}/query"}
        with endpoint(store, Settings(sparql_services=others["prices"]), Limits(sparql_seconds=5)) as target:
            found = ask(target, others, HOSTILE[name])
    assert (found.status, found.json["type"].rpartition("/")[2]) == (400, "sparql-syntax")
    assert heard == []


@pytest.mark.parametrize(
    "text", ["SELECT * { SERVICE <prices> { ?s ?p ?o } ; DROP ALL }", "SELECT * { SERVICE <prices> { DELETE WHERE { ?s ?p ?o } } }"]
)  # fmt: skip
def test_an_update_inside_is_named(store: Path, text: str) -> None:
    with listener() as (port, heard):
        others = {"prices": f"http://127.0.0.1:{port}/query"}
        with endpoint(store, Settings(sparql_services=others["prices"]), Limits(sparql_seconds=5)) as target:
            found = ask(target, others, text)
    assert (found.status, found.json["type"].rpartition("/")[2]) == (403, "sparql-update")
    assert heard == []


@pytest.mark.parametrize("change", ["/", "?a", "#a", "/../query", "%20", "\\u0061"])
def test_an_address_is_compared_in_full(change: str) -> None:
    bounds = Bounds.of(Limits(), ["http://a/query"])
    check("SELECT * { SERVICE <http://a/query> {} }", bounds)
    others = ["HTTP://a/query", "http://A/query", "http://x@a/query", "http://a:80/query"]
    for other in ("http://a/query" + change, *others):
        with pytest.raises(FederationRefused):
            check(f"SELECT * {{ SERVICE <{other}> {{}} }}", bounds)


@pytest.mark.parametrize("text", ["<http://\\u0061/query>", "e:query", "<query>"])
def test_an_address_may_be_written_in_any_way(text: str) -> None:
    outline = check(
        f"BASE <http://a/> PREFIX e: <http://a/> ASK {{SERVICE {text}{{}}}}", Bounds.of(Limits(), ["http://a/query"])
    )
    assert [service.endpoint for service in outline.services] == ["http://a/query"]


def test_the_number_of_clauses_is_bounded() -> None:
    bounds = Bounds.of(Limits(), ["http://a/query"])
    clause = "SERVICE <http://a/query> {} "
    assert len(check("ASK { " + 10 * clause + "}", bounds).services) == 10
    with pytest.raises(TooComplex):
        check("ASK { " + 11 * clause + "}", bounds)


def test_the_service_description_names_them(target: Endpoint, others: dict[str, str], store: Path) -> None:
    text = call(target, headers={"accept": "text/turtle"}).body.decode()
    assert "sd:BasicFederatedQuery" in text
    assert others["prices"] in text
    assert others["secret"] not in text
    with endpoint(store) as closed:
        assert b"BasicFederatedQuery" not in call(closed, headers={"accept": "text/turtle"}).body


@pytest.mark.parametrize(
    "value",
    ["ftp://a/", "a/b", "http://", "http://u:p@a/", "http://a/ b", "http://a/#b", "http://a/<b>", "http://a:x/"],
)
def test_a_setting_that_names_no_endpoint(value: str) -> None:
    with pytest.raises(ValueError, match="is not the http or https URL"):
        Settings(sparql_services=value)


@pytest.mark.parametrize("value", ["http://a:99999/", "http://999.1.1.1/", "http://[:::]/"])
def test_a_setting_that_names_no_address(value: str) -> None:
    with pytest.raises(ValueError, match="invalid"):
        Settings(sparql_services=value)


def test_the_setting() -> None:
    both = "https://query.example.org/sparql, http://[::1]:8080/a?b=c"
    assert Settings(sparql_services=both).services == tuple(both.split(", "))
    assert Settings().services == ()
