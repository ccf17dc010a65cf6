"""A fault as a page, for whoever follows a link in a browser; programs get problem+json."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from app import http
from app.errors import NotAcceptable, Problem
from app.html.render import HTML_HEADERS, render
from app.linked import iris, rdf_formats
from app.request import base_url


class PageRoute(APIRoute):
    """A route whose faults are pages wherever its answers would be."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of FastAPI, with its faults caught."""
        answer = super().get_route_handler()

        async def answer_or_page(request: Request) -> Response:
            try:
                return await answer(request)
            except Problem as error:
                if not _for_people(request):
                    raise
                return fault_page(request, error)

        return answer_or_page


def fault_page(request: Request, error: Problem) -> Response:
    """The page of a fault, with its status and headers."""
    base = base_url(request)
    successor = str(error.members.get("replacedBy") or "")
    page = render(
        "fault.html", base=base, title=error.title, detail=error.detail, uri=error.members.get("uri"),
        successor={"text": successor, "href": iris.address(successor, base)} if successor else None,
    )  # fmt: skip
    headers = {**HTML_HEADERS, **error.headers, "cache-control": "no-store", "vary": http.VARY}
    return Response(page.encode(), error.status, headers, "text/html; charset=utf-8")


def _for_people(request: Request) -> bool:
    """Whether the answer would have been a page: by the suffix, the parameter, or the Accept header."""
    _, suffix = rdf_formats.split(request.scope["path"])
    try:
        return (suffix or rdf_formats.choose(request, request.query_params.get("format"))) == "html"
    except NotAcceptable:
        return False
