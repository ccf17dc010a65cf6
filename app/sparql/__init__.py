"""The public SPARQL endpoint: untrusted queries behind a guard, in worker processes that can be killed.

    gateway.py              the endpoint itself: from a request to a complete answer, or a problem that says why not
    early.py                small queries, answered before ASGI has the request
    query.py                a query that was read, and what reads it
    protocol.py             a request of the SPARQL 1.1 Protocol, read and checked
    result_formats.py       representations of answers, and which a client wants
    tokens.py               a text cut into the tokens of the standard
    words.py                the words that there are
    complexity.py           how large a query may be
    guard.py                what is refused by its text alone, and how the rest goes on: written anew
    judge.py                a second opinion on what leaves for an endpoint
    refusals.py             what a client is told whose query has no answer
    sending.py              an answer on its way to the client, in pieces that have to be taken in time
    packing.py              its content codings
    spool.py                the files in which answers are held, within one budget
    stats.py                what is told for monitoring
    federation.py           SERVICE clauses for the endpoints that the settings allow, and for the index of labels
    search_clause.py        the form of those, and what is found as VALUES
    remote.py               the same for queries that an endpoint elsewhere evaluates
    pool.py                 the worker processes together: kept, timed, killed, replaced
    process.py              one of them as the service sees it: started, asked, ended
    worker.py               one worker process: opens the release read-only, confines itself (confine.py), evaluates
    wire.py                 what goes between it and the service
    counting.py, markup.py  rows of an answer counted, and its XML checked, as it is written
    probe.py                whether the store behind the service has a way out
    service_description.py  the service description

Who runs next is `app/process/fair_queue.py`. Imports are kept out of this file: every worker process starts by reading
it and needs none of the web framework.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

    from app.catalogue.search import SearchHit
    from app.service import Served, Service
    from app.sparql.gateway import Gateway
    from app.sparql.protocol import Page
    from app.sparql.search_clause import Clause


def mount(app: FastAPI, service: Service, page: Page | None = None) -> Gateway:
    """Add /sparql to the app and let it follow the served release; await start() and stop() in the lifespan.

    `page` answers a browser that opens the endpoint without a query; without it the browser is sent to /docs.
    """
    from app.errors import SearchNotReady
    from app.sparql import search_clause
    from app.sparql.gateway import Gateway
    from app.sparql.process import Source
    from app.store.remote import RemoteRelease

    def find(clause: Clause) -> list[SearchHit]:
        index = service.served.search
        if index is None:
            raise SearchNotReady("The search index of this release is not built.", headers={"retry-after": "10"})
        return search_clause.ask(clause, index)

    gateway = Gateway(service.settings, service.limits, page, find)

    def follow(served: Served) -> None:
        release = served.release
        if isinstance(release, RemoteRelease):
            gateway.serve(Source(None, served.tag, tuple(release.graphs)))
        else:
            gateway.serve(Source(release.store, served.tag))

    service.on_switch.append(follow)
    if service.ready:
        follow(service.served)
    app.add_middleware(gateway.before)  # before the framework's routing, which costs as much as a small query
    return gateway
