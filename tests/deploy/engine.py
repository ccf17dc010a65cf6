"""Podman with images, networks and settings of its own, in a cache folder: it touches no container of the machine's.

No registry of images is asked. What the Dockerfile and docker-compose.yml pull is replaced, under the same names, by Debian
from debootstrap with Python, nginx or the Oxigraph program of PyPI in it: results rest on these stand-ins. podman-compose
(GPL-2) is run as a program.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.command import ROOT, STARTER
from tests.servers import OXIGRAPH, free_port

BIN = Path(sys.executable).parent
SERVICES: Any = YAML(typ="safe").load(ROOT / "docker-compose.yml")["services"]
PROGRAMS = ("podman", "runc", "iptables", "debootstrap", "apt-get")
NETWORKING = ("netavark", "aardvark-dns")
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ccsi-esco" / "containers"
DEBIAN = "python3,python3-venv,ca-certificates,nginx-light,gettext-base,wget"
BASE = re.search(r"^FROM (python:([\d.]+)-slim-(\w+)) AS", (ROOT / "Dockerfile").read_text(), re.MULTILINE)

# Debian's kernel limits are below Podman's defaults where tests run in a container or a small machine themselves.
_CONTAINERS = """
[containers]
default_ulimits = ["nofile=16000:16000", "nproc=32000:32000"]
[network]
network_backend = "netavark"
network_config_dir = "{cache}/networks"
[engine]
runtime = "{runc}"
"""
_STORAGE = """
[storage]
driver = "overlay"
graphroot = "{cache}/storage"
runroot = "{cache}/run"
"""
# As the official image does it: every script for the environment is sourced, then the templates are filled in.
_NGINX = """#!/bin/sh
set -e
for script in /docker-entrypoint.d/*.envsh; do [ ! -x "$script" ] || . "$script"; done
names=$(env | awk -F= -v filter="$NGINX_ENVSUBST_FILTER" '$1 ~ filter { printf "${%s} ", $1 }')
for template in /etc/nginx/templates/*.template; do
  envsubst "$names" <"$template" >"$NGINX_ENVSUBST_OUTPUT_DIR/$(basename "$template" .template)"
done
exec "$@"
"""


def missing() -> str:
    """Why no container can be run here; empty when one can."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    lacking = [program for program in PROGRAMS if not shutil.which(program, path=path)]
    lacking += [
        name
        for name in NETWORKING
        if not any(Path(p, name).exists() for p in ("/usr/lib/podman", "/usr/libexec/podman"))
    ]
    if not (BIN / "podman-compose").exists():
        lacking.append("podman-compose")
    if lacking:
        return f"not installed: {', '.join(lacking)}"
    return "" if os.geteuid() == 0 else "debootstrap and Podman's networks need root here"


class Engine:
    """Podman on the cache folder, and the images that the files name."""

    def __init__(self) -> None:
        runc = shutil.which("runc", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
        for name, text in (("containers.conf", _CONTAINERS), ("storage.conf", _STORAGE)):
            (CACHE / name).write_text(text.format(cache=CACHE, runc=runc))
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("CCSI_")} | {
            "CONTAINERS_CONF": str(CACHE / "containers.conf"), "CONTAINERS_STORAGE_CONF": str(CACHE / "storage.conf"),
            "PATH": f"{BIN}:{os.environ['PATH']}:/usr/sbin:/sbin",
        }  # fmt: skip

    def __call__(self, *words: object, seconds: float = 60, check: bool = True, **options: Any) -> str:
        """Run a program among these containers; what it wrote to standard output."""
        ended = subprocess.run(
            [str(word) for word in words], cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=seconds,
            check=False, **options,
        )  # fmt: skip
        assert ended.returncode == 0 or not check, f"{words}: {ended.stdout[-2000:]}{ended.stderr[-4000:]}"
        return ended.stdout.strip()

    def images(self) -> None:
        """Make what is missing, and the project's own image anew where its files have changed."""
        assert BASE is not None
        if not self("podman", "images", "--quiet", BASE[1]):
            self._debian(BASE[3], BASE[1])
        self._stand_in(
            SERVICES["oxigraph"]["image"],
            'ENTRYPOINT ["/usr/local/bin/oxigraph"]',
            {"usr/local/bin/oxigraph": OXIGRAPH.read_bytes()},
        )
        self._stand_in(SERVICES["proxy"]["image"], 'ENTRYPOINT ["/entrypoint.sh"]', {"entrypoint.sh": _NGINX.encode()})
        image = SERVICES["service"]["image"]
        before = self("podman", "images", "--quiet", image)
        # Not from the network: pip finds the lock's wheels in a folder that is mounted while it runs.
        (CACHE / "pip.conf").write_text("[global]\nno-index = true\nfind-links = /run/wheels\n")
        mounts = ("-v", f"{self._wheels(BASE[2])}:/run/wheels:ro", "-v", f"{CACHE}/pip.conf:/etc/pip.conf:ro")
        self._build(image, ROOT, *mounts)
        if before and before != self("podman", "images", "--quiet", image):
            self("podman", "rmi", before, check=False)
        self("podman", "image", "prune", "--force", "--filter", "until=24h", check=False, seconds=300)

    def _build(self, image: str, folder: Path, *options: str) -> None:
        fixed = ("--quiet", "--pull-never", "--format", "docker", "--network", "none", "--tag", image)
        self("nice", "podman", "build", *fixed, *options, folder, seconds=500)

    def _stand_in(self, image: str, last: str, files: dict[str, bytes]) -> None:
        assert BASE is not None
        folder = CACHE / "stand-in"
        shutil.rmtree(folder, ignore_errors=True)
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True)
            (folder / name).write_bytes(content)
            (folder / name).chmod(0o755)
            os.utime(folder / name, (0, 0))
        (folder / "Dockerfile").write_text(f"FROM {BASE[1]}\n" + "".join(f"COPY {n} /{n}\n" for n in files) + last)
        self._build(image, folder)

    def _debian(self, suite: str, image: str) -> None:
        root, mirrors = CACHE / "debian", self("apt-get", "indextargets", "--format", "$(REPO_URI)").split()
        mirror = next((uri for uri in mirrors if "security" not in uri), "")
        shutil.rmtree(root, ignore_errors=True)
        try:
            self("nice", "debootstrap", "--variant=minbase", f"--include={DEBIAN}", suite, root, mirror, seconds=500)
            (root / "usr/bin/python").symlink_to("python3")
            self("sh", "-c", f'tar -C "$1" -c . | podman import - "docker.io/library/{image}"', "sh", root, seconds=200)
        except (AssertionError, subprocess.TimeoutExpired) as error:
            pytest.skip(f"no Debian can be made as base image: {str(error)[-300:]}")
        finally:
            shutil.rmtree(root, ignore_errors=True)

    def _wheels(self, python: str) -> Path:
        lock, folder = ROOT / "deploy" / "requirements.lock", CACHE / "wheels"
        stamp, now = folder / "stamp", hashlib.sha256(lock.read_bytes()).hexdigest()
        if not stamp.exists() or stamp.read_text() != now:
            shutil.rmtree(folder, ignore_errors=True)
            form = ("--no-deps", "--require-hashes", "--only-binary=:all:", "--python-version", python)
            self(sys.executable, "-m", "pip", "download", "--quiet", *form, "-d", folder, "-r", lock, seconds=400)
            stamp.write_text(now)
        return folder


@contextmanager
def engine() -> Iterator[Engine]:
    """The engine with its images; one test run at a time uses it."""
    if reason := missing():
        pytest.skip(f"containers cannot be run here: {reason}")
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        end = time.monotonic() + 600
        while True:
            with suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            assert time.monotonic() < end, "another run of these tests goes on"
            time.sleep(1)
        made = Engine()
        made.images()
        yield made


@dataclass
class Stack:
    """docker-compose.yml, running."""

    engine: Engine
    project: str = "ccsi-test"
    port: int = field(default_factory=free_port)

    def compose(self, *words: object, seconds: float = 200, check: bool = True) -> str:
        self.engine.env["CCSI_PUBLISHED_PORT"] = f"127.0.0.1:{self.port}"
        return self.engine("podman-compose", "--project-name", self.project, *words, seconds=seconds, check=check)

    def container(self, service: str) -> str:
        return f"{self.project}_{service}_1"

    def inside(self, service: str, *words: object, **options: Any) -> str:
        return self.engine("podman", "exec", "--interactive", self.container(service), *words, **options)

    def state(self, service: str) -> Any:
        return json.loads(self.engine("podman", "inspect", self.container(service)))[0]

    def logs(self) -> str:
        return "\n".join(
            f"{name}: {self.engine('podman', 'logs', '--tail', 20, self.container(name), check=False)}"
            for name in SERVICES
        )

    def down(self) -> None:
        self.compose("down", "--volumes", "--timeout", 5, check=False)
        self.engine("podman", "rm", "--all", "--force", "--volumes", "--time", 1, check=False)
        for what in ("network", "volume"):
            self.engine("podman", what, "prune", "--force", check=False)


@contextmanager
def stack(of: Engine, whole: bool = False) -> Iterator[Stack]:
    """The compose file brought up, with the sample or (`whole`) as it stands; nothing of it is left afterwards."""
    made = Stack(of)
    made.down()  # what a run left that was killed
    try:
        # podman-compose makes of depends_on what keeps Podman from restarting who was killed, and older ones do not wait
        # for it: the order is kept here.
        up = ("up", "--detach", "--no-build", "--no-deps")
        if whole:
            made.compose(*up, "load")
            assert made.engine("podman", "wait", made.container("load"), seconds=300) == "0", made.logs()
        else:
            sample = ("-v", f"{STARTER.parent}:/in:ro", "load", "load", f"/in/{STARTER.name}")
            made.compose("run", "--rm", "--no-deps", *sample, seconds=200)
        made.compose(*up, "oxigraph", "service", "proxy")
        yield made
    finally:
        made.down()
