"""A small store, and the endpoint on it as a real server."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pyoxigraph as ox
import pytest

from app.settings import Limits, Settings
from app.sparql.process import Source
from bench.hostile_set import build_store
from releases import dumps
from tests.servers import Reply, oxigraph, virtuoso, virtuoso_graph_store
from tools.endpoint import Endpoint, endpoint

SECONDS = 1.0  # that the impatient of the two endpoints gives a query
SMALL = {"sparql_memory": 256 * 1024 * 1024, "sparql_rows": 20_000, "sparql_bytes": 8 * 1024 * 1024}


def call(
    target: Endpoint, method: str = "GET", query: str | None = None, headers: dict[str, str] | None = None,
    body: bytes | None = None, **parameters: str | list[str],
) -> Reply:  # fmt: skip
    """One request on a connection of its own."""
    fields = {**({} if query is None else {"query": query}), **parameters}
    path = "/sparql" + ("?" + urlencode(fields, doseq=True) if fields else "")
    connection = http.client.HTTPConnection(target.host, target.port, timeout=60)
    try:
        connection.request(method, path, body, headers or {})
        return Reply.of(connection.getresponse())
    finally:
        connection.close()


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sparql") / "store"
    build_store(path, 3000)
    return path


@pytest.fixture(scope="session")
def target(store: Path) -> Iterator[Endpoint]:
    with endpoint(store, Settings(), Limits(**SMALL)) as running:
        yield running


@pytest.fixture(scope="session")
def impatient(store: Path) -> Iterator[Endpoint]:
    """Stops each query after `SECONDS`."""
    with endpoint(store, Settings(), Limits(**SMALL, sparql_seconds=SECONDS)) as running:
        yield running


@contextmanager
def served(store: Path, limits: Limits, by: str, folder: Path, services: str = "") -> Iterator[Endpoint]:
    """The endpoint on a store of its own (`embedded`), or in front of an Oxigraph or Virtuoso server that has the store."""
    if by == "embedded":
        with endpoint(store, Settings(sparql_services=services), limits) as running:
            yield running
        return
    quads = ox.Store.read_only(str(store))
    graphs = tuple(dumps.graphs(quads))
    with oxigraph(store) if by == "oxigraph" else virtuoso(folder) as url:
        if by == "virtuoso":
            virtuoso_graph_store(url).run(quads)
        settings = Settings(
            sparql_endpoint=url + ("/query" if by == "oxigraph" else "/sparql"), sparql_services=services
        )
        with endpoint(Source(None, "trial", graphs), settings, limits) as running:
            yield running
