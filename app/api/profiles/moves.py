"""Moves between occupations: how near they are, which are viable, and the skills that bridge the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from analysis.profiles import similarity
from analysis.profiles.similarity import SkillSet, Viability
from analysis.profiles.tables import CCSI_UNIT, CORE_SECTION, Profile
from app.api.lookup import one_of
from app.api.views import DomainDegree, OccupationRef, degrees_of, occupation_ref
from app.http.shapes import LanguageMap, Listing, Shape
from app.request import Context

BRIDGING = 5  # missing skills that a list names; the comparison of two names all
SPECIAL = ("ccsi", "outside", "all")


class Thresholds(Shape):
    """From which similarity on a move is viable."""

    viable: float
    highlyViable: float


class BridgingSkill(Shape):
    """A skill in short."""

    uri: str
    preferredLabel: LanguageMap
    skillType: str | None


class MovingOccupation(OccupationRef):
    """An occupation at the end of a move."""

    domains: list[DomainDegree]


class Nearness(Shape):
    """How near two sets of skills are."""

    similarity: Annotated[float, Field(ge=0, le=1)]
    viability: Viability
    coverage: Annotated[
        float, Field(ge=0, le=1, description="Share of the essential skills at the end that are there at the start.")
    ]
    reverseCoverage: Annotated[float, Field(ge=0, le=1)]


class Move(Nearness):
    """A move to or from an occupation."""

    shared: int
    missing: int
    occupation: MovingOccupation
    bridgingSkills: Annotated[
        list[BridgingSkill], Field(description="The first missing essential skills, by use in the domain.")
    ]


class Moves(Listing):
    """Moves, the nearest first."""

    thresholds: Thresholds
    items: list[Move]


def nearest(ctx: Context, nearness: similarity.Nearness, keep: set[str]) -> NDArray[np.int64]:
    """The rows of occupations by similarity."""
    transition_index = ctx.catalogue.profiles.transition_index
    rows = np.fromiter((transition_index.row[o] for o in keep), dtype=np.int64, count=len(keep))
    rows.sort()  # rows are in the order of IRIs, and a stable sort keeps them so among equals
    return rows[np.argsort(-np.round(nearness.similarity[rows], 4), kind="stable")]


def related_items(ctx: Context, iri: str, most: int) -> list[Move]:
    """The occupations of the sectors that moves out of one lead to most easily, as /occupations/{uuid}/related lists them."""
    mine = needs_of(ctx, iri)
    nearness = ctx.catalogue.profiles.transition_index.out_of(mine)
    rows = nearest(ctx, nearness, occupations_among(ctx, "ccsi") - {iri})[:most]
    return [move(ctx, nearness, int(n), lambda o: to_learn(ctx, o, mine)) for n in rows]


def move(ctx: Context, nearness: similarity.Nearness, row: int, lacking: Callable[[str], list[str]]) -> Move:
    """A move to or from the occupation in a row; `lacking` tells the skills to be learnt, by its IRI."""
    transition_index = ctx.catalogue.profiles.transition_index
    other = transition_index.occupations[row]
    alike = round(float(nearness.similarity[row]), 4)
    gap = lacking(other)
    return {
        "occupation": ctx.part("moving", other, _moving),
        "similarity": alike,
        "viability": transition_index.viability(alike),
        "coverage": round(float(nearness.coverage[row]), 4),
        "reverseCoverage": round(float(nearness.reverse[row]), 4),
        "shared": int(nearness.shared[row]),
        "missing": len(gap),
        "bridgingSkills": [ctx.part("bridge", s, bridge) for s in gap[:BRIDGING]],
    }


def _moving(ctx: Context, iri: str) -> MovingOccupation:
    """An occupation at the end of a move, with the domains it is in."""
    return {**occupation_ref(ctx, iri), "domains": degrees_of(ctx.catalogue.occupations[iri])}


def bridge(ctx: Context, iri: str) -> BridgingSkill:
    """A skill in short."""
    return {"uri": iri, "preferredLabel": ctx.labels.of(iri), "skillType": ctx.catalogue.skills[iri].type or None}


def to_learn(ctx: Context, iri: str, known: SkillSet) -> list[str]:
    """The essential skills of an occupation that somebody with the known ones lacks, first those that open most doors."""
    return [s for s in _in_order(ctx, iri) if s not in known.every]


def _in_order(ctx: Context, iri: str) -> tuple[str, ...]:
    """The essential skills of an occupation, first those that its domain asks for most widely: these open most doors."""
    profiles = ctx.catalogue.profiles
    ordered = profiles.in_order.get(iri)
    if ordered is None:
        domain = next((d.domain for d in ctx.catalogue.occupations[iri].decisions if d.degree != "excluded"), CCSI_UNIT)
        figures = profiles.tables.figures.get(domain, {})
        needs = profiles.tables.occupations[iri].essential
        ordered = tuple(sorted(needs, key=lambda s: (-figures[s].share if s in figures else 0.0, s)))
        profiles.in_order[iri] = ordered
    return ordered


def thresholds(ctx: Context) -> Thresholds:
    """From which similarity on a move is viable in this release."""
    transition_index = ctx.catalogue.profiles.transition_index
    return {"viable": transition_index.viable, "highlyViable": transition_index.highly_viable}


def needs_of(ctx: Context, iri: str) -> SkillSet:
    """What an occupation asks for."""
    needs = ctx.catalogue.profiles.tables.occupations[iri]
    essential = frozenset(needs.essential)
    return SkillSet(essential, essential | frozenset(needs.optional))


def needs_of_profile(profile: Profile) -> SkillSet:
    """What a profile asks for: its core skills as the essential ones."""
    core = frozenset(s.skill for s in profile.skills if s.section == CORE_SECTION)
    return SkillSet(core, core | {s.skill for s in profile.skills if s.relation != "none"})


def occupations_among(ctx: Context, name: str) -> set[str]:
    """The occupations of a set by its name. Raises BadParameter."""
    scope = ctx.catalogue.profiles.tables.scope
    inside = {o for o, places in scope.items() if places}
    if name == "ccsi":
        return inside
    if name == "all":
        return set(ctx.catalogue.occupations)
    if name == "outside":
        return set(ctx.catalogue.occupations) - inside
    one_of("among", name, [*SPECIAL, *ctx.catalogue.top_domains])
    return {o for o in inside if name in scope[o]}
