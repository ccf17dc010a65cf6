"""Errors as RFC 9457 problem+json: those of our own tree, and what the framework finds."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.routing import Match

from app.errors import TYPE_BASE, BadParameter, Problem

_MOST_ERRORS = 20  # that an answer names; of the others it says how many there are
_MOST_WORDS = 300  # characters of one of them
_MOST_NAME = 80  # characters of a name that the client chose


class ProblemResponse(Response):
    """A problem+json response, which whoever says the same otherwise can read."""

    def __init__(self, problem: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        self.problem = problem
        headers = {**(headers or {}), "cache-control": "no-store"}
        super().__init__(_written(problem), problem["status"], headers, "application/problem+json")


def problem_response(
    status: int, slug: str, title: str, detail: str, headers: dict[str, str] | None = None, **members: Any
) -> ProblemResponse:
    """A problem by the last part of its type."""
    body = {"type": TYPE_BASE + slug, "title": title, "status": status, "detail": detail, **members}
    return ProblemResponse(body, headers)


def error_response(error: Problem, headers: dict[str, str] | None = None, **members: Any) -> ProblemResponse:
    """An error of our own tree, with more headers and members than it has itself."""
    headers, members = {**(headers or {}), **error.headers}, {**members, **error.members}
    return problem_response(error.status, error.slug, error.title, error.detail, headers, **members)


def raw_problem(status: int, detail: str, limit: str = "", lines: bytes = b"") -> tuple[str, bytes]:
    """A problem before there is a request to answer: its slug, and the bytes of the answer that ends the connection."""
    title = HTTPStatus(status).phrase
    slug = title.lower().replace(" ", "-")
    problem = {"type": TYPE_BASE + slug, "title": title, "status": status, "detail": detail}
    body = orjson.dumps({**problem, "limit": limit} if limit else problem)
    head = (
        b"HTTP/1.1 %d %b\r\ncontent-type: application/problem+json\r\ncontent-length: %d\r\n"
        b"cache-control: no-store\r\nx-content-type-options: nosniff\r\nconnection: close\r\n%b\r\n"
    )
    return slug, head % (status, title.encode(), len(body), lines) + body


def slug_of(body: bytes) -> str:
    """The slug of a problem, from the beginning of its JSON; "" for a body that is none."""
    before, base, rest = body[:200].partition(TYPE_BASE.encode())
    return rest.partition(b'"')[0].decode() if base and before == b'{"type":"' else ""


def _written(body: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(body)
    except TypeError:  # half of a surrogate pair, which JSON can escape and UTF-8 cannot write
        return json.dumps(body).encode()


def _way(location: tuple[Any, ...]) -> str:
    """The way to a field, its names cut where the client made them long."""
    return ".".join(str(part)[:_MOST_NAME] for part in location)


def _allowed(request: Request) -> str:
    """The methods that the path takes; the framework names those of the first route alone.

    What is described stands before what a pattern would take: /profiles/compare is no profile.
    """
    described = request.app.openapi()["paths"].get(request.scope["path"], {})
    taken = [method for method in ("GET", "POST") if method.lower() in described]
    if not taken:
        for method in ("GET", "POST"):
            scope = {**request.scope, "method": method}
            if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes):
                taken.append(method)
    return ", ".join([*("GET, HEAD" if method == "GET" else method for method in taken), "OPTIONS"])


def _options(request: Request) -> Response:
    """What a path takes; also for a browser that asks whether a page of another site may read it: any may."""
    allowed = _allowed(request)
    headers = {
        "allow": allowed,
        "access-control-allow-methods": allowed,
        "access-control-allow-headers": "*",
        "access-control-max-age": "86400",
    }
    return Response(None, 204, headers)


def install(app: FastAPI) -> None:
    """Make the app answer every error as problem+json; one that nobody foresaw is answered by app.http.edge."""

    @app.exception_handler(Problem)
    async def known(request: Request, error: Problem) -> Response:
        return error_response(error, instance=request.scope["path"])

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        errors = error.errors()
        first = errors[0]
        # The way to it, below query, path or body; where the body is not JSON, the number is that of a character.
        field = "body" if first["type"] == "json_invalid" else _way(first["loc"][1:] or first["loc"])
        more: dict[str, Any] = {"furtherErrors": len(errors) - _MOST_ERRORS} if len(errors) > _MOST_ERRORS else {}
        return problem_response(
            422, "bad-parameter", BadParameter.title, f"{field}: {first['msg'][:_MOST_WORDS]}.", instance=request.scope["path"],
            field=field, errors=[{"field": _way(e["loc"][1:]), "message": e["msg"][:_MOST_WORDS]} for e in errors[:_MOST_ERRORS]],
            **more,
        )  # fmt: skip

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        if isinstance(error.__cause__, Problem):  # what stopped the body; the framework only says that it has none
            return await known(request, error.__cause__)
        if error.status_code == 405 and request.method == "OPTIONS":
            return _options(request)
        titles = {404: ("not-found", "Not found"), 405: ("method-not-allowed", "Method not allowed")}
        slug, title = titles.get(error.status_code, ("http", str(error.detail)))
        detail = f"There is nothing at {request.scope['path']}." if error.status_code == 404 else str(error.detail)
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = _allowed(request)
        return problem_response(error.status_code, slug, title, detail, headers, instance=request.scope["path"])
