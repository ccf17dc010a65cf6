"""Domains side by side: pure functions from the catalogue to what API and pictures show."""

from __future__ import annotations

import math
from itertools import combinations
from typing import Annotated, NamedTuple

from pydantic import Field

from analysis.skills.tables import Specialisation
from app.catalogue.catalogue import Catalogue
from app.catalogue.concepts import in_one
from app.catalogue.skills import SkillCatalogue
from app.http.shapes import Shape

SHOWN = 50
Share = Annotated[float, Field(ge=0, le=1)]


class PairOverlap(Shape):
    """How much two domains overlap in the skills that they are specialised in, transversal ones apart."""

    domains: Annotated[list[str], Field(min_length=2, max_length=2)]
    shared: int
    jaccard: Share
    coefficient: Annotated[Share, Field(description="Shared skills over those of the smaller of the two.")]
    cosine: Annotated[Share, Field(description="Cosine of the shares of use of all skills.")]


class Comparison(NamedTuple):
    """Several domains: skills that all are specialised in, those of one alone, and the overlap of each pair."""

    pairs: list[PairOverlap]
    shared: list[list[Specialisation]]
    distinctive: dict[str, list[Specialisation]]


class Overlaps(NamedTuple):
    """All domains pairwise; ``jaccard`` by row and column in the order of ``labels``."""

    labels: list[str]
    sizes: list[int]
    jaccard: list[list[float]]


def specialised(analysis: SkillCatalogue, unit: str) -> dict[str, Specialisation]:
    """The skills that a unit is specialised in, transversal ones left out."""
    return {s.skill: s for s in analysis.specialisations.get(unit, []) if s.specialised and not s.transversal}


def comparison(analysis: SkillCatalogue, units: list[str]) -> Comparison:
    """Compare units; of shared and distinctive skills the strongest are shown, at most ``SHOWN`` each."""
    mine = {u: specialised(analysis, u) for u in units}
    common = set.intersection(*(set(m) for m in mine.values()))
    ranked = sorted(common, key=lambda k: (-min(mine[u][k].lq for u in units), k))[:SHOWN]
    distinctive = {}
    for u in units:
        others = {s.skill for v in units if v != u for s in analysis.specialisations.get(v, [])}
        alone = [s for k, s in mine[u].items() if k not in others]
        distinctive[u] = sorted(alone, key=lambda s: (-s.support, -s.lq, s.skill))[:SHOWN]
    return Comparison(
        [pair(analysis, a, b) for a, b in combinations(units, 2)], [[mine[u][k] for u in units] for k in ranked],
        distinctive,
    )  # fmt: skip


def pair(analysis: SkillCatalogue, a: str, b: str) -> PairOverlap:
    """The overlap of two units."""
    one, other = specialised(analysis, a), specialised(analysis, b)
    shared = len(one.keys() & other.keys())
    use_a = {s.skill: s.share for s in analysis.specialisations.get(a, [])}
    use_b = {s.skill: s.share for s in analysis.specialisations.get(b, [])}
    dot = math.fsum(v * use_b[k] for k, v in use_a.items() if k in use_b)
    norm = math.sqrt(math.fsum(v * v for v in use_a.values()) * math.fsum(v * v for v in use_b.values()))
    return {
        "domains": [a, b], "shared": shared, "jaccard": _ratio(shared, len(one.keys() | other.keys())),
        "coefficient": _ratio(shared, min(len(one), len(other))), "cosine": round(dot / norm, 4) if norm else 0.0,
    }  # fmt: skip


def overlaps(catalogue: Catalogue, language: str = "en") -> Overlaps:
    """All domains of the release pairwise, called by their names in the language where they have one."""
    analysis = catalogue.analysis
    keys = [k for k, d in sorted(catalogue.domains.items()) if not d.broader and k in analysis.units]
    sets = [set(specialised(analysis, k)) for k in keys]
    return Overlaps(
        [in_one(catalogue.domains[k].labels, language) or k for k in keys],
        [len(s) for s in sets],
        [[_ratio(len(a & b), len(a | b)) for b in sets] for a in sets],
    )


def _ratio(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
