"""What one release says otherwise than another: to look at a release before it is published."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from ontology import CCSID, GRAPH_LABELS, SKOS, local_name
from queries import select
from queries.rows import as_texts
from releases.decisions import decisions
from releases.release import Release, Releases

MOST_SKILLS = 200  # named of what came to a cluster or a profile, or went


def changes(before: Release, after: Release) -> dict[str, Any]:
    """What differs, each thing named; equal ones are left out.

    The scope decisions; clusters by name and skills; the areas in which skills stand; transversal flags; composition rules;
    profiles by skills, and those that were signed off.
    """
    stores = [ox.Store.read_only(str(release.store)) for release in (before, after)]
    labels = {**_labels(stores[1]), **_labels(stores[0])}
    return {
        "before": before.id,
        "after": after.id,
        "notes": after.manifest["notes"],
        "scope": _scope(stores, labels),
        "clusters": _members(stores, "api/cluster_members", f"{CCSID}cluster/", labels, _cluster_names(stores)),
        "areas": _places(stores, labels),
        "transversal": _flags(stores, labels),
        "rules": _rules(stores),
        "profiles": _members(stores, "api/profile_skills", f"{CCSID}profile/", labels, [{}, {}]),
        "validation": _validation(stores),
    }


def _differing(said: list[dict[Any, Any]]) -> list[tuple[Any, dict[str, Any]]]:
    """The keys of which two tables say different things, each with what they say."""
    first, second = said
    both = {key: {"before": first.get(key), "after": second.get(key)} for key in sorted(first.keys() | second.keys())}
    return [(key, values) for key, values in both.items() if values["before"] != values["after"]]


def _scope(stores: list[ox.Store], labels: dict[str, str]) -> list[dict[str, Any]]:
    said = [
        {(d.occupation, d.domain): {"degree": d.degree, "confidence": d.confidence} for d in decisions(store)}
        for store in stores
    ]
    return [
        {"occupation": occupation, "label": labels.get(occupation, ""), "domain": domain, **values}
        for (occupation, domain), values in _differing(said)
    ]


def _members(
    stores: list[ox.Store], query: str, start: str, labels: dict[str, str], names: list[dict[str, str]]
) -> list[dict[str, Any]]:
    """Of each cluster or profile that differs its names, which skills came and went, and how many stayed."""
    held: list[dict[str, set[str]]] = []
    for store in stores:
        found: dict[str, set[str]] = defaultdict(set)
        for whole, skill, *_ in as_texts(select(store, query)):
            found[whole.removeprefix(start)].add(skill)
        held.append(found)
    told = []
    for key in sorted(held[0].keys() | held[1].keys()):
        was, now = held[0].get(key, set()), held[1].get(key, set())
        called = [known.get(key, "") for known in names]
        if was == now and called[0] == called[1]:
            continue
        told.append(
            {
                "id": key, "name": {"before": called[0], "after": called[1]}, "came": len(now - was),
                "went": len(was - now), "stayed": len(was & now),
                "skills": {"came": _named(now - was, labels), "went": _named(was - now, labels)},
            }
        )  # fmt: skip
    return told


def _named(skills: set[str], labels: dict[str, str]) -> list[dict[str, str]]:
    found = sorted(((labels.get(iri, iri), iri) for iri in skills), key=lambda e: (e[0].casefold(), e[1]))
    return [{"uri": iri, "label": label} for label, iri in found[:MOST_SKILLS]]


def _cluster_names(stores: list[ox.Store]) -> list[dict[str, str]]:
    """Identifier of each cluster -> its English name, or the first of all."""
    found = []
    for store in stores:
        names: dict[str, dict[str, str]] = defaultdict(dict)
        for cluster, prop, text in select(store, "api/cluster_words"):
            if cluster is not None and isinstance(text, ox.Literal) and prop == ox.NamedNode(SKOS + "prefLabel"):
                names[cluster.value.removeprefix(f"{CCSID}cluster/")][text.language or ""] = text.value
        found.append({key: said.get("en") or said[min(said)] for key, said in names.items()})
    return found


def _places(stores: list[ox.Store], labels: dict[str, str]) -> list[dict[str, Any]]:
    said = [
        {(unit.removeprefix(f"{CCSID}unit/"), skill): local_name(area) for unit, skill, area in rows}
        for rows in (as_texts(select(store, "api/skill_places")) for store in stores)
    ]
    return [
        {"unit": unit, "skill": skill, "label": labels.get(skill, ""), **values}
        for (unit, skill), values in _differing(said)
    ]


def _flags(stores: list[ox.Store], labels: dict[str, str]) -> list[dict[str, Any]]:
    said = [
        {row[0]: row[4] == "true" for row in as_texts(select(store, "api/skill_transversality"))} for store in stores
    ]
    return [{"skill": s, "label": labels.get(s, ""), **values} for s, values in _differing(said)]


def _rules(stores: list[ox.Store]) -> list[dict[str, Any]]:
    said = [
        {
            row[1]: {"measure": row[4], "minimumShare": row[5], "minimumAnchors": row[6], "maximumSkills": row[8]}
            for row in as_texts(select(store, "api/profile_rules"))
        }
        for store in stores
    ]
    return [{"rule": rule, **values} for rule, values in _differing(said)]


def _validation(stores: list[ox.Store]) -> list[dict[str, Any]]:
    """The profiles that both releases have and whose status differs."""
    said = [
        {profile.removeprefix(f"{CCSID}profile/"): local_name(status) for profile, status in rows}
        for rows in (as_texts(select(store, "api/profile_status")) for store in stores)
    ]
    both = said[0].keys() & said[1].keys()
    return [{"profile": profile, **values} for profile, values in _differing(said) if profile in both]


def _labels(store: ox.Store) -> dict[str, str]:
    rows = select(store, "api/labels", {"labels": [ox.NamedNode(GRAPH_LABELS + "en")]})
    return {concept: text for concept, text in as_texts(rows)}  # noqa: C416 - rows are tuples of any length


if __name__ == "__main__":  # for a service, which has a process of its own compare: DATA_DIR BEFORE AFTER
    known = Releases(Path(sys.argv[1]))
    json.dump(changes(known.get(sys.argv[2]), known.get(sys.argv[3])), sys.stdout, ensure_ascii=False)
