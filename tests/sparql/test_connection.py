"""The head of a request has bounds: no client fills the memory with it, or holds a connection by never ending it."""

from __future__ import annotations

import socket
import time
from contextlib import suppress

import psutil
import pytest

from app.http import connection
from bench.endpoints import ask
from tests.sparql.conftest import call
from tools.endpoint import Endpoint

ASK = b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nhost: x\r\n"


def said(raw: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    found = b""
    with suppress(ConnectionError):
        while piece := raw.recv(65536):
            found += piece
    return found


@pytest.fixture
def client(target: Endpoint) -> socket.socket:
    return socket.create_connection((target.host, target.port), timeout=20)


@pytest.mark.parametrize("endless", [b"x-one: " + b"a" * 65_536, b"x-many: a\r\n" * 6000, b"\x20" * 70_000])
def test_a_head_without_end_is_refused(client: socket.socket, endless: bytes) -> None:
    memory = psutil.Process().memory_info().rss
    with client, suppress(ConnectionError):
        client.sendall(ASK)
        for _ in range(500):  # more than 30 MB, if they were taken
            client.sendall(endless)
    assert psutil.Process().memory_info().rss < memory + 20_000_000


def test_the_refusal_says_why(client: socket.socket) -> None:
    with client:
        client.sendall(ASK + b"x-one: " + b"a" * (connection.HEAD_BYTES + 1))
        answer = said(client)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"application/problem+json" in answer


@pytest.mark.parametrize("sent", [b"", ASK])
def test_a_head_that_does_not_come_is_not_waited_for(
    target: Endpoint, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.3)
    with socket.create_connection((target.host, target.port), timeout=10) as raw:
        started = time.monotonic()
        raw.sendall(sent)
        answer = said(raw)
    assert time.monotonic() - started < 5
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_long_heads_and_pipelines_within_the_bound_are_answered(target: Endpoint) -> None:
    assert call(target, query="ASK {}", headers={"x-one": "a" * 60_000}).status == 200
    assert ask(target.url, "ASK {} #" + "a" * 60_000, 20).status == 200
    assert ask(target.url, "ASK {} #" + "é" * 30_000, 20).status == 200  # 180 KB as a form
    body = b"ASK {}" + b" " * 60_000
    post = (
        b"POST /sparql HTTP/1.1\r\nhost: x\r\ncontent-type: application/sparql-query\r\ncontent-length: %d\r\n\r\n"
        % len(body)
    )
    with socket.create_connection((target.host, target.port), timeout=10) as raw:
        raw.sendall((post + body) * 5 + ASK + b"connection: close\r\n\r\n")
        assert said(raw).count(b"HTTP/1.1 200 ") == 6
