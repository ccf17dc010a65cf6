"""Faults as pages: a browser gets one in the reader's language, a program problem+json; the API is for programs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import lru_cache, partial
from typing import Any, cast
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from app import http
from app.errors import Problem
from app.html.render import HTML_HEADERS, render
from app.http.negotiation import best_of
from app.http.problems import ProblemResponse
from app.linked import iris, rdf_formats
from app.request import service_of
from app.site.frame import wanted_language
from app.site.words import INTERFACES, words

_PROGRAMS = ("/api/", "/sparql", "/contexts/", "/dumps/")
_OFFERS = (("problem", "application/problem+json"), ("problem", "application/json"), *rdf_formats.OFFERS)
# What a reader can do about it is one of these, whatever the fault is called; any other status is a wrong address.
_KINDS = {
    404: "missing", 408: "slow", 410: "withdrawn", 413: "large", 414: "large", 429: "often", 500: "broken",
    502: "busy", 503: "busy", 504: "stopped",
}  # fmt: skip
_KEPT = ("allow", "retry-after", "connection")

Handler = Callable[[Request, Any], Awaitable[Response]]


def pages_for_browsers(app: FastAPI) -> None:
    """Answer faults with pages wherever a browser would have got one."""
    kinds: tuple[type[Exception], ...] = (Problem, RequestValidationError, HTTPException)
    for kind in kinds:
        answer = cast(Handler, app.exception_handlers[kind])  # FastAPI's own are coroutines
        app.add_exception_handler(kind, partial(_or_page, answer))


async def _or_page(answer: Handler, request: Request, error: Any) -> Response:
    """What the handler of a kind of fault answers, as a page for a browser."""
    return as_page(request.scope, await answer(request, error))


def as_page(scope: Scope, made: Response) -> Response:
    """A problem as a page, if a browser asked for one; any other answer as it is."""
    request = Request(scope)
    if not isinstance(made, ProblemResponse) or not _for_people(request):
        return made
    kept = {name: made.headers[name] for name in _KEPT if name in made.headers}
    page = fault_page(request, made.problem, kept.get("retry-after", ""))
    headers = {**HTML_HEADERS, **kept, "cache-control": "no-store", "vary": http.VARY}
    return Response(page, made.status_code, headers, "text/html; charset=utf-8")


def fault_page(request: Request, problem: dict[str, Any], again: str = "") -> bytes:
    """What a problem means for a reader and what to do, in their language, with the words of the problem below."""
    # Without the host, one page serves all: a crowd that is refused must not have each its own made.
    base = urlsplit(service_of(request).settings.public_url).path.rstrip("/") or request.scope.get("root_path", "")
    language = wanted_language(request, INTERFACES, request.query_params.get("language"))
    said = [str(problem.get(name) or "") for name in ("title", "detail", "uri", "replacedBy")]
    return _page(language, base, problem["status"], again, *said)


@lru_cache(256)
def _page(
    language: str, base: str, status: int, again: str, title: str, detail: str, uri: str, successor: str
) -> bytes:
    t, kind = words(language), _KINDS.get(status, "wrong")
    return render(
        "fault.html", t=t, base=base, path="", to=lambda path: f"{base}{path}?language={language}", languages=[],
        title=t(f"fault-{kind}"), kind=kind, status=status, again=again, said=title, detail=detail, uri=uri, successor=successor,
        successor_page=iris.address(successor, base) if successor else "",
    ).encode()  # fmt: skip


def _for_people(request: Request) -> bool:
    """Whether the answer would have been a page: by the suffix, the parameter, or the Accept header."""
    path = request.scope["path"]
    if path.startswith(_PROGRAMS):
        return False
    named = rdf_formats.split(path)[1] or request.query_params.get("format")
    if named in rdf_formats.MEDIA_TYPES:
        return named == "html"
    offer = best_of(",".join(request.headers.getlist("accept"))[:1000], _OFFERS)
    return offer is not None and offer[0] == "html"
