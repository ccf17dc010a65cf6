"""Every fault that a client can meet, as one tree, answered as RFC 9457 problem+json.

Problem                     status, type, title, detail; members
├── BadParameter      422   a parameter has a wrong value; names the field
│   ├── UnknownParameter 422  no such parameter here
│   └── TooCostly     422   rows × format are above the published bound; names the most rows
├── NotFound          404   nothing at this identifier
├── Gone              410   a concept that ESCO has withdrawn; names its successor where known
├── NotAcceptable     406   no representation that the client accepts
├── TooLarge          413   body or request target above the limit
├── NoSuchRange       416   a download has no such part
├── Changed           412   the client wants another state than there is (If-Match)
├── RequestTimeout    408   a body that does not come to its end
├── NotReady          503   no release is loaded yet
├── BadRequest        400   the request is not one of the SPARQL protocol
│   ├── QuerySyntax   400   the query cannot be parsed; names line, column and the offending line
│   └── TooComplex    400   nesting, operators or values above a published limit; names the limit
├── UpdateRefused     403   the public endpoint only reads
├── FederationRefused 403   SERVICE names an endpoint that is not allowed; by default none is
├── MethodRefused     405   a method that the SPARQL endpoint does not have
├── MediaTypeRefused  415   a body that the SPARQL protocol does not know
├── TooManyRequests   429   this client has used up its requests; Retry-After
├── TooManyReaders    429   this client has its share of downloads under way; Retry-After
├── TooManyQueries    429   this client has its share of queries under way; Retry-After
│   └── TooManyHeavy  429   the same of heavy answers
├── Overloaded        503   everyone together has; Retry-After
│   ├── NoRoom        503   there is no room to hold another answer; Retry-After
│   ├── Unavailable   503   SPARQL is not offered on this machine
│   └── HeavyBusy     503   heavy answers cannot be made now; Retry-After
│       └── HeavyUnavailable 503 they are not offered on this machine
├── UpstreamFault     502   the SPARQL endpoint behind the service fails, or its answer is not whole
│   └── ServiceFault  502   the same of an endpoint that a query names by SERVICE
├── UpstreamBusy      503   it refuses for now; Retry-After
│   └── ServiceBusy   503
├── UpstreamTimeout   504   it does not answer in time
│   └── ServiceTimeout 504
└── QueryStopped      504   a limit ended the query: time, memory, rows, bytes or engine; names it
    └── HeavyStopped  504   the same of a heavy answer
"""

from __future__ import annotations

import json
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.routing import Match

TYPE_BASE = "https://w3id.org/ccsi/problem/"
_MOST_ERRORS = 20  # that an answer names; of the others it says how many there are
_MOST_WORDS = 300  # characters of one of them
_MOST_NAME = 80  # characters of a name that the client chose


