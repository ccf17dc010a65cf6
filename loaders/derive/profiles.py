"""Between store and profiles: typed tables out of the release being built, the templates' statements back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import pyoxigraph as ox

from analysis.profiles.guidelines import guidelines
from analysis.profiles.statements import Names, profile_quads
from analysis.profiles.tables import Figures, Needs, Place, ProfileTables
from analysis.profiles.templates import templates
from analysis.profiles.traits import skill_facts
from analysis.skills.statements import published
from analysis.skills.tables import SkillsResult
from analysis.tables import Decision, Occupation
from loaders.derive.scope import collections_of, grouped
from queries import select
from queries.rows import as_texts


def profile_lines(
    store: ox.Store,
    occupations: Mapping[str, Occupation],
    decisions: Sequence[Decision],
    result: SkillsResult | None,
    esco_version: str,
) -> list[str]:
    """The profiles graph of a release being built; empty where nothing was derived about skills."""
    if result is None:
        return []
    tables, told = _tables(store, occupations, decisions, result)
    rules = guidelines(as_texts(select(store, "api/profile_sections")), as_texts(select(store, "api/profile_rules")))
    names = _names(store, occupations)
    return list(profile_quads(templates(tables, rules), rules, tables, told, esco_version, names))


def _names(store: ox.Store, occupations: Mapping[str, Occupation]) -> Names:
    """The labels of occupations, domains and functions in every language that the derivation reads."""
    names: dict[str, dict[str, str]] = {
        iri: {language: texts[0] for language, texts in o.labels.items()} for iri, o in occupations.items()
    }
    for concept, label in select(store, "materialise/cell_labels"):
        if concept is not None and isinstance(label, ox.Literal) and label.language:
            names.setdefault(concept.value, {})[label.language] = label.value
    return names


def _tables(
    store: ox.Store, occupations: Mapping[str, Occupation], decisions: Sequence[Decision], result: SkillsResult
) -> tuple[ProfileTables, set[tuple[str, str]]]:
    """The tables, and the pairs (unit, skill) that the release says something about.

    Of the figures only what is published is used, so that the service comes to the same from the release alone.
    """
    kinds = {u.id: u.kind for u in result.units}
    clusters = {
        (c.domain, m.skill): c.id for c in result.clusters if c.level == "broad" for m in c.members if m.primary
    }
    figures: dict[str, dict[str, Figures]] = defaultdict(dict)
    told = set()
    for row in result.specialisations:
        if published(row, kinds[row.unit]) and kinds[row.unit] in ("domain", "ccsi"):
            told.add((row.unit, row.skill))
            cluster = clusters.get((row.unit, row.skill), "")
            figures[row.unit][row.skill] = Figures(round(row.lq, 4), round(row.share, 4), row.evidence, cluster)
    spoken = {skill for _, skill in told}
    transversal = {t.skill: t.t_groups for t in result.transversality if t.transversal and t.skill in spoken}
    collections, broader = collections_of(store), grouped(store, "api/broader")
    kinds_of_skill = {iri: kind.rpartition("/")[2] for iri, kind, _ in as_texts(select(store, "api/skills"))}
    groups = {
        iri: code
        for iri, code, _ in as_texts(select(store, "api/groups"))
        if iri not in occupations and iri not in kinds_of_skill
    }
    beside = {row.family for row in result.specialisations}  # of the families only what is published
    tools = {s for f in result.families if f.kind == "tools" and f.id in beside for s in f.skills}
    skills = {
        iri: skill_facts(iri, kind, collections.get(iri, ()), transversal.get(iri), broader, groups, iri in tools)
        for iri, kind in kinds_of_skill.items()
    }
    scope: dict[str, dict[str, Place]] = defaultdict(dict)
    for d in decisions:
        if d.degree != "excluded" and d.domain:
            scope[d.occupation][d.domain] = Place(
                d.degree,
                tuple(sorted(d.functions)),
                tuple(sorted(d.charter_functions)),
                tuple(filter(None, [d.sub_domain])),
            )
    return ProfileTables.of(
        skills=skills,
        occupations={
            iri: Needs(tuple(sorted(o.essential & skills.keys())), tuple(sorted((o.optional - o.essential) & skills.keys())))
            for iri, o in occupations.items()
        },
        figures=figures,
        scope=scope,
        small=(u.id for u in result.units if u.small),
    ), told  # fmt: skip
