"""What one release says otherwise than another: to look at a release before it is published."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pyoxigraph as ox

from ontology import CCSID, GRAPH_LABELS
from queries import select
from queries.rows import as_texts
from releases.decisions import decisions
from releases.release import Release


def changes(before: Release, after: Release) -> dict[str, Any]:
    """The scope decisions, clusters and profiles that differ, each named; equal ones are left out."""
    first, second = (ox.Store.read_only(str(release.store)) for release in (before, after))
    return {
        "before": before.id,
        "after": after.id,
        "notes": after.manifest["notes"],
        "scope": _scope(first, second),
        "clusters": _members(first, second, "api/cluster_members", f"{CCSID}cluster/"),
        "profiles": _members(first, second, "api/profile_skills", f"{CCSID}profile/"),
    }


def _scope(first: ox.Store, second: ox.Store) -> list[dict[str, Any]]:
    said = [
        {(d.occupation, d.domain): {"degree": d.degree, "confidence": d.confidence} for d in decisions(store)}
        for store in (first, second)
    ]
    labels = dict(_labels(second)) | dict(_labels(first))
    return [
        {
            "occupation": occupation, "label": labels.get(occupation, ""), "domain": domain,
            "before": said[0].get((occupation, domain)), "after": said[1].get((occupation, domain)),
        }
        for occupation, domain in sorted(said[0].keys() | said[1].keys())
        if said[0].get((occupation, domain)) != said[1].get((occupation, domain))
    ]  # fmt: skip


def _members(first: ox.Store, second: ox.Store, query: str, start: str) -> list[dict[str, Any]]:
    """Of each cluster or profile that differs, how many skills came, went, and stayed."""
    held: list[dict[str, set[str]]] = []
    for store in (first, second):
        skills_of: dict[str, set[str]] = defaultdict(set)
        for whole, skill, *_ in as_texts(select(store, query)):
            skills_of[whole.removeprefix(start)].add(skill)
        held.append(skills_of)
    return [
        {"id": key, "came": len(now - was), "went": len(was - now), "stayed": len(was & now)}
        for key in sorted(held[0].keys() | held[1].keys())
        for was, now in [(held[0].get(key, set()), held[1].get(key, set()))]
        if was != now
    ]


def _labels(store: ox.Store) -> list[tuple[str, str]]:
    graph = {"labels": [ox.NamedNode(GRAPH_LABELS + "en")]}
    rows = select(store, "materialise/occupation_labels", graph)
    return [
        (o.value, label.value) for o, kind, label in rows if o and kind and label and kind.value.endswith("prefLabel")
    ]
