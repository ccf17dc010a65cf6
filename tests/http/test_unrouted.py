"""Answers that a connection has of somebody whom it asks before ASGI: the same bounds, the same headers, told of once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from starlette.types import Receive, Scope, Send

from app.http import EdgeMiddleware, Finished, Front
from app.settings import Limits, Settings
from tests.http.conftest import Site, ask, rest, serving

GET = b"GET /early HTTP/1.1\r\nhost: x\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n"


@dataclass
class Someone:
    """Answers after a while, or hands on, or wants nothing of it, as the path says."""

    paths: frozenset[str] = frozenset(["/early", "/on", "/never"])
    seconds: float = 0.0
    asked: list[str] = field(default_factory=list)
    waited_for: list[bool] = field(default_factory=list)

    def begin(self, scope: Scope, reply: Callable[[bytes, bytes], None], go_on: Callable[[], bool]) -> bool:
        self.asked.append(scope["path"])
        loop = asyncio.get_running_loop()
        if scope["path"] == "/early":
            if self.seconds:
                loop.call_later(self.seconds, reply, HEAD, b"early")
            else:
                reply(HEAD, b"early")
        elif scope["path"] == "/on":
            loop.call_later(self.seconds, lambda: self.waited_for.append(go_on()))
        return scope["path"] != "/never"


@dataclass
class House:
    site: Site
    someone: Someone
    routed: list[str]
    told: list[Finished]


@pytest.fixture(params=[0.0, 0.05])
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    routed: list[str] = []

    async def app(scope: Scope, _: Receive, send: Send) -> None:
        routed.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"6")]})
        await send({"type": "http.response.body", "body": b"routed"})

    front = Front(Settings(trusted_proxies=""), Limits(client_requests=0.001, client_burst=10))
    told: list[Finished] = []
    front.on_finished.append(told.append)
    someone = Someone(seconds=request.param)
    front.early = someone
    with serving(EdgeMiddleware(app, front), front) as site:
        yield House(site, someone, routed, told)


def left(headers: dict[str, str]) -> int:
    return int(headers["ratelimit"].partition("r=")[2].partition(";")[0])


@pytest.mark.parametrize(("path", "body"), [("/early", b"early"), ("/on", b"routed"), ("/never", b"routed")])
def test_each_way_is_counted_once_and_told_of_once(house: House, path: str, body: bytes) -> None:
    with house.site.connect() as raw:
        first, second = (ask(raw, path, x_request_id=f"request-{n}") for n in range(2))
    assert (first[0], first[2]) == (second[0], second[2]) == (200, body)
    assert (left(first[1]), left(second[1])) == (9, 8)
    assert second[1]["x-content-type-options"] == "nosniff"
    assert [first[1]["x-request-id"], second[1]["x-request-id"]] == ["request-0", "request-1"]
    house.site.wait(lambda: len(house.told) == 2)
    assert [(t.path, t.status, t.bytes, t.request_id) for t in house.told] == [
        (path, 200, len(body), f"request-{n}") for n in range(2)
    ]
    if path != "/never":
        assert all(0.9 * house.someone.seconds <= t.seconds < 10 for t in house.told), "from where the request came in"
    assert len({t.client for t in house.told}) == 1
    assert house.someone.asked == [path, path]
    assert len(house.routed) == (0 if path == "/early" else 2)


def test_who_has_had_too_many_is_refused_where_all_are(house: House) -> None:
    with house.site.connect() as raw:
        statuses = [ask(raw, "/early")[0] for _ in range(12)]
    assert statuses == [200] * 10 + [429] * 2
    assert len(house.someone.asked) == 10


@pytest.mark.parametrize(
    "sent",
    [
        GET.replace(b"GET", b"HEAD"),
        GET.replace(b"/1.1", b"/1.0"),
        GET.replace(b"host", b"connection: close\r\nhost"),
        GET.replace(b"host", b'if-match: "a"\r\nhost'),
        GET.replace(b"host", b"content-length: 0\r\nhost"),
        GET.replace(b"/early", b"/%65arly"),
        GET.replace(b"/early", b"/early?" + b"x" * 9000),
        GET.replace(b"/early", b"/other"),
    ],
)
def test_what_is_no_plain_get_is_routed(house: House, sent: bytes) -> None:
    with house.site.connect() as raw:
        raw.sendall(sent)
        assert raw.recv(65536).startswith(b"HTTP/1.1 ")
    assert house.someone.asked == []


def test_of_two_that_came_together_neither_overtakes(house: House) -> None:
    with house.site.connect() as raw:
        raw.sendall(GET + GET.replace(b"/early", b"/other") + GET)
        raw.sendall(GET.replace(b"host", b"connection: close\r\nhost"))
        found = rest(raw)
    assert found.count(b"HTTP/1.1 200 OK") == 4
    assert found.endswith(b"routed")
    assert house.someone.asked == []


def test_what_comes_behind_one_that_waits_is_answered_behind_it(house: House) -> None:
    house.someone.seconds = 0.3
    for path in (b"/early", b"/on"):
        with house.site.connect() as raw:
            raw.sendall(GET.replace(b"/early", path))
            house.site.wait(lambda path=path: house.someone.asked[-1:] == [path.decode()])  # type: ignore[misc]
            raw.sendall(GET.replace(b"/early", b"/other").replace(b"host", b"connection: close\r\nhost"))
            found = rest(raw)
        first = b"early" if path == b"/early" else b"routed"
        assert [part for part in (b"early", b"routed") if b"\r\n\r\n" + part in found][:1] == [first]
        assert found.endswith(b"\r\n\r\nrouted")


def test_a_client_that_has_gone_is_not_waited_for(house: House) -> None:
    house.someone.seconds = 0.2
    for path in ("/early", "/on"):
        with house.site.connect() as raw:
            raw.sendall(GET.replace(b"/early", path.encode()))
            house.site.wait(lambda path=path: house.someone.asked[-1:] == [path])  # type: ignore[misc]
    house.site.wait(lambda: len(house.told) == 2)
    assert [(t.path, t.status, t.bytes) for t in house.told] == [("/early", 0, 0), ("/on", 0, 0)]
    assert house.someone.waited_for == [False]
    assert house.routed == []


def test_the_end_of_the_service_waits_for_the_answer() -> None:
    async def app(*_: object) -> None:
        raise AssertionError

    front = Front(Settings(), Limits())
    front.early = someone = Someone(seconds=0.5)
    with serving(EdgeMiddleware(app, front), front) as site:
        raw = site.connect()
        raw.sendall(GET)
        site.wait(lambda: someone.asked == ["/early"])
        began = time.monotonic()
    with raw:
        found = rest(raw)
    assert found.startswith(b"HTTP/1.1 200 OK")
    assert b"\r\nconnection: close\r\n" in found
    assert found.endswith(b"\r\n\r\nearly")
    assert time.monotonic() - began < 5
