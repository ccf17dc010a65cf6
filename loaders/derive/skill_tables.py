"""Between store and skill analysis: the typed tables that the derivation of skills reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import pyoxigraph as ox

from analysis.skills.names import BASE_LANGUAGE
from analysis.skills.tables import FunctionScheme, Group, PreviousCluster, Scope, Skill, SkillArea, SkillTables
from analysis.tables import Decision, Occupation
from loaders.derive.scope import collections_of, grouped, occupation_tables
from ontology import CCSID, GRAPH_LABELS, local_name
from queries import select
from queries.rows import as_text
from releases.decisions import decisions
from releases.errors import LoadError
from releases.release import Release

_CLUSTER = CCSID + "cluster/"
_UNIT = CCSID + "unit/"
_CHARTER = CCSID + "charter/"


def published_tables(release: Release) -> SkillTables:
    """The tables that the derivation of a published release read. Raises LoadError where it has no skills in scope."""
    store = ox.Store.read_only(str(release.store))
    tables = skill_tables(store, occupation_tables(store), decisions(store), sorted(release.manifest["languages"]))
    if not can_derive(tables):
        raise LoadError("The published release has no skills in scope.", "Load ESCO with its skills and relations.")
    return tables


def skill_tables(
    store: ox.Store, occupations: Mapping[str, Occupation], decisions: Sequence[Decision], languages: Sequence[str]
) -> SkillTables:
    """All that the skill derivations read, from the store and the scope just decided.

    Labels in every language are read for what can appear in the name of a cluster: skills and occupations in scope,
    and groups. Of the rest English is enough.
    """
    scope = {
        (d.occupation, d.domain): Scope(
            d.degree,
            d.sub_domain,
            d.functions,
            d.further_sub_domains,
            d.charter_functions,
            d.placement.levels if d.placement else (),
        )
        for d in decisions
        if d.degree != "excluded" and d.domain
    }
    inside = {occupation for occupation, _ in scope}
    used = {s for o in inside for s in occupations[o].skills}
    kinds = {
        as_text(s): (local_name(as_text(kind)), local_name(as_text(reuse)))
        for s, kind, reuse in select(store, "api/skills")
    }
    codes = _groups(store, kinds)
    broader = grouped(store, "api/broader")
    related: dict[str, set[str]] = defaultdict(set)
    for one, other in select(store, "materialise/skill_relations"):
        related[as_text(one)].add(as_text(other))
        related[as_text(other)].add(as_text(one))
    collections = collections_of(store)
    named = used | codes.keys() | inside
    labels: dict[str, dict[str, str]] = defaultdict(dict)
    for language in sorted({BASE_LANGUAGE, *languages}):
        for concept, text in select(store, "api/labels", {"labels": [ox.NamedNode(GRAPH_LABELS + language)]}):
            iri = as_text(concept)
            if iri in named or (language == BASE_LANGUAGE and iri in kinds):
                labels[iri][language] = as_text(text)
    graph = {"labels": [ox.NamedNode(GRAPH_LABELS + BASE_LANGUAGE)]}
    texts = {as_text(s): {BASE_LANGUAGE: as_text(t)} for s, t in select(store, "materialise/skill_descriptions", graph)}
    return SkillTables(
        skills={
            iri: Skill(
                iri,
                "knowledge" if kind == "knowledge" else "skill",
                reuse,
                frozenset(broader[iri]),
                labels[iri],
                texts.get(iri, {}),
                frozenset(related[iri]),
                frozenset(collections[iri]),
            )
            for iri, (kind, reuse) in sorted(kinds.items())
        },
        occupations={
            iri: Occupation(
                iri, o.code, o.isco, {tag: (text,) for tag, text in labels[iri].items()}, o.essential, o.optional
            )
            for iri, o in sorted(occupations.items())
        },
        groups={
            iri: Group(iri, code, labels[iri], frozenset(broader[iri]), scheme)
            for iri, (code, scheme) in sorted(codes.items())
        },
        scope=scope,
        areas=skill_areas(store),
    )


def skill_areas(store: ox.Store) -> tuple[SkillArea, ...]:
    """The hand-written areas of the ontology, in the order of their identifiers."""
    labels: dict[str, dict[str, str]] = defaultdict(dict)
    for area, text in select(store, "materialise/skill_area_labels"):
        labels[as_text(area)][text.language] = as_text(text)  # type: ignore[union-attr, index]
    domains, beside, examples, functions = (
        grouped(store, f"materialise/skill_area_{what}") for what in ("domains", "beside", "examples", "functions")
    )
    return tuple(
        SkillArea(
            local_name(a),
            frozenset(map(local_name, domains[a])),
            labels[a],
            frozenset(examples[a]),
            tuple(sorted(map(_function, functions[a]))),
            frozenset(map(local_name, beside[a])),
        )
        for a in sorted(labels, key=local_name)
    )


def _function(iri: str) -> tuple[FunctionScheme, str]:
    return ("charter" if iri.startswith(_CHARTER) else "essnet"), local_name(iri)


def previous_clusters(store: ox.Store) -> tuple[PreviousCluster, ...]:
    """The clusters that a release holds, as the next release has to know them."""
    members_of: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for cluster, unit, level, skill in select(store, "materialise/previous_clusters"):
        key = (as_text(cluster).removeprefix(_CLUSTER), as_text(unit).removeprefix(_UNIT), as_text(level))
        members_of[key].add(as_text(skill))
    return tuple(
        PreviousCluster(cluster, unit, "broad" if level == "broad" else "fine", frozenset(members))
        for (cluster, unit, level), members in sorted(members_of.items())
    )


def can_derive(tables: SkillTables) -> bool:
    """Whether there is anything to derive: skills, and occupations in scope that use them."""
    return any(s in tables.skills for o, _ in tables.scope for s in tables.occupations[o].skills)


def alternative_labels(store: ox.Store) -> dict[str, list[str]]:
    """English alternative labels by skill; only what judges the clusters reads them."""
    labels: dict[str, list[str]] = defaultdict(list)
    graph = {"labels": [ox.NamedNode(GRAPH_LABELS + BASE_LANGUAGE)]}
    for concept, text in select(store, "api/alternative_labels", graph):
        labels[as_text(concept)].append(as_text(text))
    return labels


def _groups(store: ox.Store, skill_iris: Mapping[str, object]) -> dict[str, tuple[str, str]]:
    """IRI -> (code, scheme) of the groups above skills; a field of ISCED-F is in both schemes and counts as such."""
    groups: dict[str, tuple[str, str]] = {}
    for group, code, scheme in sorted(select(store, "api/groups"), key=str):
        iri, name = as_text(group), local_name(as_text(scheme))
        if name != "isco" and iri not in skill_iris and (iri not in groups or name == "isced-f"):
            groups[iri] = (as_text(code), name)
    return groups
