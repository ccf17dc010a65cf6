"""The query page at /sparql: an editor with explained examples; works without a network, and as a plain form without scripts."""

from __future__ import annotations

from functools import cache

import orjson
from starlette.requests import Request
from starlette.responses import Response

import queries
from app import http
from app.html.render import HTML_HEADERS, render
from app.request import base_url, service_of
from ontology import CCSI, CCSID, ESCO_DATA, PREFIXES
from queries import Query

STORIES = ("stories/job_portal", "stories/linked_data", "stories/funder")


async def query_page(request: Request) -> Response:
    """The page for a browser that opens the endpoint, with the query of its address where there is one."""
    service = service_of(request)
    limits = service.limits
    page = render(
        "query.html", base=base_url(request), groups=_groups(), limits=limits,
        shown=request.query_params.get("query") or _groups()[0][1][0].shown,
        prefixes=orjson.dumps(PREFIXES).decode(), ours=orjson.dumps({"ns": CCSI, "id": CCSID, "esco": ESCO_DATA}).decode(),
    )  # fmt: skip
    if service.ready:
        return http.respond(
            request, service.served, page.encode(), "text/html; charset=utf-8", extra=HTML_HEADERS, keep=False
        )
    headers = {**HTML_HEADERS, "cache-control": "no-cache", "vary": "Accept"}
    return Response(page.encode(), 200, headers, "text/html; charset=utf-8")


@cache
def _groups() -> list[tuple[str, list[Query]]]:
    """The examples under their headings: one a user story, then the competency questions."""
    names = [name for name in queries.names() if name.startswith("competency/")]
    return [
        ("To begin with", list(map(queries.load, STORIES))),
        ("Competency questions", list(map(queries.load, names))),
    ]
