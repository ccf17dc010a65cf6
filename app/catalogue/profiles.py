"""What a release says about profiles, as the API serves it: guidelines, templates, and the tables to compose from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pyoxigraph import NamedNode

from analysis.profiles.compose import complete
from analysis.profiles.guidelines import guidelines
from analysis.profiles.similarity import TransitionIndex, transition_index
from analysis.profiles.statements import profile_iri
from analysis.profiles.tables import (
    Cell,
    Figures,
    Guidelines,
    Needs,
    Place,
    Profile,
    ProfileSkill,
    ProfileTables,
    Recipe,
)
from analysis.profiles.templates import template_recipe
from analysis.profiles.traits import skill_facts
from analysis.tables import MemberDegree
from app.catalogue.facts import Facts
from app.catalogue.skills import SkillCatalogue
from app.store.port import GraphStore
from ontology import CCSI, CCSID, SKOS, local_name
from queries.rows import as_texts

_PROPERTIES = {SKOS + "prefLabel": "label", SKOS + "definition": "definition", CCSI + "pattern": "pattern"}


@dataclass(frozen=True, slots=True)
class TemplateEntry:
    """A template in a list; its skills are read when it is asked for."""

    id: str
    iri: str
    recipe: Recipe
    degree: MemberDegree
    size: int
    sizes: dict[str, int]  # section -> skills, repeats among them
    status: str = "draft"  # how far experts have gone through it


@dataclass(frozen=True, slots=True)
class Gap:
    """What the sectors name and ESCO lacks; no domains or functions stand for all."""

    id: str
    iri: str
    domains: frozenset[str]
    functions: frozenset[str]
    sources: tuple[tuple[str, str], ...]  # IRI and title

    def concerns(self, domain: str, functions: tuple[str, ...]) -> bool:
        """Whether it is felt in a profile of this domain and these functions."""
        fits = not self.functions or not functions or not self.functions.isdisjoint(functions)
        return (not self.domains or domain in self.domains) and fits


@dataclass(slots=True)
class ProfileCatalogue:
    """Everything about profiles in one release; a release without skill figures has no templates."""

    store: GraphStore
    guidelines: Guidelines
    tables: ProfileTables
    transition_index: TransitionIndex
    templates: dict[str, TemplateEntry] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    groups: dict[str, str] = field(default_factory=dict)  # code of a group of skills or ISCED-F field -> IRI
    in_order: dict[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # filled when first asked for; see profile_compare
    words: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)  # IRI -> label, ... -> language -> text

    @classmethod
    def read(cls, store: GraphStore, facts: Facts, analysis: SkillCatalogue) -> ProfileCatalogue:
        """Read the guidelines and the list of templates; facts and what is derived of skills are read already."""
        rules = guidelines(as_texts(store.select("api/profile_sections")), as_texts(store.select("api/profile_rules")))
        tables = _tables(facts, analysis)
        families: dict[str, list[str]] = {}
        for item in facts.occupations.values():
            if below := [o for o in item.narrower if o in facts.occupations]:
                families[item.iri] = [item.iri, *below]
        made = cls(store, rules, tables, transition_index(tables, facts.by_isco, families))
        made.groups = {g.code: iri for iri, g in facts.groups.items() if g.scheme != "isco" and g.code}
        made._read_templates()
        made._read_gaps()
        return made

    def read_templates(self, entries: Sequence[TemplateEntry]) -> list[Profile]:
        """The profiles of templates as the release holds them, read with one query."""
        also: dict[tuple[str, str], list[str]] = defaultdict(list)
        rows: dict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
        for row in self.store.select("api/profile_skills", {"profile": [NamedNode(e.iri) for e in entries]}):
            profile, skill, *said, other = ("" if t is None else t.value for t in row)
            rows[profile][skill] = tuple(said)
            if other:
                also[profile, skill].append(local_name(other))
        order = {r.id: r for r in self.guidelines.rules}
        profiles = []
        for entry in entries:
            placed = []
            for skill, (rule, relation, share, essential) in rows[entry.iri].items():
                key, agreeing = local_name(rule), sorted(also[entry.iri, skill], key=lambda r: order[r].order)
                figures: Any = (relation, float(share), float(essential))
                placed.append(ProfileSkill(skill, order[key].section, key, tuple(agreeing), *figures))
            profiles.append(complete(self.tables, self.guidelines, entry.recipe, entry.recipe.domain, placed))
        return profiles

    def _read_templates(self) -> None:
        sizes: dict[str, dict[str, int]] = defaultdict(dict)
        for profile, section, count in as_texts(self.store.select("api/profile_sizes")):
            sizes[profile][local_name(section)] = int(count)
        statuses = {iri: local_name(status) for iri, status in as_texts(self.store.select("api/profile_status"))}
        anchors: dict[str, list[str]] = defaultdict(list)
        heads: dict[str, tuple[Any, ...]] = {}
        rows = as_texts(self.store.select("api/profile_templates"))
        for profile, kind, domain, degree, function, anchor, size, charter, sub_domain in rows:
            cell = Cell(local_name(function), local_name(charter), local_name(sub_domain))
            heads[profile] = (kind, local_name(domain), local_name(degree), int(size), cell)
            anchors[profile].append(anchor)
        for iri, (kind, domain, degree, size, cell) in sorted(heads.items()):
            recipe = template_recipe(kind, tuple(sorted(anchors[iri])), domain, cell)
            key = iri.removeprefix(profile_iri(""))
            self.templates[key] = TemplateEntry(key, iri, recipe, degree, size, sizes[iri], statuses[iri])

    def part(self, key: str, facts: Facts, analysis: SkillCatalogue) -> frozenset[str] | None:
        """The skills of a part of an occupation: of a cluster by its identifier, or below a group of ESCO by its code.

        None where there is no such cluster or group.
        """
        if (cluster := analysis.clusters.get(key)) is not None:
            return frozenset(m.skill for m in cluster.members)
        group = self.groups.get(key)
        return None if group is None else facts.skills_under(group)

    def _read_gaps(self) -> None:
        for concept, prop, text in self.store.select("api/profile_words"):
            kind = _PROPERTIES[prop.value]  # type: ignore[union-attr]
            said = self.words.setdefault(concept.value, {}).setdefault(kind, {})  # type: ignore[union-attr]
            said[text.language] = text.value  # type: ignore[union-attr,index]
        rows: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        for row in as_texts(self.store.select("api/profile_gaps")):
            rows[row[0]].append(row)
        for iri, properties in sorted(rows.items()):
            self.gaps.append(
                Gap(
                    properties[0][1], iri, frozenset(local_name(r[2]) for r in properties if r[2]),
                    frozenset(local_name(r[3]) for r in properties if r[3]), tuple(sorted({(r[4], r[5]) for r in properties if r[4]})),
                )
            )  # fmt: skip


def section_iri(section: str) -> str:
    """The IRI of a section of the guidelines."""
    return f"{CCSID}section/{section}"


def rule_iri(rule: str) -> str:
    """The IRI of a composition rule."""
    return f"{CCSID}rule/{rule}"


def _tables(facts: Facts, analysis: SkillCatalogue) -> ProfileTables:
    """The tables that composing reads, from what the release says."""
    figures: dict[str, dict[str, Figures]] = {}
    for unit, rows in analysis.specialisations.items():
        if "/" in unit:
            continue  # sub-domains and functions have no clusters of their own
        clusters = {
            m.skill: c.id for c in analysis.by_unit.get(unit, ()) if c.level == "broad" for m in c.members if m.primary
        }
        figures[unit] = {r.skill: Figures(r.lq, r.share, r.evidence, clusters.get(r.skill, "")) for r in rows}
    spread = {s: t.t_groups for s, t in analysis.transversality.items() if t.transversal}
    concepts: dict[str, Any] = {**facts.groups, **facts.skills}
    broader = {iri: c.broader for iri, c in concepts.items() if c.broader}
    codes = {iri: g.code for iri, g in facts.groups.items()}
    tools = {s for f in analysis.areas.families.values() if f.kind == "tools" for s in f.skills}
    skills = {
        iri: skill_facts(iri, s.type, s.collections, spread.get(iri), broader, codes, iri in tools)
        for iri, s in facts.skills.items()
    }
    return ProfileTables.of(
        skills=skills,
        occupations={
            iri: Needs(tuple(o.essential), tuple(s for s in o.optional if s not in set(o.essential)))
            for iri, o in facts.occupations.items()
        },
        figures=figures,
        scope={
            iri: {
                d.domain: Place(
                    d.degree,
                    tuple(sorted(d.functions)),
                    tuple(sorted(d.charter_functions)),
                    tuple(filter(None, [d.sub_domain])),
                )
                for d in o.decisions
                if d.degree != "excluded" and d.domain
            }
            for iri, o in facts.occupations.items()
            if o.decisions
        },
        small=(u.id for u in analysis.units.values() if u.small),
    )
