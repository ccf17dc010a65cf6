"""Files of held answers: one budget, shares of it, and a full disk."""

from __future__ import annotations

import errno
import io
import os
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pytest

from app.errors import NoRoom
from app.settings import Limits, Settings
from app.sparql import packing
from app.sparql.spool import Spool
from tests.servers import oxigraph
from tests.sparql.conftest import call
from tests.sparql.test_pool import wait_for
from tools.endpoint import Endpoint, endpoint

LONG = "SELECT ?a ?b ?c ?d { ?a ?b ?c . ?d <http://example.org/kind> ?e } LIMIT 15000"  # some 4 MB of JSON
KEEP_NOTHING = Settings(sparql_cache_bytes=0)


def test_one_budget_of_which_none_takes_more_than_stays_free() -> None:
    store = Spool(1000)
    with store.open("a") as first, store.open("b") as second:
        assert first.write(b"x" * 500) == 500
        with pytest.raises(NoRoom) as full:
            first.write(b"x")
        assert full.value.headers["retry-after"]
        second.write(b"x" * 250)
        with pytest.raises(NoRoom):
            second.write(b"x")
        with store.open("b") as another, pytest.raises(NoRoom):
            another.write(b"x")
        assert (store.bytes, store.files) == (750, 2)
        first.close()
        first.close()
        second.write(b"x" * 250)
        with pytest.raises(ValueError, match="closed"):
            first.write(b"x")
    assert (store.bytes, store.files) == (0, 0)


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_packing_keeps_to_the_budget(coding: str) -> None:
    store = Spool(3_000_000)
    source = store.open("a")
    source.write(os.urandom(1_200_000))
    with pytest.raises(NoRoom):
        packing.pack_file(source, store.open("a"), coding)
    assert (store.bytes, store.files) == (0, 0)


def test_a_full_disk_is_a_refusal_and_another_fault_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(number: int) -> object:
        def write(*_: object) -> int:
            raise OSError(number, os.strerror(number))

        return type("Full", (io.BytesIO,), {"write": write, "name": "x"})()

    for number, expected in ((errno.ENOSPC, NoRoom), (errno.EDQUOT, NoRoom), (errno.EIO, OSError)):
        monkeypatch.setattr(tempfile, "TemporaryFile", lambda number=number, **_: full(number))
        store = Spool(1000)
        with store.open("a") as file, pytest.raises(expected):
            file.write(b"x")
        assert (store.bytes, store.files) == (0, 0)


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file system of 2 MB where temporary files go."""
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], check=False, capture_output=True
    )
    if done.returncode:
        pytest.skip("a small file system cannot be mounted here")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("by", ["embedded", "oxigraph"])
@pytest.mark.parametrize("coding", ["", "gzip"])
def test_a_full_disk_ends_the_query_that_fills_it_and_no_other(
    store: Path, small_disk: Path, by: str, coding: str
) -> None:
    with ExitStack() as stack:
        settings = KEEP_NOTHING
        if by == "oxigraph":
            url = stack.enter_context(oxigraph(store, "--union-default-graph"))
            settings = Settings(sparql_endpoint=url + "/query", sparql_endpoint_union=True, sparql_cache_bytes=0)
        target = stack.enter_context(endpoint(store, settings))
        headers = {"accept-encoding": coding}
        for _ in range(2):
            reply = call(target, query=LONG, headers=headers)
            assert (reply.status, reply.json["type"].rpartition("/")[2]) == (503, "sparql-no-room")
            assert reply.headers["retry-after"]
            assert call(target, query="ASK { ?s ?p ?o }", headers=headers).json["boolean"] is True
        stats = target.gateway.stats()
        assert (stats.spool_bytes, stats.spool_files) == (0, 0)
        assert stats.refused == {"sparql-no-room": 2}
        assert os.statvfs(small_disk).f_bfree > 300  # pages


def read_slowly(target: Endpoint, text: str) -> socket.socket:
    """Ask, and take nothing of the answer."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect((target.host, target.port))
    raw.sendall(f"GET /sparql?query={quote(text)} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
    return raw


def test_slow_readers_hold_no_more_than_the_budget(store: Path) -> None:
    room = 20_000_000
    with endpoint(store, KEEP_NOTHING, Limits(sparql_spool_bytes=room)) as target, ExitStack() as stack:
        for number in range(8):
            stack.enter_context(read_slowly(target, f"{LONG} # {number}"))
        wait_for(lambda: target.gateway.stats().refused.get("sparql-no-room", 0) > 0)
        wait_for(lambda: target.gateway.stats().running == 0)
        stats = target.gateway.stats()
        assert 0 < stats.spool_bytes <= room / 2, "one client's share"
        assert stats.spool_files < 8
        assert call(target, query="ASK { ?s ?p ?o }").status == 200
        stack.close()
        wait_for(lambda: target.gateway.stats().spool_files == 0)
        assert target.gateway.stats().spool_bytes == 0


def test_a_reader_of_a_byte_at_a_time_is_cut_off(store: Path) -> None:
    """It accepts a part now and then, in time for each, but all of it would take hours."""
    limits = Limits(sparql_send_seconds=1, sparql_send_rate=4_000_000)
    with endpoint(store, KEEP_NOTHING, limits) as target, read_slowly(target, LONG) as raw:
        wait_for(lambda: target.gateway.stats().spool_files == 1)
        stop = threading.Event()

        def dribble() -> None:
            while not stop.wait(0.001):
                try:
                    raw.recv(1000)
                except OSError:
                    return

        reader = threading.Thread(target=dribble)
        reader.start()
        started = time.monotonic()
        try:
            wait_for(lambda: target.gateway.stats().spool_files == 0)
        finally:
            stop.set()
            reader.join()
        assert time.monotonic() - started < 5
