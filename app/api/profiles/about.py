"""What a profile says of its role beside skills: words, tasks, regulation, education, near occupations, validation.

All of it is ESCO's or the graph's own; what neither says is left out or stands as None, never made up.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import orjson

from analysis.profiles.similarity import SkillSet
from analysis.profiles.statements import DRAFT, fields_of_education
from analysis.profiles.tables import CORE_SECTION, Profile
from analysis.profiles.tasks import tasks
from app.api.profiles.words import words
from app.api.views import Json, group_ref, occupation_ref
from app.api.views import words as words_of
from app.request import Context
from ontology import CCSID

DESCRIBED = 5  # anchors whose own words a profile tells; those of a wide cell would fill pages and describe no role
NEAR = 5  # occupations that a profile names as near
_LANGUAGES = ("description", "scopeNote")


def about(ctx: Context, made: Profile, key: str) -> Json:
    """The head of an occupational profile; ``key`` names a template, whose near occupations are worked out once."""
    entry = ctx.catalogue.profiles.templates.get(key)
    anchors = [a.occupation for a in made.recipe.anchors]
    few = anchors if len(anchors) <= DESCRIBED else []
    near = ctx.part("profile-near", key, lambda c, _: _near(c, made)) if key else _near(ctx, made)
    return {
        "occupations": [ctx.part("profile-about", o, _occupation) for o in few],
        "tasks": [found for code in _unit_groups(ctx, few) if (found := _tasks(ctx, code))],
        "regulatedProfessions": [
            ctx.part("occupation-ref", o, occupation_ref) for o in anchors if ctx.catalogue.occupations[o].regulated
        ],
        "fieldsOfEducation": [
            {"field": ctx.part("group-ref", f, _group), "skills": n}
            for f, n in fields_of_education(made, ctx.catalogue.profiles.tables).items()
        ],
        "eqfLevel": None,
        "near": near,
        "validation": ctx.part("validation", entry.status if entry else DRAFT, _validation),
    }


def _occupation(ctx: Context, iri: str) -> Json:
    """An anchor in ESCO's words, and the occupations that ESCO puts right above and below it."""
    item = ctx.catalogue.occupations[iri]
    said: Json = words_of(ctx, iri)
    return {
        **occupation_ref(ctx, iri),
        **{name: said.get(name, {}) for name in _LANGUAGES},
        "alternativeLabel": said.get("alternativeLabel", {}),
        "regulatedProfession": item.regulated,
        "broaderOccupation": [occupation_ref(ctx, b) for b in item.broader if b in ctx.catalogue.occupations],
        "narrowerOccupation": [occupation_ref(ctx, n) for n in item.narrower if n in ctx.catalogue.occupations],
    }


def _unit_groups(ctx: Context, occupations: Iterable[str]) -> list[str]:
    found = (ctx.catalogue.occupations[o].isco for o in occupations)
    return [code for code in dict.fromkeys(found) if code in ctx.catalogue.isco]


def _tasks(ctx: Context, code: str) -> Any:
    """The tasks of a unit group in every language whose text tells them; None where none does."""

    def build(ctx: Context, code: str) -> Json | None:
        group = ctx.catalogue.isco[code]
        texts = orjson.loads(orjson.dumps(words_of(ctx, group.iri).get("description", {})))
        found = {tag: listed for tag, text in texts.items() if (listed := tasks(text))}
        return {"group": group_ref(ctx, group), "tasks": found} if found else None

    found = ctx.part_bytes("unit-tasks", code, build)
    return orjson.Fragment(found) if found != b"null" else None


def _group(ctx: Context, iri: str) -> Json:
    return group_ref(ctx, ctx.catalogue.groups[iri])


def _near(ctx: Context, made: Profile) -> list[Json]:
    """The occupations of the sectors that moves out of the role lead to most easily, the nearest first."""
    profiles = ctx.catalogue.profiles
    transition_index, tables = profiles.transition_index, profiles.tables
    own = {a.occupation for a in made.recipe.anchors}
    if len(own) == 1 and made.recipe.anchors[0].only is None:
        needs = tables.occupations[next(iter(own))]
        given = SkillSet(frozenset(needs.essential), frozenset((*needs.essential, *needs.optional)))
    else:
        core = frozenset(s.skill for s in made.skills if s.section == CORE_SECTION)
        given = SkillSet(core, frozenset(s.skill for s in made.skills if s.relation != "none") | core)
    rows = np.array(
        sorted(transition_index.row[o] for o, places in tables.scope.items() if places and o not in own), dtype=int
    )
    similarity = np.round(transition_index.out_of(given).similarity[rows], 4)
    found = []
    for n in np.argsort(-similarity, kind="stable")[:NEAR]:  # rows are in the order of IRIs, so ties are too
        value = float(similarity[n])
        if value > 0:
            other = transition_index.occupations[int(rows[n])]
            found.append(
                {
                    "occupation": ctx.part("occupation-ref", other, occupation_ref),
                    "similarity": value,
                    "viability": transition_index.viability(value),
                }
            )
    return found


def _validation(ctx: Context, status: str) -> Json:
    iri = f"{CCSID}status/{status}"
    return {
        "status": {"uri": iri, "id": status, "preferredLabel": words(ctx, iri, "label")},
        "definition": words(ctx, iri, "definition"),
    }
