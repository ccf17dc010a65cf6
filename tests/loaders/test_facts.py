"""The bundled facts of all of ESCO: what they hold, that a tool makes them, and that they give way to what a user loads."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyoxigraph as ox
import pytest

from loaders.build import load
from loaders.facts import FILE, Facts
from loaders.request import LoadRequest
from ontology import DCT, ESCO, GRAPH_ESCO, GRAPH_LABELS, RDF, SKOS
from releases.errors import SourceError
from releases.release import Release, Releases
from tests.loaders.bundles import FIXTURES
from tools.facts import Columns, archive

OCCUPATION = "http://data.europa.eu/esco/occupation/"


def test_they_hold_all_of_esco_and_are_small() -> None:
    counts: Counter[str] = Counter()
    for subject, predicate, value in Facts().statements():
        counts[predicate.value] += 1
        if predicate.value == RDF + "type":
            counts[value.value] += 1
        if subject.value.startswith(OCCUPATION):
            counts["occupation " + predicate.value] += 1
    assert FILE.stat().st_size < 1_200_000
    assert (counts[ESCO + "Occupation"], counts[ESCO + "Skill"]) == (3039, 13_939)
    relations = [counts[f"occupation {ESCO}related{kind}Skill"] for kind in ("Essential", "Optional")]
    assert (relations, sum(relations)) == ([67_622, 61_382], 129_004)
    assert counts[ESCO + "hasNACECode"] == 4564
    assert counts[DCT + "description"] == 0
    assert Facts().version == "1.2.0"


def test_the_tool_packs_what_a_release_holds(starter: Release, tmp_path: Path) -> None:
    store = ox.Store.read_only(str(starter.store))
    packed = archive(Columns(store).files("1.2.0"))
    assert archive(Columns(store).files("1.2.0")) == packed
    file = tmp_path / "facts.zip"
    file.write_bytes(packed)
    found = {(s.value, p.value, str(o)) for s, p, o in Facts(file).statements()}
    for predicate, graph in (
        (ESCO + "relatedEssentialSkill", GRAPH_ESCO),
        (ESCO + "hasNACECode", GRAPH_ESCO),
        (ESCO + "skillReuseLevel", GRAPH_ESCO),
        (SKOS + "broader", GRAPH_ESCO),
        (SKOS + "notation", GRAPH_ESCO),
        (SKOS + "inScheme", GRAPH_ESCO),
        (SKOS + "prefLabel", GRAPH_LABELS + "en"),
        (SKOS + "altLabel", GRAPH_LABELS + "en"),
    ):
        held = {
            (q.subject.value, predicate, str(q.object))
            for q in store.quads_for_pattern(None, ox.NamedNode(predicate), None, ox.NamedNode(graph))
        }
        assert held, predicate
        assert {f for f in found if f[1] == predicate} == held


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "facts.zip"
    file.write_bytes(FILE.read_bytes()[:-1000])
    with pytest.raises(SourceError, match="facts are damaged"):
        list(Facts(file).statements())


@pytest.mark.long
def test_a_load_that_gives_way_does_not_replace_what_a_user_published(two: tuple[Releases, Release, Release]) -> None:
    releases, first, _ = two
    options = {"curation": FIXTURES / "no-curation.ttl", "partial": True, "skills": False}
    built = load(LoadRequest([FIXTURES / "csv-v1.2.1"], releases.data_dir, gives_way=True, **options))
    assert releases.current() == first
    assert built.id in {r.id for r in releases.all()}


def test_a_load_that_gives_way_ends_when_another_begins(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from releases.release import Releases\n"
        f"with Releases(Path({str(tmp_path)!r})).lock(gives_way=True):\n"
        " print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with Releases(tmp_path).lock():
            assert process.wait(10) == -15


@pytest.mark.full
@pytest.mark.long
def test_the_scope_is_that_of_the_whole_files(tmp_path: Path, full: Release) -> None:
    counts = load(LoadRequest([FILE], tmp_path)).manifest["counts"]
    expected = full.manifest["counts"]
    same = (
        "occupations",
        "skills",
        "essential",
        "optional",
        "inScope",
        "core",
        "scopeDecisions",
        "iscoGroups",
        "naceLinks",
    )
    assert {name: counts[name] for name in same} == {name: expected[name] for name in same}
