"""What every answer shares: HEAD, validators, codings, CORS, request ids, bounds, faults as problem+json."""

from __future__ import annotations

import asyncio
import gzip
import json
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import zstandard

from app.http import Answer, AnswerCache
from app.settings import Limits
from loaders.build import load
from loaders.request import LoadRequest
from tests.api.conftest import HOST, InProcess, Server, running

PATHS = [
    "/api/v1/domains", "/api/v1/domains/heritage", "/api/v1/domains/heritage/occupations?limit=2", "/api/v1/occupations?limit=2",
    "/api/v1/isco/2621", "/api/v1/nace/91.21", "/api/v1/releases",
]  # fmt: skip


def problem(answer: httpx2.Response, status: int) -> Any:
    """The body of a fault, after checking its shape."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["x-request-id"]
    body = answer.json()
    assert body["status"] == status
    assert body["type"].startswith("https://w3id.org/ccsi/problem/")
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.parametrize(
    "target", [*PATHS, "/", "/docs", "/api/v1/health/ready", "/api/v1/limits", "/api/v1/context.jsonld"]
)
def test_head_is_get_without_body(api: InProcess, target: str) -> None:
    whole, head = api.get(target), api.request("HEAD", target)
    assert head.status_code == whole.status_code == 200
    assert head.content == b""
    differing = {"x-request-id", "ratelimit"}
    assert {k: v for k, v in head.headers.items() if k not in differing} == {
        k: v for k, v in whole.headers.items() if k not in differing
    }
    assert int(head.headers["content-length"]) == len(whole.content)


@pytest.fixture(scope="module", params=[Limits(), Limits(cache_bytes=0)], ids=["cached", "uncached"])
def keeping(request: pytest.FixtureRequest, mini_dir: Path) -> Iterator[InProcess]:
    """The API that keeps answers, and one that keeps none."""
    with running(mini_dir, request.param) as client:
        yield client


@pytest.mark.parametrize("target", PATHS)
def test_conditional_requests(keeping: InProcess, target: str) -> None:
    for _ in range(2):  # made, then kept
        first = keeping.get(target)
        etag = first.headers["etag"]
        assert etag.startswith('"'), "a strong validator"
        assert first.headers["vary"] == "Accept, Accept-Language, Accept-Encoding"
        for sent in (etag, f'"other", W/{etag}', "*"):
            again = keeping.get(target, headers={"If-None-Match": sent})
            assert again.status_code == 304
            assert again.content == b""
            for name in ("etag", "vary", "cache-control", "content-language"):
                assert again.headers.get(name) == first.headers.get(name), name
            assert "content-type" not in again.headers
            assert "content-length" not in again.headers
        assert keeping.get(target, headers={"If-None-Match": '"other"'}).status_code == 200


def test_each_coding_is_a_representation_of_its_own(api: InProcess) -> None:
    target = "/api/v1/domains/heritage/occupations"
    plain = api.get(target)
    assert "content-encoding" not in plain.headers
    found = {"": plain.headers["etag"]}
    for coding, unpack in (
        ("gzip", gzip.decompress),
        ("zstd", lambda b: zstandard.ZstdDecompressor().decompressobj().decompress(b)),
    ):
        raw, headers = api.run(_raw(api, target, coding))
        assert headers["content-encoding"] == coding
        assert int(headers["content-length"]) == len(raw) < len(plain.content)
        assert unpack(raw) == plain.content
        found[coding] = headers["etag"]
        known = api.get(target, headers={"Accept-Encoding": coding, "If-None-Match": headers["etag"]})
        assert known.status_code == 304
        assert "content-encoding" not in known.headers
        assert api.get(target, headers={"If-None-Match": headers["etag"]}).status_code == 200, (
            "other bytes, other validator"
        )
    assert len(set(found.values())) == 3
    for refused in ("gzip;q=0, zstd;q=0.0", "identity", "br", "gzip;q=0.000"):
        assert "content-encoding" not in api.run(_raw(api, target, refused))[1], refused
    assert api.run(_raw(api, target, "gzip;q=1.0, zstd;q=0.5"))[1]["content-encoding"] in ("gzip", "zstd")
    assert "content-encoding" not in api.run(_raw(api, "/api/v1/health/live", "gzip"))[1], "too small to pack"


async def _raw(api: InProcess, target: str, coding: str) -> tuple[bytes, httpx2.Headers]:
    async with api._http.stream("GET", target, headers={"Accept-Encoding": coding}) as answer:
        return b"".join([piece async for piece in answer.aiter_raw()]), answer.headers


def test_kept_answers_belong_to_the_request(starter_dir: Path) -> None:
    """Whatever an answer depends on is part of the key: nobody gets what was made for another."""
    with running(starter_dir) as client:
        target = "/api/v1/domains?limit=1"
        seen = {}
        for _ in range(2):
            for base in (HOST, "http://ccsi.example", "https://other.example:8443"):
                body = client.json(base + target)
                assert body["items"][0]["href"].startswith(f"{base}/api/v1/domains/")
                seen[base] = body
        twice = client.get(target, headers=[("Accept-Language", "en"), ("Accept-Language", "fr")])
        once = client.get(target, headers=[("Accept-Language", "fr")])
        assert twice.headers["content-language"] == once.headers["content-language"] == "en"


def test_public_url(mini_dir: Path) -> None:
    with running(mini_dir, public_url="https://esco.example/ccsi/") as client:
        answer = client.get("domains?limit=1")
        assert answer.json()["items"][0]["href"] == "https://esco.example/ccsi/api/v1/domains/advertising"
        assert answer.headers["link"].startswith("<https://esco.example/ccsi/api/v1/domains?limit=1&offset=0>")
        assert client.json("openapi.json")["servers"] == [{"url": "https://esco.example/ccsi"}]


def test_cache_keeps_to_its_room() -> None:
    cache = AnswerCache(100_000)
    for n in range(100):
        cache.put((str(n), "x" * 500), Answer(b"y" * 1000, "text/plain", f'"{n}"'))
    kept = [n for n in range(100) if cache.get((str(n), "x" * 500))]
    assert 28 < len(kept) < 33, "the key counts as well, and what an entry takes"
    assert kept[-1] == 99
    cache.put(("large",), Answer(b"y" * 20_000, "text/plain", '"e"'))
    assert cache.get(("large",)) is None


def test_cors(api: InProcess) -> None:
    asked = api.request(
        "OPTIONS",
        "/api/v1/domains",
        headers={
            "Origin": "https://portal.example",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "if-none-match, x-request-id",
        },
    )
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == "*"
    assert "GET" in asked.headers["access-control-allow-methods"]
    assert asked.headers["access-control-allow-headers"] == "*"
    for target in ("/api/v1/domains", "/api/v1/domains/nowhere"):
        answer = api.get(target, headers={"Origin": "https://portal.example"})
        assert answer.headers.get_list("access-control-allow-origin") == ["*"]
        assert "ETag" in answer.headers["access-control-expose-headers"]
        assert "Origin" not in answer.headers.get("vary", "")


def test_request_id_is_echoed_and_logged(mini_dir: Path, serve: Callable[..., Server]) -> None:
    server = serve(mini_dir)
    given = httpx2.get(f"{server.url}/api/v1/domains", headers={"X-Request-ID": "portal-7.4_2"})
    assert given.headers["x-request-id"] == "portal-7.4_2"
    for bad in ("short", "with blank in it", "x" * 65, 'quote"quote'):
        made = httpx2.get(f"{server.url}/api/v1/domains/none", headers={"X-Request-ID": bad}).headers["x-request-id"]
        assert made != bad
        assert len(made) == 16
    server.stop()
    lines = [json.loads(line) for line in server.lines().splitlines() if line.startswith("{")]
    access = {line["request_id"]: line for line in lines if line["event"] == "request"}
    assert access["portal-7.4_2"]["path"] == "/api/v1/domains"
    assert access["portal-7.4_2"]["status"] == 200
    assert access["portal-7.4_2"]["ms"] > 0
    assert access[made]["status"] == 404


UNKNOWN = str(uuid.UUID(int=0))


@pytest.mark.parametrize(
    ("target", "status", "members"),
    [
        ("domains?lmit=3", 422, {"field": "lmit", "known": ["language", "limit", "offset"]}),
        ("isco/2621?limit=3", 422, {"field": "limit"}),
        ("limits?x=1", 422, {"field": "x"}),
        ("domains?limit=501", 422, {"field": "limit", "maximum": 500}),
        ("domains?limit=0", 422, {"field": "limit"}),
        ("domains?limit=x", 422, {"field": "limit"}),
        ("domains?limit=99999999999999999999999", 422, {"field": "limit"}),
        ("domains?offset=-1", 422, {"field": "offset"}),
        ("domains?offset=100001", 422, {"field": "offset", "maximum": 100_000}),
        ("domains/heritage/occupations?degree=some", 422, {"field": "degree"}),
        ("domains/heritage/occupations?route=gut", 422, {"field": "route"}),
        ("domains/heritage/occupations?function=fun", 422, {"field": "function"}),
        ("domains/heritage/occupations?sub-domain=fashion", 422, {"field": "sub-domain"}),
        ("domains/heritage/occupations?isco=26x", 422, {"field": "isco"}),
        ("domains/heritage/occupations?isco=", 422, {"field": "isco"}),
        ("domains/heritage/occupations?isco=%D9%A2%D9%A6", 422, {"field": "isco"}),
        ("domains/heritage/occupations?isco=26%0A", 422, {"field": "isco"}),
        ("domains/heritage/occupations?nace=9", 422, {"field": "nace"}),
        ("domains/heritage/occupations?nace=R90", 422, {"field": "nace"}),
        (f"domains/heritage/occupations?q={'a' * 201}", 422, {"field": "q", "maximum": 200}),
        ("occupations?isco=99999", 422, {"field": "isco"}),
        ("occupations?nace=x", 422, {"field": "nace"}),
        ("nace/x", 404, {"field": "code"}),
        ("nace/9.1", 422, {"field": "code", "didYouMean": "09.1"}),
        ("occupations/nonsense", 422, {"field": "uuid"}),
        (f"occupations/{UNKNOWN.replace('-', '')}", 422, {"field": "uuid"}),
        ("skills/S1.2.3", 404, {"field": "uuid"}),
        ("domains/heritag", 404, {"field": "id"}),
        ("occupations?domain=cooking", 404, {"field": "domain"}),
        (f"occupations/{UNKNOWN}", 404, {"field": "uuid"}),
        (f"skills/{UNKNOWN}", 404, {"field": "uuid"}),
        ("occupations?uri=http://example.org/x", 404, {"field": "uri"}),
        ("isco/9999", 404, {"field": "code"}),
        ("nace/99.99", 404, {"field": "code"}),
        ("nothing", 404, {"instance": "/api/v1/nothing"}),
    ],
)
def test_bad_requests(api: InProcess, target: str, status: int, members: dict[str, object]) -> None:
    body = problem(api.get(target), status)
    assert {name: body.get(name) for name in members} == members
    assert body["instance"].startswith("/api/v1/")


def test_wrong_kind_of_identifier(api: InProcess, catalogue: Any) -> None:
    for kind, other, concepts in (
        ("occupation", "skill", catalogue.skills),
        ("skill", "occupation", catalogue.occupations),
    ):
        key = next(iter(concepts)).rpartition("/")[2]
        body = problem(api.get(f"{kind}s/{key}"), 404)
        assert body["see"] == f"{HOST}/api/v1/{other}s/{key}"
        assert api.get(body["see"]).status_code == 200


def test_identifiers_may_be_in_capitals(api: InProcess, catalogue: Any) -> None:
    key = next(iter(catalogue.occupations)).rpartition("/")[2]
    assert api.json(f"occupations/{key.upper()}") == api.json(f"occupations/{key}")


def test_wrong_method(api: InProcess) -> None:
    answer = api.request("DELETE", "/api/v1/domains")
    assert problem(answer, 405)["type"].endswith("method-not-allowed")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert api.request("DELETE", "/api/v1/profiles/compose").headers["allow"] == "GET, HEAD, POST, OPTIONS"


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/v1/domains", "GET, HEAD, OPTIONS"), ("/api/v1/profiles/compose", "GET, HEAD, POST, OPTIONS"),
        ("/id/domain/heritage", "GET, HEAD, OPTIONS"),
    ],
)  # fmt: skip
def test_options_say_what_a_path_takes(api: InProcess, path: str, allowed: str) -> None:
    answer = api.request("OPTIONS", path)
    assert answer.status_code == 204
    assert answer.headers["allow"] == answer.headers["access-control-allow-methods"] == allowed


def test_options_of_nothing(api: InProcess) -> None:
    assert problem(api.request("OPTIONS", "/api/v1/nothing"), 404)["title"] == "Not found"


@pytest.mark.parametrize("target", ["/api/v1/openapi.json", "/api/v1/context.jsonld", "/contexts/v1.jsonld"])
def test_descriptions_are_packed_and_cacheable(api: InProcess, target: str) -> None:
    plain = api.get(target)
    assert "max-age" in plain.headers["cache-control"]
    raw, headers = api.run(_raw(api, target, "gzip"))
    assert headers["content-encoding"] == "gzip"
    assert len(raw) < len(plain.content) / 2
    assert gzip.decompress(raw) == plain.content
    assert headers["etag"] != plain.headers["etag"]
    for coding, etag in (("identity", plain.headers["etag"]), ("gzip", headers["etag"])):
        known = api.get(target, headers={"If-None-Match": etag, "Accept-Encoding": coding})
        assert (known.status_code, known.content) == (304, b"")
    assert api.get(target, headers={"If-None-Match": '"other"'}).status_code == 200
    assert "content-encoding" not in api.run(_raw(api, target, "gzip;q=0"))[1]


def test_requests_too_large(api: InProcess) -> None:
    assert problem(api.get(f"domains?language={'x' * 9000}"), 414)["limit"] == 8192
    assert problem(api.request("POST", "/api/v1/domains", content=b"x" * 1_000_001), 413)["limit"] == 1_000_000
    number = api.request("POST", "/api/v1/domains", headers={"Content-Length": "9" * 5000})
    assert problem(number, 413)["limit"] == 1_000_000


def test_a_body_without_end(api: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    async def pieces(count: int, pause: float) -> AsyncIterator[bytes]:
        for _ in range(count):
            yield b" " * 10_000
            await asyncio.sleep(pause)

    def post(count: int, pause: float) -> httpx2.Response:
        kind = {"content-type": "application/json"}
        return api.request("POST", "/api/v1/profiles/compose", content=pieces(count, pause), headers=kind)

    assert problem(post(12, 0), 413)["limit"] == 65_536
    monkeypatch.setattr("app.http.edge.BODY_SECONDS", 0.2)
    assert problem(post(2, 1), 408)["type"].endswith("request-timeout")


@pytest.mark.parametrize("host", ["[", "a b", "x:y:z", "", "ä.example", '"><script>'])
def test_odd_host_header(api: InProcess, host: str) -> None:
    answer = api.get("domains?limit=1", headers={"Host": host.encode()})
    assert answer.status_code < 500


def test_unforeseen_fault(mini_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even then: problem+json with an id, nothing of the inside shown, and the next request served."""
    with running(mini_dir) as client:
        with monkeypatch.context() as patch:
            patch.setattr("app.api.views.domain", lambda *_: 1 / 0)
            body = problem(client.get("domains"), 500)
            assert "ZeroDivision" not in json.dumps(body)
        assert client.get("domains").status_code == 200


