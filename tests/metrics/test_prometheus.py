"""The rules and the dashboard, judged by Prometheus itself: its own checks, and a server that scrapes a service."""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest
from ruamel.yaml import YAML

from releases.release import Release
from tests.api.conftest import running
from tests.command import ROOT
from tests.metrics.conftest import PROMETHEUS, PROMTOOL, needs_prometheus, parsed, watched
from tests.servers import free_port, oxigraph, wait_for_port

FOLDER = ROOT / "deploy" / "prometheus"
RULES = YAML(typ="safe").load(FOLDER / "ccsi.rules.yml")["groups"][0]["rules"]
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "ccsi.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
EXPRESSIONS = [target["expr"] for panel in PANELS for target in panel["targets"]]
_NAME = re.compile(r"\b(?:ccsi|process)_\w+")


def promtool(*arguments: object, text: str = "") -> str:
    ended = subprocess.run(
        [str(PROMTOOL), *map(str, arguments)], input=text, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


@needs_prometheus
def test_rules_and_example_are_sound_and_every_alert_was_seen_to_fire() -> None:
    promtool("check", "config", FOLDER / "prometheus.yml")
    promtool("test", "rules", FOLDER / "ccsi.rules.test.yml")


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not() -> None:
    tests = YAML(typ="safe").load(FOLDER / "ccsi.rules.test.yml")["tests"]
    alerts = {rule["alert"] for rule in RULES}
    for is_fired in (False, True):
        cases = [case for test in tests for case in test["alert_rule_test"] if bool(case["exp_alerts"]) is is_fired]
        assert {case["alertname"] for case in cases} == alerts
    assert all(rule["labels"]["severity"] in ("page", "ticket") and rule["annotations"]["summary"] for rule in RULES)


def test_panels_lie_side_by_side_and_have_ids_of_their_own() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    cells = [
        (x, y)
        for panel in DASHBOARD["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


def asked(port: int, query: str) -> Any:
    answer = httpx2.post(f"http://127.0.0.1:{port}/api/v1/query", data={"query": query}, timeout=10).json()
    assert answer["status"] == "success", (query, answer)
    return answer["data"]["result"]


@pytest.mark.long
@needs_prometheus
def test_what_rules_and_panels_ask_for_is_there(mini_dir: Path, starter: Release, tmp_path: Path) -> None:
    port = free_port()
    with (
        oxigraph(starter.store) as url,
        running(tmp_path, sparql_endpoint=f"{url}/query", metrics_public=True) as api,
    ):
        exposed = {name for name, _ in parsed(api.get("/metrics").text)}
    with watched(mini_dir) as service:
        service.server.wait(lambda: service.value("ccsi_ready") == 1 and service.value("ccsi_sparql_workers") > 0)
        text = httpx2.get(service.metrics_url).text
        assert promtool("check", "metrics", text=text) == ""
        exposed |= {name for name, _ in service.scrape()}
        rules = [rule["expr"] for rule in RULES]
        # A refusal of this kind comes only when there is one.
        assert {name for text in (*rules, *EXPRESSIONS) for name in _NAME.findall(text)} - exposed == {
            "ccsi_refusals_total"
        }

        config = YAML(typ="safe").load(FOLDER / "prometheus.yml")
        config["global"] = {"scrape_interval": "500ms", "scrape_timeout": "500ms"}
        config["rule_files"] = [str(FOLDER / "ccsi.rules.yml")]
        config["scrape_configs"][0]["static_configs"][0]["targets"] = [f"127.0.0.1:{service.port}"]
        with (tmp_path / "prometheus.yml").open("w") as out:
            YAML(typ="safe").dump(config, out)
        command = [
            str(PROMETHEUS), f"--config.file={tmp_path / 'prometheus.yml'}", f"--storage.tsdb.path={tmp_path / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]  # fmt: skip
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            wait_for_port(port, process)
            end = time.monotonic() + 12
            number = 0
            while time.monotonic() < end:
                number += 1
                for target in (
                    "/api/v1/domains",
                    "/none",
                    "/sparql?query=ASK%7B%7D",
                    f"/sparql?query=ASK%7B%3Fa%20a%20{number}%7D",  # worked out each time
                ):
                    service.get(target)
                time.sleep(0.1)
            places = {"$__rate_interval": "10s", "$job": "ccsi", "$instance": ".*"}
            for query in EXPRESSIONS:
                for place, value in places.items():
                    query = query.replace(place, value)
                found = asked(port, query)
                assert found, query
                # A quantile of a route that nobody asked for meanwhile is NaN.
                assert any(re.fullmatch(r"-?[\d.e+-]+", sample["value"][1]) for sample in found), (query, found)
            rate = sum(float(s["value"][1]) for s in asked(port, 'rate(ccsi_http_requests_total{job="ccsi"}[10s])'))
            assert rate > 1
            assert asked(port, 'ALERTS{alertstate="firing"}') == []
        finally:
            process.terminate()
            process.wait(20)


@pytest.mark.parametrize("name", ["job", "instance", "datasource"])
def test_the_dashboard_can_be_pointed_elsewhere(name: str) -> None:
    assert name in {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    assert all(target["datasource"]["uid"] == "${datasource}" for panel in PANELS for target in panel["targets"])
