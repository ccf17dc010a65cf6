"""The endpoint itself: from a request to a complete answer, or a problem that says which limit stood in the way.

An answer is sent only when it is complete, with its length announced. So there is no well-formed short answer in any
format: what a client receives is whole, or a problem+json, or (when the connection breaks or the client is too slow to
take it) shorter than its Content-Length, which every HTTP client reports.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import Counter

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app import http
from app.errors import (
    BadRequest,
    FederationRefused,
    NotPassedOn,
    NotReady,
    Overloaded,
    Problem,
    QueryStopped,
    TooManyQueries,
    UpstreamFault,
)
from app.http import Answer, AnswerCache
from app.http.negotiation import Offer
from app.http.problems import error_response
from app.process.fair_queue import FairQueue
from app.settings import Limits, Settings
from app.sparql import packing, protocol, refusals, result_formats, service_description, wire
from app.sparql.complexity import Bounds
from app.sparql.early import FOUND, SOON, Early
from app.sparql.federation import Federation, Find
from app.sparql.guard import engine_error, federation_refusal
from app.sparql.pool import Pool, Result
from app.sparql.process import Source, Worker
from app.sparql.protocol import ClientGone, Page, SparqlRequest
from app.sparql.query import Query, Reader, etag_of
from app.sparql.remote import RemotePool
from app.sparql.sending import Sender
from app.sparql.spool import Spool
from app.sparql.stats import Stats

log = structlog.get_logger()


class Gateway:
    """The SPARQL endpoint of one service: an ASGI application and its worker processes."""

    def __init__(self, settings: Settings, limits: Limits, page: Page | None = None, find: Find | None = None) -> None:
        self._settings = settings
        self._limits = limits
        self._page = page
        self._federation = Federation(settings, limits, find)
        self._bounds = Bounds.of(limits, self._federation.services, standard=bool(settings.sparql_endpoint))
        self._reader = Reader(limits, self._bounds)
        self._sender = Sender(limits, settings.sparql_max_age)
        self.cache = AnswerCache(settings.sparql_cache_bytes)
        turns: FairQueue[Worker] = FairQueue(
            settings.sparql_workers, limits.sparql_per_client, limits.sparql_queue, limits.sparql_wait
        )
        self._spool = Spool(limits.sparql_spool_bytes)
        kind: type[Pool] = RemotePool if settings.sparql_endpoint else Pool
        self.pool = kind(settings, limits, turns, self._spool)
        self._stopped: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self.early = Early(limits, settings.public_url, self._reader, self.pool, self._sender, lambda: self.cache)

    # --- life ------------------------------------------------------------------------------------------------------

    def before(self, app: ASGIApp) -> ASGIApp:
        """An application that answers at /sparql and hands everything else on."""

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            is_query = scope["type"] == "http" and scope["path"] in protocol.PATHS
            await (self if is_query else app)(scope, receive, send)

        return answer

    def serve(self, source: Source) -> None:
        """Answer from this source from now on; what runs may finish on the one before."""
        self.cache = AnswerCache(self._settings.sparql_cache_bytes, self.cache.tally)
        self.pool.switch(source)

    async def start(self) -> None:
        """Start the workers; queries wait for the first."""
        self.pool.start()
        self._federation.start()

    async def ready(self) -> None:
        """Wait until a worker can take a query; not where none ever will."""
        while self.pool.source is not None and not self.pool.refusal and not self.pool.processes():
            await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """End the workers and wait until all are gone."""
        await self._federation.stop()
        await self.pool.stop()

    def stats(self) -> Stats:
        """Figures for monitoring, and whether the endpoint is ready."""
        pool, turns = self.pool, self.pool.turns
        return Stats(
            running=turns.running, waiting=turns.waiting, held_refusals=turns.held,
            workers=len(pool.processes()), ready=pool.ready, restarts=pool.restarts,
            gave_way=turns.gave_way, dropped=turns.dropped, stopped=dict(self._stopped), refused=dict(self._refused),
            spool_files=self._spool.files, spool_bytes=self._spool.bytes,
            waited=turns.waited.copy(), evaluated=turns.evaluated.copy(),
        )  # fmt: skip

    # --- one request -----------------------------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        began = time.monotonic()
        try:
            if scope["method"] == "OPTIONS":
                await Response(status_code=204, headers=protocol.PREFLIGHT)(scope, receive, send)
                return
            found = scope.get(FOUND)
            if isinstance(found, Exception):
                raise found
            if found is None:
                asked = await protocol.read(scope, receive, self._limits, self._settings.public_url)
                # A browser that follows a link to a query gets the page that shows it; whoever asks for a format the answer.
                browser = scope["method"] == "GET" and asked.choice.description == result_formats.HTML
                asked = protocol.within(asked, self.pool.graphs)
                if asked.query is None or browser:
                    await self._describe(asked, scope, receive, send)
                    return
                found = await self._reader.read(asked, asked.query)
            await self._answer(found, receive, send)
        except Problem as error:
            if not isinstance(error, QueryStopped):
                self._refused[error.slug] += 1
            if isinstance(error, TooManyQueries | Overloaded):
                await self.pool.turns.hold_back(began)
            await error_response(error, self._sender.headers, instance=scope["path"])(scope, receive, send)
        except ClientGone:
            return

    async def _describe(self, asked: SparqlRequest, scope: Scope, receive: Receive, send: Send) -> None:
        offer = asked.choice.description
        if offer is None:
            raise refusals.not_acceptable("describe")
        if offer == result_formats.HTML:
            page = self._page or _to_docs
            await (await page(Request(scope, receive)))(scope, receive, send)
            return
        source = self.pool.source
        if source is None:
            raise NotReady("No release is published yet.", headers={"retry-after": "5"})
        body = service_description.describe(
            asked.endpoint, self.pool.graphs, self._federation.services, self._limits, offer[0], asked.vocabulary
        )
        etag = f'"{source.tag}-{hashlib.blake2b(body, digest_size=8).hexdigest()}"'
        if asked.none_match and http.matches(asked.none_match, etag):
            await self._sender.send(Answer(b"", "", etag, status=304), asked, send)
            return
        await self._sender.send(Answer(body, result_formats.content_type(offer), etag), asked, send)

    async def _answer(self, query: Query, receive: Receive, send: Send) -> None:
        if (source := self.pool.source) is None:
            raise NotReady("No release is published yet.", headers={"retry-after": "5"})
        asked, key = query.asked, query.key(source)
        etag = etag_of(key)
        if key and query.worker is None:
            ready = self.cache.get(key)
            # A tag is proof that there is an answer; the asterisk is none.
            if (ready or asked.none_match.strip() != "*") and http.matches(asked.none_match, etag):
                ready = Answer(b"", "", etag, status=304)
            if ready:
                await self._sender.send(ready, asked, send)
                return
        with self.pool.turns.slot(asked.client):
            result = await self._evaluate(query, receive)
            try:
                offer = self._offer_of(result, query)
                if result.source is not source:  # a switch came between
                    key = query.key(result.source)
                    etag = etag_of(key)
                answer = await self._packed(result, result_formats.content_type(offer), etag, asked)
                if key and result.file is None and result.source == self.pool.source:
                    self.cache.put(key, answer)
                await self._sender.send(answer, asked, send, result)
            finally:
                result.close()

    async def _evaluate(self, query: Query, receive: Receive) -> Result:
        """The answer of a worker. Raises ClientGone, with the query ended, as soon as the client hangs up."""
        asked, outline, request = query.asked, query.outline, query.request(self._limits)
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
        timer = asyncio.get_running_loop().call_later(SOON, begin)
        try:
            if outline.services:
                return await self._federation.run(self.pool, asked.client, request, outline)
            return await self.pool.run(asked.client, request, query.claim())
        except asyncio.CancelledError:
            if gone and task is not None:
                task.uncancel()
                raise ClientGone from None
            raise
        finally:
            timer.cancel()
            if watcher is not None:
                watcher.cancel()

    def _offer_of(self, result: Result, query: Query) -> Offer:
        """The representation of a complete answer. Raises a Problem for one that is not."""
        end, limits, asked, outline = result.end, self._limits, query.asked, query.outline
        match end.get("error"):
            case None:
                offer: Offer | None = getattr(asked.choice, end["kind"])
                assert offer is not None  # noqa: S101 (the worker was offered only what is acceptable)
                return offer
            case wire.SYNTAX:
                raise engine_error(query.text, outline, end["message"])
            case wire.OBJECTION:
                raise NotPassedOn(f"The query is not passed on to the store behind this service: {end['message']}.")
            case wire.FORM:
                raise refusals.not_acceptable(outline.form)
            case wire.FORMAT:
                raise refusals.unwritable(outline.form, asked.choice, end["message"])
            case wire.NETWORK:
                raise FederationRefused(federation_refusal(self._bounds))
            case wire.STORAGE:
                log.error("the store cannot be read", error=end["message"])
                raise Overloaded("The store cannot be read at the moment.", headers={"retry-after": "5"})
            case wire.UPSTREAM:
                log.error("the endpoint's answer is not whole", error=end["message"])
                raise UpstreamFault("The endpoint behind this service gave an answer that cannot be read.")
            case wire.EVALUATION:
                raise BadRequest(f"The query cannot be evaluated: {end['message']}")
            case error:
                self._stopped[error] += 1
                raise refusals.stopped(error, limits)

    async def _packed(self, result: Result, media_type: str, etag: str, asked: SparqlRequest) -> Answer:
        """The answer in the coding that the client takes; the result holds its file, if it has one, in that coding too."""
        coding = asked.coding
        if not coding or result.length < packing.SMALL:
            return Answer(result.body, media_type, etag)
        if result.file is not None:
            source, result.file = result.file, self._spool.open(asked.client)
            result.length = await asyncio.to_thread(packing.pack_file, source, result.file, coding)
        else:
            if result.length < packing.QUICKLY:
                result.body = packing.pack(result.body, coding)
            else:
                result.body = await asyncio.to_thread(packing.pack, result.body, coding)
            result.length = len(result.body)
        return Answer(result.body, media_type, etag, (("content-encoding", coding),))


async def _to_docs(request: Request) -> Response:
    return RedirectResponse(f"{request.scope.get('root_path', '')}/docs", 303, {"vary": "Accept"})
