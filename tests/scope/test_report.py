"""The report, its picture and the review queue on the starter."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from app.catalogue.catalogue import Catalogue
from app.pictures.scope import scope_svg
from app.reports.scope import report, review_queue


@pytest.fixture(scope="module")
def found(catalogue: Catalogue) -> dict:
    return report(catalogue)


def test_the_parts_add_up(found: dict, catalogue: Catalogue) -> None:
    totals = found["totals"]
    assert totals["core"] + totals["relatedOnly"] == totals["inScope"] < totals["occupations"] == 116
    assert sum(g["occupations"] for g in found["byMajorGroup"]) == totals["occupations"]
    assert sum(g["core"] for g in found["byMajorGroup"]) == totals["core"]
    assert sum(d["core"] + d["related"] for d in found["byDomain"]) == totals["pairs"]
    assert {d["domain"] for d in found["byDomain"]} == {d.id for d in catalogue.domains.values() if not d.broader}


def test_overlaps_are_no_larger_than_their_parts(found: dict) -> None:
    sizes = {route: n["occupations"] for route, n in found["routes"].items()}
    for overlap in found["routeOverlaps"]:
        a, b = overlap["routes"]
        assert overlap["both"] <= min(sizes[a], sizes[b])
        assert overlap["either"] == sizes[a] + sizes[b] - overlap["both"]


def test_partly_cultural_groups_are_partly_cultural(found: dict) -> None:
    assert found["partlyCultural"]
    for group in found["partlyCultural"]:
        assert 0 < group["inScope"] < group["occupations"]
        assert group["share"] == pytest.approx(group["inScope"] / group["occupations"], abs=1e-3)


def test_the_queue_gives_reasons_least_certain_first(catalogue: Catalogue) -> None:
    queue = review_queue(catalogue)
    assert queue
    assert all(reasons for _, reasons in queue)
    confidences = [decision.confidence for decision, _ in queue]
    assert confidences == sorted(confidences)


def test_the_picture_is_one_and_the_same(found: dict) -> None:
    first = scope_svg(found)
    assert first == scope_svg(found)
    tree = ET.fromstring(first)
    text = " ".join(node.text or "" for node in tree.iter() if node.tag.endswith("text"))
    assert "cultural heritage" in text
    assert scope_svg(found, "png").startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "output",
    ["json", *(pytest.param(form, marks=pytest.mark.long) for form in ("table", "csv", "html"))],
)
def test_the_command_prints_each_format(output: str, starter_dir: Path) -> None:
    command = [sys.executable, "-m", "app.cli", "scope", "report", "--format", output, "--data-dir", str(starter_dir)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    if output == "json":
        assert json.loads(done.stdout)["totals"]["occupations"] == 116
    elif output == "csv":
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        assert {"section": "totals", "key": "", "measure": "occupations", "value": "116"} in rows
    elif output == "html":
        assert "<svg" in done.stdout
        assert "<script" not in done.stdout
    else:
        assert "by domain" in done.stdout


def test_an_unknown_format_is_refused(starter_dir: Path) -> None:
    command = [sys.executable, "-m", "app.cli", "scope", "report", "--format", "pdf", "--data-dir", str(starter_dir)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "none of table, json, csv, html" in done.stderr
