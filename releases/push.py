"""Send a release to a SPARQL server: by Graph Store Protocol, a PUT per graph, or as SPARQL updates.

The graph `release`, which says what the server holds, is taken away first and sent last: a service that reads from the
server takes it for a release only when everything is there, and a transfer that broke off never passes for a whole one.
Memory is bounded: a graph goes through a temporary file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO
from urllib.parse import urlsplit

import httpx2
import pyoxigraph as ox

from releases import dumps
from releases.errors import LoadError
from releases.record import GRAPH_RELEASE

# Of one update; servers bound what they parse at once. Virtuoso compiles it into 10,000 lines at most: some 1,000 statements.
_UPDATE_BYTES = 1 << 20
_UPDATE_STATEMENTS = 500


class PushError(LoadError):
    """A graph did not arrive; the message says which did, the remedy how to go on."""


@dataclass
class Push:
    """One transfer; `sent` names the graphs that the server has taken."""

    url: str
    update: bool = False
    digest: bool = False
    seconds: float = 600
    sent: list[str] = field(default_factory=list)

    def run(self, store: ox.Store, start_at: str = "", told: Callable[[str], None] = lambda _: None) -> list[str]:
        """Send every graph of a store, or those from `start_at` on; `told` hears the name of each before it is sent.

        Returns the names of the graphs sent, in order. Raises PushError.
        """
        graphs = [g for g in dumps.graphs(store) if g != GRAPH_RELEASE] + [GRAPH_RELEASE]
        if start_at and start_at not in graphs:
            raise LoadError(f"The release has no graph {start_at}.", "Graphs: " + ", ".join(graphs))
        todo = graphs[graphs.index(start_at) if start_at else 0 :]
        with httpx2.Client(trust_env=False, timeout=self.seconds, auth=self._auth()) as client:
            current = GRAPH_RELEASE
            try:
                self._remove(client, GRAPH_RELEASE)
                for current in todo:
                    told(current)
                    self._send(client, store, current)
                    self.sent.append(current)
            except (httpx2.HTTPError, OSError) as error:
                raise self._broken(current, str(error) or type(error).__name__, len(todo)) from error
        return self.sent

    def _auth(self) -> httpx2.Auth | None:
        """Digest where it is asked for; what the URL names is sent as basic authentication by the client."""
        parts = urlsplit(self.url)
        return httpx2.DigestAuth(parts.username or "", parts.password or "") if self.digest else None

    def _send(self, client: httpx2.Client, store: ox.Store, graph: str) -> None:
        with tempfile.TemporaryFile() as file:
            dumps.write(store, file, "nt", graph)
            file.seek(0)
            if self.update:
                self._remove(client, graph)
                for statements in _batches(file, graph):
                    self._update(client, graph, f"INSERT DATA {{ GRAPH <{graph}> {{\n{statements}}} }}")
                return
            headers = {"content-type": "application/n-triples"}
            response = client.put(self.url, params={"graph": graph}, content=file, headers=headers)
            self._check(response, graph)

    def _remove(self, client: httpx2.Client, graph: str) -> None:
        if self.update:
            self._update(client, graph, f"DROP SILENT GRAPH <{graph}>")
            return
        response = client.delete(self.url, params={"graph": graph})
        if response.status_code != 404:  # there was none
            self._check(response, graph)

    def _update(self, client: httpx2.Client, graph: str, text: str) -> None:
        headers = {"content-type": "application/sparql-update"}
        self._check(client.post(self.url, content=text.encode(), headers=headers), graph)

    def _check(self, response: httpx2.Response, graph: str) -> None:
        if not response.is_success:
            said = response.text[:200].strip().replace("\n", " ")
            raise self._broken(graph, f"status {response.status_code}" + (f", '{said}'" if said else ""))

    def _broken(self, graph: str, why: str, of: int = 0) -> PushError:
        done = f"sent before: {', '.join(self.sent)}" if self.sent else "none was sent before"
        return PushError(
            f"The graph {graph} did not arrive whole: {why} ({done}). The server has no release until all are there.",
            f"Go on with --start-at {graph}" if self.sent or of else "Check the address and what it permits.",
        )


def _batches(file: IO[bytes], graph: str) -> Iterator[str]:
    """Statements for one update each. Raises PushError for blank nodes, which mean another thing in every update."""
    held: list[bytes] = []
    size = 0
    for line in file:
        if line.startswith(b"_:") or b"> _:" in line:
            raise PushError(f"The graph {graph} has blank nodes, which updates cannot carry.", "Use --graph-store.")
        held.append(line)
        size += len(line)
        if size >= _UPDATE_BYTES or len(held) >= _UPDATE_STATEMENTS:
            yield b"".join(held).decode()
            held.clear()
            size = 0
    if held:
        yield b"".join(held).decode()
