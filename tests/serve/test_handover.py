"""Releases and processes change under load: nobody is refused, and all serving processes change together."""

from __future__ import annotations

import json
import signal
import time
import urllib.request
from collections.abc import Callable

import pytest

from releases.release import Release, Releases
from tests.serve.conftest import WORKERS, Clients, Workers

Two = tuple[Releases, Release, Release]
PUBLISHES = 6


def served(service: Workers) -> str:
    with urllib.request.urlopen(f"{service.url}/api/v1/health/ready", timeout=10) as answer:
        found: str = json.load(answer)["release"]
        return found


def tag(release: Release) -> str:
    content_hash: str = release.manifest["contentHash"]
    return content_hash[:12]


@pytest.mark.long
def test_many_switches_under_load(two: Two, workers: Callable[..., Workers], clients: Callable[..., Clients]) -> None:
    releases, first, second = two
    service = workers(releases.data_dir)
    service.settled()
    asked = clients(service.port)
    spreads = []
    for turn in range(PUBLISHES):
        old, new = ((first, second), (second, first))[turn % 2]
        published = time.monotonic()
        releases.publish(new)
        service.wait(lambda: len(service.events("serving processes begin")) == turn + 2)  # noqa: B023 (called here)
        service.wait(lambda: tag(new) in {etag[1:13] for begun, _, etag in asked.answers if begun > published})  # noqa: B023
        time.sleep(0.5)
        answers = [(begun, ended, etag[1:13]) for begun, ended, etag in asked.answers if begun > published]
        first_new = min(ended for _, ended, which in answers if which == tag(new))
        last_old = max((begun for begun, _, which in answers if which == tag(old)), default=0.0)
        slowest = max(ended - begun for begun, ended, _ in answers)  # where the machine is short of time, so is this
        spreads.append(last_old - first_new - slowest)
    assert served(service) == first.id
    service.settled()
    asked.stop()
    assert asked.faults == []
    assert len(asked.answers) > 20 * PUBLISHES
    assert max(spreads) < 1.0, "the old release is not begun with a second after the new one was first seen"


@pytest.mark.long
def test_hang_up_renews_every_process(
    two: Two, workers: Callable[..., Workers], clients: Callable[..., Clients]
) -> None:
    releases, first, _ = two
    service = workers(releases.data_dir)
    before = service.settled()
    asked = clients(service.port)
    for turn in range(3):
        service.process.send_signal(signal.SIGHUP)
        service.wait(lambda: len(service.events("serving processes begin")) == turn + 2)  # noqa: B023 (called here)
    after = service.settled()
    asked.stop()
    assert asked.faults == []
    assert len(asked.answers) > 60
    assert len(after) == WORKERS
    assert not set(before) & set(after)
    assert served(service) == first.id
