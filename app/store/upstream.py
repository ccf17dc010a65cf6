"""What a foreign SPARQL 1.1 endpoint is asked for, and what its replies mean; shared by both ways of asking it.

Asked by form POST, the one way that every endpoint offers and that has no bound on the length of a query. Results come
as SPARQL JSON and graphs as JSON-LD or RDF/XML: forms with an end of their own, so that an answer that was cut, by a
time limit of the endpoint for example, is never taken for a whole one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import httpx2

from app.errors import BadRequest, Problem, UpstreamBusy, UpstreamFault, UpstreamTimeout

RESULTS = "application/sparql-results+json"
JSON_LD = "application/ld+json"
RDF_XML = "application/rdf+xml"
GRAPHS = f"{JSON_LD}, {RDF_XML};q=0.9"
_RETRY = 5  # seconds after which to try a busy endpoint again, when it does not say

CLIENT: dict[str, Any] = {
    "follow_redirects": False,  # where a query goes is the operator's choice, not the endpoint's
    "trust_env": False,
    "headers": {"accept-encoding": "identity", "user-agent": "ccsi-esco"},  # so that sizes are what they seem
}


def fields(query: str, default: Iterable[str] = (), named: Iterable[str] = ()) -> dict[str, str | list[str]]:
    """The form of a query on a dataset; without graphs, on that of the endpoint or of the query."""
    form: dict[str, str | list[str]] = {"query": query}
    if graphs := list(default):
        form["default-graph-uri"] = graphs
    if graphs := list(named):
        form["named-graph-uri"] = graphs
    return form


def check(response: httpx2.Response, accepted: str) -> str:
    """The media type of a reply that promises an answer. Raises the Problem that any other reply is."""
    status = response.status_code
    if status != 200:
        raise _refusal(status, response.headers.get("retry-after", ""))
    # Virtuoso's words for an answer that it ended at its own limits of time and rows.
    if "x-sql-state" in response.headers or "x-sparql-maxrows" in response.headers:
        raise UpstreamTimeout("The endpoint behind this service ended the query at a limit of its own.")
    media_type: str = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in (part.partition(";")[0].strip() for part in accepted.split(",")):
        raise UpstreamFault("The endpoint behind this service answered in a format that was not asked for.")
    return media_type


def _refusal(status: int, retry_after: str) -> Problem:
    if status in (429, 503):
        seconds = retry_after if retry_after.isdecimal() and len(retry_after) < 5 else str(_RETRY)
        return UpstreamBusy("The endpoint behind this service is busy.", headers={"retry-after": seconds})
    if status in (408, 504):
        return UpstreamTimeout("The endpoint behind this service gave up on the query.")
    if status == 400:
        return BadRequest("The endpoint behind this service refused the query.")
    return UpstreamFault(f"The endpoint behind this service answered with status {status}.")


def failure(error: httpx2.HTTPError) -> Problem:
    """The Problem that a broken conversation is."""
    if isinstance(error, httpx2.TimeoutException):
        return UpstreamTimeout("The endpoint behind this service did not answer in time.")
    if isinstance(error, httpx2.ConnectError):
        return UpstreamFault("The endpoint behind this service cannot be reached.")
    return UpstreamFault("The endpoint behind this service broke off its answer.")
