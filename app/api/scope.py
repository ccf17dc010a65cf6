"""/scope: the scope in figures, the evidence of one occupation, what experts should review."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from analysis.tables import Degree
from app.api import tables, views
from app.api.apart import apart
from app.api.lookup import find, occupation_of
from app.api.routing import api_router
from app.api.tables import ROW_COSTS, InForm, list_response
from app.api.views import Assertion, NaceRef, OccupationRef, Outcome
from app.catalogue.concepts import Decision, in_one
from app.http.shapes import LinkedShape, Listing, Shape
from app.pictures.canvas import PICTURE_TYPES
from app.pictures.scope import scope_svg
from app.reports.scope import report, review_queue
from app.request import Context, Ctx, Paging
from ontology import local_name

router = api_router("scope")


class Queued(OccupationRef, Outcome):
    """A decision to look at, and why."""

    reasons: list[str]
    decision: Annotated[str, Field(description="IRI of the decision.")]
    domain: str | None
    degree: Degree
    evidence: list[Assertion]
    allEvidence: str


class ReviewQueue(Listing):
    """Decisions to look at, the least certain first."""

    items: list[Queued]


class Change(Shape):
    """What changed about an occupation since it was read."""

    occupation: str
    label: str
    what: Literal["label", "isco", "description", "skills", "vanished", "new"]
    before: str
    after: str


class OccupationEvidence(OccupationRef, LinkedShape):
    """All that is known about an occupation's place in the scope."""

    iscoGroup: str
    naceCode: list[NaceRef]
    decisions: list[views.Decision]
    assertions: list[Assertion]
    changes: list[Change]
    escoVersion: str


@router.get("/scope", summary="The scope in figures")
@apart(30.0)
async def scope(ctx: Ctx) -> Response:
    """Sizes by domain, degree, route and ISCO major group, overlaps, and the differences to Eurostat's list and to NACE."""
    return ctx.json(report(ctx.catalogue))


@router.get("/scope.{kind}", summary="The scope as a picture")
@apart(270.0)
async def picture(ctx: Ctx, kind: Literal["svg", "png"]) -> Response:
    """Occupations by domain and degree, and what each evidence route sees of them."""
    language = ctx.label_language
    names = {key: in_one(d.labels, language) for key, d in ctx.catalogue.domains.items()}
    image = await asyncio.to_thread(scope_svg, report(ctx.catalogue), kind, language, names)
    return ctx.bytes(image, PICTURE_TYPES[kind])


@router.get("/scope/review-queue", summary="Decisions that an expert should look at")
@apart(per_row=ROW_COSTS)
async def queue(
    ctx: Ctx,
    paging: Paging,
    form: InForm,
    domain: Annotated[str | None, Query(description="Only decisions for this domain.")] = None,
    reason: Annotated[
        Literal["low confidence", "single route", "contradiction", "changed since curation"] | None,
        Query(description="Only those queued for this reason."),
    ] = None,
) -> Response:
    """Contradicted, weakly supported and changed decisions, the least certain first, each with its evidence."""
    entries = review_queue(ctx.catalogue)
    if domain is not None:
        key = find(ctx, domain).id
        entries = [entry for entry in entries if entry[0].domain == key]
    if reason is not None:
        entries = [entry for entry in entries if any(r.startswith(reason) for r in entry[1])]
    return list_response(
        ctx, entries, paging, form, whole=lambda entry: _queued(ctx, *entry), columns=tables.QUEUED,
        record=lambda entry: {**tables.member(ctx, entry[0]), "reasons": entry[1]},
    )  # fmt: skip


@router.get("/scope/occupations/{uuid}", summary="Everything that is known about an occupation's place in the scope")
async def evidence(ctx: Ctx, uuid: str) -> Response:
    """Every decision and every assertion of every route, with the sources each was derived from."""
    iri = occupation_of(ctx, uuid)
    item = ctx.catalogue.occupations[iri]
    payload: OccupationEvidence = {
        "@context": ctx.url("/context.jsonld"),
        **views.occupation_ref(ctx, iri),
        "iscoGroup": item.isco,
        "naceCode": [views.nace_ref(ctx, n) for n in item.nace],
        "decisions": [views.decision(d) for d in item.decisions],
        "assertions": [views.assertion(a) for a in item.assertions],
        "changes": [c for c in ctx.catalogue.carry_over["changes"] if c["occupation"] == iri],
        "escoVersion": ctx.served.release.manifest["escoVersion"],
        "language": ctx.language,
    }
    return ctx.json(payload)


def _queued(ctx: Context, item: Decision, reasons: list[str]) -> Queued:
    return {
        **views.occupation_ref(ctx, item.occupation),
        "reasons": reasons,
        "decision": item.iri,
        "domain": item.domain or None,
        "degree": item.degree,
        **views.outcome(item),
        "evidence": [views.assertion(a) for a in item.evidence],
        "allEvidence": ctx.url(f"/scope/occupations/{local_name(item.occupation)}"),
    }