class Problem(Exception):
    """A fault that a client can act on."""

    status = 500
    slug = "internal"
    title = "Internal error"

    def __init__(self, detail: str, headers: dict[str, str] | None = None, **members: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = headers or {}
        self.members = members


class BadParameter(Problem):
    """A parameter has a value that cannot be used."""

    status, slug, title = 422, "bad-parameter", "A parameter cannot be used"


class UnknownParameter(BadParameter):
    """The request has a parameter that this path does not know."""

    slug, title = "unknown-parameter", "No such parameter"


class TooCostly(BadParameter):
    """So many rows in this format cost more than one answer may."""

    slug, title = "too-costly", "More than one answer may cost"


class NotFound(Problem):
    """Nothing stands at this identifier."""

    status, slug, title = 404, "not-found", "Not found"


class Gone(Problem):
    """A concept that ESCO has withdrawn."""

    status, slug, title = 410, "withdrawn", "Withdrawn from ESCO"


class NotAcceptable(Problem):
    """No representation that the client accepts."""

    status, slug, title = 406, "not-acceptable", "No acceptable representation"


class TooLarge(Problem):
    """The request is larger than the published limit."""

    status, slug, title = 413, "too-large", "Request too large"


class NoSuchRange(Problem):
    """A download has no such part."""

    status, slug, title = 416, "no-such-range", "No such part"


class Changed(Problem):
    """The client asks for a state (If-Match) that is not the one that there is."""

    status, slug, title = 412, "changed", "Not the state that was asked for"


class RequestTimeout(Problem):
    """The body of a request does not come to its end."""

    status, slug, title = 408, "request-timeout", "The request did not arrive in time"


class NotReady(Problem):
    """No release is loaded yet."""

    status, slug, title = 503, "not-ready", "No release is loaded"


class SearchNotReady(NotReady):
    """The served release has no search index, or not yet."""

    slug, title = "search-not-ready", "Search is not ready"


class BadRequest(Problem):
    """The request is not one of the SPARQL protocol."""

    status, slug, title = 400, "sparql-request", "Not a SPARQL protocol request"


class QuerySyntax(BadRequest):
    """The query cannot be parsed."""

    slug, title = "sparql-syntax", "The query is not valid SPARQL"


class TooComplex(BadRequest):
    """The query is above a published limit of complexity."""

    slug, title = "sparql-too-complex", "The query is too complex"


class UpdateRefused(Problem):
    """The public endpoint only reads."""

    status, slug, title = 403, "sparql-update", "This endpoint is read-only"


class FederationRefused(Problem):
    """SERVICE names an endpoint that is not allowed."""

    status, slug, title = 403, "sparql-federation", "SERVICE is not followed"


class NotPassedOn(Problem):
    """A query that is understood here, and that the endpoint behind the service could understand otherwise."""

    status, slug, title = 400, "sparql-not-passed-on", "The query is not passed on"


class GraphRefused(Problem):
    """A query before an endpoint names a graph that is not the release's."""

    status, slug, title = 400, "sparql-graph", "Not a graph of the release"


class MethodRefused(Problem):
    """A method that the endpoint does not have."""

    status, slug, title = 405, "method-not-allowed", "Method not allowed"


class MediaTypeRefused(Problem):
    """A body of a type that the SPARQL protocol does not know."""

    status, slug, title = 415, "unsupported-media-type", "Unsupported media type"


class TooManyRequests(Problem):
    """This client has used up what it may ask for in this time."""

    status, slug, title = 429, "too-many-requests", "Too many requests"


class TooManyReaders(Problem):
    """This client already reads as many downloads as one client may."""

    status, slug, title = 429, "too-many-readers", "Too many downloads at once"


class TooManyQueries(Problem):
    """This client already has as many queries under way as one client may."""

    status, slug, title = 429, "sparql-too-many", "Too many queries at once"


class TooManyHeavy(TooManyQueries):
    """This client already has as many heavy answers under way as one client may."""

    slug, title = "heavy-too-many", "Too many heavy answers at once"


class Overloaded(Problem):
    """More queries are waiting than can be run in time."""

    status, slug, title = 503, "sparql-busy", "The SPARQL endpoint is busy"


class NoRoom(Overloaded):
    """The files in which answers are held take all that they may, or the disk is full."""

    slug, title = "sparql-no-room", "There is no room for the answer"


class Unavailable(Overloaded):
    """Foreign queries cannot be run safely here."""

    slug, title = "sparql-unavailable", "SPARQL is not offered here"


class HeavyBusy(Overloaded):
    """Answers that take long are made by few processes, and these are taken or not there."""

    slug, title = "heavy-busy", "Too busy for an answer that takes long"


class HeavyUnavailable(HeavyBusy):
    """Answers that take long are not made here."""

    slug, title = "heavy-unavailable", "Answers that take long are not offered here"


class QueryStopped(Problem):
    """A published limit ended the query before its answer was complete; nothing of the answer was sent."""

    status, slug, title = 504, "sparql-stopped", "The query was stopped"


class HeavyStopped(QueryStopped):
    """A published limit ended the making of an answer."""

    slug, title = "heavy-stopped", "Making the answer was stopped"


class UpstreamFault(Problem):
    """The SPARQL endpoint that holds the graph fails, or what it sends is not a whole answer."""

    status, slug, title = 502, "upstream-fault", "The store behind this service failed"


class UpstreamBusy(Problem):
    """The SPARQL endpoint that holds the graph refuses for now."""

    status, slug, title = 503, "upstream-busy", "The store behind this service is busy"


class UpstreamTimeout(Problem):
    """The SPARQL endpoint that holds the graph does not answer in time."""

    status, slug, title = 504, "upstream-timeout", "The store behind this service did not answer in time"


class ServiceFault(UpstreamFault):
    """An endpoint that a query names by SERVICE fails, or what it sends is not a whole answer, or cannot be used."""

    slug, title = "service-fault", "An endpoint that the query names failed"


class ServiceBusy(UpstreamBusy):
    """An endpoint that a query names by SERVICE refuses for now."""

    slug, title = "service-busy", "An endpoint that the query names is busy"


class ServiceTimeout(UpstreamTimeout):
    """An endpoint that a query names by SERVICE does not answer in time."""

    slug, title = "service-timeout", "An endpoint that the query names did not answer in time"


def problem_response(
    status: int, slug: str, title: str, detail: str, headers: dict[str, str] | None = None, **members: Any
) -> Response:
    """A problem+json response."""
    body = {"type": TYPE_BASE + slug, "title": title, "status": status, "detail": detail, **members}
    return Response(
        _written(body), status, {**(headers or {}), "cache-control": "no-store"}, "application/problem+json"
    )


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
    """Make the app answer every fault as problem+json; one that nobody foresaw is answered by app.http.Edge."""

    @app.exception_handler(Problem)
    async def known(request: Request, error: Problem) -> Response:
        return problem_response(
            error.status,
            error.slug,
            error.title,
            error.detail,
            error.headers,
            instance=request.scope["path"],
            **error.members,
        )

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
