"""The shapes of /domains/{id}/areas and /domains/{id}/blocks."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from analysis.skills.tables import FamilyKind
from app.api.models import LanguageMap, Listing, OccupationRef, Shape, SkillRef
from app.api.skills.models import AreaRef, ClusterRef, Share, UnitOfAnalysis


class LentSkills(Shape):
    """What another domain has in an area."""

    domain: str
    size: int
    skills: list[SkillRef] = Field(max_length=12)


class AreaItem(AreaRef):
    """A skill area in a domain."""

    definition: LanguageMap
    charter_functions: list[str] = Field(description="Heritage functions of CHARTER that the area serves.")
    source: list[str]
    state: Literal["filled", "lent", "gap"] = Field(
        description="By the domain's own skills, by other domains' alone, or by no skill of ESCO."
    )
    size: int
    cluster: ClusterRef | None
    skills: list[SkillRef]
    lent: list[LentSkills] = Field(description="Skills of other domains, where the domain has fewer than four.")


class AreasOfUnit(Listing):
    """The skill areas of a sector."""

    unit: UnitOfAnalysis
    items: list[AreaItem]


class BlockItem(Shape):
    """A family of skills beside the map of a sector."""

    uri: str
    class_name: Literal["SkillFamily"]
    id: str
    preferred_label: LanguageMap
    family_kind: FamilyKind
    concept_above: SkillRef | None = Field(description="What a list of tools stands under.")
    area: AreaRef | None
    family_support: int = Field(description="Occupations of ESCO that use half of it or more.")
    family_agreement: Share = Field(description="Mean Jaccard index of the occupations of two members.")
    size: int
    used: int = Field(description="How many of its skills two occupations of the sector or more use.")
    skills: list[SkillRef]


class BlocksOfUnit(Listing):
    """The families beside the map of a sector."""

    unit: UnitOfAnalysis
    items: list[BlockItem]


class Served(Shape):
    """How far a function is served."""

    level: Literal["main", "some", "none"]
    share: Share = Field(description="Of the occupation's skills on the map, those in areas that serve the function.")


class FunctionsOfOccupation(OccupationRef):
    """An occupation with a level on every function."""

    degree: Literal["core", "related"]
    functions: dict[str, Served]
    charter_functions: dict[str, Served] | None = Field(description="CHARTER's six; null outside of heritage.")


class FunctionsOfUnit(Listing):
    """The occupations of a sector by function."""

    unit: UnitOfAnalysis
    items: list[FunctionsOfOccupation]


AREA_ANSWERS = {
    "/domains/{id}/areas": (AreasOfUnit,), "/domains/{id}/blocks": (BlocksOfUnit,), "/domains/{id}/functions": (FunctionsOfUnit,),
}  # fmt: skip
