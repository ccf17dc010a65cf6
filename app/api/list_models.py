"""The shapes of lists that have a compact form, and of /lookup."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from app.api.models import DomainMembers, OccupationList, Shape, SkillRefs
from app.api.scope_models import DomainShare, ReviewQueue


class CompactList(Shape):
    """One page of a list in short, as `view=compact` or `fields` ask for it."""

    domain: str = Field("", description="In lists of a domain.")
    items: list[dict[str, str | float | bool | list[str] | None]]
    total: int
    limit: int
    offset: int
    language: str


class ScopedList(OccupationList):
    """All occupations in scope, each once."""

    domain: Literal["ccsi"]


class LookedUp(Shape):
    """What one code or identifier stands for."""

    asked: str
    status: Literal["found", "unknown", "withdrawn"]
    type: Literal["occupation", "skill", "isco", "skill-group", "nace"] | None
    classification: Literal["esco", "isco-08", "nace-2.1", "nace-2"] | None
    uri: str | None
    code: str | None
    label: str | None
    href: str | None
    core: list[str] = Field(description="Domains of an occupation in which it is core.")
    related: list[str] = Field(description="Domains of an occupation in which it is related.")
    domain_shares: list[DomainShare] = Field(description="Of a code: where the occupations under it belong.")
    detail: str | None = Field(description="Why nothing is found.")
    did_you_mean: str | None = Field(description="The code that was probably meant.")
    replaced_by: list[str] = Field(description="Of what ESCO has withdrawn: its successors, where known.")


class LookupAnswer(Shape):
    """One answer for each that was asked for, in its order."""

    items: list[LookedUp]
    total: int
    language: str


LIST_ANSWERS: dict[str, tuple[type[BaseModel], ...]] = {
    "/domains/{id}/occupations": (DomainMembers, ScopedList, CompactList),
    "/occupations": (OccupationList, CompactList),
    "/skills": (SkillRefs, CompactList),
    "/scope/review-queue": (ReviewQueue, CompactList),
    "/lookup": (LookupAnswer,),
}
