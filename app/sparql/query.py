"""A query that was read: what is asked, what the guard makes of it, how its answer is known, and what a worker is told of it."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from functools import lru_cache, partial

import pyoxigraph

from app.process.breaks import Breaks
from app.process.fair_queue import FairQueue
from app.settings import Limits
from app.sparql import refusals, wire
from app.sparql.complexity import Bounds
from app.sparql.guard import Outline, check
from app.sparql.process import Source, Worker
from app.sparql.protocol import SparqlRequest
from releases.gc_pause import no_garbage

_LONG_TEXT = 4096  # characters that the guard reads in well under a millisecond
# Part of every validator: another engine may write the same answer in other bytes.
_SALT = f"1 {pyoxigraph.__version__}"


@dataclass(slots=True)
class Query:
    """One query on its way to its answer."""

    asked: SparqlRequest
    text: str
    outline: Outline
    worker: Worker | None = None
    """That evaluates it already."""

    def key(self, source: Source) -> tuple[str, ...]:
        """By what its answer is known before there is one: a release never changes, so neither does its answer to a query.

        () where the answer may change at any time, or rests on that of another endpoint.
        """
        asked = self.asked
        if self.outline.volatile or self.outline.services:
            return ()
        return (
            source.tag,
            asked.endpoint,
            asked.coding,
            asked.choice.name,
            *asked.default_graphs,
            "|",
            *asked.named_graphs,
            self.text,
        )

    def request(self, limits: Limits) -> wire.Request:
        """What a worker is asked."""
        asked, outline, choice = self.asked, self.outline, self.asked.choice
        return {
            "query": outline.text,
            "base": outline.base,
            "dataset": outline.graphs,
            "default": asked.default_graphs if asked.has_dataset else None,
            "named": asked.named_graphs,
            "bindings": choice.bindings[0] if choice.bindings else None,
            "boolean": choice.boolean[0] if choice.boolean else None,
            "graph": choice.graph[0] if choice.graph else None,
            "rows": limits.sparql_rows,
            "bytes": limits.sparql_bytes,
            "seconds": limits.sparql_seconds,
        }

    def claim(self) -> Worker | None:
        """The worker that evaluates it already, for whoever asks first."""
        worker, self.worker = self.worker, None
        return worker


def etag_of(key: tuple[str, ...]) -> str:
    """A strong validator of the answer that a key knows; "" of ()."""
    if not key:
        return ""
    tag, *parts = key
    digest = hashlib.blake2b("\n".join((_SALT, *parts)).encode(), digest_size=16)
    return f'"{tag}-{digest.hexdigest()}"'


class Reader:
    """Reads the queries of one endpoint."""

    def __init__(self, limits: Limits, bounds: Bounds) -> None:
        self._bounds = bounds
        self._checked = lru_cache(512)(partial(check, bounds=bounds))  # of texts up to _LONG_TEXT
        # Long texts are read one at a time, clients in turn: several threads would keep the event loop from its turn.
        self._turns: FairQueue[int] = FairQueue(1, limits.sparql_per_client, limits.sparql_queue, limits.sparql_wait)
        self._turns.add(0)

    def read_short(self, asked: SparqlRequest, text: str) -> Query | None:
        """A query whose text is read at once; None for a long one. Raises what `check` raises, and NotAcceptable."""
        if len(text) > _LONG_TEXT:
            return None
        return _acceptable(asked, text, self._checked(text, base=asked.endpoint))

    async def read(self, asked: SparqlRequest, text: str) -> Query:
        """A query, when it is this client's turn if its text is long. Raises the same."""
        if query := self.read_short(asked, text):
            return query
        with self._turns.slot(asked.client):
            async with self._turns.turn(asked.client):
                return _acceptable(asked, text, await asyncio.to_thread(_read, text, self._bounds, asked.endpoint))


def _read(text: str, bounds: Bounds, endpoint: str) -> Outline:
    with no_garbage():  # a search among ten thousands of tokens would hold up the event loop for 20 ms and find none
        return check(text, bounds, endpoint, Breaks())


def _acceptable(asked: SparqlRequest, text: str, outline: Outline) -> Query:
    if outline.form and asked.choice.for_form(outline.form) is None:
        raise refusals.not_acceptable(outline.form)
    return Query(asked, text, outline)
