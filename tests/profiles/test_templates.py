"""The templates of a release: complete, not empty, valid, and what plain SPARQL gives."""

from __future__ import annotations

from typing import Any

import pyoxigraph as ox
import pytest
from pyoxigraph import NamedNode

import queries
from analysis.profiles.compose import compose
from loaders.verify import Check, Validation
from ontology import CCSID, ESCO_DATA, GRAPH_PROFILES
from releases.release import Release
from tests.api.conftest import InProcess


@pytest.fixture(scope="module")
def store(starter: Release) -> ox.Store:
    return ox.Store.read_only(str(starter.store))


def select(store: ox.Store, name: str, **values: str) -> list[tuple[str, ...]]:
    bound = {k: [NamedNode(v)] for k, v in values.items()}
    return [tuple("" if t is None else t.value for t in row) for row in queries.select(store, name, bound)]


def tail(iri: str) -> str:
    return iri.rpartition("/")[2]


def check_coverage(store: ox.Store, least_of_sub_domain: int) -> None:
    """Every core occupation of every domain has a template, and every cell; none is empty."""
    found: dict[str, set[str]] = {}
    for profile, kind, domain, _, function, anchor, _, charter, sub_domain in select(store, "api/profile_templates"):
        cell = tail(function) or (f"charter-{tail(charter)}" if charter else f"sub-{tail(sub_domain)}")
        key = f"{tail(domain)}-{cell if kind == 'cell' else tail(anchor)}"
        assert profile == f"{CCSID}profile/{key}"
        found.setdefault(key, set()).add(anchor)
    anchored, cells = set(), set()
    members: dict[tuple[str, str], set[str]] = {}
    for _, occupation, domain, degree, _, _, sub_domain, function, charter in select(store, "api/decisions"):
        if tail(degree) != "excluded" and domain:
            cells.add(f"{tail(domain)}-{tail(function)}")
            for key in filter(None, (sub_domain and f"sub-{tail(sub_domain)}", charter and f"charter-{tail(charter)}")):
                members.setdefault((f"{tail(domain)}-{key}", tail(degree)), set()).add(occupation)
            if tail(degree) == "core":
                anchored.add(f"{tail(domain)}-{tail(occupation)}")
    for (key, degree), occupations in members.items():
        chosen = degree == "core" or (key, "core") not in members
        assert (found.get(key) == occupations) == (chosen and len(occupations) > 1), key
    others = {key for key, _ in members}
    assert set(found) - others == anchored | cells
    sizes: dict[str, int] = {}
    for profile, _, count in select(store, "api/profile_sizes"):
        sizes[tail(profile)] = sizes.get(tail(profile), 0) + int(count)
    assert set(sizes) == set(found)
    assert min(size for key, size in sizes.items() if key not in others) >= 3
    assert min(size for key, size in sizes.items() if key in others) >= least_of_sub_domain


def check_core_skills(store: ox.Store) -> None:
    """The core skills of every template are those that the rule gives when recomputed from plain SPARQL."""
    essential: dict[str, set[str]] = {}
    for occupation, skill in select(store, "api/essential_skills"):
        essential.setdefault(occupation, set()).add(skill)
    recomputed: dict[tuple[str, str, str], set[str]] = {}
    for domain, function, degree, skill, kind, _, _ in select(store, "competency/cq18_function_profile"):
        if kind == "core":
            recomputed.setdefault((domain, function, degree), set()).add(skill)
    held: dict[str, set[str]] = {}
    for profile, skill, rule, *_ in select(store, "api/profile_skills"):
        held.setdefault(profile, set())
        if tail(rule) == "core-shared":
            held[profile].add(skill)
    compared = 0
    for profile, kind, domain, degree, function, anchor, *_ in select(store, "api/profile_templates"):
        if kind == "cell" and not function:
            continue  # the competency question is about general functions
        expected = essential[anchor] if kind == "occupation" else recomputed.get((domain, function, degree), set())
        assert held[profile] == expected, profile
        compared += 1
    assert compared > 100


