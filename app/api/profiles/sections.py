"""The sections of a profile as JSON: each in full, with the skills that have their place elsewhere marked as repeats."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Literal, NotRequired, cast

import orjson
from pydantic import Field

from analysis.profiles.compose import NO_FIGURES
from analysis.profiles.tables import CORE_SECTION, Profile, ProfileSkill, Relation, Section
from analysis.skills.statements import cluster_iri
from analysis.skills.tables import Evidence
from app.api.profiles.naming import words
from app.api.skills.views import ClusterRef, cluster_ref
from app.api.views import GroupRef, OccupationRef, SkillRef, group_ref, occupation_ref, skill_ref
from app.catalogue.profiles import section_iri
from app.http.shapes import LanguageMap, Shape
from app.request import Context
from ontology import CCSID, local_name

GroupedBy = Literal["none", "cluster", "field", "t-group"]
_OF_ANCHOR = "anchor"  # the measure of the rule that puts skills into a block under their anchor


class SkillFigures(Shape):
    """How much the domain is specialised in a skill."""

    uri: str
    unit: str
    locationQuotient: float
    share: float
    specialisationEvidence: Evidence
    cluster: str | None


class AskedBy(Shape):
    """The anchors that ask for a skill."""

    essential: NotRequired[list[str]]
    optional: NotRequired[list[str]]


class KnownSkill(Shape):
    """A skill, and what the release says on it in the domain."""

    skill: SkillRef
    specialisation: SkillFigures | None


class Placing(Shape):
    """How a skill came to its place."""

    rule: Annotated[str, Field(description="The rule that placed it; provenance.rules says what it means.")]
    alsoBy: Annotated[list[str], Field(description="Later rules that agree.")]
    relation: Relation
    share: Annotated[
        float, Field(ge=0, le=1, description="Weight of the anchors that ask for it, optional uses counting half.")
    ]
    essentialShare: Annotated[float, Field(ge=0, le=1)]
    repeatOf: Annotated[str | None, Field(description="The section that a repeated skill has its place in.")]


class Asking(Shape):
    """Who asks for a skill."""

    askedBy: NotRequired[
        Annotated[AskedBy | None, Field(description="Which anchors ask for it, where there are several.")]
    ]


class ProfileEntry(KnownSkill, Placing, Asking):
    """A skill in its place."""


Arrangement = GroupRef | ClusterRef | OccupationRef | None  # what skills are arranged by


class ProfileGroup(Shape):
    """Skills of a section that stand together."""

    group: Arrangement
    skills: list[ProfileEntry]


class ProfileSection(Shape):
    """A section of a profile."""

    uri: str
    id: str
    preferredLabel: LanguageMap
    groupedBy: GroupedBy
    skillCount: int
    repeatCount: Annotated[int, Field(description="How many of them have their place in another section.")]
    groups: list[ProfileGroup]


def sections(ctx: Context, made: Profile) -> list[ProfileSection]:
    """Every section that was asked for."""
    guidelines, best = ctx.catalogue.profiles.guidelines, ctx.catalogue.profiles.tables.best
    only = set(made.recipe.sections)
    rules = {r.id: r for r in guidelines.rules}
    by_section: dict[str, list[ProfileSkill]] = {}
    repeated: set[str] = set()
    for item in made.skills:
        by_section.setdefault(item.section, []).append(item)
        for other in dict.fromkeys(rules[r].section for r in item.also):
            by_section.setdefault(other, []).append(item)
            repeated.add(other)
    for section in repeated:  # by what the anchors ask, whatever section a skill has its place in
        by_section[section].sort(key=lambda s: (-s.share, -(best(made.units, s.skill)[1] or NO_FIGURES).lq, s.skill))
    asking = _Asking(ctx, made)
    return [
        _section(ctx, made, section, by_section.get(section.id, []), asking)
        for section in guidelines.skill_sections()
        if not only or section.id in only
    ]


class _Asking:
    """Which anchors ask for a skill, and how; told only where there are several, else the relation says it all."""

    def __init__(self, ctx: Context, made: Profile) -> None:
        self._anchors = [a.occupation for a in made.recipe.anchors]
        self._marks: dict[str, int] = {}  # skill -> two bits for each anchor: essential, optional
        self._written = {0: b"}"}  # a skill shares its marks with many others, so each pattern is written once
        if len(self._anchors) > 1:
            marks = self._marks
            for n, anchor in enumerate(made.recipe.anchors):
                needs = ctx.catalogue.profiles.tables.needs(anchor)
                for skills, mark in ((needs.essential, 1 << 2 * n), (needs.optional, 2 << 2 * n)):
                    for skill in skills:
                        marks[skill] = marks.get(skill, 0) | mark

    def written(self, skill: str) -> bytes:
        """The end of the entry of a skill: the anchors, if they are told, and the closing brace."""
        marks = self._marks.get(skill, 0)
        written = self._written.get(marks)
        if written is None:
            written = self._written[marks] = b"," + orjson.dumps(self.anchors(skill))[1:]
        return written

    def anchors(self, skill: str) -> Asking:
        """The anchors by relation, where they are told."""
        marks = self._marks.get(skill, 0)
        asked: AskedBy = {}
        if essential := [o for n, o in enumerate(self._anchors) if marks & 1 << 2 * n]:
            asked["essential"] = essential
        if optional := [o for n, o in enumerate(self._anchors) if marks & 2 << 2 * n]:
            asked["optional"] = optional
        return {"askedBy": asked} if asked else {}

    def first(self, skill: str) -> str:
        """The heaviest anchor that holds a skill essential."""
        marks = self._marks.get(skill, 0)
        return next((o for n, o in enumerate(self._anchors) if marks & 1 << 2 * n), "")


def _section(
    ctx: Context, made: Profile, section: Section, skills: list[ProfileSkill], asking: _Asking
) -> ProfileSection:
    """A section with its skills, arranged as the guidelines say."""
    iri = section_iri(section.id)
    blocks = {r.id for r in ctx.catalogue.profiles.guidelines.rules if r.measure == _OF_ANCHOR}
    groups: dict[str, list[ProfileEntry]] = {}
    key_of = _arranging(ctx, made, section)
    tables = ctx.catalogue.profiles.tables
    for item in skills:
        unit = made.units[0] if len(made.units) == 1 else tables.best(made.units, item.skill)[0]
        entry = _entry(ctx, unit, item, item.section if item.section != section.id else "", asking)
        block = section.id == CORE_SECTION and item.rule in blocks
        key = asking.first(item.skill) if block else key_of(item.skill)
        groups.setdefault(key, []).append(entry)
    if section.id == CORE_SECTION:  # what the anchors share, then the blocks of single ones as they come
        ordered = sorted(groups.items(), key=lambda e: e[0] != "")
    else:
        ordered = sorted(groups.items(), key=lambda e: (e[0] == "", -len(e[1]), e[0]))
    return {
        "uri": iri,
        "id": section.id,
        "preferredLabel": words(ctx, iri, "label"),
        "groupedBy": cast(GroupedBy, section.grouped_by),
        "skillCount": len(skills),
        "repeatCount": sum(s.section != section.id for s in skills),
        "groups": [{"group": _group(ctx, section, key), "skills": entries} for key, entries in ordered],
    }


def _arranging(ctx: Context, made: Profile, section: Section) -> Callable[[str], str]:
    """What a section arranges a skill by: the identifier of its cluster, its field, its T group, or nothing."""
    tables = ctx.catalogue.profiles.tables
    match section.grouped_by:
        case "cluster":
            return lambda skill: (tables.best(made.units, skill)[1] or NO_FIGURES).cluster
        case "field":
            return lambda skill: tables.skills[skill].field
        case "t-group":
            return lambda skill: tables.skills[skill].t_group
    return lambda _: ""


def _group(ctx: Context, section: Section, key: str) -> Arrangement:
    """The cluster, field, T group or anchor that skills are arranged by; None for the others."""
    if not key:
        return None
    if section.id == CORE_SECTION:
        return ctx.part("occupation-ref", key, occupation_ref)
    if section.grouped_by == "cluster":
        return ctx.part("cluster-ref", key, lambda c, k: cluster_ref(c, c.catalogue.analysis.clusters[k]))
    iri = key if section.grouped_by == "field" else ctx.catalogue.profiles.groups[key]
    return ctx.part("group-ref", iri, lambda c, i: group_ref(c, c.catalogue.groups[i]))


def _entry(ctx: Context, unit: str, item: ProfileSkill, repeat: str, asking: _Asking) -> ProfileEntry:
    """A skill in its place. What is the same in every profile of the domain is serialised once, in front of what is not."""
    if ctx.readable:
        return {**_known(ctx, unit, item.skill), **_place(*item[2:], repeat), **asking.anchors(item.skill)}
    known = ctx.part_bytes(f"profile-skill/{unit}", item.skill, lambda c, s: _known(c, unit, s))
    written = known[:-1] + _place_written(*item[2:], repeat) + asking.written(item.skill)
    return cast(ProfileEntry, orjson.Fragment(written))


@lru_cache(50_000)
def _place_written(
    rule: str, also: tuple[str, ...], relation: Relation, share: float, essential_share: float, repeat: str
) -> bytes:
    """The part of an entry that says how the skill came to its place."""
    return b"," + orjson.dumps(_place(rule, also, relation, share, essential_share, repeat))[1:-1]


def _place(
    rule: str, also: tuple[str, ...], relation: Relation, share: float, essential_share: float, repeat: str
) -> Placing:
    return {
        "rule": rule, "alsoBy": list(also), "relation": relation, "share": share, "essentialShare": essential_share,
        "repeatOf": repeat or None,
    }  # fmt: skip


def _known(ctx: Context, unit: str, skill: str) -> KnownSkill:
    """A skill, and what the release says on it in the domain: None where it says nothing."""
    entry: KnownSkill = {"skill": skill_ref(ctx, skill), "specialisation": None}
    if known := ctx.catalogue.profiles.tables.figures.get(unit, {}).get(skill):
        entry["specialisation"] = {
            "uri": f"{CCSID}specialisation/{unit}/{local_name(skill)}", "unit": unit, "locationQuotient": known.lq, "share": known.share,
            "specialisationEvidence": known.evidence, "cluster": cluster_iri(known.cluster) if known.cluster else None,
        }  # fmt: skip
    return entry
