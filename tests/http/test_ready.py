"""Ready answers to requests that were read before, byte for byte: they are not parsed again, and nothing else changes."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.http import Answer, AnswerCache
from app.http.connection import HEAD_BYTES
from app.http.ready import Ready, Spoken
from app.main import create_app
from app.settings import Limits, Settings
from tests.http.conftest import Site, ask, serving

NUMBERS = itertools.count(1)


@pytest.fixture
def kept() -> str:
    """A list that no test has asked for yet."""
    return f"/api/v1/domains/heritage/occupations?limit={next(NUMBERS)}"


@pytest.fixture(scope="module")
def own(starter_dir: Path) -> Iterator[Site]:
    app = create_app(Settings(data_dir=starter_dir, log_level="error"), Limits(client_requests=1, client_burst=1000))
    with serving(app, app.state.front, "on") as found:
        yield found


@pytest.fixture
def parsed(own: Site, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The targets of requests that were parsed."""
    seen: list[bytes] = []
    told = own.kind.on_url

    def on_url(self: object, url: bytes) -> None:
        seen.append(url)
        told(self, url)  # type: ignore[arg-type]

    monkeypatch.setattr(own.kind, "on_url", on_url)
    return seen


def test_the_same_bytes_are_parsed_twice_and_no_more(own: Site, parsed: list[bytes], kept: str) -> None:
    with own.connect() as raw, own.connect() as other:
        made = ask(raw, kept)  # worked out
        first = ask(raw, kept)  # found, and remembered
        before = len(parsed)
        again, elsewhere = ask(raw, kept), ask(other, kept)
        assert len(parsed) == before == 2
        assert made[2] == first[2] == again[2] == elsewhere[2] != b""
        assert again[1].keys() == first[1].keys()
        assert again[1]["etag"] == first[1]["etag"]
        assert len({answer[1]["x-request-id"] for answer in (first, again, elsewhere)}) == 3
        assert ask(raw, kept, accept="text/csv")[1]["content-type"].startswith("text/csv")
        assert len(parsed) == before + 1, "other bytes are another request"
        for _ in range(3):
            assert ask(raw, kept, if_none_match=first[1]["etag"])[0] == 304
        assert len(parsed) == before + 2
        assert ask(raw, kept)[0] == 200


def test_they_count_for_whoever_sends_them(own: Site, parsed: list[bytes], kept: str) -> None:
    with own.connect("127.0.0.5") as raw:
        for _ in range(300):
            found = ask(raw, kept)
        left = int(found[1]["ratelimit"].split("r=")[1].split(";")[0])
    with own.connect("127.0.0.6") as raw:
        fresh = int(ask(raw, kept)[1]["ratelimit"].split("r=")[1].split(";")[0])
    assert len(parsed) == 2
    assert left < fresh


@pytest.mark.parametrize("header", ["x-forwarded-for", "x-forwarded-proto", "x-request-id"])
def test_what_depends_on_a_header_of_the_client_is_read_each_time(
    own: Site, parsed: list[bytes], kept: str, header: str
) -> None:
    value = {"x-forwarded-for": "192.0.2.7", "x-forwarded-proto": "https", "x-request-id": "portal-7.4"}[header]
    with own.connect() as raw:
        for _ in range(4):
            found = ask(raw, kept, **{header.replace("-", "_"): value})
    assert len(parsed) == 4
    assert (found[1]["x-request-id"] == "portal-7.4") == (header == "x-request-id")


@pytest.mark.parametrize(
    "start", [b"GET /none HTTP/1.1\r\nX-Part: ", b"GET /no", b"POST /sparql HTTP/1.1\r\nHost: x\r\n"]
)
def test_in_the_middle_of_another_request_they_are_a_part_of_it(own: Site, kept: str, start: bytes) -> None:
    text = f"GET {kept} HTTP/1.1\r\nhost: x\r\n\r\n".encode()
    for _ in range(3):
        own.get(kept)
    with own.connect() as raw:
        raw.sendall(text + start)
        raw.recv(1 << 20)
        time.sleep(0.2)  # all of the first answer, and what was begun is read
        raw.setblocking(False)
        try:
            while raw.recv(1 << 20):
                pass
        except BlockingIOError:
            pass
        raw.settimeout(20)
        raw.sendall(text)
        assert not raw.recv(65536).startswith(b"HTTP/1.1 200")


def test_two_requests_in_one_piece_are_remembered_as_none(own: Site, parsed: list[bytes], kept: str) -> None:
    text = f"GET {kept} HTTP/1.1\r\nhost: x\r\n\r\n".encode()
    own.get(kept)
    for _ in range(3):
        assert own.say(text + text.replace(b"host", b"connection: close\r\nhost")).count(b"HTTP/1.1 200") == 2
    assert len(parsed) == 7


def test_a_connection_that_asked_much_may_send_a_body_late(own: Site) -> None:
    """The bound of what follows a head is for one request."""
    query = b"ASK {}"
    with own.connect() as raw:
        for _ in range(HEAD_BYTES // 500):
            ask(raw, "/api/v1/health/live", x_filler="x" * 600)
        head = (
            b"POST /sparql HTTP/1.1\r\nhost: x\r\ncontent-type: application/sparql-query\r\ncontent-length: %d\r\n\r\n"
        )
        raw.sendall(head % len(query))
        time.sleep(0.1)
        raw.sendall(query)
        assert raw.recv(65536).startswith(b"HTTP/1.1 200")


def test_remembered_requests_have_their_bounds() -> None:
    cache = AnswerCache(100_000)
    answer = Answer(b"y" * 1000, "text/plain", '"1"')
    cache.put(("a",), answer)
    ready = cache.find(("a",))
    assert isinstance(ready, Ready)
    spoken = Spoken(ready, False, "/")
    empty = cache.used
    for n in range(100):
        cache.remember(b"GET /%d" % n, spoken)
    known = [n for n in range(100) if cache.spoken(b"GET /%d" % n)]
    assert known == [*range(92, 100)], "eight of one answer"
    assert cache.used - empty == sum(len(b"GET /%d" % n) + 256 for n in known)
    cache.remember(b"x" * 3000, spoken)
    assert cache.spoken(b"x" * 3000) is None
    for n in range(100):
        cache.put((str(n),), Answer(b"y" * 1000, "text/plain", f'"other {n}"'))
    assert cache.spoken(b"GET /99") is None, "they leave with their answer"
    cache.remember(b"GET /99", spoken)
    assert cache.spoken(b"GET /99") is None
    assert cache.used <= 100_000
