"""The container files as far as they can be checked without an engine: by schema, by linter, and against each other."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from ruamel.yaml import YAML

from app.settings import Limits, Settings
from tests.command import ROOT
from tests.deploy.conftest import RESOLVER, TEMPLATE

BIN = Path(sys.executable).parent
PUBLISHED = ["proxy"]
_PINNED = re.compile(r"[\w./-]+:\d+\.\d+[\w.-]*")


@pytest.fixture(scope="module")
def compose() -> Any:
    return YAML(typ="safe").load(ROOT / "docker-compose.yml")


def test_the_official_schema_and_the_linter_have_nothing_to_say() -> None:
    schema = [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", ROOT / "docker-compose.yml"]
    for command in (schema, [BIN / "hadolint", ROOT / "Dockerfile"]):
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stdout + ended.stderr


def test_every_container_is_bounded(compose: Any) -> None:
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"][0] == "no-new-privileges:true", name
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}, name
        assert "build" in service or _PINNED.fullmatch(service["image"]), f"{name} follows whatever is newest"
        assert "build" in service or re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"]), f"{name} runs as root"
        assert service["restart"] == ("no" if name == "load" else "unless-stopped")


def test_only_the_proxy_is_reachable(compose: Any) -> None:
    services, networks = compose["services"], compose["networks"]
    assert [name for name, service in services.items() if "ports" in service] == PUBLISHED
    assert services["load"]["network_mode"] == "none"
    of_oxigraph = services["oxigraph"]["networks"]
    assert all(networks[network]["internal"] for network in (*of_oxigraph, *services["service"]["networks"]))
    assert [name for name, service in services.items() if {*of_oxigraph} & {*service.get("networks", ())}] == [
        "oxigraph", "service",
    ]  # fmt: skip
    assert [name for name, service in services.items() if service.get("volumes") == ["data:/data"]] == ["load"]


def test_the_store_is_allowed_no_call_that_reaches_out(compose: Any) -> None:
    _, (name, _, file) = (option.partition("=") for option in compose["services"]["oxigraph"]["security_opt"])
    assert name == "seccomp"
    profile = json.loads((ROOT / file).read_text())
    assert profile["defaultAction"] == "SCMP_ACT_ERRNO"
    free = {call for rule in profile["syscalls"] if not rule.get("args") for call in rule["names"]}
    assert {"socket", "bind", "listen", "accept4", "clone3"} <= free
    assert not {call for call in free if call.startswith(("connect", "send", "io_uring", "ptrace", "socketcall"))} - {
        "sendfile", "sendfile64",
    }  # fmt: skip


def test_the_engine_is_the_one_that_wrote_the_store(compose: Any) -> None:
    locked = (ROOT / "deploy" / "requirements.lock").read_text()
    version = re.search(r"^pyoxigraph==(\S+)", locked, re.MULTILINE)[1]  # type: ignore[index]
    assert compose["services"]["oxigraph"]["image"].endswith(f":{version}")


def test_settings_and_placeholders_exist(compose: Any) -> None:
    known = {f"{p}{n.upper()}" for p, m in (("CCSI_", Settings), ("CCSI_LIMIT_", Limits)) for n in m.model_fields}
    assert set(compose["services"]["service"]["environment"]) <= known
    given = {name for name in compose["services"]["proxy"]["environment"] if name.startswith("CCSI_")}
    sourced = set(re.findall(r"^export (\w+)", RESOLVER.read_text(), re.M))
    assert given | sourced == set(re.findall(r"\$\{(\w+)\}", TEMPLATE.read_text()))
    bodies = {compose["services"][name]["environment"]["CCSI_LIMIT_BODY_BYTES"] for name in ("service", "proxy")}
    assert bodies == {f"${{CCSI_LIMIT_BODY_BYTES:-{Limits().body_bytes}}}"}


def test_the_image_gets_what_it_copies_and_no_more() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    copied = {
        source for line in lines if line.startswith("COPY ") and "--from" not in line for source in line.split()[1:-1]
    }
    permitted = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == permitted
    assert all((ROOT / source).exists() for source in copied)
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"][
        "packages"
    ]
    assert set(packages) <= copied
    assert any(line.startswith("USER ") and line != "USER root" for line in lines)


def test_the_image_installs_what_the_tests_run_on() -> None:
    def entries(file: Path) -> set[str]:
        text = "\n".join(line for line in file.read_text().splitlines() if not line.startswith("#"))
        text = re.sub(r" ;[^\\\n]*(?=\\)", " ", text)  # for which systems: the larger lock has more of them
        return set(re.split(r"\n(?=\S)", text))

    image, all_of_it = entries(ROOT / "deploy" / "requirements.lock"), entries(ROOT / "requirements.lock")
    assert image < all_of_it
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = dict(entry.split()[0].split("==") for entry in image if "==" in entry)
    for wanted in map(Requirement, project["dependencies"]):
        assert wanted.specifier.contains(locked[canonicalize_name(wanted.name)]), wanted
    assert not any(entry.startswith(("pytest==", "playwright==", "hadolint")) for entry in image)
