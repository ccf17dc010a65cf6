"""SERVICE clauses, for the endpoints that the settings allow: asked from here, each before the query goes to a worker.

Workers have no network and keep it so. The group of a clause is a query of its own, and SPARQL evaluates it by itself
before it joins what it finds; so its answer can stand in the query as VALUES instead of the clause. What is sent to an
endpoint, and what comes back, is parsed in a worker process only.

Nothing of the user's text reaches the address, the method or the headers of a request: the address is the one of the
settings, redirects are not followed, cookies not kept. The text itself is the value of one form field, and only
a whole SELECT query leaves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Unpack

import httpx2
import structlog

from app.errors import (
    NoRoom,
    Problem,
    QueryStopped,
    QuerySyntax,
    SearchNotReady,
    ServiceBusy,
    ServiceFault,
    ServiceTimeout,
    UpstreamBusy,
    UpstreamTimeout,
)
from app.process.fair_queue import FairQueue
from app.settings import Limits, Settings
from app.sparql import remote, search_clause, wire
from app.sparql.complexity import Bounds
from app.sparql.guard import Outline, Service
from app.sparql.pool import TIME, Pool, Result
from app.sparql.search_clause import SEARCH, Clause
from app.sparql.spool import SpoolFile
from app.store import upstream

if TYPE_CHECKING:
    from app.catalogue.search import SearchHit

log = structlog.get_logger()

_MOST_BYTES = 4 * 1024 * 1024  # of one answer, which may hold a few thousand terms only
_LEAST_SECONDS = 0.1  # for evaluating a query whose last answer came in the last moment
_ONE_SOLUTION = "{}"  # what a clause is that failed and is SILENT
_ONE_ROW = "VALUES () { () }"  # the same, in words that Virtuoso does not know

Find = Callable[[Clause], "list[SearchHit]"]
"""Asks the index of the served release. Raises SearchNotReady."""


@dataclass(frozen=True, slots=True)
class _Call:
    """A query under way: its pool, whom it is for, the request to a worker, and when it has to be complete."""

    pool: Pool
    client: str
    request: wire.Request
    deadline: float

    def left(self) -> float:
        """Seconds until the deadline."""
        return max(_LEAST_SECONDS, self.deadline - asyncio.get_running_loop().time())

    async def work(self, **changes: Unpack[wire.Changes]) -> Result:
        """What a worker makes of the request with these changes."""
        return await self.pool.run(self.client, {**self.request, "seconds": self.left(), **changes})


class Federation:
    """The way to the endpoints that SERVICE may name, and to the index of labels, which is one of them.

    A query that waits for one holds no worker. As many wait at once as there are workers, and clients take turns.
    """

    def __init__(self, settings: Settings, limits: Limits, find: Find | None = None) -> None:
        self._limits = limits
        self._find = find
        self.services = (*settings.services, *([SEARCH] if find else []))
        self._bounds = Bounds.of(limits, standard=True)
        self._most_bytes = min(_MOST_BYTES, limits.sparql_bytes)
        self._places = settings.sparql_workers
        self._turns: FairQueue[int] = FairQueue(
            self._places, limits.sparql_per_client, limits.sparql_queue, limits.sparql_wait
        )
        self._client: httpx2.AsyncClient | None = None

    def start(self) -> None:
        """Open for queries; to be called in the event loop."""
        self._client = httpx2.AsyncClient(
            **upstream.CLIENT,
            timeout=self._limits.sparql_seconds,
            limits=httpx2.Limits(max_connections=None, keepalive_expiry=remote.KEPT_SECONDS),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )
        for place in range(self._places):
            self._turns.add(place)

    async def stop(self) -> None:
        """Close all connections."""
        self._turns.withdraw()
        if self._client is not None:
            await self._client.aclose()

    async def run(self, pool: Pool, client: str, request: wire.Request, outline: Outline) -> Result:
        """Evaluate a query that has SERVICE clauses. Raises a Problem for an endpoint that does not answer well."""
        call = _Call(pool, client, request, asyncio.get_running_loop().time() + request["seconds"])
        text: str = request["query"]
        checked = await call.work(query=_skeleton(text, outline.services), check=True)
        if "error" in checked.end:
            return checked
        try:
            async with asyncio.timeout_at(call.deadline):
                queries = []
                for service in outline.services:
                    query = _query(text, service)
                    if service.search:  # which was read whole by the guard, and leaves nowhere
                        queries.append("")
                        continue
                    leaving = await asyncio.to_thread(remote.sealed, query, request["base"], self._bounds)
                    result = await call.work(
                        query=query, leaving=leaving, check=True, bindings="json", default=None, dataset=()
                    )
                    if "error" in result.end:
                        return result  # places in this text are those in the outline's
                    queries.append(leaving)
                answers: list[str] = []
                room = self._limits.sparql_values
                for service, query in zip(outline.services, queries, strict=True):
                    ask = (
                        self._found(call, service, room) if service.search else self._values(call, service, query, room)
                    )
                    values, terms = await ask
                    answers.append(f" {values} ")
                    room -= terms
        except TimeoutError:
            return Result(checked.source, {"error": TIME, "message": ""}, b"", None, 0)
        result = await call.work(query=_replaced(text, outline.services, answers))
        if result.end.get("error") == wire.SYNTAX:  # places in that text mean nothing to the user
            raise QuerySyntax(f"With the answers in place of SERVICE it is not a query: {result.end['message']}")
        return result

    async def _values(self, call: _Call, service: Service, query: str, room: int) -> tuple[str, int]:
        """The answer of an endpoint as VALUES, and how many terms it has."""
        try:
            with call.pool.spool.open(call.client, named=True) as file:
                media_type = await self._fetch(call, service, query, file)
                result = await call.work(
                    file=file.name, kind="bindings", media_type=media_type,
                    bindings="values", rows=room, bytes=self._most_bytes,
                )  # fmt: skip
            try:
                if result.end.get("error") == TIME:
                    raise TimeoutError  # the query's own
                if "error" in result.end:
                    raise self._unusable(service, result.end)
                values = b"".join([piece async for piece in result.pieces()]).decode()
                return _ONE_SOLUTION if values == _ONE_ROW else values, result.end.get("rows", 0)
            finally:
                result.close()
        except (ServiceFault, ServiceBusy, ServiceTimeout, QueryStopped) as error:
            log.warning("SERVICE failed", endpoint=service.endpoint, error=error.detail, silent=service.silent)
            if service.silent:
                return _ONE_SOLUTION, 0
            raise

    async def _found(self, call: _Call, service: Service, room: int) -> tuple[str, int]:
        """What the index of labels has for a clause as VALUES, and how many terms that are; when it is this client's turn."""
        assert self._find is not None and service.search is not None  # noqa: S101, PT018 (else the guard refuses the clause)
        try:
            async with self._turns.turn(call.client):
                matches = await asyncio.to_thread(self._find, service.search)
            values, terms = search_clause.values(service.search, matches)
            if terms > room:
                raise self._unusable(service, {"error": wire.ROWS})
            return values, terms
        except (SearchNotReady, QueryStopped):
            if service.silent:
                return _ONE_SOLUTION, 0
            raise

    async def _fetch(self, call: _Call, service: Service, query: str, file: SpoolFile) -> str:
        """Write an endpoint's answer to the file, when it is this client's turn; its media type."""
        form = upstream.fields(query)
        try:
            # One that may fail leaves time for the rest of the query.
            async with asyncio.timeout(call.left() / 2 if service.silent else None), self._turns.turn(call.client):
                return await self._ask(service, form, file)
        except TimeoutError:
            raise ServiceTimeout(f"{_name(service)} did not answer in time.") from None

    async def _ask(self, service: Service, form: dict[str, Any], file: SpoolFile) -> str:
        assert self._client is not None  # noqa: S101 (queries come between start and stop only)
        accept = upstream.RESULTS
        try:
            return await remote.fetch(self._client, service.endpoint, form, accept, file, self._most_bytes)
        except remote.TooLong:
            raise self._unusable(service, {"error": wire.BYTES}) from None
        except httpx2.HTTPError as error:
            raise _failure(service, upstream.failure(error)) from error
        except NoRoom:
            raise
        except Problem as error:
            raise _failure(service, error) from error

    def _unusable(self, service: Service, end: wire.End) -> Problem:
        """Why an answer could not be written as VALUES."""
        match end["error"]:
            case wire.ROWS:
                most = self._limits.sparql_values
                detail = f"{_name(service)} sends too much: the SERVICE clauses of a query may bring {most} terms."
                return QueryStopped(detail, limit="sparql_values", value=most)
            case wire.BYTES:
                detail = f"{_name(service)} sends more than {self._most_bytes:,} bytes."
                return QueryStopped(detail, limit="sparql_bytes", value=self._most_bytes)
            case wire.EVALUATION:
                return ServiceFault(f"{_name(service)} sends what cannot be used: {end['message']}")
        return ServiceFault(f"{_name(service)} gave an answer that cannot be read.")


