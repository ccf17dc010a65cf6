"""The query page at /sparql: an editor with explained examples, in English; without scripts a plain form, and no network needed."""

from __future__ import annotations

from functools import cache
from urllib.parse import urlencode

import orjson
from starlette.requests import Request
from starlette.responses import Response

import queries
from app import http
from app.html.render import HTML_HEADERS, render
from app.request import base_url, service_of
from app.site.frame import wanted_language
from app.site.words import INTERFACES, own_name, words
from ontology import CCSI, CCSID, ESCO_DATA, PREFIXES
from queries import Query

# What the script of the page says.
SAID = (
    "answer", "map", "unlinked", "most", "things", "chart", "file", "none", "status", "go", "graph", "yes", "no", "rows", "row", "some",
    "running", "stopped", "away",
)  # fmt: skip
STORIES = ("stories/job_portal", "stories/linked_data", "stories/funder")


async def query_page(request: Request) -> Response:
    """The page for a browser that opens the endpoint, with the query of its address where there is one."""
    service = service_of(request)
    limits = service.limits
    base, given = base_url(request), request.query_params.get("query")
    language = wanted_language(request, INTERFACES, request.query_params.get("language"))
    t, place = words(language), f"{base}/sparql?{urlencode({'query': given})}&" if given else f"{base}/sparql?"
    page = render(
        "query.html", t=t, base=base, path="", to=lambda path: f"{base}{path}?language={language}", title=t("query-title"),
        language=language, languages=[(tag, own_name(tag), f"{place}language={tag}") for tag in INTERFACES],
        groups=_groups(), limits=limits, shown=given or _groups()[0][1][0].shown,
        said=orjson.dumps({name: t(f"ask-{name}") for name in SAID}).decode(),
        prefixes=orjson.dumps(PREFIXES).decode(), ours=orjson.dumps({"ns": CCSI, "id": CCSID, "esco": ESCO_DATA}).decode(),
    )  # fmt: skip
    if service.ready:
        return http.respond(
            request, service.served, page.encode(), "text/html; charset=utf-8", language, extra=HTML_HEADERS, keep=False
        )
    headers = {**HTML_HEADERS, "cache-control": "no-cache", "vary": http.VARY}
    return Response(page.encode(), 200, headers, "text/html; charset=utf-8")


@cache
def _groups() -> list[tuple[str, list[Query]]]:
    """The examples under the words for their headings: one a user story, then the competency questions."""
    return [
        ("query-begin", list(map(queries.load, STORIES))),
        ("query-questions", [queries.load(name) for name in queries.names() if name.startswith("competency/")]),
    ]
