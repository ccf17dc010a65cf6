from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp  # type: ignore[import-untyped]

from analysis.skills import quality
from analysis.skills.coherence import (
    SETS,
    IntruderSet,
    esco_sets,
    intruder_accuracy,
    intruder_sets,
    shuffled_sets,
    text_space,
)
from analysis.skills.coreness import coreness
from analysis.skills.hierarchy import Hierarchy
from analysis.skills.tables import Cluster, Member

from .toy import toy

TWO_PAIRS = sp.csr_matrix(np.kron(np.eye(2), np.array([[0.0, 1.0], [1.0, 0.0]])))


def test_two_separate_pairs() -> None:
    labels = np.array([0, 0, 1, 1])
    assert quality.modularity(TWO_PAIRS, labels) == pytest.approx(0.5)
    assert quality.conductance(TWO_PAIRS, labels) == pytest.approx(0.0)
    assert quality.modularity(TWO_PAIRS, np.zeros(4, dtype=np.int64)) == pytest.approx(0.0)


def test_coverage_and_largest_share() -> None:
    labels = np.array([0, 0, 0, 0, 1])
    assert quality.coverage(labels, 4) == pytest.approx(0.8)
    assert quality.largest_share(labels) == pytest.approx(0.8)


def test_ami() -> None:
    a = np.array([0, 0, 0, 1, 1, 1])
    assert quality.ami(a, 1 - a) == pytest.approx(1.0)
    # Two against one on both sides is less than chance agreement for halves of six.
    assert quality.ami(a, np.array([0, 1, 0, 1, 0, 1])) < 0
    assert quality.ami(a, np.zeros(6, dtype=np.int64)) == pytest.approx(0.0)


def test_silhouette_of_clear_clusters() -> None:
    similarity = np.kron(np.eye(2), np.ones((2, 2))).astype(np.float64)
    assert quality.silhouette(similarity, np.array([0, 0, 1, 1])) == pytest.approx(1.0)


def test_coreness_prefers_the_bridge() -> None:
    # Two triangles of skills that meet in skill 2.
    use = sp.csr_matrix(np.array([[1, 1, 1, 0, 0]] * 2 + [[0, 0, 1, 1, 1]] * 2, dtype=float))
    found = coreness(use, np.asarray(use.sum(axis=0)).ravel())
    assert found.argmax() == 2
    assert found[2] == pytest.approx(1.0)


def cluster(name: str, skills: list[str]) -> Cluster:
    found = tuple(Member(s, 1.0, 1.0, i, True) for i, s in enumerate(skills, start=1))
    return Cluster(f"visual/{name}", "visual", "broad", "", {}, {}, found, (), (), (), (), (), 1, 1.0, True)


def test_intruder_sets_are_repeatable_and_answerable() -> None:
    clusters = [cluster("a", [f"paint-{i}" for i in range(6)]), cluster("b", [f"clay-{i}" for i in range(6)])]
    sets = intruder_sets(clusters, "visual", count=20)
    assert sets == intruder_sets(clusters, "visual", count=20)
    for s in sets:
        assert len(set(s.skills)) == 6
        assert s.intruder.split("-")[0] not in {x.split("-")[0] for x in s.skills if x != s.intruder}
    vectors, row = text_space(toy(), {"paint-0": ["lay on colour"]})
    assert intruder_accuracy(sets, vectors, row, {s for q in sets for s in q.skills}) == 1.0


def test_members_dealt_at_random_are_told_apart_by_chance_only() -> None:
    clusters = [cluster("a", [f"paint-{i}" for i in range(6)]), cluster("b", [f"clay-{i}" for i in range(6)])]
    vectors, row = text_space(toy(), {})
    found = intruder_accuracy(shuffled_sets(clusters, "visual"), vectors, row, row)
    assert found is not None
    assert found < 0.5


def test_groups_of_esco_in_the_place_of_clusters() -> None:
    tables = toy()
    skills = [s for s in tables.skills if s.startswith(("paint", "clay"))]
    sets = esco_sets(Hierarchy(tables), skills, "visual")
    assert len(sets) == SETS
    vectors, row = text_space(tables, {})
    assert intruder_accuracy(sets, vectors, row, skills) == 1.0


def test_central_members_are_the_first_in_rank() -> None:
    clusters = [cluster("a", [f"paint-{i}" for i in range(6)]), cluster("b", [f"clay-{i}" for i in range(6)])]
    assert {s for q in intruder_sets(clusters, "visual", central=5) for s in q.skills} == {
        f"{kind}-{i}" for kind in ("paint", "clay") for i in range(5)
    }


def test_no_sets_without_two_clusters() -> None:
    assert intruder_sets([cluster("a", [f"paint-{i}" for i in range(6)])], "visual") == ()
    assert intruder_accuracy([IntruderSet("d", "broad", "c", ("x",), "x")], np.zeros((0, 1)), {}, []) is None
