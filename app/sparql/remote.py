"""Foreign queries on a foreign endpoint: checked here, evaluated there, read to their end before a byte is passed on.

The worker processes hold no store then. One of them parses a query first, so that the endpoint only ever sees SPARQL 1.1
queries (no updates, no dialect); what comes back goes into a file, and a worker reads all of it and writes it in the
format asked for. So an endpoint that breaks off, sends garbage or never ends is a 502 or 504, whatever it called its
answer, and its bytes are only ever parsed in a process that may die.
"""

from __future__ import annotations

import asyncio
import tempfile
from typing import IO, Any

import httpx2

from app import traces
from app.settings import Limits, Settings
from app.sparql import wire
from app.sparql.pool import TIME, Pool, Result, Worker
from app.sparql.turns import Turns
from app.store import upstream

KEPT_SECONDS = 1.0  # for a connection without a query: less than any endpoint keeps one
_LEAST_SECONDS = 0.1  # for rewriting an answer that came in the last moment


_JSON_ROOM = 4  # what an answer may take as JSON, in sizes that it may have in the end: CSV is so much shorter


class TooLong(Exception):
    """The endpoint sends more than an answer may have."""


async def fetch(
    client: httpx2.AsyncClient, url: str, form: dict[str, Any], accept: str, file: IO[bytes], most_bytes: int
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

    def __init__(self, settings: Settings, limits: Limits, turns: Turns[Worker]) -> None:
        super().__init__(settings.sparql_workers, limits.sparql_memory, turns, settings.sparql_unconfined)
        self._endpoint = settings.sparql_endpoint
        self._union = settings.sparql_endpoint_union
        self._seconds = limits.sparql_seconds
        self._most_bytes = _JSON_ROOM * limits.sparql_bytes
        self._client: httpx2.AsyncClient | None = None

    def start(self) -> None:
        """See Pool."""
        places = httpx2.Limits(max_connections=None, keepalive_expiry=KEPT_SECONDS)
        self._client = httpx2.AsyncClient(**upstream.CLIENT, timeout=self._seconds, limits=places)
        super().start()

    async def stop(self) -> None:
        """See Pool."""
        await super().stop()
        if self._client is not None:
            await self._client.aclose()

    async def _answer(self, worker: Worker, request: dict[str, Any]) -> Result:
        if "check" in request or "file" in request:  # the worker's part alone
            return await super()._answer(worker, request)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + request["seconds"]
        checked = await self._evaluate(worker, {**request, "check": True}, request["seconds"])
        if "fault" in checked.end or not worker.usable:
            return checked
        kind = checked.end["kind"]
        with tempfile.NamedTemporaryFile() as file:
            try:
                async with asyncio.timeout_at(deadline):
                    media_type = await self._fetch(request, kind, file)
            except TimeoutError:
                return self._stopped(worker, TIME)
            except TooLong:
                return self._stopped(worker, wire.BYTES)
            except httpx2.HTTPError as fault:
                raise upstream.failure(fault) from fault
            received = {**request, "file": file.name, "kind": kind, "media_type": media_type}
            return await self._evaluate(worker, received, max(_LEAST_SECONDS, deadline - loop.time()))

    def _stopped(self, worker: Worker, why: str) -> Result:
        return Result(worker.source, {"fault": why, "message": ""}, b"", None, 0)

    async def _fetch(self, request: dict[str, Any], kind: str, file: IO[bytes]) -> str:
        """Write the endpoint's answer to the file; its media type."""
        assert self._client is not None  # noqa: S101 (workers exist between start and stop only)
        accept = upstream.GRAPHS if kind == "graph" else upstream.RESULTS
        text = f"BASE <{request['base']}>\n{request['query']}"  # a base of its own in the query overrides it
        form = upstream.fields(text, *self._dataset(request))
        return await fetch(self._client, self._endpoint, form, accept, file, self._most_bytes)

    def _dataset(self, request: dict[str, Any]) -> tuple[list[str], list[str]]:
        """Default and named graphs to ask for: those of the request, else the query's own, else all of the release."""
        if request["default"] is not None:
            return list(request["default"]), list(request["named"])
        if request["dataset"] or self._union:
            return [], []
        return self.graphs, self.graphs
