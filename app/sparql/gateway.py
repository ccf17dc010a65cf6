"""The endpoint itself: from a request to a complete answer, or a problem that says which limit stood in the way.

An answer is sent only when it is complete, with its length announced. So there is no well-formed short answer in any
format: what a client receives is whole, or a problem+json, or (when the connection breaks or the client is too slow to
take it) shorter than its Content-Length, which every HTTP client reports.
"""

from __future__ import annotations

import asyncio
import hashlib
from functools import lru_cache
from typing import Any

import pyoxigraph
import structlog
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app import http
from app.errors import (
    BadRequest,
    FederationRefused,
    NotAcceptable,
    NotReady,
    Overloaded,
    Problem,
    QueryStopped,
    UpstreamFault,
    problem_response,
)
from app.service import Answer, AnswerCache
from app.settings import Limits, Settings
from app.sparql import description, formats, packing, protocol, wire
from app.sparql.federation import Federation
from app.sparql.formats import Offer
from app.sparql.guard import Bounds, Outline, check, federation_refusal, syntax_fault
from app.sparql.pool import ENGINE, TIME, Pool, Result, Source, Worker
from app.sparql.protocol import Asked, ClientGone, Page
from app.sparql.remote import RemotePool
from app.sparql.turns import Turns

log = structlog.get_logger()

_PIECE = 256 * 1024
_LONG_TEXT = 4096  # characters that the guard reads in well under a millisecond
_QUICKLY_PACKED = 32 * 1024  # bytes that are packed faster than handed to another thread
_WATCH_AFTER = 0.05  # seconds after which it pays to notice that a client hung up
# Part of every validator: another engine may write the same answer in other bytes.
_SALT = f"1 {pyoxigraph.__version__}"


