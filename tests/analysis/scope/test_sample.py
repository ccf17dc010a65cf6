"""Who is drawn for a blind reading."""

from __future__ import annotations

from analysis.scope.sample import STRATA, sample, strata
from analysis.tables import Decision, Degree

OCCUPATIONS = [f"o{n:03}" for n in range(100)]


def decision(iri: str, domain: str, degree: Degree) -> Decision:
    return Decision(iri, domain, degree, 0.9, (), False)


DECISIONS = [
    *(decision(iri, "music", "core") for iri in OCCUPATIONS[:20]),
    *(decision(iri, "books", "related") for iri in OCCUPATIONS[10:35]),
    *(decision(iri, "design", "excluded") for iri in OCCUPATIONS[30:40]),
    decision("o090", "", "excluded"),  # a no to every domain, which no route contradicts
]


def test_the_strongest_degree_places_an_occupation() -> None:
    found = strata(OCCUPATIONS, DECISIONS)
    assert tuple(found) == STRATA
    assert found["core"] == OCCUPATIONS[:20]
    assert found["related"] == OCCUPATIONS[20:35]
    assert found["left out"] == OCCUPATIONS[35:40]
    assert found["named by none"] == OCCUPATIONS[40:]


def test_strata_are_drawn_alike_and_one_that_is_small_wholly() -> None:
    found = strata(OCCUPATIONS, DECISIONS)
    chosen = sample(found, 32, 1)
    assert len(set(chosen)) == 32
    assert [len(set(chosen) & set(members)) for members in found.values()] == [9, 9, 5, 9]
    assert sorted(sample(found, 1000, 1)) == OCCUPATIONS


def test_the_seed_alone_decides() -> None:
    found = strata(OCCUPATIONS, DECISIONS)
    again = strata(reversed(OCCUPATIONS), reversed(DECISIONS))
    assert sample(found, 32, 1) == sample(again, 32, 1)
    assert set(sample(found, 32, 1)) != set(sample(found, 32, 2))


def test_the_order_does_not_tell_the_stratum() -> None:
    found = strata(OCCUPATIONS, DECISIONS)
    core = [iri in found["core"] for iri in sample(found, 32, 1)]
    assert core != sorted(core)
    assert core != sorted(core, reverse=True)
