"""Whether the store behind the service has a way out, looked for at start."""

from __future__ import annotations

import socket
import time
from pathlib import Path

from app.settings import Limits, Settings
from app.sparql.pool import Source
from tests.servers import Reply, free_port, oxigraph
from tests.sparql.conftest import call
from tools.endpoint import Endpoint, endpoint


def settings(url: str, port: int) -> Settings:
    return Settings(sparql_endpoint=url, sparql_endpoint_probe=f"http://127.0.0.1:{port}/")


def until(target: Endpoint, status: int, words: str = "") -> Reply:
    """What the endpoint answers once it has made up its mind."""
    end = time.monotonic() + 60
    while (reply := call(target, query="ASK {}")).status != status or words not in str(reply.body):
        assert reply.status in (status, 503), reply
        assert time.monotonic() < end, reply
        time.sleep(0.1)
    return reply


def test_a_store_that_contacts_others_is_not_asked(store: Path) -> None:
    with (
        oxigraph(store) as url,
        endpoint(Source(None, "t", ()), settings(f"{url}/query", free_port()), Limits()) as target,
    ):
        until(target, 503, "can be made to contact")


def test_a_store_that_contacts_nobody_is(store: Path) -> None:
    """The store behind is our own endpoint, which follows no SERVICE."""
    graphs = ("http://example.org/graph",)
    with (
        endpoint(store) as behind,
        endpoint(Source(None, "t", graphs), settings(behind.url, free_port()), Limits()) as target,
    ):
        assert until(target, 200).json["boolean"]


def test_as_long_as_nobody_knows_nothing_is_passed_on(store: Path) -> None:
    with socket.create_server(("", 0)) as taken, endpoint(store) as behind:
        here = settings(behind.url, taken.getsockname()[1])
        with endpoint(Source(None, "t", ()), here, Limits()) as target:
            until(target, 503, "not known yet")
            time.sleep(1)
            assert call(target, query="ASK {}").status == 503
