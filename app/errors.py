"""Every error that a client can meet, as one tree; app.http.problems answers each as RFC 9457 problem+json.

What an error says beside its detail (the field, the limit, what is known) are its members, named where it is raised.
"""

from __future__ import annotations

TYPE_BASE = "https://w3id.org/ccsi/problem/"


class Problem(Exception):
    """An error that a client can act on: a status, the slug of its type, a title."""

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
    """Untrusted queries cannot be run safely here."""

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
