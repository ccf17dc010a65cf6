"""A head has one reading only, or the request is refused; whatever the route, kept answers included."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from app.http.connection import HEAD_BYTES, HEAD_LINES, PIPELINED
from tests.http.conftest import Site, bytes_of

KEPT = "/api/v1/domains/heritage/occupations"
PATHS = [KEPT, "/sparql?query=ASK%7B%7D", "/docs", "/api/v1/health/live", "/none"]
WRONG = {
    "no host": b"\r\n",
    "two hosts": b"Host: x\r\nHost: x\r\n\r\n",
    "two different hosts": b"Host: x\r\nX-Other: 1\r\nhost: y\r\n\r\n",
    "empty host": b"Host:\r\n\r\n",
    "spaces": b"Host: a b\r\n\r\n",
    "user": b"Host: me@x\r\n\r\n",
    "path": b"Host: x/y\r\n\r\n",
    "list": b"Host: x, y\r\n\r\n",
    "port of letters": b"Host: x:http\r\n\r\n",
    "port too long": b"Host: x:123456\r\n\r\n",
    "half a bracket": b"Host: [::1\r\n\r\n",
    "markup": b'Host: "><script>\r\n\r\n',
    "not ASCII": b"Host: \xc3\xa4.example\r\n\r\n",
    "a line that goes on": b"Host: x\r\nX-A: a\r\n b\r\n\r\n",
    "length and coding": b"Host: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "coding and length": b"Host: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    "two lengths": b"Host: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
    "another coding": b"Host: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "space before the colon": b"Host : x\r\n\r\n",
    "bare line feed": b"Host: x\n\n",
    "bare carriage return": b"Host: x\r\nX-A: a\rb\r\n\r\n",
    "null": b"Host: x\r\nX-A: a\x00b\r\n\r\n",
}


@pytest.mark.parametrize("path", PATHS)
def test_what_has_two_readings_is_refused(site: Site, path: str) -> None:
    start = f"GET {path} HTTP/1.1\r\n".encode()
    site.get(KEPT)
    for name, head in WRONG.items():
        answer = site.say(start + head)
        assert answer.startswith(b"HTTP/1.1 400 "), name
        assert answer.count(b"HTTP/1.1 ") == 1, name
        assert b"application/problem+json" in answer, name


@pytest.mark.parametrize("version", ["HTTP/2.0", "HTTP/0.9"])
def test_other_versions_are_refused(site: Site, version: str) -> None:
    assert site.say(f"GET {KEPT} {version}\r\nHost: x\r\n\r\n".encode()).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "head",
    [
        "HTTP/1.1\r\nHost: x:8000\r\n", "HTTP/1.1\r\nHost: [::1]:80\r\n", "HTTP/1.1\r\nHost: my_service\r\n",
        "HTTP/1.1\r\nHost: 127.0.0.1:\r\n", "HTTP/1.0\r\n", "HTTP/1.0\r\nHost: x\r\n",
    ],
)  # fmt: skip
def test_sound_heads_are_answered(site: Site, head: str) -> None:
    for path in PATHS[:-1]:
        answer = site.say(f"GET {path} {head}Connection: close\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 200 "), (path, head)


def test_a_head_has_so_many_lines_and_no_more(site: Site) -> None:
    def head(lines: int) -> bytes:
        """With a request line and a Host, which are two of them."""
        return b"GET /docs HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(lines - 2))

    assert site.say(head(HEAD_LINES - 1) + b"Connection: close\r\n\r\n").startswith(b"HTTP/1.1 200 ")
    assert site.say(head(HEAD_LINES + 1) + b"\r\n").startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("filler", [b"X-A: " + b"a" * 90_000, b"X-A: " + b"a" * 30_000 + b"\r\nX-B: " + b"b" * 60_000])
def test_a_long_head_in_one_piece_is_refused(site: Site, filler: bytes) -> None:
    long = b"GET /docs HTTP/1.1\r\nHost: x\r\n" + filler + b"\r\n\r\n"
    assert len(long) > HEAD_BYTES
    assert site.say(long).startswith(b"HTTP/1.1 431 ")
    site.get(KEPT)
    kept = f"GET {KEPT} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    assert site.say(kept + long).count(b"HTTP/1.1 200 ") == 1, "one that follows another is looked at too"
    assert b"HTTP/1.1 200 " not in site.say(long + kept)


def test_headers_after_a_body_are_left_aside(site: Site) -> None:
    start = b"POST /sparql HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/sparql-query\r\n"
    body = b"Transfer-Encoding: chunked\r\n\r\n5\r\nASK{}\r\n0\r\nHost: other\r\nAccept: text/html\r\n\r\n"
    assert site.say(start + body).startswith(b"HTTP/1.1 200 ")
    assert site.say(start + body[:-2] + b"X-A: " + b"a" * 70_000 + b"\r\n\r\n").count(b"HTTP/1.1 ") <= 1


def test_what_follows_a_body_has_the_bound_of_a_head() -> None:
    with bytes_of(10) as quick, quick.connect() as raw:
        raw.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-A: ")
        sent = 0
        with suppress(ConnectionError):
            while sent < 50 * HEAD_BYTES:
                sent += raw.send(b"a" * 16_384)
                time.sleep(0.005)
        assert sent < 10 * HEAD_BYTES, "beside what the kernel takes"


def test_a_request_ends_soon_after_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.http.connection.UNREAD_SECONDS", 0.3)
    with bytes_of(10) as quick, quick.connect() as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        started = time.monotonic()
        with suppress(ConnectionError):
            while time.monotonic() < started + 10:
                raw.sendall(b"1\r\nx\r\n")
                time.sleep(0.02)
        assert time.monotonic() < started + 5


def test_requests_that_wait_behind_another_are_bounded() -> None:
    with bytes_of(10) as small:
        answers = small.say(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 1000).count(b"HTTP/1.1 200 ")
        assert answers <= PIPELINED + 1
        few = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 20 + b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        assert small.say(few).count(b"HTTP/1.1 200 ") == 21


def test_ready_answers_keep_their_order_among_others(site: Site) -> None:
    site.get(KEPT)
    kept, live = (f"GET {path} HTTP/1.1\r\nHost: x\r\n" for path in (KEPT, "/api/v1/health/live"))
    sent = f"{kept}\r\n{live}\r\n{kept}\r\n{live}Connection: close\r\n\r\n"
    answers = site.say(sent.encode()).split(b"HTTP/1.1 200 OK")[1:]
    assert [b'"alive"' in answer for answer in answers] == [False, True, False, True]