class Gateway:
    """The SPARQL endpoint of one service: an ASGI application and its worker processes."""

    def __init__(self, settings: Settings, limits: Limits, page: Page | None = None) -> None:
        self._settings = settings
        self._limits = limits
        self._page = page
        self._bounds = Bounds(
            limits.sparql_nesting, limits.sparql_operators, limits.sparql_values, frozenset(settings.services)
        )
        self._federation = Federation(settings, limits) if settings.services else None
        self._headers = {
            **protocol.CORS,
            "vary": "Accept, Accept-Encoding",
            "ccsi-limits": protocol.limits_header(limits),
        }
        self._kept_headers = _raw(
            {**self._headers, "cache-control": f"public, max-age={settings.sparql_max_age}"}
        )  # of an answer with a validator
        self._other_headers = _raw({**self._headers, "cache-control": "no-store"})
        self._cache = AnswerCache(settings.sparql_cache_bytes)
        turns: Turns[Worker] = Turns(
            settings.sparql_workers, limits.sparql_per_client, limits.sparql_queue, limits.sparql_wait
        )
        self.pool: Pool
        if settings.sparql_endpoint:
            self.pool = RemotePool(settings, limits, turns)
        else:
            self.pool = Pool(settings.sparql_workers, limits.sparql_memory, turns, settings.sparql_unconfined)
        self.stopped: dict[str, int] = {}

    # --- life ------------------------------------------------------------------------------------------------------

    def add_to(self, app: FastAPI) -> None:
        """Answer at /sparql; before the framework's routing, which costs as much as a small query."""
        app.add_middleware(_Door, gateway=self)

    def serve(self, source: Source) -> None:
        """Answer from this source from now on; what runs may finish on the one before."""
        self._cache = AnswerCache(self._settings.sparql_cache_bytes)
        self.pool.switch(source)

    async def start(self) -> None:
        """Start the workers; queries wait for the first."""
        self.pool.start()
        if self._federation is not None:
            self._federation.start()

    async def ready(self) -> None:
        """Wait until a worker can take a query; not where none ever will."""
        while self.pool.source is not None and not self.pool.refusal and not self.pool.processes():
            await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """End the workers and wait until all are gone."""
        if self._federation is not None:
            await self._federation.stop()
        await self.pool.stop()

    def stats(self) -> dict[str, Any]:
        """Figures for monitoring."""
        turns = self.pool.turns
        return {
            "running": turns.running, "waiting": turns.waiting, "workers": len(self.pool.processes()),
            "restarts": self.pool.restarts, "stopped": dict(self.stopped),
        }  # fmt: skip

    # --- one request -----------------------------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            if scope["method"] == "OPTIONS":
                await Response(status_code=204, headers=protocol.PREFLIGHT)(scope, receive, send)
                return
            asked = await protocol.read(scope, receive, self._limits, self._settings.public_url)
            if asked.query is None:
                await self._describe(asked, scope, receive, send)
            else:
                await self._query(asked, asked.query, receive, send)
        except Problem as fault:
            headers = {**self._headers, **fault.headers}
            members = {"instance": scope["path"], **fault.members}
            response = problem_response(fault.status, fault.slug, fault.title, fault.detail, headers, **members)
            await response(scope, receive, send)
        except ClientGone:
            return

    async def _describe(self, asked: Asked, scope: Scope, receive: Receive, send: Send) -> None:
        offer = asked.choice.description
        if offer is None:
            raise _not_acceptable("describe")
        if offer == formats.HTML:
            page = self._page or _to_docs
            await (await page(Request(scope, receive)))(scope, receive, send)
            return
        source = self.pool.source
        if source is None:
            raise NotReady("No release is published yet.", headers={"retry-after": "5"})
        body = description.describe(asked.endpoint, self.pool.graphs, self._settings.services, self._limits, offer[0])
        etag = f'"{source.tag}-{hashlib.blake2b(body, digest_size=8).hexdigest()}"'
        if asked.none_match and http.matches(asked.none_match, etag):
            await self._send(Answer(b"", "", etag, status=304), asked, send)
            return
        await self._send(Answer(body, formats.content_type(offer), etag), asked, send)

    async def _query(self, asked: Asked, text: str, receive: Receive, send: Send) -> None:
        if len(text) > _LONG_TEXT:
            outline = await asyncio.to_thread(check, text, self._bounds)
        else:
            outline = _checked(text, self._bounds)
        if outline.form and asked.choice.for_form(outline.form) is None:
            raise _not_acceptable(outline.form)
        if (source := self.pool.source) is None:
            raise NotReady("No release is published yet.", headers={"retry-after": "5"})
        # What rests on the answer of another endpoint may change at any time.
        etag = "" if outline.volatile or outline.services else _etag(source, asked, text)
        if etag:
            ready = self._cache.get((etag,))
            # A tag is proof that there is an answer; the asterisk is none.
            if (ready or asked.none_match.strip() != "*") and http.matches(asked.none_match, etag):
                ready = Answer(b"", "", etag, status=304)
            if ready:
                await self._send(ready, asked, send)
                return
        with self.pool.turns.seat(asked.client):
            result = await self._evaluate(asked, text, outline, receive)
            try:
                offer = self._offer_of(result, asked, text, outline)
                if etag and result.source is not source:  # a switch came between
                    etag = _etag(result.source, asked, text)
                answer = await _packed(result, formats.content_type(offer), etag, asked.coding)
                if etag and result.file is None and result.source == self.pool.source:
                    self._cache.put((etag,), answer)
                await self._send(answer, asked, send, result)
            finally:
                result.close()

    async def _evaluate(self, asked: Asked, text: str, outline: Outline, receive: Receive) -> Result:
        """The answer of a worker. Raises ClientGone, with the query ended, as soon as the client hangs up."""
        choice, limits = asked.choice, self._limits
        request = {
            "query": text,
            "base": asked.endpoint,
            "dataset": outline.dataset,
            "default": asked.default_graphs if asked.has_dataset else None,
            "named": asked.named_graphs,
            "bindings": choice.bindings[0] if choice.bindings else None,
            "boolean": choice.boolean[0] if choice.boolean else None,
            "graph": choice.graph[0] if choice.graph else None,
            "rows": limits.sparql_rows,
            "bytes": limits.sparql_bytes,
            "seconds": limits.sparql_seconds,
        }
        task = asyncio.current_task()
        gone = False
        watcher: asyncio.Task[None] | None = None

        async def watch() -> None:
            nonlocal gone
            while (await receive())["type"] != "http.disconnect":
                pass
            gone = True
            if task is not None:
                task.cancel()

        def begin() -> None:
            nonlocal watcher
            watcher = asyncio.ensure_future(watch())

        # Most queries end before it pays to listen for the client.
        timer = asyncio.get_running_loop().call_later(_WATCH_AFTER, begin)
        try:
            if outline.services and self._federation is not None:
                return await self._federation.run(self.pool, asked.client, request, outline)
            return await self.pool.run(asked.client, request)
        except asyncio.CancelledError:
            if gone and task is not None:
                task.uncancel()
                raise ClientGone from None
            raise
        finally:
            timer.cancel()
            if watcher is not None:
                watcher.cancel()

    def _offer_of(self, result: Result, asked: Asked, text: str, outline: Outline) -> Offer:
        """The representation of a complete answer. Raises a Problem for one that is not."""
        end, limits = result.end, self._limits
        match end.get("fault"):
            case None:
                offer: Offer | None = getattr(asked.choice, end["kind"])
                assert offer is not None  # noqa: S101 (the worker was offered only what is acceptable)
                return offer
            case wire.SYNTAX:
                raise syntax_fault(text, end["message"])
            case wire.FORM:
                raise _not_acceptable(outline.form)
            case wire.NETWORK:
                raise FederationRefused(federation_refusal(self._bounds))
            case wire.STORAGE:
                log.error("the store cannot be read", fault=end["message"])
                raise Overloaded("The store cannot be read at the moment.", headers={"retry-after": "5"})
            case wire.UPSTREAM:
                log.error("the endpoint's answer is not whole", fault=end["message"])
                raise UpstreamFault("The endpoint behind this service gave an answer that cannot be read.")
            case wire.EVALUATION:
                raise BadRequest(f"The query cannot be evaluated: {end['message']}")
            case fault:
                self.stopped[fault] = self.stopped.get(fault, 0) + 1
                raise _stopped(fault, limits)

    async def _send(self, answer: Answer, asked: Asked, send: Send, result: Result | None = None) -> None:
        length = result.length if result is not None else len(answer.body)
        headers = list(self._kept_headers if answer.etag else self._other_headers)
        headers += _raw(dict(answer.headers))
        if answer.etag:
            headers.append((b"etag", answer.etag.encode("latin-1")))
        if answer.status != 304:
            headers += ((b"content-type", answer.media_type.encode()), (b"content-length", b"%d" % length))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        in_file = result is not None and result.file is not None
        if asked.head or (length <= _PIECE and not in_file):
            await send({"type": "http.response.body", "body": b"" if asked.head else answer.body})
            return
        if result is not None and in_file:
            async for piece in result.pieces():
                await self._send_piece(piece, send)
        else:
            for start in range(0, length, _PIECE):
                await self._send_piece(answer.body[start : start + _PIECE], send)
        await send({"type": "http.response.body", "body": b""})

    async def _send_piece(self, piece: bytes, send: Send) -> None:
        """Send a part of a long answer; a client that does not take it in time loses the connection."""
        try:
            async with asyncio.timeout(self._limits.sparql_send_seconds):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        except TimeoutError:
            raise ClientGone from None