def test_every_core_occupation_and_every_cell_has_a_template_that_is_not_empty(store: ox.Store) -> None:
    check_coverage(store, 1)


def test_core_skills_are_what_plain_sparql_gives(store: ox.Store) -> None:
    check_core_skills(store)


def check_full_sections(catalogue: Any) -> tuple[int, dict[str, int]]:
    """No section of an occupation's template is empty where its skills belong there; how many of the templates have each."""
    profiles = catalogue.profiles
    rules = {r.id: r.section for r in profiles.guidelines.rules}
    traits = {
        "knowledge": "knowledge",
        "transversal": "transversal",
        "digital-green": "digital-or-green",
        "languages": "language",
    }
    filled = dict.fromkeys(traits, 0)
    entries = [e for e in profiles.templates.values() if e.recipe.kind == "occupation"]
    for entry in entries:
        shown = {
            section
            for s in profiles.read_templates([entry])[0].skills
            for section in (s.section, *(rules[rule] for rule in s.also))
        }
        needs = profiles.tables.occupations[entry.recipe.anchors[0].occupation]
        held = {t for s in (*needs.essential, *needs.optional) for t in profiles.tables.skills[s].traits}
        for section, trait in traits.items():
            assert (section in shown) == (trait in held), f"{entry.id}: {section}"
            filled[section] += section in shown
    return len(entries), filled


def test_a_section_is_empty_only_where_esco_gives_nothing_for_it(catalogue: Any) -> None:
    templates, filled = check_full_sections(catalogue)
    assert templates > 90
    assert filled["transversal"] > 0.95 * templates


@pytest.mark.full
def test_all_hold_for_full_esco(full: Release, full_api: InProcess) -> None:
    store = ox.Store.read_only(str(full.store))
    check_coverage(store, 3)
    check_core_skills(store)
    catalogue = full_api.app.state.service.served.catalogue
    templates, filled = check_full_sections(catalogue)
    assert sum(bool(o.regulated) for o in catalogue.occupations.values()) == 15
    assert templates == 352
    assert filled["transversal"] >= 340
    assert filled["knowledge"] >= 320


@pytest.mark.full
def test_the_words_of_gaps_are_absent_from_full_esco(full: Release) -> None:
    store = ox.Store.read_only(str(full.store))
    labels = [
        text.lower()
        for iri, text in select(store, "api/labels", labels=f"{CCSID}graph/labels/en")
        if iri.startswith(f"{ESCO_DATA}occupation/")
    ]
    assert len(labels) == 3039
    query = "SELECT ?w WHERE { GRAPH <https://w3id.org/ccsi/id/graph/ontology> { ?gap <https://w3id.org/ccsi/ns#absentWord> ?w } }"
    words = [row["w"].value for row in store.query(query)]  # type: ignore[union-attr]
    assert len(words) > 5
    for word in words:
        assert not [text for text in labels if word in text], word


def test_templates_are_what_composing_gives(catalogue: Any) -> None:
    profiles = catalogue.profiles
    for entry in profiles.templates.values():
        stored, made = profiles.read_templates([entry])[0], compose(profiles.tables, profiles.guidelines, entry.recipe)
        assert stored == made, entry.id


def test_all_of_a_domain_is_valid(store: ox.Store) -> None:
    """SHACL on every template and skill of gaming and architecture; a load validates all templates and a sample of skills."""
    kept = []
    for quad in store.quads_for_pattern(None, None, None, NamedNode(GRAPH_PROFILES)):
        if any(part in str(quad.subject) for part in ("/gaming-", "/architecture-", "/activity/")):
            kept.append(f"{quad.triple} <{GRAPH_PROFILES}> .\n")
    assert len(kept) > 2000
    report = validated(kept)
    assert report.passed, report.detail
    broken = validated([line for line in kept if "placedBy" not in line])
    assert not broken.passed
    assert "exactly one rule" in broken.detail


def validated(lines: list[str]) -> Check:
    with Validation("profiles") as validation:
        validation.write(lines)
        validation.end()
        return validation.result()
