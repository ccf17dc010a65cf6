"""Every answer says that its media type is meant."""

from __future__ import annotations

import httpx2
import pytest

from tests.api.conftest import InProcess

QUERY = "/sparql?query=ASK%20%7B%7D"
TARGETS = {
    "/": 200, "/docs": 200, "/docs/start.js": 200, "/assets/people.css": 200, "/nowhere": 404, "/ns": 200, "/ns.html": 200,
    "/api/v1/domains": 200, "/api/v1/domains/none": 404, "/api/v1/domains?x=1": 422, "/api/v1/openapi.json": 200,
    "/api/v1/health/live": 200, "/api/v1/limits": 200, "/api/v1/context.jsonld": 200, "/api/v1/scope.svg": 200,
    "/api/v1/profiles/heritage-preservation.html": 200, "/api/v1/profiles/heritage-preservation.xlsx": 200,
    "/id/domain/heritage": 303, "/id/domain/heritage.ttl": 200, "/.well-known/void": 200, "/resource?uri=x": 422,
    "/sparql": 200, QUERY: 200, "/sparql?query=nonsense": 400, "/sparql?query=a&query=b": 400, "/dumps/none": 404,
}  # fmt: skip


def nosniff(answer: httpx2.Response) -> list[str]:
    return answer.headers.get_list("x-content-type-options")


@pytest.mark.parametrize("target", TARGETS)
def test_every_answer_is_taken_for_what_it_says(api: InProcess, target: str) -> None:
    for method in ("GET", "GET", "HEAD"):  # made, then kept
        answer = api.request(method, target)
        assert (answer.status_code, nosniff(answer)) == (TARGETS[target], ["nosniff"]), method
    if etag := answer.headers.get("etag"):
        known = api.get(target, headers={"If-None-Match": etag})
        assert (known.status_code, nosniff(known)) == (304, ["nosniff"])


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("OPTIONS", "/api/v1/domains", 204), ("OPTIONS", "/sparql", 204), ("DELETE", "/api/v1/domains", 405),
        ("PUT", "/sparql", 405), ("POST", "/api/v1/profiles/compose", 422), ("GET", "/api/v1/domains?" + "x" * 9000, 414),
    ],
)  # fmt: skip
def test_so_is_every_refusal(api: InProcess, method: str, target: str, status: int) -> None:
    answer = api.request(method, target)
    assert (answer.status_code, nosniff(answer)) == (status, ["nosniff"])
