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

    def __init_subclass__(cls, *, status: int = 0, slug: str = "", title: str = "") -> None:
        """What a kind of error does not say of itself is as in the kind above."""
        cls.status, cls.slug, cls.title = status or cls.status, slug or cls.slug, title or cls.title

    def __init__(self, detail: str, headers: dict[str, str] | None = None, **members: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = headers or {}
        self.members = members


class BadParameter(Problem, status=422, slug="bad-parameter", title="A parameter cannot be used"):
    """A parameter has a value that cannot be used."""


class UnknownParameter(BadParameter, slug="unknown-parameter", title="No such parameter"):
    """The request has a parameter that this path does not know."""


class TooCostly(BadParameter, slug="too-costly", title="More than one answer may cost"):
    """So many rows in this format cost more than one answer may."""


class NotFound(Problem, status=404, slug="not-found", title="Not found"):
    """Nothing stands at this identifier."""


class Gone(Problem, status=410, slug="withdrawn", title="Withdrawn from ESCO"):
    """A concept that ESCO has withdrawn."""


class NotAcceptable(Problem, status=406, slug="not-acceptable", title="No acceptable representation"):
    """No representation that the client accepts."""


class TooLarge(Problem, status=413, slug="too-large", title="Request too large"):
    """The request is larger than the published limit."""


class NoSuchRange(Problem, status=416, slug="no-such-range", title="No such part"):
    """A download has no such part."""


class Changed(Problem, status=412, slug="changed", title="Not the state that was asked for"):
    """The client asks for a state (If-Match) that is not the one that there is."""


class RequestTimeout(Problem, status=408, slug="request-timeout", title="The request did not arrive in time"):
    """The body of a request does not come to its end."""


class NotReady(Problem, status=503, slug="not-ready", title="No release is loaded"):
    """No release is loaded yet."""


class SearchNotReady(NotReady, slug="search-not-ready", title="Search is not ready"):
    """The served release has no search index, or not yet."""


class BadRequest(Problem, status=400, slug="sparql-request", title="Not a SPARQL protocol request"):
    """The request is not one of the SPARQL protocol."""


class QuerySyntax(BadRequest, slug="sparql-syntax", title="The query is not valid SPARQL"):
    """The query cannot be parsed."""


class TooComplex(BadRequest, slug="sparql-too-complex", title="The query is too complex"):
    """The query is above a published limit of complexity."""


class UpdateRefused(Problem, status=403, slug="sparql-update", title="This endpoint is read-only"):
    """The public endpoint only reads."""


class FederationRefused(Problem, status=403, slug="sparql-federation", title="SERVICE is not followed"):
    """SERVICE names an endpoint that is not allowed."""


class NotPassedOn(Problem, status=400, slug="sparql-not-passed-on", title="The query is not passed on"):
    """A query that is understood here, and that the endpoint behind the service could understand otherwise."""


class GraphRefused(Problem, status=400, slug="sparql-graph", title="Not a graph of the release"):
    """A query before an endpoint names a graph that is not the release's."""


class MethodRefused(Problem, status=405, slug="method-not-allowed", title="Method not allowed"):
    """A method that the endpoint does not have."""


class MediaTypeRefused(Problem, status=415, slug="unsupported-media-type", title="Unsupported media type"):
    """A body of a type that the SPARQL protocol does not know."""


class TooManyRequests(Problem, status=429, slug="too-many-requests", title="Too many requests"):
    """This client has used up what it may ask for in this time."""


class TooManyReaders(Problem, status=429, slug="too-many-readers", title="Too many downloads at once"):
    """This client already reads as many downloads as one client may."""


class TooManyQueries(Problem, status=429, slug="sparql-too-many", title="Too many queries at once"):
    """This client already has as many queries under way as one client may."""


class TooManyHeavy(TooManyQueries, slug="heavy-too-many", title="Too many heavy answers at once"):
    """This client already has as many heavy answers under way as one client may."""


class Overloaded(Problem, status=503, slug="sparql-busy", title="The SPARQL endpoint is busy"):
    """More queries are waiting than can be run in time."""


class NoRoom(Overloaded, slug="sparql-no-room", title="There is no room for the answer"):
    """The files in which answers are held take all that they may, or the disk is full."""


class Unavailable(Overloaded, slug="sparql-unavailable", title="SPARQL is not offered here"):
    """Untrusted queries cannot be run safely here."""


class HeavyBusy(Overloaded, slug="heavy-busy", title="Too busy for an answer that takes long"):
    """Answers that take long are made by few processes, and these are taken or not there."""


class HeavyUnavailable(HeavyBusy, slug="heavy-unavailable", title="Answers that take long are not offered here"):
    """Answers that take long are not made here."""


class QueryStopped(Problem, status=504, slug="sparql-stopped", title="The query was stopped"):
    """A published limit ended the query before its answer was complete; nothing of the answer was sent."""


class HeavyStopped(QueryStopped, slug="heavy-stopped", title="Making the answer was stopped"):
    """A published limit ended the making of an answer."""


class UpstreamFault(Problem, status=502, slug="upstream-fault", title="The store behind this service failed"):
    """The SPARQL endpoint that holds the graph fails, or what it sends is not a whole answer."""


class UpstreamBusy(Problem, status=503, slug="upstream-busy", title="The store behind this service is busy"):
    """The SPARQL endpoint that holds the graph refuses for now."""


class UpstreamTimeout(
    Problem, status=504, slug="upstream-timeout", title="The store behind this service did not answer in time"
):
    """The SPARQL endpoint that holds the graph does not answer in time."""


class ServiceFault(UpstreamFault, slug="service-fault", title="An endpoint that the query names failed"):
    """An endpoint that a query names by SERVICE fails, or what it sends is not a whole answer, or cannot be used."""


class ServiceBusy(UpstreamBusy, slug="service-busy", title="An endpoint that the query names is busy"):
    """An endpoint that a query names by SERVICE refuses for now."""


class ServiceTimeout(
    UpstreamTimeout, slug="service-timeout", title="An endpoint that the query names did not answer in time"
):
    """An endpoint that a query names by SERVICE does not answer in time."""
