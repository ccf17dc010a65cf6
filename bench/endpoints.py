"""The servers that benchmarks ask, each in a process of its own, and how they are watched."""

from __future__ import annotations

import http.client
import json
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import psutil


@contextmanager
def own_process(store: Path, seconds: float, behind: str = "") -> Iterator[tuple[str, int]]:
    """Our endpoint in a process of its own, so that it shares no interpreter with its clients: its URL and process id.

    With the URL of another endpoint `behind` it, queries are evaluated there.
    """
    command = [sys.executable, "-m", "tools.endpoint", str(store), str(seconds), *filter(None, [behind])]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip(), process.pid
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


class Peer:
    """A bare `oxigraph serve-read-only`, started again whenever a query ends it."""

    def __init__(self, store: Path, seconds: float) -> None:
        self._store, self._seconds = store, seconds
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.process = self._start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/query"

    def _start(self) -> subprocess.Popen[bytes]:
        command = [
            str(Path(sys.executable).parent / "oxigraph"), "serve-read-only", "--location", str(self._store),
            "--bind", f"127.0.0.1:{self.port}", "--union-default-graph", "--timeout-s", str(round(self._seconds)),
        ]  # fmt: skip

        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))  # for the sake of this machine
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=limit)
        while process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return process
            time.sleep(0.02)
        return process

    def revive(self) -> str:
        """Start it again if it died or is still busy; says which."""
        state = ""
        time.sleep(0.3)  # an abort takes a moment to become visible
        if self.process.poll() is None:
            child = psutil.Process(self.process.pid)
            child.cpu_percent()
            time.sleep(0.3)
            if child.cpu_percent() < 50:
                return ""
            state = "still running"
        else:
            state = "server died"
        self.stop()
        self.process = self._start()
        return state

    def stop(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()


@contextmanager
def listener() -> Iterator[tuple[int, list[str]]]:
    """A port on loopback and the list of those who contacted it."""
    heard: list[str] = []
    server = socket.create_server(("127.0.0.1", 0))

    def listen() -> None:
        while True:
            try:
                connection, peer = server.accept()
            except OSError:
                return
            heard.append(f"{peer}")
            connection.close()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1], heard
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


@dataclass
class Reply:
    """What came back."""

    status: int
    seconds: float
    error: str = ""
    limit: str = ""
    body: bytes = field(default=b"", repr=False)

    @property
    def whole(self) -> bool:
        """Whether an answer that claims success is a complete JSON document."""
        if self.status != 200:
            return True
        try:
            json.loads(self.body)
        except ValueError:
            return False
        return True


def ask(url: str, text: str, timeout: float) -> Reply:
    """Send one query as a form; never raises for what a server does."""
    target = urlsplit(url)
    connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=timeout)
    started = time.perf_counter()
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "accept": "application/sparql-results+json, text/turtle;q=0.5",
    }
    try:
        with suppress(
            BrokenPipeError, ConnectionResetError
        ):  # refused before the end of the body: the answer can be read
            connection.request("POST", target.path, urlencode({"query": text}), headers)
        response = connection.getresponse()
        body = b""
        while piece := response.read(1 << 20):
            body += piece
            if time.perf_counter() - started > timeout:
                return Reply(response.status, time.perf_counter() - started, "never ends", body=body[:100])
    except (OSError, http.client.HTTPException) as error:
        return Reply(0, time.perf_counter() - started, type(error).__name__)
    finally:
        connection.close()
    reply = Reply(response.status, time.perf_counter() - started, body=body)
    if response.headers.get_content_type() == "application/problem+json":
        problem = json.loads(body)
        reply.error, reply.limit = problem["type"].rpartition("/")[2], str(problem.get("limit", ""))
    return reply


def memory(process: psutil.Process) -> int:
    """Bytes of a process and all its children. Raises psutil.Error when one ends meanwhile."""
    return sum(p.memory_info().rss for p in [process, *process.children(recursive=True)])


class Peak:
    """The largest memory of a process and its children while this runs."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.bytes = 0

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.05):
            with suppress(psutil.Error):
                self.bytes = max(self.bytes, memory(self._process))
