"""The image and the compose file as real containers: what is asked, switched, killed, and what the store cannot reach."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.command import STARTER
from tests.deploy.conftest import Client, Kept
from tests.deploy.engine import SERVICES, Engine, Stack, engine, stack

pytestmark = [pytest.mark.containers, pytest.mark.timeout(900)]  # images are built first

RUNNING = ("oxigraph", "service", "proxy")
READY = "/api/v1/health/ready"
ASK = "/sparql?query=ASK%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D"
# Tried inside a container: how each attempt to connect ends.
CONNECT = """
import socket, sys
for target in sys.argv[1:]:
    host, port = target.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), 5).close()
        print("connected")
    except OSError as error:
        print(type(error).__name__, error.errno)
"""
POST = """
import sys, urllib.error, urllib.request
request = urllib.request.Request(sys.argv[1], sys.argv[2].encode(), {"Content-Type": "application/sparql-query"})
try:
    with urllib.request.urlopen(request, timeout=20) as reply:
        print(reply.status, reply.read(2000).decode())
except urllib.error.HTTPError as error:
    print(error.code, error.read(2000).decode())
"""


@pytest.fixture(scope="module")
def containers() -> Iterator[Engine]:
    with engine() as made:
        yield made


@pytest.fixture(scope="module")
def running(containers: Engine) -> Iterator[Stack]:
    with stack(containers) as made:
        wait(made, lambda: ask(made, READY).status == 200)
        yield made


def ask(of: Stack, path: str, **headers: str) -> Kept:
    return Client(of.port, "127.0.0.1")(path, **headers)


def wait(of: Stack, reached: Callable[[], bool], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while True:
        with suppress(OSError):
            if reached():
                return
        assert time.monotonic() < end, of.logs()
        time.sleep(0.2)


@contextmanager
def trap(address: str) -> Iterator[tuple[int, list[str]]]:
    """A port of the host, at its address in one of the networks; who connected to it."""
    seen: list[str] = []
    with socket.create_server((address, 0)) as listener:
        listener.settimeout(0.2)
        over = threading.Event()

        def watch() -> None:
            while not over.is_set():
                with suppress(TimeoutError):
                    connection, (who, _) = listener.accept()
                    seen.append(who)
                    connection.close()

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield listener.getsockname()[1], seen
        finally:
            over.set()
            thread.join()


# --- a request -------------------------------------------------------------------------------------------------------


def test_requests_come_through_the_proxy_and_are_kept(running: Stack) -> None:
    first = ask(running, "/api/v1/domains/heritage/occupations?degree=core")
    assert (first.status, first.kept) == (200, "MISS")
    assert first.json["total"] > 0
    again = Client(running.port, "127.0.0.1").again("/api/v1/domains/heritage/occupations?degree=core")
    assert (again.kept, again.body) == ("HIT", first.body)
    assert ask(running, ASK).json["boolean"] is True
    assert b"<html" in ask(running, "/sparql", accept="text/html").body
    assert ask(running, "/dumps/all.nq.gz", range="bytes=0-9").status == 206


def test_the_proxy_asks_the_name_server_that_the_container_asks_first(running: Stack) -> None:
    """Whatever others resolv.conf lists: the host's, which knows no container, would answer every other time."""
    first = next(
        line.split()[1]
        for line in running.inside("proxy", "cat", "/etc/resolv.conf").splitlines()
        if line.startswith("nameserver")
    )
    assert f"resolver {first} valid" in running.inside("proxy", "cat", "/tmp/nginx.conf")
    for _ in range(4):  # longer than a name is kept, so it is looked up anew
        assert ask(running, READY).status == 200
        time.sleep(3)


def test_the_health_checks_of_the_files_pass(running: Stack) -> None:
    for service in ("service", "proxy"):
        running.engine("podman", "healthcheck", "run", running.container(service))


def test_every_container_runs_as_confined_as_its_file_says(running: Stack) -> None:
    for service in RUNNING:
        status = dict(
            line.split(":\t", 1)
            for line in running.inside(service, "cat", "/proc/1/status").splitlines()
            if ":\t" in line
        )
        assert (int(status["CapEff"], 16), int(status["CapBnd"], 16)) == (0, 0), service
        assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2"), service
        assert "0" not in status["Uid"].split(), service
        host = running.state(service)["HostConfig"]
        assert host["ReadonlyRootfs"], service
        limits = SERVICES[service]["deploy"]["resources"]["limits"]
        given = int(limits["memory"][:-1]) << {"g": 30, "m": 20}[limits["memory"][-1]]
        assert (host["Memory"], host["PidsLimit"]) == (given, limits["pids"]), service


def test_nothing_of_the_machine_is_in_the_image(containers: Engine, running: Stack) -> None:
    image = SERVICES["service"]["image"]
    names = {entry.split("=")[0] for entry in json.loads(containers("podman", "inspect", image))[0]["Config"]["Env"]}
    assert names == {
        "PATH", "PYTHONDONTWRITEBYTECODE", "HOME", "CCSI_DATA_DIR", "CCSI_HOST", "CCSI_LOG_FORMAT",
    }  # fmt: skip
    assert not running.inside(
        "service", "sh", "-c", "cat /etc/pip.conf; ls /run/wheels; ls /opt/ccsi/bin | grep ^pip || true"
    )


# --- the store's missing way out -------------------------------------------------------------------------------------


def gateway(of: Stack, service: str, network: str) -> str:
    found: str = of.state(service)["NetworkSettings"]["Networks"][f"{of.project}_{network}"]["Gateway"]
    return found


