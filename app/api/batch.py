"""/lookup: codes and identifiers of any kind in one call, each answered or named as unknown."""

from __future__ import annotations

import re
from typing import Annotated, Literal, cast

from fastapi import Request
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict
from starlette.responses import Response

from app.api import tables, views
from app.api.batches import Batches
from app.api.bodies import FIRST_ERROR, Body, BoundedBody, Iri, few, most_of
from app.api.codes import concept_iri, isco_group, nace_activity, occupations_of, skill_group
from app.api.lookup import at_most, missing
from app.api.occupations import CODE, with_code
from app.api.routing import api_router
from app.api.shares import DomainShare, domain_shares
from app.catalogue.concepts import Group
from app.catalogue.keys import occupation_iri, skill_iri
from app.errors import BadParameter, Gone, NotFound, Problem
from app.http.shapes import Shape
from app.request import Context, Ctx
from ontology import ESCO_DATA
from ontology.nace import BASES, Activity, Revision

router = api_router("search", route_class=BoundedBody)

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ISCO = re.compile(r"[Cc]?[0-9]{1,4}")
_SKILLS = re.compile(r"[SKLTsklt][0-9](?:\.[0-9]+)*")
_REVISIONS: dict[str | None, Revision] = {"nace-2": "2", "nace-2.1": "2.1"}  # by classification
LOOKUP_EXAMPLE: JsonDict = {"codes": ["2621.3", "C2621", "91.21", "9.1"]}


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
    core: Annotated[list[str], Field(description="Domains of an occupation in which it is core.")]
    related: Annotated[list[str], Field(description="Domains of an occupation in which it is related.")]
    domainShares: Annotated[list[DomainShare], Field(description="Of a code: where the occupations under it belong.")]
    detail: Annotated[str | None, Field(description="Why nothing is found.")]
    didYouMean: Annotated[str | None, Field(description="The code that was probably meant.")]
    replacedBy: Annotated[list[str], Field(description="Of what ESCO has withdrawn: its successors, where known.")]


class LookupAnswer(Shape):
    """One answer for each that was asked for, in its order."""

    items: list[LookedUp]
    total: int
    language: str


class LookupIn(Body):
    """Which codes and identifiers to look up."""

    model_config = ConfigDict(json_schema_extra={"examples": [LOOKUP_EXAMPLE]})
    bound = "lookup_bytes"

    codes: Annotated[list[Iri], FIRST_ERROR, few(most_of("lookup_codes"))] = Field(
        description="IRIs and UUIDs of ESCO, ESCO codes, ISCO-08 and NACE codes, mixed."
    )
    classification: Literal["esco", "isco-08", "nace-2.1", "nace-2"] | None = Field(
        None,
        description="Of all codes. Without it each is read by its form: bare digits are ISCO-08, with a dot behind two NACE.",
    )


@router.post("/lookup", summary="Codes and identifiers of any kind, many at once")
async def look_up(request: Request, ctx: Ctx, body: LookupIn) -> Response:
    """For each what it stands for, with its domains; or why it is unknown, and what was probably meant.

    Bare digits are ISCO-08 where no classification is given, and never taken for NACE: 9121 is there a group of ISCO-08.
    """
    at_most("codes", body.codes, ctx.limits.lookup_codes)

    def work() -> list[LookedUp]:
        answers = {code: look_up_code(ctx, code, body.classification) for code in dict.fromkeys(body.codes)}
        return [answers[code] for code in body.codes]

    batches: Batches = request.app.state.batches
    items = await batches.run(request, work) if len(body.codes) > 1 else work()
    answer: LookupAnswer = {"items": items, "total": len(items), "language": ctx.language}
    return ctx.json(answer)


