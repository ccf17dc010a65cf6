"""The files for Kubernetes and systemd, by the schemas and checkers of these, and what the supply chain is held to."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
from ruamel.yaml import YAML

from tests.api.conftest import Server
from tests.command import ROOT
from tests.deploy.engine import SERVICES

BIN = Path(sys.executable).parent
DEPLOY = ROOT / "deploy"
ANALYZE = shutil.which("systemd-analyze")
MANIFESTS: list[Any] = [
    document for file in sorted((DEPLOY / "kubernetes").glob("*.yaml")) for document in YAML(typ="safe").load_all(file)
]


def run(*words: object, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(w) for w in words], cwd=ROOT, capture_output=True, text=True, check=False, **options)


# --- Kubernetes ------------------------------------------------------------------------------------------------------


def pods() -> dict[str, Any]:
    return {d["metadata"]["name"]: d["spec"]["template"] for d in MANIFESTS if d["kind"] in ("Deployment", "Job")}


def test_the_schemas_of_kubernetes_have_nothing_to_say() -> None:
    ended = run(BIN / "kubernetes-validate", "--strict", "--quiet", *sorted((DEPLOY / "kubernetes").glob("*.yaml")))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    kustomization = YAML(typ="safe").load(DEPLOY / "kustomization.yaml")
    assert {DEPLOY / name for name in kustomization["resources"]} == {*(DEPLOY / "kubernetes").glob("*.yaml")}
    made = {entry["name"] for entry in kustomization["configMapGenerator"]}
    assert all((DEPLOY / file).exists() for entry in kustomization["configMapGenerator"] for file in entry["files"])
    mounted = {v["configMap"]["name"] for pod in pods().values() for v in pod["spec"]["volumes"] if "configMap" in v}
    assert mounted == made


@pytest.mark.parametrize("name", ["load", "service", "proxy"])
def test_every_pod_is_bounded(name: str) -> None:
    pod = pods()[name]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "readOnlyRootFilesystem": True, "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]},
        }  # fmt: skip
        assert set(container["resources"]["limits"]) == {"cpu", "memory", "ephemeral-storage"}
    assert all("sizeLimit" in volume["emptyDir"] for volume in pod["volumes"] if "emptyDir" in volume)


def test_pods_run_what_the_compose_file_runs() -> None:
    for name, pod in pods().items():
        container, composed = pod["spec"]["containers"][0], SERVICES[name]
        assert container["image"] == composed["image"]
        user = composed.get("user") or re.findall(r"^USER (\S+)", (ROOT / "Dockerfile").read_text(), re.M)[-1]
        context = pod["spec"]["securityContext"]
        assert user == f"{context['runAsUser']}:{context['runAsGroup']}"
    proxy = {entry["name"] for entry in pods()["proxy"]["spec"]["containers"][0]["env"]}
    assert proxy == set(SERVICES["proxy"]["environment"])


def test_replicas_stand_behind_the_cache_and_have_no_way_out() -> None:
    kinds = {(d["kind"], d["metadata"]["name"]): d["spec"] for d in MANIFESTS if d["kind"] != "Namespace"}
    for name in ("service", "proxy"):
        assert kinds["Deployment", name]["replicas"] > kinds["PodDisruptionBudget", name]["minAvailable"]
        container = pods()[name]["spec"]["containers"][0]
        assert {"livenessProbe", "readinessProbe"} <= set(container)
    policies = {name: spec for (kind, name), spec in kinds.items() if kind == "NetworkPolicy"}
    everyone = policies.pop("nothing-unless-named")
    assert everyone == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert [name for name, spec in policies.items() if "egress" in spec] == ["proxy"]
    assert policies["service"]["ingress"][0]["from"] == [{"podSelector": {"matchLabels": {"app": "proxy"}}}]
    environment = {e["name"]: e["value"] for e in pods()["proxy"]["spec"]["containers"][0]["env"]}
    assert (
        environment["CCSI_PROXY_SERVICE"]
        == f"service.ccsi.svc.cluster.local:{kinds['Service', 'service']['ports'][0]['port']}"
    )


# --- systemd ---------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")
def test_systemd_reads_the_unit_and_finds_it_confined(tmp_path: Path) -> None:
    unit = tmp_path / "ccsi.service"
    text = (DEPLOY / "ccsi.service").read_text()
    assert "/opt/ccsi/bin/ccsi serve" in text
    unit.write_text(text.replace("/opt/ccsi/bin/ccsi", sys.executable))  # a program that is there
    ended = run(ANALYZE, "verify", "--man=no", unit)
    assert (ended.returncode, ended.stderr) == (0, "")
    ended = run(ANALYZE, "security", "--offline=true", "--threshold=15", "--no-pager", unit)  # 1.5 of 10
    assert ended.returncode == 0, ended.stdout[-500:]


def test_the_service_needs_no_memory_that_is_written_and_executed(mini_dir: Path) -> None:
    """MemoryDenyWriteExecute of the unit, by the kernel's own switch for it."""
    prelude = (
        "import ctypes, errno, mmap\n"
        "if ctypes.CDLL(None, use_errno=True).prctl(65, 1, 0, 0, 0): raise SystemExit(77)\n"
        "try: mmap.mmap(-1, 4096, prot=7)\n"
        "except PermissionError: pass\n"
        "else: raise SystemExit('the switch does nothing')\n"
    )
    if run(sys.executable, "-c", prelude).returncode == 77:
        pytest.skip("this kernel has no PR_SET_MDWE (6.3 or newer)")
    server = Server(mini_dir, prelude)
    try:
        server.wait(lambda: httpx2.get(f"{server.url}/api/v1/health/ready").status_code == 200)
        for path in ("/api/v1/domains", "/sparql?query=ASK%7B%7D"):
            assert httpx2.get(f"{server.url}{path}").status_code == 200, server.lines()
    finally:
        server.stop()


# --- supply chain ----------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_the_image_is_listed_with_its_licences(tmp_path: Path) -> None:
    offline = {"PATH": "/usr/bin:/bin", "HTTPS_PROXY": "http://127.0.0.1:9", "HOME": str(tmp_path)}
    ended = run("sh", DEPLOY / "supply_chain.sh", BIN, tmp_path, env=offline)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Vulnerabilities are not checked" in ended.stdout

    def plain(name: str) -> str:
        return re.sub(r"[._-]+", "-", name).lower()

    lock = (DEPLOY / "requirements.lock").read_text()
    pinned = {(plain(name), version) for name, version in re.findall(r"^([\w.-]+)==([\w.]+)", lock, re.M)}
    elsewhere = set(re.findall(r"^([\w.-]+)==.*;", lock, re.M))
    listed = {plain(entry["Name"]): entry for entry in json.loads((tmp_path / "licences.json").read_text())}
    assert {name for name, _ in pinned} - set(listed) <= {plain(name) for name in elsewhere}
    sbom = json.loads((tmp_path / "sbom.cdx.json").read_text())
    assert {(plain(c["name"]), c["version"]) for c in sbom["components"]} == pinned
    assert sbom["metadata"]["component"]["name"] == "ccsi-esco"


def test_a_licence_that_nobody_allowed_is_refused() -> None:
    ended = run(BIN / "pip-licenses", "--packages", "podman-compose")  # a tool of the tests alone
    assert ended.returncode == 1
    assert "GPL-2.0" in ended.stderr