def test_withdrawn_concepts_name_their_successor(tmp_path: Path) -> None:
    gone, kept = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))
    source = tmp_path / "esco.ttl"
    source.write_text((Path(__file__).parents[1] / "fixtures" / "withdrawn.ttl").read_text())
    load(LoadRequest([source], tmp_path / "data", esco_version="1.2.0", partial=True))
    with running(tmp_path / "data") as client:
        body = problem(client.get(f"occupations/{gone}"), 410)
        assert body["uri"].endswith(gone)
        assert [iri.rpartition("/")[2] for iri in body["replacedBy"]] == [kept]
        assert body["conceptStatus"] == "deprecated"
        assert body["see"] == f"{HOST}/api/v1/occupations/{kept}"
        assert client.get(body["see"]).status_code == 200
        assert problem(client.get(f"occupations?uri={body['uri']}"), 410) == {**body, "instance": "/api/v1/occupations"}
        assert client.json("occupations")["total"] == 1


def test_without_a_release(tmp_path: Path) -> None:
    with running(tmp_path / "empty") as client:
        assert client.json("health/live") == {"status": "alive"}
        for target in (*PATHS, "/api/v1/health/ready", f"/api/v1/skills/{UNKNOWN}"):
            answer = client.get(target)
            problem(answer, 503)
            assert answer.headers["retry-after"] == "5"
        assert client.get("limits").status_code == 200
        assert client.get("context.jsonld").status_code == 200
        assert client.get("openapi.json").status_code == 200
        assert "No release is loaded" in client.get("/").text
