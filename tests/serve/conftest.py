"""`ccsi serve --workers` as it runs: a supervisor, a template, serving processes; and clients that keep connections."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.serve.heavy import NAME as HEAVY
from tests.api.conftest import Server

WORKERS = 2
TARGETS = [
    "/api/v1/domains", "/api/v1/occupations?limit=100", "/api/v1/domains/heritage/occupations", "/api/v1/isco/2",
    "/api/v1/health/ready", "/", "/sparql",
]  # fmt: skip


class Workers(Server):
    """A service of two serving processes."""

    def __init__(self, data_dir: Path, **env: str) -> None:
        try:
            super().__init__(data_dir, CCSI_WORKERS=str(WORKERS), **env)
        except BaseException:
            self.stop()
            raise

    def wait(self, reached: Callable[[], bool], seconds: float = 120) -> None:
        super().wait(reached, seconds)

    @property
    def supervisor(self) -> psutil.Process:
        return psutil.Process(self.process.pid)

    def templates(self) -> list[psutil.Process]:
        return self.supervisor.children()

    def serving(self) -> list[psutil.Process]:
        """The serving processes of all generations."""
        return [process for process in self._forked() if process.name() != HEAVY]

    def _forked(self) -> list[psutil.Process]:
        found = []
        for template in self.templates():
            with suppress(psutil.Error):
                found += [process for process in template.children() if process.is_running()]
        return found

    def everybody(self) -> list[psutil.Process]:
        return [self.supervisor, *self.supervisor.children(recursive=True)]

    def settled(self) -> list[int]:
        """Wait until one generation serves, whole; the ids of its serving processes."""
        self.wait(
            lambda: (
                len(self.templates()) == 1
                and len(self.serving()) == WORKERS
                and set(self.begun()) >= {p.pid for p in self.serving()}
            )
        )
        return sorted(process.pid for process in self.serving())

    def events(self, name: str) -> list[dict[str, Any]]:
        """The lines of the log about this."""
        return [json.loads(line) for line in self.lines().splitlines() if f'"event":"{name}"' in line]

    def begun(self) -> list[int]:
        """Every serving process that has been begun, or has started to replace another."""
        return [line["pid"] for line in self.events("Application startup complete.")]

    def stop(self) -> int:
        everybody = self.everybody() if self.process.poll() is None else []
        code = super().stop()
        _, alive = psutil.wait_procs(everybody, 10)
        assert alive == [], "the supervisor leaves nobody behind"
        return code


@pytest.fixture
def workers() -> Iterator[Callable[..., Workers]]:
    """Start services that end with the test, with all their processes."""
    started: list[Workers] = []

    def start(data_dir: Path, **env: str) -> Workers:
        started.append(Workers(data_dir, **env))
        return started[-1]

    yield start
    for service in started:
        service.stop()


@pytest.fixture(scope="module")
def service(mini_dir: Path) -> Iterator[Workers]:
    """A service that the tests of a module share; each waits first until it is settled."""
    started = Workers(mini_dir)
    yield started
    started.stop()


class Clients:
    """Clients that ask in a loop on connections they keep, never ask twice, and note every answer.

    http.client has no way to hide that a server closed a connection that a request was sent on, as others do.
    """

    def __init__(self, port: int, number: int = 8) -> None:
        self.answers: list[tuple[float, float, str]] = []  # begun, ended, ETag
        self.faults: list[str] = []
        self._port = port
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(number)]
        for thread in self._threads:
            thread.start()

    def _run(self, n: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        for turn in itertools.count(n):
            if self._end.is_set():
                break
            target = TARGETS[turn % len(TARGETS)]
            begun = time.monotonic()
            try:
                answer = self._ask(connection, target, turn)
            except (OSError, http.client.HTTPException) as error:
                self.faults.append(f"{target}: {error!r}")
                connection.close()
                continue
            if answer.status != 200:
                self.faults.append(f"{target}: {answer.status}")
            self.answers.append((begun, time.monotonic(), answer.headers.get("etag", "")))
            if turn % 3 == 0:
                time.sleep(0.02)  # an idle connection is what an end without patience cuts
        connection.close()

    @staticmethod
    def _ask(connection: http.client.HTTPConnection, target: str, turn: int) -> http.client.HTTPResponse:
        if target == "/sparql":
            query = f"ASK {{ ?s ?p {turn % 1000} }}"
            connection.request("POST", target, query, {"content-type": "application/sparql-query"})
        else:
            connection.request("GET", target)
        answer = connection.getresponse()
        answer.read()
        return answer

    def stop(self) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join(30)


@pytest.fixture
def clients() -> Iterator[Callable[..., Clients]]:
    """Start clients that end with the test."""
    started: list[Clients] = []

    def start(port: int, number: int = 8) -> Clients:
        started.append(Clients(port, number))
        return started[-1]

    yield start
    for group in started:
        group.stop()