def _name(service: Service) -> str:
    return f"The endpoint <{service.endpoint}>"


def _failure(service: Service, error: Problem) -> Problem:
    """The fault of an endpoint behind the service, as one of an endpoint that a query names."""
    detail = error.detail.replace("The endpoint behind this service", _name(service))
    if isinstance(error, UpstreamBusy):
        return ServiceBusy(detail, headers=error.headers)
    return ServiceTimeout(detail) if isinstance(error, UpstreamTimeout) else ServiceFault(detail)


def _blank(text: str) -> str:
    """As much space: so that faults keep their places."""
    return " " * len(text)


def _query(text: str, service: Service) -> str:
    """The group of a clause as a query."""
    head = "SELECT * " + _blank(text[service.start + len("SELECT * ") : service.group])
    return _blank(text[: service.start]) + head + text[service.group : service.end]


def _skeleton(text: str, services: Sequence[Service]) -> str:
    """The query without what its clauses hold, to be parsed before anything is sent."""
    # MINUS may stand where SERVICE may and nowhere else.
    empty = ["MINUS{}" + _blank(text[service.start + len("MINUS{}") : service.end]) for service in services]
    return _replaced(text, services, empty)


def _replaced(text: str, services: Sequence[Service], instead: Sequence[str]) -> str:
    parts, at = [], 0
    for service, words in zip(services, instead, strict=True):
        parts += [text[at : service.start], words]
        at = service.end
    return "".join([*parts, text[at:]])
