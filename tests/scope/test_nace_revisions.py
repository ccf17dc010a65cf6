"""NACE Rev. 2 and Rev. 2.1: what became of the codes that matter to culture."""

from __future__ import annotations

import csv

import pyoxigraph as ox
import pytest

from ontology import FOLDER, nace, turtle_files
from ontology.nace_revisions import ours
from tests.api.conftest import InProcess

# The divisions, groups and classes of Rev. 2 in which Eurostat's cultural statistics look, and those around them.
CULTURE = ("18", "32.12", "32.2", "47.61", "47.62", "47.63", "58", "59", "60", "63.12", "63.91", "70.21", "71.11", "73.1", "74.1",
           "74.2", "74.3", "85.52", "90", "91")  # fmt: skip


def test_every_class_of_culture_leads_on_and_is_reached() -> None:
    old = [i for i in nace.activities("2").values() if len(i.code) == 5 and i.code.startswith(CULTURE)]
    assert len(old) > 40
    assert [item.code for item in old if not ours().of(item)] == []
    new = [i for i in nace.activities("2.1").values() if len(i.code) == 5 and i.code.startswith((*CULTURE[:5], *CULTURE[6:9],
           "60", "71.11", "73", "74", "85.52", "90", "91"))]  # fmt: skip
    assert [item.code for item in new if not ours().of(item)] == []


def test_hand_made_rows_are_of_classes_and_none_says_what_the_names_say() -> None:
    with (FOLDER / "nace-correspondence.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    pairs = [(row["rev2"], row["rev21"]) for row in rows]
    assert pairs == sorted(set(pairs))
    assert all(len(code) == 5 for pair in pairs for code in pair)
    names = {item.name.lower(): item.code for item in nace.activities("2.1").values() if len(item.code) == 5}
    assert [
        a for a, b in pairs if names.get(nace.activities("2")[a].name.lower()) == b and pairs.count((a, b)) > 1
    ] == []


def test_former_codes_of_the_crosswalk_agree() -> None:
    graph = ox.Store()
    (file,) = [f for f in turtle_files() if f.name == "crosswalk-nace.ttl"]
    graph.load(path=str(file), format=ox.RdfFormat.TURTLE)
    rows = graph.query(
        "PREFIX ccsi: <https://w3id.org/ccsi/ns#> SELECT ?code ?former { ?e ccsi:code ?code ; ccsi:formerCode ?former }"
    )
    assert isinstance(rows, ox.QuerySolutions)
    found = [(code.value, former.value) for code, former in rows]
    classes = [(code, former) for code, former in found if len(code) == 5 == len(former)]
    assert len(classes) > 30
    known = {(one.current.code, one.former.code) for one in ours().pairs}
    assert set(classes) - known == set()


@pytest.mark.parametrize(
    ("code", "revision", "expected"),
    [
        ("91.02", "2", [("closeMatch", "91.21")]), ("73.11", "2", [("closeMatch", "73.11")]), ("18.11", "2", [("exactMatch", "18.11")]),
        ("74.10", "2", [("narrowMatch", f"74.1{n}") for n in (1, 2, 3, 4)]), ("74.12", "2.1", [("broadMatch", "74.10")]),
        ("90.03", "2", [("narrowMatch", "90.11"), ("narrowMatch", "90.12"), ("narrowMatch", "90.13"), ("relatedMatch", "91.30")]),
    ],
)  # fmt: skip
def test_relations_and_direction(client: InProcess, code: str, revision: str, expected: list[tuple[str, str]]) -> None:
    found = client.get(f"/api/v1/crosswalk?nace={code}&revision={revision}").json()
    assert [(c["relation"], c["code"]) for c in found["correspondence"]] == expected
    assert found["revision"] == revision
    other = "2.1" if revision == "2" else "2"
    assert {(c["revision"], c["official"], c["of"]) for c in found["correspondence"]} == {(other, False, code)}


def test_a_code_above_the_classes_leads_to_what_its_classes_lead_to(client: InProcess) -> None:
    found = client.get("/api/v1/crosswalk?nace=91&revision=2").json()
    assert {c["code"] for c in found["correspondence"]} == {
        "91.11",
        "91.12",
        "91.21",
        "91.22",
        "91.30",
        "91.41",
        "91.42",
    }
    now = client.get("/api/v1/crosswalk?nace=91").json()
    assert found["total"] == now["total"] > 5, "the division is the same in both"
    assert {e["uri"] for e in found["entries"]} >= {e["uri"] for e in now["entries"]}


def test_a_renumbered_code_is_not_taken_for_the_new_one(client: InProcess) -> None:
    directories = client.get("/api/v1/crosswalk?nace=58.12&revision=2").json()
    newspapers = client.get("/api/v1/crosswalk?nace=58.12").json()
    assert directories["preferredLabel"] != newspapers["preferredLabel"]
    assert [c["code"] for c in directories["correspondence"]] == ["58.19"]
    assert [c["code"] for c in newspapers["correspondence"]] == ["58.13"]


def test_the_graph_says_it_too() -> None:
    lines = [*ours().quads()]
    old, new = (nace.BASES[r] for r in nace.REVISIONS)
    skos = "http://www.w3.org/2004/02/skos/core#"
    graph = "<https://w3id.org/ccsi/id/graph/nace>"
    assert f"<{old}7410> <{skos}narrowMatch> <{new}7412> {graph} .\n" in lines
    assert f"<{new}7412> <{skos}broadMatch> <{old}7410> {graph} .\n" in lines
    assert len(lines) == len(set(lines)) == 2 * len(ours().pairs)