class _Door:
    """Hands /sparql to the gateway and everything else on."""

    def __init__(self, app: ASGIApp, gateway: Gateway) -> None:
        self._app = app
        self._gateway = gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_query = scope["type"] == "http" and scope["path"] in ("/sparql", "/sparql/")
        await (self._gateway if is_query else self._app)(scope, receive, send)


_checked = lru_cache(maxsize=512)(check)  # of texts up to _LONG_TEXT


def _raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


def _etag(source: Source, asked: Asked, text: str) -> str:
    """A strong validator known before evaluation: a release never changes, so neither does its answer to a query."""
    parts = (
        _SALT,
        asked.endpoint,
        asked.coding,
        asked.choice.name(),
        *asked.default_graphs,
        "|",
        *asked.named_graphs,
        text,
    )
    digest = hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()
    return f'"{source.tag}-{digest}"'


async def _packed(result: Result, media_type: str, etag: str, coding: str) -> Answer:
    """The answer in the coding that the client takes; the result holds its file, if it has one, in that coding too."""
    if not coding or result.length < packing.SMALL:
        return Answer(result.body, media_type, etag)
    if result.file is not None:
        result.file, result.length = await asyncio.to_thread(packing.pack_file, result.file, coding)
    elif result.length < _QUICKLY_PACKED:
        result.body = packing.pack(result.body, coding)
    else:
        result.body = await asyncio.to_thread(packing.pack, result.body, coding)
    result.length = result.length if result.file is not None else len(result.body)
    return Answer(result.body, media_type, etag, (("content-encoding", coding),))


def _not_acceptable(form: str) -> NotAcceptable:
    known = formats.media_types(form)
    return NotAcceptable(f"This is available as {', '.join(known)}.", available=known)


def _stopped(fault: str, limits: Limits) -> QueryStopped:
    bounds: dict[str, tuple[str, str, float]] = {
        TIME: ("sparql_seconds", "It was not complete after {:g} seconds.", limits.sparql_seconds),
        wire.MEMORY: ("sparql_memory", "It needed more than {:,} bytes of memory.", limits.sparql_memory),
        wire.ROWS: ("sparql_rows", "Its answer has more than {:,} rows; add a LIMIT or narrow it.", limits.sparql_rows),
        wire.BYTES: (
            "sparql_bytes",
            "Its answer has more than {:,} bytes; add a LIMIT or narrow it.",
            limits.sparql_bytes,
        ),
    }
    if fault not in bounds:
        return QueryStopped("The engine gave up on this query.", limit=ENGINE)
    name, detail, value = bounds[fault]
    return QueryStopped(detail.format(value), limit=name, value=value)


async def _to_docs(request: Request) -> Response:
    return RedirectResponse(f"{request.scope.get('root_path', '')}/docs", 303, {"vary": "Accept"})
