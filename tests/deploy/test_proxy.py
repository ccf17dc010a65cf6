"""The caching proxy in front of the real service: what is kept, for whom, how long, and what is refused."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from app.settings import Limits, Settings
from loaders.build import load
from loaders.request import LoadRequest
from releases.release import Releases
from tests.api.conftest import Server
from tests.deploy.conftest import NGINX, TEMPLATE, Client, Kept, client, nginx, resolver

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")

LIST = "/api/v1/domains"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
SETTINGS = {
    "CCSI_TRUSTED_PROXIES": "127.0.0.1", "CCSI_SPARQL_MAX_AGE": "1", "CCSI_LIMIT_SPARQL_SECONDS": "4",
    "CCSI_LIMIT_SPARQL_PER_CLIENT": "1", "CCSI_LIMIT_SPARQL_WAIT": "0.5",
}  # fmt: skip


@dataclass
class Stack:
    service: Server
    port: int

    def client(self) -> Client:
        return client(self.port)

    def direct(self, path: str, **headers: str) -> Kept:
        """Past the proxy, under the proxy's name: links are the same then."""
        return Client(self.service.port, "127.0.0.1")(path, host=f"127.0.0.1:{self.port}", **headers)


@pytest.fixture(scope="module")
def stack(mini_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The service with short times, and the proxy in front of it."""
    folder = tmp_path_factory.mktemp("served") / "data"  # of its own, because downloads are made in it
    shutil.copytree(mini_dir, folder, symlinks=True)
    server = Server(folder, **SETTINGS)
    try:
        server.wait(lambda: Client(server.port, "127.0.0.1")("/api/v1/health/ready/sparql").status == 200)
        with nginx(tmp_path_factory.mktemp("proxy"), f"127.0.0.1:{server.port}") as port:
            yield Stack(server, port)
    finally:
        server.stop()


def sparql(text: str) -> str:
    return "/sparql?query=" + quote(text)


# --- what is kept ----------------------------------------------------------------------------------------------------


def test_an_answer_is_asked_for_once(stack: Stack) -> None:
    ask = stack.client()
    first, second = ask(f"{LIST}?language=en"), ask.again(f"{LIST}?language=en")
    assert (first.kept, second.kept) == ("MISS", "HIT")
    assert first.status == second.status == 200
    assert first.body == second.body == stack.direct(f"{LIST}?language=en").body
    for name in ("etag", "vary", "cache-control", "content-type", "access-control-allow-origin", "link"):
        assert first.headers.get(name) == second.headers.get(name), name
    head = ask(f"{LIST}?language=en", "HEAD")
    assert (head.status, head.kept, head.body) == (200, "HIT", b"")
    assert head.headers["content-length"] == str(len(first.body))
    assert head.headers["etag"] == first.headers["etag"]
    known = ask(f"{LIST}?language=en", if_none_match=first.headers["etag"])
    assert (known.status, known.kept, known.body) == (304, "HIT", b"")
    assert known.headers["etag"] == first.headers["etag"]


def test_head_alone_fills_the_cache_too(stack: Stack) -> None:
    ask = stack.client()
    path = "/api/v1/occupations?limit=2"
    assert (ask(path, "HEAD").kept, ask.again(path).kept) == ("MISS", "HIT")


@pytest.mark.parametrize(
    ("path", "header", "values", "shown"),
    [
        ("/ns", "accept", ["text/turtle", "application/ld+json", "text/html"], "content-type"),
        ("/id/domain/gaming", "accept", ["text/turtle", "application/ld+json", "text/html"], "location"),
        (LIST, "accept_language", ["en", "fr"], "content-language"),
        (LIST, "accept_encoding", ["gzip", "zstd", "identity"], "content-encoding"),
        (sparql("SELECT * { ?s a ?o } ORDER BY ?s ?o LIMIT 50"), "accept", ["text/csv", "application/json"], "content-type"),
        (sparql("SELECT * { ?s a ?o } ORDER BY ?s ?o LIMIT 51"), "accept_encoding", ["gzip", "zstd", ""], "content-encoding"),
    ],
)  # fmt: skip
def test_representations_are_kept_apart(stack: Stack, path: str, header: str, values: list[str], shown: str) -> None:
    ask = stack.client()
    first = [ask(path, **{header: value}) for value in values]
    again = [ask.again(path, **{header: value}) for value in values]
    for value, one, other in zip(values, first, again, strict=True):
        direct = stack.direct(path, **{header: value})
        assert other.kept in ("HIT", "REVALIDATED"), value
        assert one.body == other.body == direct.body, value
        assert one.headers.get(shown) == other.headers.get(shown) == direct.headers.get(shown), value
        assert one.headers.get("etag") == direct.headers.get("etag"), value
    assert len({reply.headers.get(shown) for reply in again}) == len(values)


def test_hosts_are_kept_apart(stack: Stack) -> None:
    ask = stack.client()
    a, b = (ask("/api/v1/occupations?limit=1", host=host) for host in ("a.example", "b.example"))
    assert "a.example" in a.headers["link"]
    assert (b.kept, "a.example" in b.headers["link"]) == ("MISS", False)


def test_the_protocol_of_the_query_decides(stack: Stack) -> None:
    ask, text = stack.client(), "ASK { ?s ?p ?o }"
    assert (ask(sparql(text)).kept, ask.again(sparql(text)).kept) == ("MISS", "HIT")
    form = {"content_type": "application/x-www-form-urlencoded"}
    posts = [ask("/sparql", "POST", urlencode({"query": text}).encode(), **form) for _ in range(2)]
    assert [(reply.status, reply.json["boolean"], reply.kept) for reply in posts] == [(200, True, "")] * 2
    volatile = [ask(sparql("SELECT (UUID() AS ?x) {}")) for _ in range(2)]
    assert [reply.kept for reply in volatile] == ["MISS", "MISS"]
    assert volatile[0].body != volatile[1].body


def test_of_many_equal_queries_one_is_evaluated(stack: Stack) -> None:
    broader = "<http://www.w3.org/2004/02/skos/core#broader>"
    text = sparql(f"SELECT (COUNT(*) AS ?many) {{ ?a {broader} ?c . ?d {broader} ?c }}")
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda ask: ask(text), [stack.client() for _ in range(8)]))
    assert {reply.status for reply in replies} == {200}
    assert Counter(reply.kept for reply in replies)["MISS"] == 1


def test_what_is_past_its_time_is_asked_about(stack: Stack) -> None:
    ask, path = stack.client(), sparql("ASK { ?s ?p ?asked }")
    first = ask(path)
    time.sleep(2.1)
    again = ask(path)
    assert (again.kept, again.body, again.headers["etag"]) == ("REVALIDATED", first.body, first.headers["etag"])


def test_downloads_pass_through_in_parts(stack: Stack) -> None:
    ask, path = stack.client(), "/dumps/all.nq.gz"
    stack.service.wait(lambda: ask(path).status == 200)
    part = ask(path, range="bytes=0-9")
    assert (part.status, part.kept) == (206, "")
    assert part.body == ask(path).body[:10]


# --- what is not -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/domains/none", 404), ("/api/v1/domains?limit=x", 422), (sparql("SELECT * {"), 400),
        (sparql("CLEAR ALL"), 403), (sparql(ENDLESS), 504),
    ],
)  # fmt: skip
def test_problems_are_the_services_own_and_not_kept(stack: Stack, path: str, status: int) -> None:
    ask = stack.client()
    replies = [ask(path) for _ in range(2)]
    direct = stack.direct(path)
    for reply in replies:
        assert (reply.status, reply.kept) == (status, "MISS")
        assert reply.headers["content-type"] == "application/problem+json"
        assert (reply.body, reply.headers["cache-control"]) == (direct.body, "no-store")


def test_a_service_without_a_release_is_asked_every_time(tmp_path: Path) -> None:
    server = Server(tmp_path / "empty")
    (tmp_path / "proxy").mkdir()
    try:
        with nginx(tmp_path / "proxy", f"127.0.0.1:{server.port}") as port:
            replies = [client(port)(path) for path in (LIST, LIST, "/api/v1/health/ready", "/api/v1/health/ready")]
        assert [(reply.status, reply.kept) for reply in replies] == [(503, "MISS")] * 4
        assert all(reply.headers["retry-after"] for reply in replies)
    finally:
        server.stop()


def test_a_service_that_is_gone_is_not_covered_up(mini_dir: Path, tmp_path: Path) -> None:
    server = Server(mini_dir, **SETTINGS)
    try:
        with nginx(tmp_path, f"127.0.0.1:{server.port}") as port:
            ask = client(port)
            server.wait(lambda: ask("/api/v1/health/ready").status == 200)
            query = sparql("ASK {}")
            assert (ask.again(query).status, ask.again(LIST).kept) == (200, "HIT")
            server.stop()
            assert (ask(LIST).status, ask(LIST).kept) == (200, "HIT")  # its minute is not over
            time.sleep(2.1)
            for path in (query, query, "/api/v1/occupations?limit=2"):
                gone = ask(path)
                assert (gone.status, gone.headers["content-type"]) == (502, "application/problem+json")
                assert gone.json["status"] == 502
                assert gone.headers["retry-after"] == "5"
                assert gone.headers["cache-control"] == "no-store"
                assert gone.headers["x-request-id"]
    finally:
        server.stop()


def test_another_release_shows_after_the_age_that_answers_may_have(
    mini_dir: Path, fixtures: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    shutil.copytree(mini_dir, folder, symlinks=True)
    releases = Releases(folder)
    second = load(
        LoadRequest(
            [fixtures / "csv-v1.2.0"],
            folder,
            "1.2.1",
            curation=fixtures / "no-curation.ttl",
            partial=True,
            publish=False,
        )
    )
    version = sparql("SELECT ?v { ?d a <http://www.w3.org/ns/dcat#Dataset> ; <http://www.w3.org/ns/dcat#version> ?v }")
    server = Server(folder, **SETTINGS)
    (tmp_path / "proxy").mkdir()
    try:
        with nginx(tmp_path / "proxy", f"127.0.0.1:{server.port}") as port:
            ask = client(port)
            server.wait(lambda: ask("/api/v1/health/ready").status == 200)
            assert b"1.2.0" in ask.again(version).body
            releases.publish(second)
            direct = Client(server.port, "127.0.0.1")
            server.wait(lambda: b"1.2.1" in direct(version).body)
            started = time.monotonic()
            server.wait(lambda: b"1.2.1" in ask(version).body, 5)
            assert time.monotonic() - started < 2.5
    finally:
        server.stop()


# --- who asks --------------------------------------------------------------------------------------------------------


CLAIMED = ["192.0.2.1", "192.0.2.2"]


def long_queries(*asks: Callable[..., Kept]) -> list[int]:
    """How each ends when all ask at once, claiming to be others; one of a client's two is refused, whichever it is."""
    with ThreadPoolExecutor(len(asks)) as pool:
        begun = [
            pool.submit(
                ask, sparql(f"{ENDLESS} #{n}"), x_forwarded_for=CLAIMED[n % 2], forwarded=f"for={CLAIMED[n % 2]}"
            )
            for n, ask in enumerate(asks)
        ]
        return [running.result().status for running in begun]


def test_clients_count_apart_and_cannot_choose_who_they_are(stack: Stack) -> None:
    one, other = stack.client(), stack.client()
    *same, apart = long_queries(one, one, other)
    assert (sorted(same), apart) == ([429, 504], 504)


def test_without_the_proxy_nobody_is_believed(mini_dir: Path) -> None:
    """The bound of one query holds for a client that claims to be others, once loopback is no proxy."""
    server = Server(mini_dir, **{**SETTINGS, "CCSI_TRUSTED_PROXIES": ""})
    try:
        ask = Client(server.port, "127.0.0.1")
        server.wait(lambda: ask("/api/v1/health/ready/sparql").status == 200)
        assert sorted(long_queries(ask, ask)) == [429, 504]
    finally:
        server.stop()


def test_request_ids_pass_through_and_are_never_anothers(stack: Stack) -> None:
    ask, path = stack.client(), f"{LIST}?language=en"
    assert ask(path, x_request_id="given-by-client").headers["x-request-id"] == "given-by-client"
    made = {ask(path).headers["x-request-id"] for _ in range(3)} | {
        ask(path, x_request_id="not ok").headers["x-request-id"]
    }
    assert len(made) == 4
    assert not made & {"given-by-client", "not ok"}
    assert ask("/api/v1/domains/none", x_request_id="seen-in-the-log").headers["x-request-id"] == "seen-in-the-log"
    stack.service.wait(lambda: '"request_id":"seen-in-the-log"' in stack.service.lines().replace(": ", ":"))


def test_too_many_requests_of_one_address(stack: Stack) -> None:
    one, other = stack.client(), stack.client()
    path = f"{LIST}?language=en"
    replies: list[Kept] = []
    with ThreadPoolExecutor(8) as pool:
        while len(replies) < 3000 and not any(reply.status == 429 for reply in replies):
            replies += pool.map(lambda _: one(path), range(300))
    found = Counter(reply.status for reply in replies)
    assert set(found) == {200, 429}
    assert found[200] >= 200
    refused = next(reply for reply in replies if reply.status == 429)
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == "1"
    assert refused.json["status"] == 429
    assert other(path).status == 200
    time.sleep(1)
    assert one(path).status == 200


# --- what is too large -----------------------------------------------------------------------------------------------


def test_bodies_have_a_bound(stack: Stack) -> None:
    ask, limit = stack.client(), Limits().body_bytes
    form = {"content_type": "application/json"}
    fits = ask("/api/v1/profiles/compose", "POST", b" " * limit, **form)
    assert (fits.status, fits.json["limit"]) == (413, 65_536), "the service's own, for this path"
    for body in (b" " * (limit + 1), iter([b" " * 65536] * 20)):
        refused = ask("/api/v1/profiles/compose", "POST", body, **form)
        assert (refused.status, refused.headers["content-type"]) == (413, "application/problem+json")
        assert str(limit) in refused.json["detail"]


def test_long_targets_are_refused_by_the_service(stack: Stack) -> None:
    ask, limit = stack.client(), Limits().url_length
    path = f"{LIST}?q="
    assert ask(path + "x" * (limit - len(path))).status == 422  # read, and found to have a wrong parameter
    refused = ask(path + "x" * (limit + 1000))
    assert (refused.status, refused.json["limit"]) == (414, limit)
    refused = ask(path + "x" * 20_000)
    assert (refused.status, refused.json["status"]) == (414, 414)


# --- the file --------------------------------------------------------------------------------------------------------


def test_the_proxy_waits_longer_than_the_service() -> None:
    found = re.search(r"proxy_read_timeout (\d+)s;", TEMPLATE.read_text())
    assert found is not None
    assert int(found[1]) > sum(Limits.model_fields[name].default for name in ("sparql_wait", "sparql_seconds"))
    assert int(found[1]) > Settings().sparql_endpoint_seconds


def test_the_resolver_is_the_first_name_server_or_the_one_given() -> None:
    lines = (line.split() for line in Path("/etc/resolv.conf").read_text().splitlines())
    servers = [line[1] for line in lines if line[:1] == ["nameserver"]]
    assert resolver().strip("[]") == (servers or [""])[0]
    assert resolver(CCSI_PROXY_RESOLVER="[::1]:53") == "[::1]:53"


def test_the_log_names_no_client_and_no_query(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> None:
    ask = stack.client()
    ask(f"{LIST}?language=en&q=confidential", x_request_id="line-of-the-log")
    log = next(tmp_path_factory.getbasetemp().glob("proxy*/nginx.log"))
    until: Callable[[], list[str]] = lambda: [x for x in log.read_text().splitlines() if "line-of-the-log" in x]  # noqa: E731
    stack.service.wait(lambda: bool(until()))
    line = json.loads(until()[0])
    assert (line["method"], line["path"], line["request_id"]) == ("GET", LIST, "line-of-the-log")
    assert ask.address not in until()[0]
    assert "confidential" not in until()[0]
