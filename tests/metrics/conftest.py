"""A service whose metrics are asked for as Prometheus does, and Debian's promtool and Prometheus where they are installed."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.api.conftest import Server
from tests.servers import free_port

PROMTOOL, PROMETHEUS = shutil.which("promtool"), shutil.which("prometheus")
needs_prometheus = pytest.mark.skipif(not (PROMTOOL and PROMETHEUS), reason="prometheus is not installed")

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def parsed(text: str) -> Samples:
    """Every sample by name and labels, as the library's own parser reads them."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


class Watched:
    """A service with a port of metrics."""

    def __init__(self, server: Server, port: int) -> None:
        self.server = server
        self.port = port
        self.metrics_url = f"http://127.0.0.1:{port}/metrics"
        self._before: Samples = {}

    def get(self, target: str, **headers: str) -> httpx2.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx2.get(self.server.url + target, headers=named, timeout=30)

    def scrape(self) -> Samples:
        answer = httpx2.get(self.metrics_url, timeout=30)
        assert answer.status_code == 200
        return parsed(answer.text)

    def value(self, name: str, **labels: str) -> float:
        """The sum of the samples that have these labels."""
        return total(self.scrape(), name, labels)

    def mark(self) -> None:
        """Let `grown` count from here."""
        self._before = self.scrape()

    def grown(self, name: str, **labels: str) -> float:
        """By how much that sum has grown."""
        return self.value(name, **labels) - total(self._before, name, labels)


def total(samples: Samples, name: str, labels: dict[str, str]) -> float:
    return sum(v for (n, found), v in samples.items() if n == name and set(labels.items()) <= found)


@contextmanager
def watched(data_dir: Path, prelude: str = "", **env: str) -> Iterator[Watched]:
    port = free_port()
    server = Server(data_dir, prelude, CCSI_METRICS_PORT=str(port), **env)
    try:
        yield Watched(server, port)
    finally:
        assert server.stop() in (0, -signal.SIGTERM), server.lines()


@pytest.fixture(scope="module")
def _service(mini_dir: Path) -> Iterator[Watched]:
    with watched(mini_dir, CCSI_SPARQL_WORKERS="2", CCSI_LIMIT_SPARQL_SECONDS="1") as found:
        yield found


@pytest.fixture
def service(_service: Watched) -> Watched:
    """One for all tests of a module; `grown` counts from the beginning of the test."""
    _service.mark()
    return _service
