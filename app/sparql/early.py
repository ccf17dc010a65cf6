"""Small queries, answered before ASGI has the request: all that stands between costs as much as such a query.

A plain GET is read where it comes in and given to a free worker; an answer that comes soon and in one piece goes straight to
the connection. Anything else goes the gateway's own way with what was found here: a refusal, a query that is read, or one
that a worker has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container

from starlette.types import Scope

from app.http import Answer, AnswerCache
from app.settings import Limits
from app.sparql import packing, protocol, result_formats, wire
from app.sparql.pool import Pool
from app.sparql.process import Worker
from app.sparql.query import Query, Reader, etag_of
from app.sparql.sending import Sender

FOUND = "ccsi.found"  # in a scope: the query that was read, or why it is refused
SOON = 0.05  # seconds; of what takes longer it pays to notice that the client hung up

Reply = Callable[[bytes, bytes], None]
GoOn = Callable[[], bool]


class Early:
    """Of one endpoint, what its connections ask first (app/http/unrouted.py)."""

    paths: Container[str] = frozenset(protocol.PATHS)

    def __init__(
        self,
        limits: Limits,
        public_url: str,
        reader: Reader,
        pool: Pool,
        sender: Sender,
        cache: Callable[[], AnswerCache],
    ) -> None:
        self.limits = limits
        self.pool = pool
        self.sender = sender
        self.cache = cache
        self._public_url = public_url
        self._reader = reader

    def begin(self, scope: Scope, reply: Reply, go_on: GoOn) -> bool:
        """See app.http.front.Early."""
        try:
            if (query := self._read(scope)) is None or (source := self.pool.source) is None:
                return False
        except Exception as error:  # told where the request goes now
            scope[FOUND] = error
            return False
        scope[FOUND] = query
        key = query.key(source)
        if key and (ready := self.cache().get(key)):
            coding = query.asked.coding if ready.headers else ""
            reply(self.sender.head(ready.media_type, len(ready.body), ready.etag, coding), ready.body)
            return True
        query.worker = self.pool.begin(query.asked.client, query.request(self.limits))
        if query.worker is None:
            return False
        _Evaluation(self, query, query.worker, key, reply, go_on)
        return True

    def _read(self, scope: Scope) -> Query | None:
        """The query; None for what is no plain one. Raises a Problem."""
        asked = protocol.read_get(scope, self.limits, self._public_url)
        if asked.query is None or asked.none_match or asked.choice.description == result_formats.HTML:
            return None
        query = self._reader.read_short(protocol.within(asked, self.pool.graphs), asked.query)
        return None if query is None or query.outline.services else query


class _Evaluation:
    """A query that a worker has, and a connection that waits for its answer."""

    def __init__(
        self, early: Early, query: Query, worker: Worker, key: tuple[str, ...], reply: Reply, go_on: GoOn
    ) -> None:
        self._early, self._query, self._worker = early, query, worker
        self._key, self._etag = key, etag_of(key)
        self._reply, self._go_on = reply, go_on
        self._loop = asyncio.get_running_loop()
        worker.listen(self._heard)
        self._timer = self._loop.call_later(SOON, self._hand_on)

    def _heard(self) -> None:
        asked = self._query.asked
        whole = self._worker.whole(packing.QUICKLY if asked.coding else wire.DATA_BYTES)
        if whole is None:
            self._hand_on()
            return
        self._timer.cancel()
        kind, body = whole
        coding = asked.coding if len(body) >= packing.SMALL else ""
        if coding:
            body = packing.pack(body, coding)
        media_type = result_formats.content_type(getattr(asked.choice, kind))
        # What nobody waits for comes behind the answer.
        self._loop.call_soon(self._end, body, media_type, coding)
        self._reply(self._early.sender.head(media_type, len(body), self._etag, coding), body)

    def _end(self, body: bytes, media_type: str, coding: str) -> None:
        pool, source = self._early.pool, self._worker.source
        self._query.claim()
        pool.end(self._worker)
        if self._key and source == pool.source:
            headers = (("content-encoding", coding),) if coding else ()
            self._early.cache().put(self._key, Answer(body, media_type, self._etag, headers))

    def _hand_on(self) -> None:
        """Let the gateway have the rest; what nobody waits for any more is ended."""
        self._timer.cancel()
        self._worker.listen(None)
        # Whatever stands between: no worker is lost.
        self._loop.call_later(self._early.limits.sparql_seconds, _end_unclaimed, self._early.pool, self._query)
        if not self._go_on():
            _end_unclaimed(self._early.pool, self._query)


def _end_unclaimed(pool: Pool, query: Query) -> None:
    if (worker := query.claim()) is not None:
        pool.end(worker)
