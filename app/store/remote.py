"""The remote adapter: the release is at a SPARQL 1.1 endpoint, and all that is known of it is read from there."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pyoxigraph as ox

import queries
from app.errors import UpstreamFault, UpstreamTimeout
from app.settings import Settings
from app.store import upstream
from app.store.port import GraphStore, Values
from app.telemetry import traces
from ontology import XSD
from releases.errors import ReleaseError
from releases.manifest import check_manifest
from releases.record import GRAPH_RELEASE
from releases.release import Release

_MOST_BYTES = 1 << 30  # of one answer; the largest of full ESCO in one language has some 40 MB
_BOOLEAN = ox.NamedNode(XSD + "boolean")
_TRUTH = {"1": ox.Literal("true", datatype=_BOOLEAN), "0": ox.Literal("false", datatype=_BOOLEAN)}


@dataclass(frozen=True)
class RemoteRelease(Release):
    """A release that an endpoint holds; `path` is where its folder would be, which need not exist."""

    record: Mapping[str, Any]

    @property
    def graphs(self) -> list[str]:
        """The IRIs of its named graphs; the record was written before the graph that holds it."""
        return sorted({*self.record["graphs"], GRAPH_RELEASE})

    def withdrawn(self) -> dict[str, dict[str, Any]]:
        """See Release."""
        return dict(self.record["withdrawn"])

    def carry_over(self) -> dict[str, Any]:
        """See Release."""
        return dict(self.record["carryOver"])


class RemoteStore:
    """Asks the project's own queries; safe to use from several threads at once."""

    local = False

    def __init__(
        self, endpoint: str, seconds: float, graphs: Iterable[str] = (), client: httpx2.Client | None = None
    ) -> None:
        self.graphs = [*graphs]
        self._endpoint = endpoint
        self._seconds = seconds
        self._client = client or _client(seconds)

    def of(self, graphs: Iterable[str]) -> RemoteStore:
        """The same, knowing the release's graphs: an endpoint may not list them, or list its own too (Virtuoso does both)."""
        return RemoteStore(self._endpoint, self._seconds, graphs, self._client)

    def select(self, name: str, values: Values = None, limit: int | None = None, offset: int = 0) -> list[queries.Row]:
        """See GraphStore. Raises a Problem (502, 503, 504) when the endpoint gives no whole answer."""
        query = queries.load(name)
        with traces.span(f"store {name}", outgoing=True):
            return _rows(self._ask(query.bind(values, limit, offset)), query.columns)

    def __reduce__(self) -> tuple[Any, ...]:
        """What goes to another process: everything but the connections."""
        return RemoteStore, (self._endpoint, self._seconds, self.graphs)

    def detach(self) -> None:
        """See GraphStore; two processes must not speak through one connection."""
        self._client.close()
        self._client = _client(self._seconds)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _ask(self, text: str) -> bytes:
        try:
            return self._once(text)
        except httpx2.RemoteProtocolError:  # most often a kept connection that the endpoint had closed meanwhile
            try:
                return self._once(text)
            except httpx2.HTTPError as error:
                raise upstream.failure(error) from error
        except httpx2.HTTPError as error:
            raise upstream.failure(error) from error

    def _once(self, text: str) -> bytes:
        end = time.monotonic() + self._seconds
        body = bytearray()
        form, headers = upstream.fields(text), {"accept": upstream.RESULTS}
        with self._client.stream("POST", self._endpoint, data=form, headers=headers) as response:
            upstream.check(response, upstream.RESULTS)
            for piece in response.iter_raw():
                body += piece
                if time.monotonic() > end:
                    raise UpstreamTimeout("The endpoint behind this service did not answer in time.")
                if len(body) > _MOST_BYTES:
                    raise UpstreamFault("The endpoint behind this service does not end its answer.")
        return bytes(body)


def _client(seconds: float) -> httpx2.Client:
    return httpx2.Client(**upstream.CLIENT, timeout=seconds)


def _rows(body: bytes, columns: tuple[str, ...]) -> list[queries.Row]:
    """The rows of a SPARQL JSON result in the order of the columns. Raises UpstreamFault."""
    try:
        results = ox.parse_query_results(body, format=ox.QueryResultsFormat.JSON)
        if isinstance(results, ox.QuerySolutions):
            names = [variable.value for variable in results.variables]
            order = [names.index(column) for column in columns]
            return [tuple(_canonical(row[place]) for place in order) for row in results]
    except (SyntaxError, ValueError) as error:
        raise UpstreamFault("The endpoint behind this service gave an answer that cannot be read.") from error
    raise UpstreamFault("The endpoint behind this service gave another answer than was asked for.")


def _canonical(term: Any) -> Any:
    """Truth in the words of our own files: Virtuoso gives back 1 and 0."""
    if isinstance(term, ox.Literal) and term.value in _TRUTH and term.datatype == _BOOLEAN:
        return _TRUTH[term.value]
    return term


class RemoteBackend:
    """What stands at the endpoint, as a release."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store = RemoteStore(settings.sparql_endpoint, settings.sparql_endpoint_seconds)
        self._known: RemoteRelease | None = None

    def current(self) -> RemoteRelease | None:
        """The release at the endpoint. Raises a Problem when the endpoint fails, ReleaseError when it holds several."""
        rows = self._store.select("api/release")
        if not rows:
            return None
        if len(rows) > 1:
            raise ReleaseError("The endpoint holds more than one release.", "Give each release an endpoint of its own.")
        dataset, content_hash = rows[0]
        if self._known is None or self._known.manifest["contentHash"] != content_hash.value:  # type: ignore[union-attr]
            self._known = self._read(dataset)  # type: ignore[arg-type]
        return self._known

    def _read(self, dataset: ox.NamedNode) -> RemoteRelease:
        rows = self._store.select("api/release_record", {"dataset": [dataset]})
        try:
            record = orjson.loads(rows[0][1].value)  # type: ignore[union-attr]
            # The endpoint keeps no record of the checks.
            manifest = check_manifest(
                {"checks": [], **record["manifest"]}, f"The record at {self._settings.sparql_endpoint}"
            )
            folder = self._settings.data_dir / "releases" / Path(manifest["id"]).name
            release = RemoteRelease(folder, manifest, record)
            complete = (
                record["graphs"] and isinstance(record["withdrawn"], dict) and isinstance(record["carryOver"], dict)
            )
        except (LookupError, TypeError, ValueError) as error:
            raise ReleaseError("The endpoint's release has no readable record.", "Export and load it again.") from error
        if not complete:
            raise ReleaseError("The record of the endpoint's release is incomplete.", "Export and load it again.")
        return release

    def releases(self) -> list[Release]:
        """The one at the endpoint."""
        return [self._known] if self._known else []

    def open(self, release: Release) -> GraphStore:
        """See Backend; every release has the same connections, because the endpoint is the same."""
        return self._store.of(release.graphs if isinstance(release, RemoteRelease) else ())

    def close(self) -> None:
        """Close the connections."""
        self._store.close()
