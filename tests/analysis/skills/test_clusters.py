from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.skills import Settings, derive
from analysis.skills.clusters import members, membership
from analysis.skills.consensus import Partition, absorb_small, cut_tree, left_out, split_large
from analysis.skills.evaluate import Bench, Evaluation, without
from analysis.skills.graph import knn
from analysis.skills.tables import Cluster, PreviousCluster, Scope

from .toy import toy

QUICK = Settings(views=4, runs=1, max_share=0.6)


def previous(clusters: tuple[Cluster, ...]) -> tuple[PreviousCluster, ...]:
    return tuple(
        PreviousCluster(c.id, c.domain, c.level, frozenset(m.skill for m in c.members if m.primary)) for c in clusters
    )


def broad(found: tuple[Cluster, ...]) -> list[set[str]]:
    return sorted(
        ({m.skill for m in c.members if m.primary} for c in found if c.domain == "visual" and c.level == "broad"),
        key=min,
    )


def test_the_two_crafts_are_told_apart() -> None:
    found = broad(derive(toy(), settings=QUICK).clusters)
    assert found == [{f"clay-{i}" for i in range(6)}, {f"paint-{i}" for i in range(6)}]


def test_the_same_result_whatever_the_order_of_the_tables() -> None:
    assert (
        derive(toy(), settings=QUICK)
        == derive(toy(shuffle=1), settings=QUICK)
        == derive(toy(shuffle=2), settings=QUICK)
    )


def test_another_scope_of_the_same_occupations_is_evaluated_as_if_made_anew() -> None:
    whole = Bench(toy())
    unit = whole.units["visual"]
    for from_esco in (False, True):
        tables = without(toy(), "visual", unit, 1, from_esco)
        assert tables != toy()
        again, anew = Bench(tables, whole), Bench(tables)
        assert (again.features is whole.features) is not from_esco
        assert again.units == anew.units
        assert again.stage.transversality == anew.stage.transversality
        one, other = (bench.labels(bench.units["visual"], QUICK) for bench in (again, anew))
        assert one.skills == other.skills
        assert [*one.broad] == [*other.broad]
        assert [*one.free] == [*other.free]


def test_figures_of_a_domain() -> None:
    found = Evaluation(toy(), settings=QUICK).of("visual", seeds=2, left_out_runs=1)
    assert (found["occupations"], found["broad"]["clusters"], found["broad"]["seed_ami"]) == (8, 2, 1.0)
    assert found["broad"]["coverage"] == 1.0
    assert 0 <= found["fine"]["left_out_esco_ami"] <= 1


def test_transversal_skills_are_not_clustered_and_fine_clusters_are_nested() -> None:
    found = derive(toy(), settings=QUICK).clusters
    by_id = {c.id: {m.skill for m in c.members if m.primary} for c in found}
    assert all("talk-to-people" not in skills for skills in by_id.values())
    for c in found:
        if c.level == "fine":
            assert by_id[c.id] <= by_id[c.parent]


def test_small_support_is_marked() -> None:
    assert all(not c.reliable for c in derive(toy(), settings=QUICK).clusters)


def test_labels_are_more_than_one_skill_and_fall_back_to_groups() -> None:
    for c in derive(toy(), settings=QUICK).clusters:
        assert " · " in c.labels["en"]
        if "fr" in c.labels:
            assert c.labels["fr"].startswith("Groupe")
        assert c.descriptions["en"]


def test_identifiers_survive_a_release() -> None:
    first = derive(toy(), settings=QUICK)
    second = derive(toy(), previous=previous(first.clusters), settings=QUICK)
    assert [c.id for c in second.clusters] == [c.id for c in first.clusters]
    assert {e.relation for e in second.lineage} == {"same"}
    assert first.lineage == ()


def test_soft_membership() -> None:
    similarity = np.zeros((4, 4))
    for a, b, w in ((0, 1, 1.0), (2, 3, 1.0), (1, 2, 0.5)):
        similarity[a, b] = similarity[b, a] = w
    labels = np.array([0, 0, 1, 1])
    graph = knn(similarity, 3)
    part = Partition(labels, labels, graph, similarity, similarity, similarity)
    share, strength = membership(part, labels)
    assert share[1] == pytest.approx([2 / 3, 1 / 3])
    found = members(["a", "b", "c", "d"], labels, 0, share, strength)
    assert [(m.skill, m.primary, m.rank) for m in found] == [("a", True, 1), ("b", True, 2), ("c", False, 3)]
    assert found[2].weight == pytest.approx(1 / 3, abs=1e-6)


def test_small_clusters_are_absorbed_by_the_closest() -> None:
    together = np.eye(5)
    together[4, 0] = together[0, 4] = 0.4
    together[4, 2] = together[2, 4] = 0.6
    labels = np.array([0, 0, 1, 1, 2])
    assert absorb_small(labels, together, np.zeros((5, 5)), 2).tolist() == [0, 0, 1, 1, 1]


def test_a_cluster_tied_to_nothing_stays() -> None:
    assert absorb_small(np.array([0, 0, 1]), np.eye(3), np.zeros((3, 3)), 2).tolist() == [0, 0, 1]


def test_large_clusters_are_split() -> None:
    together = np.kron(np.eye(2), np.ones((4, 4))).astype(np.float64) * 0.6 + 0.4
    labels = split_large(np.zeros(8, dtype=np.int64), together, together, Settings(max_share=0.5))
    assert labels.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]


def test_cut_tree() -> None:
    together = np.kron(np.eye(2), np.ones((2, 2))).astype(np.float64)
    assert cut_tree(together, 0.5).tolist() == [0, 0, 1, 1]


def test_about_one_in_five_is_left_out_and_always_the_same() -> None:
    names = [f"occupation {i}" for i in range(500)]
    share = np.mean([left_out(n, 1, 5) for n in names])
    assert 0.15 < share < 0.25
    assert [left_out(n, 1, 5) for n in names] != [left_out(n, 2, 5) for n in names]


def test_a_unit_without_a_rest_has_clusters_of_skills_in_use_that_are_not_called_reliable() -> None:
    tables = toy()
    inside = {o: v for o, v in tables.occupations.items() if not o.startswith("m")}
    scope = {(o, "visual"): Scope("core") for o in inside}
    found = derive(replace(tables, occupations=inside, scope=scope), settings=QUICK)
    assert not any(s.specialised for s in found.specialisations)
    assert {m.skill.split("-")[0] for c in found.clusters for m in c.members} >= {"paint", "clay"}
    assert all(not c.reliable for c in found.clusters)
