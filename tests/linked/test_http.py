"""Small print of HTTP, for every kind of path: methods, If-Match, variants, slashes."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from tests.linked.conftest import CURATOR

OTHERS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def test_a_path_that_exists_refuses_other_methods_and_names_its_own(web: TestClient) -> None:
    """Every path that is written out: where another would take it by a pattern, the path itself goes before."""
    paths = {path: set(found) for path, found in web.get("/api/v1/openapi.json").json()["paths"].items()}
    fixed = {path: methods for path, methods in paths.items() if "{" not in path and not path.startswith("/sparql")}
    assert len(fixed) > 25
    for path, methods in fixed.items():
        taken = {method.upper() for method in methods & {"get", "post"}}
        named = {"GET": ["GET", "HEAD"], "POST": ["POST"]}
        allowed = ", ".join(
            [*(name for method in ("GET", "POST") if method in taken for name in named[method]), "OPTIONS"]
        )
        assert web.options(path).headers["allow"] == allowed, path
        for method in set(OTHERS) - taken:
            answer = web.request(method, path)
            assert answer.status_code == 405, (method, path)
            assert answer.headers["allow"] == allowed, (method, path)
            assert answer.json()["type"].endswith("/method-not-allowed")
    head = web.head("/api/v1/profiles/compare")
    assert (head.status_code, head.headers["allow"]) == (405, "POST, OPTIONS")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/domains", "/id/domain/heritage.ttl", "/ns", "/.well-known/void", "/sectors/heritage", "/contexts/v1.jsonld",
        "/assets/site.css", "/sparql?query=ASK%7B%7D", "/shapes.ttl", f"/resource?uri={CURATOR}",
    ],
)  # fmt: skip
def test_another_state_than_the_one_asked_for_is_refused(web: TestClient, path: str) -> None:
    now = web.get(path)
    tag = now.headers["etag"]
    for held in (tag, f'"other", {tag}', "*"):
        again = web.get(path, headers={"if-match": held})
        assert (again.status_code, again.content) == (200, now.content), held
        assert web.head(path, headers={"if-match": held}).status_code == 200
    for other in ('"other"', f"W/{tag}", "other"):
        for _ in range(2):  # what is kept is asked as well
            refused = web.get(path, headers={"if-match": other})
            assert refused.status_code == 412, other
            assert refused.headers["content-type"] == "application/problem+json"
            assert refused.json()["type"].endswith("/problem/changed")
            assert tag in refused.json()["detail"]
    head = web.head(path, headers={"if-match": '"other"'})
    assert (head.status_code, head.content) == (412, b"")
    both = {"if-match": '"other"', "if-none-match": tag}
    assert web.get(path, headers=both).status_code == 412, "If-Match is looked at first"
    assert web.get(path, headers={"if-match": tag, "if-none-match": tag}).status_code == 304
    assert web.get("/problem/changed").json()["status"] == 412


@pytest.mark.parametrize(
    ("path", "accept", "variant"),
    [
        ("/ns", "text/turtle", "/ns.ttl"), ("/ns", "text/html", "/ns.html"),
        ("/.well-known/void", "application/ld+json", "/.well-known/void?format=jsonld"),
        (f"/resource?uri={CURATOR}", "application/rdf+xml", None),
        ("/api/v1/domains/heritage/occupations?limit=2", "text/csv", "/api/v1/domains/heritage/occupations?limit=2&format=csv"),
        ("/api/v1/domains/heritage/skills?limit=2", "text/turtle", "/api/v1/domains/heritage/skills?limit=2&format=turtle"),
        ("/api/v1/profiles/heritage-preservation", "text/markdown", "/api/v1/profiles/heritage-preservation?format=markdown"),
    ],
)  # fmt: skip
def test_what_negotiation_chose_has_an_address(web: TestClient, path: str, accept: str, variant: str | None) -> None:
    chosen = web.get(path, headers={"accept": accept})
    assert chosen.headers["content-type"].startswith(accept)
    place = chosen.headers["content-location"]
    assert place.startswith("https://ccsi.example/")
    if variant:
        assert place == f"https://ccsi.example{variant}"
    itself = web.get(place)
    assert (itself.status_code, itself.content) == (200, chosen.content)
    assert itself.headers["content-type"] == chosen.headers["content-type"]
    assert "content-location" not in itself.headers


@pytest.mark.parametrize(
    "path",
    [
        "/ns", "/docs", "/dumps", "/find", "/sectors/heritage", "/id/domain/heritage", "/id/domain/heritage.ttl", "/.well-known/void",
        "/api/v1/domains", "/api/v1/domains/heritage", "/api/v1/occupations/2621.3", "/api/v1/health/live", "/api/v1/isco/2621?language=en",
    ],
)  # fmt: skip
def test_a_slash_at_the_end_leads_to_the_address_without(web: TestClient, path: str) -> None:
    stem, sign, query = path.partition("?")
    answer = web.get(f"{stem}/{sign}{query}")
    assert answer.status_code == 308
    assert re.fullmatch(r"\.\./[^/]+", answer.headers["location"]), "relative, so that it holds behind any proxy"
    followed = web.get(f"{stem}/{sign}{query}", follow_redirects=True)
    direct = web.get(path, follow_redirects=True)
    assert followed.status_code == direct.status_code
    assert str(followed.url) == str(direct.url)


def test_slashes_that_lead_nowhere(web: TestClient) -> None:
    assert web.get("/").status_code == 200
    assert web.get("/nothing/", follow_redirects=True).status_code == 404
    posted = web.post("/api/v1/profiles/compare/", json={})
    assert (posted.status_code, posted.headers["location"]) == (308, "../compare")
    assert web.get("/id").status_code == web.get("/id/", follow_redirects=True).status_code == 404
    assert web.get("/sparql/?query=ASK%7B%7D").status_code == 200
