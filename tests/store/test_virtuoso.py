"""Virtuoso holds a release: what is sent is there, and our own queries answer as in the release's own store.

The whole API and the SPARQL protocol run on it too, in tests/api and tests/sparql. Its known differences are named here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pyoxigraph as ox
import pytest

import queries
from app.settings import Settings
from app.store import upstream
from app.store.remote import RemoteBackend, RemoteStore
from ontology import GRAPH, SKOS, XSD
from releases import dumps
from releases.push import Push
from releases.release import Release, Releases
from tests.servers import needs_virtuoso, virtuoso, virtuoso_graph_store

pytestmark = needs_virtuoso

NUMBERS = {XSD + name for name in ("decimal", "double", "integer")}
# They range over everything when no resource is given, Virtuoso's own graphs included.
OF_A_RESOURCE = [name for name in queries.names() if name.startswith(("pages/incoming", "pages/outgoing"))]
OF_GRAPHS = "search/texts"
OF_ALL_GRAPHS = ["pages/class_partitions", "pages/property_partitions"]
OTHERS = [
    name for name in queries.names()
    if not name.startswith("materialise/") and name not in (*OF_A_RESOURCE, *OF_ALL_GRAPHS, OF_GRAPHS)
]  # fmt: skip


def value(term: Any) -> Any:
    """A term as what it says: Virtuoso writes numbers, truth and time in its own words, and joins groups in its own order."""
    if not isinstance(term, ox.Literal):
        return term
    kind = term.datatype.value
    if kind in NUMBERS:
        return Decimal(term.value).normalize().quantize(Decimal("1e-12"))
    if kind == XSD + "boolean":
        return term.value in ("true", "1")
    if kind == XSD + "dateTime":
        return datetime.fromisoformat(term.value)
    return " ".join(sorted(term.value.split())) if kind == XSD + "string" else term


def rows(found: list[queries.Row]) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(map(value, row)) for row in found)


@pytest.fixture(scope="module")
def store(starter: Release) -> ox.Store:
    return ox.Store.read_only(str(starter.store))


@pytest.fixture(scope="module")
def remote(virtuoso_starter: str) -> Iterator[RemoteStore]:
    with closing(RemoteStore(virtuoso_starter, 60)) as opened:
        yield opened


@pytest.mark.long
@pytest.mark.parametrize("name", OTHERS)
def test_own_queries_answer_the_same(name: str, store: ox.Store, remote: RemoteStore) -> None:
    assert rows(remote.select(name)) == rows(queries.select(store, name))


@pytest.mark.parametrize("name", OF_ALL_GRAPHS)
def test_what_virtuoso_holds_beside_the_release_is_in_graphs_of_its_own(
    name: str, store: ox.Store, remote: RemoteStore
) -> None:
    ours = {graph.value for graph in store.named_graphs()}
    found = [row for row in remote.select(name) if row[0] is not None and row[0].value in ours]
    assert rows(found) == rows(queries.select(store, name))


@pytest.mark.parametrize("name", OF_A_RESOURCE)
def test_descriptions_are_the_same(name: str, store: ox.Store, remote: RemoteStore) -> None:
    parameter = next(iter(queries.load(name).parameters))
    decisions = [row[0] for row in queries.select(store, "api/decisions", limit=5)]
    for resource in (*decisions, ox.NamedNode("http://data.europa.eu/esco/isco/C2621")):
        chosen: Mapping[str, Any] = {parameter: [resource]}
        assert rows(remote.select(name, chosen)) == rows(queries.select(store, name, chosen))


def test_labels_of_a_graph_are_the_same(store: ox.Store, remote: RemoteStore) -> None:
    chosen = {"labels": [ox.NamedNode(f"{GRAPH}labels/en")], "property": [ox.NamedNode(SKOS + "prefLabel")]}
    found = rows(queries.select(store, OF_GRAPHS, chosen))
    assert rows(remote.select(OF_GRAPHS, chosen)) == found
    assert len(found) > 1000


def test_known_difference_a_graph_outside_the_dataset_empties_the_answer(
    store: ox.Store, remote: RemoteStore, virtuoso_starter: str
) -> None:
    """Virtuoso's defect: NOT EXISTS in a graph that the dataset does not name holds for nothing, where it should for all."""
    text = queries.load("competency/cq14_missing_labels").bind()  # looks into labels/fr, which the starter has not
    graphs = dumps.graphs(store)
    asked = {"headers": {"accept": upstream.RESULTS}, "data": upstream.fields(text, graphs, graphs)}
    found = httpx2.post(virtuoso_starter, **asked).json()["results"]["bindings"]
    assert (len(found), len(remote.select("competency/cq14_missing_labels"))) == (0, 79)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with virtuoso(tmp_path_factory.mktemp("pushed")) as url:
        yield url


@pytest.mark.parametrize("update", [False, pytest.param(True, marks=pytest.mark.long)], ids=["graph store", "updates"])
def test_what_is_pushed_replaces_what_was_there(update: bool, mini_dir: Path, empty: str) -> None:
    release = Releases(mini_dir).current()
    assert release is not None
    quads = ox.Store.read_only(str(release.store))
    transfer = virtuoso_graph_store(empty)
    if update:
        transfer = Push(transfer.url.replace("/sparql-graph-crud-auth", "/sparql-auth"), update=True, digest=True)
    transfer.run(quads)
    with closing(RemoteBackend(Settings(sparql_endpoint=f"{empty}/sparql"))) as backend:
        found = backend.current()
    assert found is not None
    assert (found.id, found.withdrawn()) == (release.id, release.withdrawn())
    with closing(RemoteStore(f"{empty}/sparql", 60)) as remote:
        for graph in found.graphs:
            text = f"SELECT ?s ?p ?o {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}"
            answer = ox.parse_query_results(remote._ask(text), format=ox.QueryResultsFormat.JSON)
            assert isinstance(answer, ox.QuerySolutions)
            here = [quad.triple for quad in quads.quads_for_pattern(None, None, None, ox.NamedNode(graph))]
            assert rows([(t["s"], t["p"], t["o"]) for t in answer]) == rows(
                [(t.subject, t.predicate, t.object) for t in here]  # type: ignore[misc]
            )
