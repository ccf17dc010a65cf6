"""The competency questions: answered on the starter as counted by hand, on full ESCO within sane bounds."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

import queries
from releases.release import Release

CURATOR = "http://data.europa.eu/esco/occupation/691d30cc-6b2c-4025-89b4-3e719fe664c7"
NAMES = [n for n in queries.names() if n.startswith("competency/")]


@pytest.fixture(scope="module")
def store(starter: Release) -> ox.Store:
    return ox.Store.read_only(str(starter.store))


def rows(store: ox.Store, name: str) -> list[tuple[str, ...]]:
    return [tuple("" if t is None else t.value for t in row) for row in queries.select(store, f"competency/{name}")]


def test_every_question_says_who_asks_it() -> None:
    assert len(NAMES) >= 16
    for name in NAMES:
        query = queries.load(name)
        assert query.summary.endswith(("?", ")", "more.")), name
        assert "#+ user:" in query.text, name


def test_cq01_statistical_scope(store: ox.Store) -> None:
    found = rows(store, "cq01_statistical_scope")
    assert (CURATOR, "exhibition curator", "2621") in found
    assert not any(label == "museum director" for _, label, _ in found)  # ISCO 1349


def test_cq02_nace_not_isco(store: ox.Store) -> None:
    labels = {label: codes for _, label, codes in rows(store, "cq02_nace_not_isco")}
    assert "9121" in labels["museum director"].split()
    assert "exhibition curator" not in labels


def test_cq03_evidence(store: ox.Store) -> None:
    found = rows(store, "cq03_evidence")
    routes = {row[3].rpartition("/")[2] for row in found if row[1].endswith("/heritage")}
    assert routes >= {"isco", "nace", "curated"}


def test_cq04_skills(store: ox.Store) -> None:
    found = rows(store, "cq04_skills_of_occupation")
    assert {row[0] for row in found} == {"essential", "optional"}
    assert any(row[2] == "museum databases" and row[3].endswith("knowledge") for row in found)


def test_cq05_shared_heritage_skills(store: ox.Store) -> None:
    found = rows(store, "cq05_shared_heritage_skills")
    assert all(int(n) >= 3 for *_, n in found)
    assert "museum databases" in {label for _, label, _ in found}


def test_cq08_transversal_groups(store: ox.Store) -> None:
    codes = [code for _, code, _, _ in rows(store, "cq08_transversal_groups")]
    assert codes == sorted(codes)
    assert {"T1", "T2", "T4"} <= set(codes)


def test_cq09_nearest(store: ox.Store) -> None:
    found = rows(store, "cq09_nearest_occupations")
    assert CURATOR not in {row[0] for row in found}
    shared = [int(row[2]) for row in found]
    assert shared == sorted(shared, reverse=True)


def test_cq11_partly_cultural(store: ox.Store) -> None:
    found = {row[1]: (int(row[2]), int(row[3])) for row in rows(store, "cq11_partly_cultural")}
    assert found["2621"] == (9, 8)  # all but the zoo registrar


def test_cq12_functions(store: ox.Store) -> None:
    found = {label: int(n) for _, label, n in rows(store, "cq12_heritage_functions")}
    assert len(found) == 6
    assert sum(found.values()) > 20


def test_cq13_national_codes_has_no_rows_until_a_mapping_is_loaded(store: ox.Store) -> None:
    assert rows(store, "cq13_national_codes") == []


def test_cq14_missing_labels(store: ox.Store) -> None:
    assert len(rows(store, "cq14_missing_labels")) > 50  # the starter speaks English only


def test_cq15_other_classifications(store: ox.Store) -> None:
    schemes = {row[5].rpartition("/")[2] for row in rows(store, "cq15_other_classifications")}
    assert len(schemes) >= 3


def test_cq16_green_digital(store: ox.Store) -> None:
    for _, essential, green, digital in rows(store, "cq16_green_digital"):
        assert int(green) + int(digital) > 0
        assert max(int(green), int(digital)) <= int(essential)


def test_cq18_function_profile(store: ox.Store) -> None:
    found = rows(store, "cq18_function_profile")
    assert {row[4] for row in found} == {"core", "common"}
    assert all(0.25 <= float(share) <= 1 for *_, share in found)
    core = [row for row in found if row[4] == "core"]
    assert all(float(row[6]) >= 0.5 for row in core)
    assert any(row[0].endswith("/heritage") and row[1].endswith("/preservation") for row in core)


def test_cq19_dataset(store: ox.Store, starter: Release) -> None:
    ((_, version, licence, publisher, triples, occupations),) = rows(store, "cq19_dataset")
    assert (version, occupations) == ("1.2.0", "116")
    assert licence
    assert publisher
    assert int(triples) < starter.manifest["quads"]


def test_cq20_review(store: ox.Store) -> None:
    assert all(n == "1" for _, _, n in rows(store, "cq20_review"))


BOUNDS = {
    "cq01_statistical_scope": (256, 256), "cq02_nace_not_isco": (99, 99), "cq03_evidence": (4, 30), "cq04_skills_of_occupation": (30, 60),
    "cq05_shared_heritage_skills": (30, 120), "cq08_transversal_groups": (5, 6), "cq09_nearest_occupations": (20, 20),
    "cq11_partly_cultural": (50, 120), "cq12_heritage_functions": (6, 6), "cq13_national_codes": (0, 0), "cq14_missing_labels": (5, 400),
    "cq15_other_classifications": (4, 40), "cq16_green_digital": (100, 320), "cq18_function_profile": (1000, 6000), "cq19_dataset": (1, 1),
    "cq20_review": (1, 120),
}  # fmt: skip


@pytest.mark.full
def test_every_question_on_full_esco(full: Release) -> None:
    store = ox.Store.read_only(str(full.store))
    for name, (least, most) in BOUNDS.items():
        assert least <= len(rows(store, name)) <= most, name
