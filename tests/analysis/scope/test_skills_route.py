"""The skills route against slow, literal versions of its formulas, in which the occupation is really taken out."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from analysis.scope.matrix import OPTIONAL_WEIGHT
from analysis.scope.relatedness import (
    MARKING_SKILLS,
    MIN_LOG2_QUOTIENT,
    MIN_SUPPORT,
    marking_skills,
    relatedness_density,
)
from analysis.scope.skills_route import (
    SMOOTHING,
    build_matrix,
    seed_matrix,
    skill_scores,
    skills_assertions,
    specialisation,
)
from analysis.tables import Occupation

DOMAINS = ("crafts", "music")


def occupation(iri: str, essential: str = "", optional: str = "") -> Occupation:
    return Occupation(iri, "", "0000", {}, frozenset(essential.split()), frozenset(optional.split()))


def world(seed: int = 1) -> tuple[dict[str, Occupation], dict[str, set[str]]]:
    """Make forty occupations; those of a domain draw half of their skills from a pool of their own."""
    chance = random.Random(seed)
    occupations: dict[str, Occupation] = {}
    seeds: dict[str, set[str]] = {d: set() for d in DOMAINS}
    for i in range(40):
        iri = f"o{i:02}"
        domain = DOMAINS[i % 2] if i < 16 else ""
        pool = [f"{domain}{k}" for k in range(6)] if domain else []
        skills = chance.sample(pool, 3 if pool else 0) + chance.sample([f"s{k}" for k in range(15)], 4)
        occupations[iri] = Occupation(iri, "", "0000", {}, frozenset(skills[:5]), frozenset(skills[4:]))
        if domain:
            seeds[domain].add(iri)
    return occupations, seeds


def weight(o: Occupation, skill: str) -> float:
    return 1.0 if skill in o.essential else OPTIONAL_WEIGHT if skill in o.optional else 0.0


def literal_specialisation(occupations: dict[str, Occupation], seeds: set[str], iri: str) -> float:
    """Score one occupation against tables from which it is gone."""
    others = {k: o for k, o in occupations.items() if k != iri}
    core = [others[k] for k in seeds if k != iri]
    me = occupations[iri]
    total = norm = 0.0
    for skill in me.essential | me.optional:
        p = sum(weight(o, skill) for o in others.values()) / len(others)
        if p == 0:
            continue
        k = sum(weight(o, skill) for o in core)
        have = sum(weight(o, skill) > 0 for o in occupations.values())
        w = weight(me, skill) * math.log(len(occupations) / have)
        total += w * math.log2((k + SMOOTHING * p) / ((len(core) + SMOOTHING) * p))
        norm += w
    return total / norm


def literal_density(occupations: dict[str, Occupation], seeds: set[str], iri: str) -> float:
    """Compute the density of one occupation from tables from which it is gone."""
    profiles = {k: o.essential | o.optional for k, o in occupations.items() if k != iri}
    core = [profiles[k] for k in seeds if k != iri]
    everything = sorted(set().union(*(o.essential | o.optional for o in occupations.values())))
    # Marking skills are chosen without the occupation only where it is a seed; elsewhere it is in the background.
    background = profiles if iri in seeds else {k: o.essential | o.optional for k, o in occupations.items()}
    strength = {}
    for skill in everything:
        use = sum(skill in p for p in background.values())
        support = sum(skill in p for p in core)
        share = max(use, 1) / len(background)
        lq = math.log2((support + SMOOTHING * share) / ((len(core) + SMOOTHING) * share))
        if support >= MIN_SUPPORT and lq >= MIN_LOG2_QUOTIENT:
            strength[skill] = support * lq
    marks = sorted(strength, key=lambda s: (-strength[s], s))[:MARKING_SKILLS]
    me = occupations[iri].essential | occupations[iri].optional
    theta = []
    for s in me:
        for c in marks:
            both = sum(s in p and c in p for p in profiles.values())
            larger = max(sum(s in p for p in profiles.values()), sum(c in p for p in profiles.values()))
            theta.append(both / max(larger, 1))
    return sum(theta) / len(theta) if theta else 0.0


def test_specialisation_is_that_of_the_other_occupations() -> None:
    occupations, seeds = world()
    matrix = build_matrix(occupations)
    result = specialisation(matrix, seed_matrix(matrix, seeds, DOMAINS))
    for i, iri in enumerate(matrix.occupations):
        for j, domain in enumerate(DOMAINS):
            assert result[i, j] == pytest.approx(literal_specialisation(occupations, seeds[domain], iri))


def test_density_is_that_of_the_other_occupations() -> None:
    occupations, seeds = world()
    matrix = build_matrix(occupations)
    result = relatedness_density(matrix, seed_matrix(matrix, seeds, DOMAINS))
    assert result.max() > 0
    for i, iri in enumerate(matrix.occupations):
        for j, domain in enumerate(DOMAINS):
            assert result[i, j] == pytest.approx(literal_density(occupations, seeds[domain], iri)), (iri, domain)


def test_an_occupation_gains_nothing_by_being_a_seed_itself() -> None:
    occupations, seeds = world()
    without = {**seeds, "music": seeds["music"] - {"o01"}}
    with_itself = skill_scores(occupations, seeds, DOMAINS)
    left_out = skill_scores(occupations, without, DOMAINS)
    row = with_itself.occupations.index("o01")
    assert "o01" in seeds["music"]
    assert with_itself.specialisation[row, 1] == pytest.approx(left_out.specialisation[row, 1])


def test_a_skill_that_nobody_else_has_says_nothing() -> None:
    occupations = {o.iri: o for o in (occupation("a", "own shared"), occupation("b", "shared x"), occupation("c", "x"))}
    alone = {**occupations, "a": occupation("a", "shared")}
    scores = [specialisation(build_matrix(o), np.array([[1.0], [1.0], [0.0]]))[0, 0] for o in (occupations, alone)]
    assert scores[0] == pytest.approx(scores[1])


def test_members_score_above_strangers() -> None:
    occupations, seeds = world()
    scores = skill_scores(occupations, seeds, DOMAINS)
    member = np.array([iri in seeds["music"] for iri in scores.occupations])
    assert scores.score[member, 1].min() > scores.score[~member, 1].max()


def test_a_domain_without_other_seeds_has_no_score() -> None:
    occupations, _ = world()
    scores = skill_scores(occupations, {"crafts": {"o00"}}, DOMAINS)
    assert np.isnan(scores.score[:, 1]).all()
    assert np.isnan(scores.score[0, 0])
    assert np.isfinite(scores.score[1:, 0]).all()


def test_marking_skills_are_shared_frequent_and_in_a_fixed_order() -> None:
    support, use = np.array([5, 1, 5, 4]), np.array([5, 1, 5, 40])
    assert marking_skills(support, use, 5, 50).tolist() == [0, 2]


def test_assertions_follow_the_thresholds_and_name_their_skills() -> None:
    occupations, seeds = world()
    scores = skill_scores(occupations, seeds, DOMAINS)
    thresholds = {"core": 1.2, "related": 0.5}
    found = skills_assertions(scores, occupations, seeds, thresholds)
    assert found == sorted(found, key=lambda a: (a.occupation, a.domain))
    by_pair = {(a.occupation, a.domain): a for a in found}
    for i, iri in enumerate(scores.occupations):
        for j, domain in enumerate(DOMAINS):
            value = scores.score[i, j]
            expected = "core" if value >= 1.2 else "related" if value >= 0.5 else None
            assertion = by_pair.get((iri, domain))
            assert (assertion.degree if assertion else None) == expected
            if assertion:
                assert assertion.route == "skills"
                assert set(assertion.sources) <= occupations[iri].essential | occupations[iri].optional


def test_a_skill_both_essential_and_optional_counts_as_essential() -> None:
    matrix = build_matrix({"a": occupation("a", "s t", "s u")})
    assert dict(zip(matrix.skill_iris, matrix.weights.tolist(), strict=True)) == {"s": 1.0, "t": 1.0, "u": 0.5}


def test_occupations_without_any_skill_have_no_score() -> None:
    occupations = {iri: occupation(iri) for iri in "ab"}
    assert np.isnan(skill_scores(occupations, {"music": {"a"}}, DOMAINS).score).all()
