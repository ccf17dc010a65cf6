from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp  # type: ignore[import-untyped]

from analysis.skills import quality
from analysis.skills.coherence import IntruderSet, intruder_accuracy, intruder_sets, text_space
from analysis.skills.coreness import coreness
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
    vectors, row = text_space(toy())
    assert intruder_accuracy(sets, vectors, row) == 1.0


def test_no_sets_without_two_clusters() -> None:
    assert intruder_sets([cluster("a", [f"paint-{i}" for i in range(6)])], "visual") == ()
    assert intruder_accuracy([IntruderSet("d", "broad", "c", ("x",), "x")], np.zeros((0, 1)), {}) == 0.0


def test_bridging_skills_can_be_left_out() -> None:
    a, b = cluster("a", [f"paint-{i}" for i in range(6)]), cluster("b", [f"clay-{i}" for i in range(6)])
    a = replace(a, members=(*a.members, Member("clay-0", 0.3, 0.2, 7, False)))
    assert any("clay-0" in s.skills for s in intruder_sets([a, b], "visual", count=50))
    assert not any("clay-0" in s.skills for s in intruder_sets([a, b], "visual", count=50, bridging=False))