def look_up_code(ctx: Context, asked: str, classification: str | None) -> LookedUp:
    """What a code stands for, or why it is unknown."""
    blank: LookedUp = {
        "type": None, "classification": None, "uri": None, "code": None, "label": None, "href": None, "detail": None,
        "didYouMean": None, "asked": asked, "status": "found", "core": [], "related": [], "domainShares": [], "replacedBy": [],
    }  # fmt: skip
    try:
        return _read(ctx, blank, asked.strip(), classification)
    except Gone as error:
        known = error.members
        return blank | {
            "status": "withdrawn",
            "detail": error.detail,
            "replacedBy": cast(list[str], known["replacedBy"]),
            "uri": cast(str, known["uri"]),
        }
    except Problem as error:
        meant = cast(str | None, error.members.get("didYouMean"))
        return blank | {"status": "unknown", "detail": error.detail, "didYouMean": meant}


def _read(ctx: Context, blank: LookedUp, asked: str, classification: str | None) -> LookedUp:
    """What a code stands for. Raises Problem."""
    if classification in _REVISIONS or (classification is None and asked.startswith(tuple(BASES.values()))):
        return _activity(ctx, blank, nace_activity(ctx, asked, "codes", _REVISIONS.get(classification)))
    if classification == "isco-08":
        return _group(ctx, blank, isco_group(ctx, asked, "codes"))
    if asked.startswith("http") or _UUID.fullmatch(asked):
        return _concept(ctx, blank, asked)
    if CODE.fullmatch(asked):
        return _occupation(ctx, blank, with_code(ctx, asked, "codes", NotFound))
    if _SKILLS.fullmatch(asked):
        return _group(ctx, blank, skill_group(ctx, asked, "codes", NotFound))
    if classification == "esco":
        raise BadParameter(f"codes: '{asked[:30]}' is no code, UUID or IRI of ESCO.", field="codes")
    if _ISCO.fullmatch(asked):
        return _group(ctx, blank, isco_group(ctx, asked, "codes"))
    return _activity(ctx, blank, nace_activity(ctx, asked, "codes", None))


def _concept(ctx: Context, blank: LookedUp, asked: str) -> LookedUp:
    catalogue = ctx.catalogue
    bare = _UUID.fullmatch(asked) is not None
    for iri in (occupation_iri(asked.lower()), skill_iri(asked.lower())) if bare else (concept_iri(asked),):
        if iri in catalogue.occupations:
            return _occupation(ctx, blank, iri)
        if iri in catalogue.skills:
            return blank | {
                "type": "skill", "classification": "esco", "uri": iri, "label": tables.label(ctx, iri),
                "href": views.skill_ref(ctx, iri)["href"],
            }  # fmt: skip
        if iri in catalogue.groups:
            return _group(ctx, blank, catalogue.groups[iri])
    kind = "occupation" if iri.startswith(f"{ESCO_DATA}occupation/") else "skill"
    raise missing(ctx, iri, kind, "codes")


def _occupation(ctx: Context, blank: LookedUp, iri: str) -> LookedUp:
    record = tables.occupation(ctx, iri)
    return {
        **blank, "type": "occupation", "classification": "esco", "uri": iri, "code": record["code"], "label": record["label"],
        "core": record["core"], "related": record["related"], "href": views.occupation_ref(ctx, iri)["href"],
    }  # fmt: skip


def _group(ctx: Context, blank: LookedUp, group: Group) -> LookedUp:
    isco = group.scheme == "isco"
    return blank | {
        "type": "isco" if isco else "skill-group",
        "classification": "isco-08" if isco else "esco",
        "uri": group.iri,
        "code": group.code,
        "label": tables.label(ctx, group.iri),
        "href": views.group_address(ctx, group),
        "domainShares": domain_shares(ctx, ctx.catalogue.under_isco(group.code)) if isco else [],
    }


def _activity(ctx: Context, blank: LookedUp, item: Activity) -> LookedUp:
    return blank | {
        "type": "nace",
        "classification": "nace-2" if item.revision == "2" else "nace-2.1",
        "uri": item.iri,
        "code": item.code,
        "label": item.name,
        "href": views.activity(ctx, item)["href"],
        "domainShares": domain_shares(ctx, occupations_of(ctx, item)),
    }
