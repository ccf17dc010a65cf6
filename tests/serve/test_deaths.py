"""What ends without being asked to: it is replaced, nobody outlives the supervisor, and a sick release changes nothing."""

from __future__ import annotations

import http.client
import json
import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import psutil
import pytest

from tests.serve.conftest import WORKERS, Clients, Workers


def test_killed_serving_process_is_replaced(service: Workers) -> None:
    before = service.settled()
    (template,) = service.templates()
    doomed = psutil.Process(before[0])
    kin = doomed.children()
    assert kin, "its SPARQL workers"
    doomed.kill()
    service.wait(lambda: bool(service.events("a serving process is replaced")))
    after = service.settled()
    assert before[1] in after
    assert before[0] not in after
    assert service.templates() == [template], "forked from what is in memory"
    _, alive = psutil.wait_procs(kin, 10)
    assert alive == []
    assert [line["ended"] for line in service.events("a serving process is replaced")] == before[:1]
    assert httpx2.get(f"{service.url}/api/v1/domains").status_code == 200


def test_killed_template_is_replaced_without_a_failed_request(
    service: Workers, clients: Callable[..., Clients]
) -> None:
    before = service.settled()
    asked = clients(service.port)
    (template,) = service.templates()
    template.kill()
    service.wait(lambda: not template.is_running() and len(service.templates()) == 1)
    after = service.settled()
    time.sleep(0.2)
    asked.stop()
    assert asked.faults == []
    assert len(asked.answers) > 50
    assert not set(before) & set(after)
    _, alive = psutil.wait_procs([psutil.Process(pid) for pid in before if psutil.pid_exists(pid)], 15)
    assert alive == [], "those whose template was killed have retired"


def test_nobody_outlives_the_supervisor(mini_dir: Path, workers: Callable[..., Workers]) -> None:
    service = workers(mini_dir)
    service.settled()
    everybody = service.everybody()
    assert len(everybody) >= 2 + WORKERS * 2, "supervisor, template, serving processes and their SPARQL workers"
    service.process.kill()
    service.process.wait(60)
    _, alive = psutil.wait_procs(everybody, 15)
    assert alive == []


@pytest.mark.long
def test_supervisor_killed_while_a_release_is_read(mini_dir: Path, workers: Callable[..., Workers]) -> None:
    service = workers(mini_dir)
    service.settled()
    service.process.send_signal(signal.SIGHUP)
    service.wait(lambda: len(service.templates()) == 2)
    time.sleep(0.3)
    everybody = service.everybody()
    service.process.kill()
    service.process.wait(60)
    _, alive = psutil.wait_procs(everybody, 15)
    assert alive == []


@pytest.mark.long
def test_graceful_end(mini_dir: Path, workers: Callable[..., Workers]) -> None:
    """Requests that have begun are answered; then all processes end, and nothing listens."""
    service = workers(mini_dir)
    service.settled()
    body = json.dumps({"anchors": []}).encode()
    waiting = []
    for _ in range(4):
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
        connection.putrequest("POST", "/api/v1/profiles/compose")
        connection.putheader("content-type", "application/json")
        connection.putheader("content-length", str(len(body)))
        connection.endheaders(body[:5])
        waiting.append(connection)
    time.sleep(0.5)
    everybody = service.everybody()
    service.process.send_signal(signal.SIGTERM)
    time.sleep(1)
    answers = []
    for connection in waiting:
        connection.send(body[5:])
        answers.append(connection.getresponse().status)
        connection.close()
    assert answers == [422] * 4, "a profile needs an anchor; they were read to their end"
    assert service.process.wait(20) == 0
    _, alive = psutil.wait_procs(everybody, 5)
    assert alive == []


def test_serving_process_asked_to_end_is_replaced(service: Workers) -> None:
    before = service.settled()
    psutil.Process(before[1]).terminate()
    service.wait(lambda: not psutil.pid_exists(before[1]))
    after = service.settled()
    assert before[0] in after
    assert before[1] not in after


def test_process_that_cannot_start_is_tried_less_and_less_often(service: Workers) -> None:
    kept = service.settled()[1]
    tried = len(service.events("a serving process is replaced"))
    until = time.monotonic() + 6
    while time.monotonic() < until:
        for process in service.serving():
            if process.pid != kept:
                process.kill()
        time.sleep(0.01)
    tries = len(service.events("a serving process is replaced")) - tried
    assert 2 <= tries <= 8, "pauses of 0.2, 0.4, 0.8 … seconds"
    assert kept in service.settled()