def test_the_store_cannot_begin_a_connection(running: Stack) -> None:
    inside = gateway(running, "oxigraph", "store")
    with trap(inside) as (port, seen):
        targets = [f"{inside}:{port}", "192.0.2.1:80"]
        ends = running.inside("oxigraph", "python3", "-", *targets, "127.0.0.1:7878", input=CONNECT).splitlines()
        assert ends == ["PermissionError 1"] * 3
        assert not seen
        # The service may connect, so it finds the host; an address outside has no route from here either.
        ends = running.inside("service", "python3", "-", *targets, "oxigraph:7878", input=CONNECT).splitlines()
        assert ends == ["connected", "OSError 101", "connected"]
        assert len(seen) == 1


def test_a_service_clause_sent_straight_to_the_store_reaches_nobody(running: Stack) -> None:
    inside = gateway(running, "oxigraph", "store")
    with trap(inside) as (port, seen):
        query = f"SELECT * {{ SERVICE <http://{inside}:{port}/> {{ ?s ?p ?o }} }}"
        refused = running.inside("service", "python3", "-", "http://oxigraph:7878/query", query, input=POST)
        assert "Operation not permitted" in refused  # what the server itself says of its attempt
        assert not seen
        # The same image in the same network without the profile: there the clause reaches the host.
        image, network = SERVICES["oxigraph"]["image"], f"{running.project}_store"
        words = ("--rm", "--detach", "--pull=never", "--network", network, "--name", "open-store", "--tmpfs", "/data")
        running.engine("podman", "run", *words, image, "serve", "--location", "/data", "--bind", "0.0.0.0:7878")
        try:
            wait(
                running,
                lambda: (
                    "200 "
                    in running.inside(
                        "service", "python3", "-", "http://open-store:7878/query", "ASK {}", input=POST, check=False
                    )
                ),
            )
            running.inside("service", "python3", "-", "http://open-store:7878/query", query, input=POST)
            assert seen
        finally:
            running.engine("podman", "rm", "--force", "--time", 1, "open-store", check=False)


# --- another release -------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_release_is_brought_and_taken_back_by_the_documented_commands(running: Stack, fixtures: Path) -> None:
    first = ask(running, READY).json["release"]
    seen: Counter[int] = Counter()
    over = threading.Event()

    def keep_asking() -> None:
        while not over.wait(0.05):
            with suppress(OSError):
                seen[ask(running, "/api/v1/domains").status] += 1

    asking = threading.Thread(target=keep_asking)
    asking.start()
    try:
        bundle = ("load", "/in/csv-v1.2.0", "--esco-version", "1.2.1", "--partial", "--curation", "/in/no-curation.ttl")
        running.compose("run", "--rm", "-v", f"{fixtures}:/in:ro", "load", *bundle)
        running.compose("restart", "oxigraph")
        wait(running, lambda: ask(running, READY).json.get("release", first) != first)
        assert ask(running, READY).json["escoVersion"] == "1.2.1"
        running.compose("run", "--rm", "load", "releases", "publish", first)
        running.compose("restart", "oxigraph")
        wait(running, lambda: ask(running, READY).json.get("release") == first)
    finally:
        over.set()
        asking.join()
    assert seen[200] > 0
    assert set(seen) <= {200, 502, 503}, seen
    assert ask(running, ASK).json["boolean"] is True


# --- killed ----------------------------------------------------------------------------------------------------------


def kill(of: Stack, name: str) -> None:
    """As the kernel would: not through the engine, which takes that for a wish."""
    pid = int(of.engine("podman", "inspect", "--format", "{{.State.Pid}}", name))
    assert pid > 1
    os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("service", RUNNING)
def test_a_container_that_is_killed_comes_back_by_itself(running: Stack, service: str) -> None:
    before = running.state(service)["State"]["Pid"]
    kill(running, running.container(service))
    wait(running, lambda: running.state(service)["State"]["Pid"] not in (0, before))
    wait(running, lambda: ask(running, READY).status == 200)
    assert ask(running, f"/api/v1/occupations?limit=1&offset={RUNNING.index(service) + 1}").status == 200
    # The first query may still go where the store was before, and end at its limit.
    graph = urlencode({"default-graph-uri": "https://w3id.org/ccsi/id/graph/release"})
    wait(running, lambda: ask(running, f"{ASK}&{graph}").status == 200)


def test_a_load_that_is_killed_leaves_what_is_served(running: Stack) -> None:
    first, name = ask(running, READY).json["release"], "killed-load"
    words = ("--detach", "--name", name, "-v", f"{STARTER.parent}:/in:ro", "load", "load", f"/in/{STARTER.name}")
    running.compose("run", *words, "--esco-version", "1.2.9")
    # "store" is where it writes: in the middle of a load.
    wait(running, lambda: "store" in running.engine("podman", "exec", name, "ls", "/data/building", check=False))
    kill(running, name)
    assert ask(running, READY).json["release"] == first
    listed = running.compose("run", "--rm", "load", "releases", "list")
    assert first in listed
    assert "1.2.9" not in listed
    running.engine("podman", "rm", "--force", name)


# --- all of ESCO -----------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_the_files_as_they_stand_bring_all_of_esco(containers: Engine) -> None:
    with stack(containers, whole=True) as made:
        wait(made, lambda: ask(made, READY).status == 200)
        served = json.loads(ask(made, "/api/v1/releases").body)["items"][0]
        assert (served["served"], served["counts"]["occupations"], served["counts"]["skills"]) == (True, 3039, 13939)
