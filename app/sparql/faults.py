"""The faults of the SPARQL endpoint, a branch of the tree in app/errors.py.

Problem
├── BadRequest          400   the request is not one of the SPARQL protocol
│   ├── QuerySyntax     400   the query cannot be parsed; names line, column and the offending line
│   └── TooComplex      400   nesting, operators or values above a published limit; names the limit
├── UpdateRefused       403   the public endpoint only reads
├── FederationRefused   403   SERVICE is never followed
├── MethodRefused       405
├── MediaTypeRefused    415
├── TooManyQueries      429   this client has its share of queries under way; Retry-After
├── Overloaded          503   everyone together has; Retry-After
│   └── Unavailable     503   SPARQL is not offered on this machine
└── QueryStopped        504   a limit ended the query: time, memory, rows, bytes or engine; names it
"""

from __future__ import annotations

from app.errors import Problem


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
    """The endpoint never contacts another one."""

    status, slug, title = 403, "sparql-federation", "SERVICE is not followed"


class MethodRefused(Problem):
    """A method that the endpoint does not have."""

    status, slug, title = 405, "method-not-allowed", "Method not allowed"


class MediaTypeRefused(Problem):
    """A body of a type that the SPARQL protocol does not know."""

    status, slug, title = 415, "unsupported-media-type", "Unsupported media type"


class TooManyQueries(Problem):
    """This client already has as many queries under way as one client may."""

    status, slug, title = 429, "sparql-too-many", "Too many queries at once"


class Overloaded(Problem):
    """More queries are waiting than can be run in time."""

    status, slug, title = 503, "sparql-busy", "The SPARQL endpoint is busy"


class Unavailable(Overloaded):
    """Foreign queries cannot be run safely here."""

    slug, title = "sparql-unavailable", "SPARQL is not offered here"


class QueryStopped(Problem):
    """A published limit ended the query before its answer was complete; nothing of the answer was sent."""

    status, slug, title = 504, "sparql-stopped", "The query was stopped"
