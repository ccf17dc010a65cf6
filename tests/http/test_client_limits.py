"""What one client may ask for, who counts as one client, and what the log calls it."""

from __future__ import annotations

import json
import time

import pytest
from starlette.types import Receive, Scope, Send

from app.http import EdgeMiddleware, Finished, Front, count_seconds
from app.http.clients import client_of, network_of
from app.settings import Limits, Settings
from tests.http.conftest import Site, ask, bytes_of, serving

LIST = "/api/v1/domains/gaming/occupations"


def test_beyond_its_bucket_a_client_is_told_when_to_come_again() -> None:
    with bytes_of(3, "", client_requests=2, client_burst=5) as small:
        replies = [small.get("/") for _ in range(6)]
        assert [status for status, *_ in replies] == [200] * 5 + [429]
        assert replies[0][1]["ratelimit-policy"] == '"client";q=5;w=3'
        assert replies[0][1]["ratelimit"] == '"client";r=4;t=1'
        _, headers, body = replies[-1]
        assert (headers["retry-after"], headers["ratelimit"]) == ("1", '"client";r=0;t=1')
        assert headers["content-type"] == "application/problem+json"
        assert json.loads(body)["limit"] == "client_requests"
        assert small.get("/", "127.0.0.2")[0] == 200, "another address is another client"
        assert small.get("/api/v1/health/live")[0] == 200, "health is never limited"
        assert "ratelimit" not in small.get("/api/v1/health/live")[1]
        time.sleep(1.1)
        assert small.get("/")[0] == 200


def test_behind_a_trusted_proxy_the_forwarded_address_counts() -> None:
    with bytes_of(3, "127.0.0.0/8", client_requests=0.01, client_burst=2) as small:
        for address in ("192.0.2.1", "192.0.2.2"):
            assert [small.get("/", x_forwarded_for=address)[0] for _ in range(3)] == [200, 200, 429]
        network = [small.get("/", x_forwarded_for=f"2001:db8::{n}")[0] for n in range(3)]
        assert network == [200, 200, 429], "of IPv6 the network of one subscriber"
        assert small.get("/", x_forwarded_for="192.0.2.1, 192.0.2.9")[0] == 200, "the last that is no proxy"
    with bytes_of(3, "", client_requests=0.01, client_burst=2) as small:
        told = [small.get("/", x_forwarded_for=f"192.0.2.{n}")[0] for n in range(3)]
        assert told == [200, 200, 429], "nobody else is believed"


def test_zero_turns_the_bucket_off() -> None:
    with bytes_of(3, "", client_requests=0, client_burst=1) as small:
        replies = [small.get("/") for _ in range(20)]
        assert {status for status, *_ in replies} == {200}
        assert "ratelimit" not in replies[0][1]


def left(site: Site, path: str) -> int:
    return int(site.get(path)[1]["ratelimit"].split(";")[1].removeprefix("r="))


def test_ready_answers_cost_next_to_nothing(site: Site) -> None:
    site.get(LIST)
    client = site.front.clients.at(network_of("127.0.0.77"))
    for _ in range(50):
        site.get(LIST, "127.0.0.77")
    assert client.tokens > 59_999


def test_dear_answers_cost_more() -> None:
    async def app(scope: Scope, _: Receive, send: Send) -> None:
        until = time.thread_time() + 0.03
        while scope["path"] == "/here" and time.thread_time() < until:
            pass
        if scope["path"] == "/elsewhere":
            count_seconds(scope, 0.5)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    front = Front(Settings(trusted_proxies=""), Limits(client_requests=0.001, client_burst=2000))
    with serving(EdgeMiddleware(app, front), front) as site:
        assert left(site, "/") >= 1990
        before = left(site, "/")
        assert before - left(site, "/here") >= 30, "the time that it takes of the event loop"
        before = left(site, "/")
        assert before - left(site, "/elsewhere") >= 500, "and what it says that it took elsewhere"


def test_the_table_of_clients_is_bounded() -> None:
    front = Front(Settings(), Limits())
    for n in range(50_000):
        front.clients.at(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}")
    assert len(front.clients._known) == 16_384


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"), ("2001:db8:0:1:ffff::1", "2001:db8:0:1::/64"), ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"), ("no:address", "no:address"), ("y" * 5000, "y" * 64),
    ],
)  # fmt: skip
def test_whom_a_request_is_counted_for(address: str, counted: str) -> None:
    assert network_of(address) == client_of({"client": (address, 1)}) == counted


def test_the_log_names_clients_without_their_addresses(site: Site) -> None:
    told: list[Finished] = []
    site.front.on_finished.append(told.append)
    for source in ("127.0.0.1", "127.0.0.1", "127.0.0.9"):
        site.get(LIST, source)
        site.get("/api/v1/health/live", source)
    site.wait(lambda: len(told) == 6)
    site.front.on_finished.remove(told.append)
    names = [done.client for done in told]
    assert len(set(names)) == 2
    assert names[0] == names[3] != names[4]
    assert not any("127.0.0" in str(done) for done in told)
    assert {done.route for done in told} == {"/api/v1/domains/{id}/occupations", "/api/v1/health/live"}
    assert told[-2].cached
    assert told[-2].bytes > 1000


def test_a_salt_keeps_names_over_restarts() -> None:
    one, two, other = (Front(Settings(client_salt=salt), Limits()).clients.at("a").name for salt in ("s", "s", ""))
    assert one == two != other


def test_ready_answers_from_the_connection_are_those_of_the_framework(site: Site) -> None:
    with site.connect() as raw:
        path = f"{LIST}?degree=core"
        worked_out = ask(raw, path, accept_encoding="gzip", x_request_id="first-request")
        kept = ask(raw, path, accept_encoding="gzip", x_request_id="first-request")
        differing = {"ratelimit", "date"}
        assert worked_out[0] == kept[0] == 200
        assert worked_out[2] == kept[2]
        for _, headers, _ in (worked_out, kept):
            for name in differing:
                del headers[name]
        assert worked_out[1] == kept[1]
        status, headers, body = ask(raw, path, "HEAD", accept_encoding="gzip")
        assert (status, body, headers["content-length"]) == (200, b"", kept[1]["content-length"])
        assert headers["x-request-id"] != "first-request"
        status, headers, body = ask(raw, path, accept_encoding="gzip", if_none_match=kept[1]["etag"])
        assert (status, body) == (304, b"")
        assert headers["etag"] == kept[1]["etag"]
        assert "content-encoding" not in headers
        assert headers["access-control-allow-origin"] == "*"
        assert ask(raw, path, accept_encoding="gzip", if_none_match='"other"')[0] == 200
        assert ask(raw, path, accept_encoding="gzip", x_request_id="bad id")[1]["x-request-id"] != "bad id"
