"""docker-compose.yml played without an engine: the same commands, settings and order, as processes on loopback."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from loaders.build import load
from loaders.request import LoadRequest
from releases.release import Releases
from tests.api.conftest import Server
from tests.command import ROOT
from tests.deploy.conftest import NGINX, client, nginx
from tests.servers import OXIGRAPH, free_port, wait_for_port

SERVICES: Any = YAML(typ="safe").load(ROOT / "docker-compose.yml")["services"]


@contextmanager
def oxigraph_of_compose(data: Path, port: int) -> Iterator[None]:
    places = {"0.0.0.0:7878": f"127.0.0.1:{port}", "/data/current/store": str(data / "current" / "store")}
    command = [places.get(word, word) for word in SERVICES["oxigraph"]["command"]]
    assert str(data / "current" / "store") in command
    process = subprocess.Popen([OXIGRAPH, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for_port(port, process)
        yield
    finally:
        process.kill()
        process.wait()


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_the_containers_answer_together_and_follow_a_new_release(
    mini_dir: Path, fixtures: Path, tmp_path: Path
) -> None:
    data, port = tmp_path / "data", free_port()
    shutil.copytree(mini_dir, data, symlinks=True)
    releases = Releases(data)
    first = releases.current()
    assert first is not None
    bundle, curation = fixtures / "csv-v1.2.0", fixtures / "no-curation.ttl"
    second = load(LoadRequest([bundle], data, "1.2.1", curation=curation, partial=True, publish=False))

    environment = {k: v for k, v in SERVICES["service"]["environment"].items() if not v.startswith("${")}
    endpoint = SERVICES["service"]["environment"]["CCSI_SPARQL_ENDPOINT"].partition("-")[2].rstrip("}")
    assert endpoint == "http://oxigraph:7878/query"
    environment["CCSI_SPARQL_ENDPOINT"] = endpoint.replace("oxigraph:7878", f"127.0.0.1:{port}")
    (tmp_path / "proxy").mkdir()
    server = None
    try:
        with oxigraph_of_compose(data, port):
            server = Server(data, **environment)
            with nginx(tmp_path / "proxy", f"127.0.0.1:{server.port}") as public:
                ask = client(public)
                server.wait(lambda: ask("/api/v1/health/ready").status == 200)
                assert ask("/api/v1/health/ready").json["release"] == first.id
                server.wait(lambda: ask("/api/v1/health/ready/sparql").status == 200)
                assert ask("/sparql?query=ASK%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D").json["boolean"] is True
                assert ask("/api/v1/domains").json["items"]
        releases.publish(second)
        with oxigraph_of_compose(data, port):  # docker compose restart oxigraph
            past_proxy = client(server.port)
            server.wait(lambda: past_proxy("/api/v1/health/ready").json.get("release") == second.id)
    finally:
        if server is not None:
            server.stop()
