"""Who does not take an answer is cut off; nobody else notices."""

from __future__ import annotations

import os
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest

from app.http.held import Held
from app.main import create_app
from app.settings import Limits, Settings
from releases import dumps
from releases.release import Release
from tests.http.conftest import ASK, Site, ask, bytes_of, rest, serving

LARGE = 30_000_000


@pytest.mark.parametrize("size", [LARGE, 3_000_000])
def test_who_takes_nothing_is_cut_off(size: int) -> None:
    with bytes_of(size, send_seconds=1) as large, large.connect(room=4096) as raw:
        raw.sendall(ASK)
        large.wait(lambda: large.front.refusals["slow"] == 1, 10)
        large.wait(lambda: len(large.kind.crowd) == 0)
        large.wait(lambda: large.front.held.bytes == 0)
        assert len(rest(raw)) < size


def test_a_byte_at_a_time_is_too_little() -> None:
    with bytes_of(LARGE, send_seconds=1, send_rate=50_000) as large, large.connect(room=4096) as raw:
        raw.sendall(ASK)
        until = time.monotonic() + 10
        with suppress(ConnectionError):
            while time.monotonic() < until and not large.front.refusals["slow"]:
                raw.recv(1)
                time.sleep(0.02)
        assert large.front.refusals["slow"] == 1


def test_who_is_slow_but_goes_on_gets_all() -> None:
    with bytes_of(LARGE, send_seconds=1) as large, large.connect(room=65536) as raw:
        raw.sendall(ASK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        taken = 0
        began = time.monotonic()
        while piece := raw.recv(200_000):
            taken += len(piece)
            time.sleep(0.02)
        assert taken > LARGE
        assert time.monotonic() - began > 1.5, "it took longer than the time in which something must be taken"


def test_requests_of_who_takes_nothing_are_not_answered_for_ever() -> None:
    """Small answers, none of them taken."""
    with bytes_of(50_000, send_seconds=1) as small, small.connect(room=4096) as raw:
        with suppress(ConnectionError, TimeoutError):
            for _ in range(300):
                raw.settimeout(5)
                raw.sendall(ASK)
                time.sleep(0.005)
        small.wait(lambda: small.front.refusals["slow"] == 1)


def test_what_is_held_for_slow_clients_is_bounded_in_all() -> None:
    with bytes_of(9_000_000, held_bytes=20_000_000) as large, ExitStack() as stack:
        for _ in range(12):
            stack.enter_context(large.connect(room=4096)).sendall(ASK)
        large.wait(lambda: large.front.refusals["held_bytes"] >= 6)
        assert large.front.held.bytes <= 20_000_000
        assert len(large.get("/")[2]) == 9_000_000


def test_requests_behind_one_that_is_cut_off_end_in_silence(capfd: pytest.CaptureFixture[str]) -> None:
    """An answer that goes on into a closed connection is no fault of the service, and costs no traceback."""
    with bytes_of(9_000_000, held_bytes=20_000_000) as large, ExitStack() as stack:
        for _ in range(12):
            stack.enter_context(large.connect(room=4096)).sendall(5 * ASK)
        large.wait(
            lambda: large.front.refusals["held_bytes"] >= 8
        )  # of twelve, a few are held and what the kernel takes
        large.wait(lambda: len(large.kind.crowd) <= 4)
        assert len(large.get("/")[2]) == 9_000_000
    said = capfd.readouterr()
    assert "Traceback" not in said.out + said.err


def test_who_has_taken_nothing_for_longest_makes_room() -> None:
    cut: list[str] = []
    held = Held(100)
    for name in "abc":
        held.hold(name, 30, lambda name=name: cut.append(name))  # type: ignore[misc]
    held.hold("a", 20, lambda: cut.append("a"))  # has taken some
    held.hold("d", 40, lambda: cut.append("d"))
    assert cut == ["b"]
    assert held.bytes == 90
    for name in "abcd":
        held.release(name)
    assert held.bytes == 0


def test_one_client_has_its_share_of_connections() -> None:
    with bytes_of(3, "", client_connections=5) as small, ExitStack() as stack:
        own = [stack.enter_context(small.connect("127.0.0.2")) for _ in range(5)]
        assert all(ask(raw, "/")[0] == 200 for raw in own)
        assert small.say(ASK, "127.0.0.2").startswith(b"HTTP/1.1 429 ")
        assert small.get("/", "127.0.0.3")[0] == 200
        own[0].close()
        small.wait(lambda: len(small.kind.crowd) == 4)
        assert small.get("/", "127.0.0.2")[0] == 200


def test_whoever_has_most_connections_makes_room() -> None:
    with bytes_of(3, "", connections=16, client_connections=16) as small, ExitStack() as stack:
        many = [stack.enter_context(small.connect("127.0.0.2")) for _ in range(15)]
        small.wait(lambda: len(small.kind.crowd) == 15)
        for _ in range(6):
            other = stack.enter_context(small.connect("127.0.0.3"))
            assert ask(other, "/")[0] == 200
        assert len(small.kind.crowd) == 16
        assert small.front.refusals["connections"] == 5
        assert rest(many[0]) == b""


def test_a_thousand_connections_half_of_them_slow(site: Site) -> None:
    path = "/api/v1/domains/heritage/occupations"
    size = len(site.get(path)[2])
    slow = f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 20
    faults: list[BaseException] = []

    def client(sockets: list[object]) -> None:
        try:
            for _ in range(3):
                for raw in sockets:
                    status, _, body = ask(raw, path)  # type: ignore[arg-type]
                    assert (status, len(body)) == (200, size)
        except BaseException as error:
            faults.append(error)

    with ExitStack() as stack:
        for n in range(500):
            raw = stack.enter_context(site.connect(f"127.0.1.{n % 20 + 1}", room=4096))
            raw.sendall(slow if n % 2 else slow[:30])  # half take nothing, half never come to the end of their head
        quick = [stack.enter_context(site.connect(f"127.0.2.{n % 20 + 1}")) for n in range(500)]
        threads = [threading.Thread(target=client, args=(quick[n::4],)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not faults
        assert len(site.kind.crowd) >= 500


def test_readers_of_a_download_share_its_descriptor(starter_dir: Path, starter: Release) -> None:
    dumps.make(starter)
    limits = Limits(client_dumps=4)
    app = create_app(Settings(data_dir=starter_dir, log_level="error", trusted_proxies=""), limits)
    download = b"GET /dumps/all.nq.gz HTTP/1.1\r\nHost: x\r\n\r\n"

    def files() -> int:
        return sum("dumps" in file.path for file in psutil.Process(os.getpid()).open_files())

    with serving(app, app.state.front, "on") as site, ExitStack() as stack:
        readers = [stack.enter_context(site.connect(f"127.0.3.{n % 10 + 1}", room=4096)) for n in range(40)]
        for raw in readers:
            raw.sendall(download)
        for raw in readers:
            assert raw.recv(12) == b"HTTP/1.1 200"
        assert files() == 1
        status, headers, _ = site.get("/dumps/all.nq.gz", "127.0.3.1")
        assert (status, headers["retry-after"]) == (429, "10")
        for raw in readers:
            raw.close()
        site.wait(lambda: files() == 0)
        assert site.get("/dumps/all.nq.gz", "127.0.3.1")[0] == 200
