"""Faults as pages: whoever follows a link in a browser reads a page, a program gets problem+json; the API is for programs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app import http
from app.html.render import HTML_HEADERS, render
from app.http.negotiation import best_of
from app.request import base_url

_PROGRAMS = ("/api/", "/sparql", "/contexts/", "/dumps/")
_OFFERS = (("problem", "application/problem+json"), ("problem", "application/json"), ("page", "text/html"))

Handler = Callable[[Request, Any], Awaitable[Response]]


def pages_for_browsers(app: FastAPI) -> None:
    """Answer with pages what no route took, and parameters of the wrong form; the routes of pages see to the rest."""
    kinds: tuple[type[Exception], ...] = (RequestValidationError, HTTPException)
    for kind in kinds:
        app.add_exception_handler(
            kind, _or_page(cast(Handler, app.exception_handlers[kind]))
        )  # FastAPI's own are coroutines


def _or_page(answer: Handler) -> Handler:
    """The handler of a kind of fault, whose answer becomes a page for a browser."""

    async def answered(request: Request, error: Any) -> Response:
        made = await answer(request, error)
        offer = best_of(",".join(request.headers.getlist("accept"))[:1000], _OFFERS)
        browser = offer is not None and offer[0] == "page"
        if not browser or made.status_code < 400 or request.scope["path"].startswith(_PROGRAMS):
            return made
        said = orjson.loads(made.body)
        page = render(
            "fault.html",
            base=base_url(request),
            title=said["title"],
            detail=said.get("detail", ""),
            uri=None,
            successor=None,
        )
        kept = {name: made.headers[name] for name in ("allow", "retry-after") if name in made.headers}
        headers = {**HTML_HEADERS, **kept, "cache-control": "no-store", "vary": http.VARY}
        return Response(page.encode(), made.status_code, headers, "text/html; charset=utf-8")

    return answered
