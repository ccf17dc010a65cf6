"""What an operator sees: readiness by part, and a log that nothing waits for."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app import logs
from app.main import create_app
from app.settings import Limits, Settings


def test_sparql_has_a_readiness_of_its_own(mini_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(data_dir=mini_dir, log_level="error")
    app = create_app(settings, Limits())
    with TestClient(app) as client:
        until = time.monotonic() + 60
        # All of them, or one comes while none is to be left.
        while len(app.state.gateway.pool.processes()) < settings.sparql_workers:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert client.get("/api/v1/health/ready/sparql").status_code == 200
        assert client.get("/api/v1/health/ready").json()["parts"] == {"api": "ready", "sparql": "ready"}
        with monkeypatch.context() as patched:  # the pool ends its workers when the service stops, so it gets them back
            patched.setattr(app.state.gateway.pool, "_alive", set())  # none is left
            lost = client.get("/api/v1/health/ready/sparql")
            whole = client.get("/api/v1/health/ready")
        assert (lost.status_code, lost.headers["retry-after"]) == (503, "5")
        assert lost.headers["content-type"] == "application/problem+json"
        assert (whole.status_code, whole.json()["parts"]) == (200, {"api": "ready", "sparql": "not ready"})


def test_a_log_that_nobody_reads_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_ROOM", 2000)
    reader, writer = os.pipe()
    log = logs.Lines(writer)
    began = time.monotonic()
    for n in range(50_000):
        log.write(b'{"line":%d}\n' % n)
    assert time.monotonic() - began < 5
    assert len(log._waiting) <= 2000
    os.set_blocking(reader, False)
    found = b""
    until = time.monotonic() + 20
    while log._waiting or not found.endswith(b"\n") or log._writing.locked():
        assert time.monotonic() < until
        try:
            found += os.read(reader, 65536)
        except BlockingIOError:
            time.sleep(0.01)
    numbers = [int(line[8:-1]) for line in found.splitlines()]
    assert numbers == sorted(numbers), "in order, each of them whole"
    assert len(numbers) >= 2000
