"""Foreign queries on a foreign endpoint: checked here, evaluated there, read to their end before a byte is passed on.

The worker processes hold no store then. One of them parses a query first, so that the endpoint only ever sees SPARQL 1.1
queries (no updates, no dialect); what comes back goes into a file, and a worker reads all of it and writes it in the
format asked for. So an endpoint that breaks off, sends garbage or never ends is a 502 or 504, whatever it called its
answer, and its bytes are only ever parsed in a process that may die.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import lru_cache
from typing import Any

import httpx2
import structlog

from app.errors import GraphRefused, NotPassedOn, QuerySyntax
from app.process.fair_queue import FairQueue
from app.settings import Limits, Settings
from app.sparql import probe, wire
from app.sparql.complexity import Bounds
from app.sparql.guard import check
from app.sparql.pool import TIME, Pool, Result
from app.sparql.process import Worker
from app.sparql.spool import Spool, SpoolFile
from app.store import upstream
from app.telemetry import traces

log = structlog.get_logger()

KEPT_SECONDS = 1.0  # for a connection without a query: less than any endpoint keeps one
_LEAST_SECONDS = 0.1  # for rewriting an answer that came in the last moment
_PROBE_AGAIN = 2.0  # seconds after which an endpoint that could not be asked is asked again
_UNPROBED = "Whether the store behind this service can contact other machines is not known yet."
_JSON_ROOM = 4  # what an answer may take as JSON, in sizes that it may have in the end: CSV is so much shorter


class TooLong(Exception):
    """The endpoint sends more than an answer may have."""


@lru_cache(maxsize=256)
def sealed(text: str, base: str, bounds: Bounds) -> str:
    """A query as it leaves for an endpoint: written anew here, whoever wrote it before. Raises NotPassedOn."""
    try:
        outline = check(text, bounds, base)
    except QuerySyntax as error:
        # Without its place, which is one in a text that the client does not know.
        reason = error.detail.partition(": ")[2]
        raise NotPassedOn(f"The query is not passed on: {reason}") from error
    return f"BASE <{outline.base}> {outline.text}"


async def fetch(
    client: httpx2.AsyncClient, url: str, form: dict[str, Any], accept: str, file: SpoolFile, most_bytes: int
) -> str:
    """Write what an endpoint answers to a file; its media type. Raises a Problem, TooLong or HTTPError."""
    size = 0
    with traces.span("sparql.endpoint", outgoing=True):
        async with client.stream("POST", url, data=form, headers={"accept": accept}) as response:
            media_type = upstream.check(response, accept)
            async for piece in response.aiter_raw():
                size += len(piece)
                if size > most_bytes:
                    raise TooLong
                file.write(piece)
    file.flush()
    return media_type


class RemotePool(Pool):
    """A Pool whose queries are evaluated by the endpoint of the settings."""

    def __init__(self, settings: Settings, limits: Limits, turns: FairQueue[Worker], spool: Spool) -> None:
        super().__init__(settings, limits, turns, spool)
        self._endpoint = settings.sparql_endpoint
        self._probe = settings.sparql_endpoint_probe
        self._union = settings.sparql_endpoint_union
        self._seconds = limits.sparql_seconds
        self._bounds = Bounds.of(limits, standard=True)
        self._most_bytes = _JSON_ROOM * limits.sparql_bytes
        self._client: httpx2.AsyncClient | None = None

    def start(self) -> None:
        """See Pool."""
        places = httpx2.Limits(max_connections=None, keepalive_expiry=KEPT_SECONDS)
        self._client = httpx2.AsyncClient(**upstream.CLIENT, timeout=self._seconds, limits=places)
        super().start()
        if self._probe and not self.refusal:
            self.refusal = _UNPROBED
            self._spawn(self._look_for_a_way_out())

    async def _look_for_a_way_out(self) -> None:
        """Offer SPARQL once it is known that the store contacts nobody."""
        assert self._client is not None  # noqa: S101 (started)
        while self._started:
            try:
                has_one = await probe.has_way_out(self._client, self._endpoint, self._probe)
            except (httpx2.HTTPError, OSError) as error:
                log.warning("the endpoint's way out could not be looked for", error=str(error) or type(error).__name__)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), _PROBE_AGAIN)
                continue
            if has_one:
                self.refusal = "The store behind this service can be made to contact other machines."
                log.error("SPARQL is not offered", reason=self.refusal)
            else:
                self.refusal = ""
            return

    async def stop(self) -> None:
        """See Pool."""
        await super().stop()
        if self._client is not None:
            await self._client.aclose()

    def begin(self, client: str, request: wire.Request) -> Worker | None:  # noqa: ARG002 (the pool's names)
        """See Pool: an endpoint's answer is waited for."""
        return None

    async def _answer(self, worker: Worker, request: wire.Request, sent: bool) -> Result:
        if "check" in request or "file" in request:  # the worker's part alone
            return await super()._answer(worker, request, sent)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + request["seconds"]
        leaving = await asyncio.to_thread(sealed, request["query"], request["base"], self._bounds)
        self._check_graphs(request)
        checked = await self._evaluate(worker, {**request, "check": True, "leaving": leaving}, request["seconds"])
        if "error" in checked.end:
            return checked  # a worker that is to be replaced still does the rest
        kind = checked.end["kind"]
        with self.spool.open(worker.client, named=True) as file:
            try:
                async with asyncio.timeout_at(deadline):
                    media_type = await self._fetch(leaving, request, kind, file)
            except TimeoutError:
                return self._stopped(worker, TIME)
            except TooLong:
                return self._stopped(worker, wire.BYTES)
            except httpx2.HTTPError as error:
                raise upstream.failure(error) from error
            received: wire.Request = {**request, "file": file.name, "kind": kind, "media_type": media_type}
            return await self._evaluate(worker, received, max(_LEAST_SECONDS, deadline - loop.time()))

    def _stopped(self, worker: Worker, why: str) -> Result:
        return Result(worker.source, {"error": why, "message": ""}, b"", None, 0)

    def _check_graphs(self, request: wire.Request) -> None:
        """Refuse a graph that the release does not have: a store may fetch it from elsewhere. Raises GraphRefused."""
        known = frozenset(self.graphs)
        for iri in (*request["dataset"], *(request["default"] or ()), *request["named"]):
            if iri not in known:
                raise GraphRefused(f"<{iri[:200]}> is no graph of the served release; /.well-known/void lists them.")

    async def _fetch(self, leaving: str, request: wire.Request, kind: wire.Kind, file: SpoolFile) -> str:
        """Write the endpoint's answer to the file; its media type."""
        assert self._client is not None  # noqa: S101 (workers exist between start and stop only)
        accept = upstream.GRAPHS if kind == "graph" else upstream.RESULTS
        form = upstream.fields(leaving, *self._dataset(request))
        return await fetch(self._client, self._endpoint, form, accept, file, self._most_bytes)

    def _dataset(self, request: wire.Request) -> tuple[list[str], list[str]]:
        """Default and named graphs to ask for: those of the request, else the query's own, else all of the release."""
        if request["default"] is not None:
            return list(request["default"]), list(request["named"])
        if request["dataset"] or self._union:
            return [], []
        return self.graphs, self.graphs
