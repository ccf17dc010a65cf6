"""Whoever is refused or cut off again and again comes again no faster than ten times a second; nobody else notices."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from pathlib import Path

from tests.api.conftest import Server
from tests.http.conftest import ask, bytes_of, rest

WRONG = b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"
WHO, ELSE = "127.0.0.2", "127.0.0.3"


def test_a_service_under_wrong_requests(starter_dir: Path) -> None:
    service = Server(starter_dir)
    try:
        port = int(service.url.rpartition(":")[2])

        def come(source: str) -> socket.socket:
            return socket.create_connection(("127.0.0.1", port), 20, (source, 0))

        refused, until = 0, time.monotonic() + 3
        while time.monotonic() < until:
            with come(WHO) as raw:
                raw.sendall(WRONG)
                assert rest(raw).startswith(b"HTTP/1.1 400 ")
                refused += 1
        assert 20 < refused < 20 + 40, "twenty at once, and then one each tenth of a second"
        began = time.monotonic()
        for _ in range(10):
            with come(ELSE) as raw:
                assert ask(raw, "/api/v1/health/live")[0] == 200
        assert time.monotonic() - began < 3
        for _ in range(2):  # and who stops is served as before, if not as quickly
            with come(WHO) as raw:
                assert ask(raw, "/api/v1/health/live")[0] == 200
    finally:
        service.stop()


def test_what_counts_as_a_fault() -> None:
    with bytes_of(9_000_000, send_seconds=1, client_connections=40) as large:
        faults = large.front.faults

        def waits(source: str) -> bool:
            return faults.wait(source) > 0 or faults.wait(source) > 0  # the first of those who wait goes on

        for _ in range(40):
            large.say(WRONG, WHO)
            large.say(WRONG)  # a proxy, which stands for many
            large.get("/", ELSE)
        assert waits(WHO)
        assert not waits("127.0.0.1")
        assert not waits(ELSE)
        silent = [large.connect(ELSE, room=4096) for _ in range(30)]
        for raw in silent:
            raw.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        large.wait(lambda: waits(ELSE))
        for raw in silent:
            with suppress(OSError):
                raw.close()


def test_too_many_connections_of_all_are_nobodys_fault() -> None:
    with bytes_of(3, connections=16, client_connections=16) as small:
        held = [small.connect(f"127.0.1.{n}") for n in range(16)]
        small.wait(lambda: len(small.kind.crowd) == 16)
        for _ in range(40):
            assert small.say(b"", WHO).startswith(b"HTTP/1.1 503 ")
        assert [small.front.faults.wait(WHO) for _ in range(2)] == [0, 0]
        for raw in held:
            raw.close()
