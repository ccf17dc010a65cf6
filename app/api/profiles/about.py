"""What a profile says of its role beside skills: words, tasks, regulation, education, near occupations, validation.

All of it is ESCO's or the graph's own; what neither says is left out or stands as None, never made up.
"""

from __future__ import annotations

from typing import Annotated, cast

import numpy as np
import orjson
from pydantic import Field

from analysis.profiles.similarity import Viability
from analysis.profiles.statements import DRAFT, fields_of_education
from analysis.profiles.tables import Profile
from analysis.profiles.tasks import tasks
from app.api.profiles.moves import nearest, needs_of, needs_of_profile, occupations_among
from app.api.profiles.naming import words
from app.api.views import GroupRef, OccupationRef, group_ref, occupation_ref, occupation_refs
from app.api.views import words as words_of
from app.http.shapes import LanguageMap, Shape
from app.request import Context
from ontology import CCSID

DESCRIBED = 5  # anchors whose own words a profile tells; those of a wide cell would fill pages and describe no role
NEAR = 5  # occupations that a profile names as near


class DescribedOccupation(OccupationRef):
    """An anchor in ESCO's words."""

    description: LanguageMap
    scopeNote: LanguageMap
    alternativeLabel: dict[str, list[str]]
    regulatedProfession: bool | None
    broaderOccupation: list[OccupationRef]
    narrowerOccupation: list[OccupationRef]


class UnitTasks(Shape):
    """The tasks that ISCO-08 tells of a unit group: those of all its occupations, not of one."""

    group: GroupRef
    tasks: dict[str, list[str]]


class FieldOfEducation(Shape):
    """An ISCED-F field, and how many knowledge skills of the profile ESCO has under it."""

    field: GroupRef
    skills: int


class NearOccupation(Shape):
    """An occupation of the sectors that a move out of the role leads to."""

    occupation: OccupationRef
    similarity: Annotated[float, Field(ge=0, le=1)]
    viability: Viability


class StatusRef(Shape):
    """A status of validation."""

    uri: str
    id: str
    preferredLabel: LanguageMap


class Validation(Shape):
    """How far experts have gone through the profile."""

    status: StatusRef
    definition: LanguageMap


class AboutRole(Shape):
    """The head of an occupational profile."""

    occupations: Annotated[
        list[DescribedOccupation], Field(description="The anchors in ESCO's words, where they are few.")
    ]
    tasks: list[UnitTasks]
    regulatedProfessions: list[OccupationRef]
    fieldsOfEducation: list[FieldOfEducation]
    eqfLevel: Annotated[
        int | None, Field(ge=1, le=8, description="Null until experts say it: ESCO does not, and none is derived.")
    ]
    near: list[NearOccupation]
    validation: Validation


def about(ctx: Context, made: Profile, key: str) -> AboutRole:
    """The head of an occupational profile; ``key`` names a template, whose near occupations are worked out once."""
    entry = ctx.catalogue.profiles.templates.get(key)
    anchors = [a.occupation for a in made.recipe.anchors]
    few = anchors if len(anchors) <= DESCRIBED else []
    unit_groups = dict.fromkeys(ctx.catalogue.occupations[o].isco for o in few)
    near = ctx.part("profile-near", key, lambda c, _: _near(c, made)) if key else _near(ctx, made)
    return {
        "occupations": [ctx.part("profile-about", o, _occupation) for o in few],
        "tasks": [told for code in unit_groups if code in ctx.catalogue.isco and (told := _tasks(ctx, code))],
        "regulatedProfessions": [
            ctx.part("occupation-ref", o, occupation_ref) for o in anchors if ctx.catalogue.occupations[o].regulated
        ],
        "fieldsOfEducation": [
            {"field": ctx.part("group-ref", f, lambda c, i: group_ref(c, c.catalogue.groups[i])), "skills": n}
            for f, n in fields_of_education(made, ctx.catalogue.profiles.tables).items()
        ],
        "eqfLevel": None,
        "near": near,
        "validation": ctx.part("validation", entry.status if entry else DRAFT, _validation),
    }


def _occupation(ctx: Context, iri: str) -> DescribedOccupation:
    """An anchor in ESCO's words, and the occupations that ESCO puts right above and below it."""
    item = ctx.catalogue.occupations[iri]
    said = words_of(ctx, iri)
    return {
        **occupation_ref(ctx, iri),
        "description": said.get("description", {}),
        "scopeNote": said.get("scopeNote", {}),
        "alternativeLabel": said["alternativeLabel"],
        "regulatedProfession": item.regulated,
        "broaderOccupation": occupation_refs(ctx, item.broader),
        "narrowerOccupation": occupation_refs(ctx, item.narrower),
    }


def _tasks(ctx: Context, code: str) -> UnitTasks | None:
    """The tasks of a unit group in every language whose text tells them; None where none does."""

    def build(ctx: Context, code: str) -> UnitTasks | None:
        group = ctx.catalogue.isco[code]
        texts = words_of(ctx.to_read(), group.iri).get("description", {})
        by_language = {tag: list(listed) for tag, text in texts.items() if (listed := tasks(text))}
        return {"group": group_ref(ctx, group), "tasks": by_language} if by_language else None

    if ctx.readable:
        return build(ctx, code)
    written = ctx.part_bytes("unit-tasks", code, build)
    return cast(UnitTasks, orjson.Fragment(written)) if written != b"null" else None


def _near(ctx: Context, made: Profile) -> list[NearOccupation]:
    """The occupations of the sectors that moves out of the role lead to most easily, the nearest first."""
    transition_index = ctx.catalogue.profiles.transition_index
    own = {a.occupation for a in made.recipe.anchors}
    whole = len(own) == 1 and made.recipe.anchors[0].only is None
    given = needs_of(ctx, made.recipe.anchors[0].occupation) if whole else needs_of_profile(made)
    nearness = transition_index.out_of(given)
    similarity = np.round(nearness.similarity, 4)
    return [
        {
            "occupation": ctx.part("occupation-ref", transition_index.occupations[n], occupation_ref),
            "similarity": value,
            "viability": transition_index.viability(value),
        }
        for n in nearest(ctx, nearness, occupations_among(ctx, "ccsi") - own)[:NEAR].tolist()
        if (value := float(similarity[n])) > 0
    ]


def _validation(ctx: Context, status: str) -> Validation:
    iri = f"{CCSID}status/{status}"
    return {
        "status": {"uri": iri, "id": status, "preferredLabel": words(ctx, iri, "label")},
        "definition": words(ctx, iri, "definition"),
    }
