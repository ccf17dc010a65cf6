"""/scope: the scope in figures, the evidence of one occupation, what experts should review; /crosswalk between codes."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from app.api import views
from app.api.apart import apart
from app.api.domains import find, nace_digits
from app.catalogue.concepts import Decision, in_one
from app.catalogue.keys import local_name, occupation_iri
from app.errors import BadParameter
from app.pictures.canvas import PICTURE_TYPES
from app.pictures.scope import scope_svg
from app.reports.scope import report, review_queue
from app.request import Context, Ctx, Paging, concept_key, listing, missing

router = APIRouter(tags=["scope"])


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
async def queue(
    ctx: Ctx,
    paging: Paging,
    domain: Annotated[str | None, Query(description="Only decisions for this domain.")] = None,
    reason: Annotated[
        Literal["low confidence", "single route", "contradiction", "changed since curation"] | None,
        Query(description="Only those queued for this reason."),
    ] = None,
) -> Response:
    """Contradicted, weakly supported and changed decisions, the least certain first, each with its evidence."""
    found = review_queue(ctx.catalogue)
    if domain is not None:
        key = find(ctx, domain).id
        found = [entry for entry in found if entry[0].domain == key]
    if reason is not None:
        found = [entry for entry in found if any(r.startswith(reason) for r in entry[1])]
    return listing(ctx, found, paging, lambda entry: _queued(ctx, *entry))


@router.get("/scope/occupations/{uuid}", summary="Everything that is known about an occupation's place in the scope")
async def evidence(ctx: Ctx, uuid: str) -> Response:
    """Every decision and every assertion of every route, with the sources each was derived from."""
    iri = occupation_iri(concept_key(uuid, "occupation"))
    if iri not in ctx.catalogue.occupations:
        raise missing(ctx, iri, "occupation")
    item = ctx.catalogue.occupations[iri]
    return ctx.json(
        {
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
    )


@router.get("/crosswalk", summary="From a code to domains, and back")
async def crosswalk(
    ctx: Ctx,
    isco: Annotated[str | None, Query(description="ISCO-08 code of any level.", examples=["2651"])] = None,
    nace: Annotated[
        str | None, Query(description="NACE code of any level, with or without dots.", examples=["90.31"])
    ] = None,
    revision: Annotated[
        Literal["2", "2.1"] | None,
        Query(description="Revision of the NACE code; without it 2.1, or 2 where 2.1 knows nothing."),
    ] = None,
    esco: Annotated[str | None, Query(description="IRI or UUID of an occupation.")] = None,
    domain: Annotated[str | None, Query(description="A domain: which codes lead to it?", examples=["heritage"])] = None,
) -> Response:
    """Exactly one of isco, nace, esco and domain.

    A code answers with its entries (what the crosswalk says of the code as such) and with the domains of the
    occupations under it: how many, and which share of them, by degree.
    """
    given = [
        name
        for name, value in (("isco", isco), ("nace", nace), ("esco", esco), ("domain", domain))
        if value is not None
    ]
    if len(given) != 1:
        raise BadParameter("Give exactly one of isco, nace, esco and domain.", field=given[1] if given else "isco")
    if isco is not None:
        if isco not in ctx.catalogue.isco:
            raise BadParameter(f"isco: there is no ISCO-08 group '{isco[:20]}'.", field="isco")
        return _answer(
            ctx, "isco-08", isco, views.crosswalk_entries(ctx, "isco-08", isco), ctx.catalogue.under_isco(isco)
        )
    if nace is not None:
        return _nace(ctx, nace, revision)
    if esco is not None:
        iri = esco if esco.startswith("http") else occupation_iri(concept_key(esco, "occupation"))
        if iri not in ctx.catalogue.occupations:
            raise missing(ctx, iri, "occupation")
        return _answer(ctx, "esco", iri, [], [iri])
    return _back(ctx, find(ctx, domain or "").id)


def _nace(ctx: Context, code: str, revision: str | None) -> Response:
    digits = nace_digits(code)
    if revision != "2":
        members = {o for c, found in ctx.catalogue.by_nace.items() if c.startswith(digits) for o in found}
        found = views.crosswalk_entries(ctx, "nace-2.1", digits)
        if members or found or revision:
            return _answer(ctx, "nace-2.1", views.dotted(digits), found, sorted(members))
    # Rev. 2 codes lead to their successors: an entry names the code or codes it was before.
    entries = [
        e
        for e in ctx.catalogue.crosswalk
        if e.classification == "nace-2.1" and any(f.replace(".", "").startswith(digits) for f in e.former.split())
    ]
    prefixes = tuple({e.prefix for e in entries})
    members = {o for c, found in ctx.catalogue.by_nace.items() if prefixes and c.startswith(prefixes) for o in found}
    shown = [row for prefix in sorted(prefixes) for row in views.crosswalk_entries(ctx, "nace-2.1", prefix)]
    return _answer(
        ctx, "nace-2", views.dotted(digits), list({row["uri"]: row for row in shown}.values()), sorted(members)
    )


def _answer(
    ctx: Context, classification: str, code: str, entries: list[dict[str, Any]], members: list[str]
) -> Response:
    return ctx.json(
        {
            "@context": ctx.url("/context.jsonld"),
            "classification": classification,
            "code": code,
            "entries": entries,
            "occupations": len(members),
            "domains": _shares(ctx, members),
            "language": ctx.language,
        }
    )


def _shares(ctx: Context, members: list[str]) -> list[dict[str, Any]]:
    """Domain -> how many of the occupations are in it, by degree, and their share of all."""
    counts: dict[str, dict[str, int]] = {}
    for iri in members:
        for d in ctx.catalogue.occupations[iri].decisions:
            if d.degree != "excluded":
                counts.setdefault(d.domain, {"core": 0, "related": 0})[d.degree] += 1
    rows = [
        {
            "domain": domain,
            **n,
            "share": round((n["core"] + n["related"]) / len(members), 4),
            "coreShare": round(n["core"] / len(members), 4),
        }
        for domain, n in counts.items()
    ]
    return sorted(rows, key=lambda row: (-row["share"], row["domain"]))


def _back(ctx: Context, domain: str) -> Response:
    """The codes that lead to a domain: crosswalk entries, and where its occupations actually stand."""
    inside = {d.occupation for d in ctx.catalogue.by_domain.get(domain, [])}
    groups = []
    for code, members in sorted(ctx.catalogue.by_isco.items()):
        if found := len(inside.intersection(members)):
            groups.append(
                {"code": code, "occupations": len(members), "inDomain": found, "share": round(found / len(members), 4)}
            )
    entries = [e for e in ctx.catalogue.crosswalk if e.domain == domain]
    return ctx.json(
        {
            "@context": ctx.url("/context.jsonld"),
            "classification": "domain",
            "code": domain,
            "entries": [
                {
                    "classification": e.classification,
                    "code": e.code,
                    "degree": e.degree,
                    "function": e.function or None,
                    "codeConfidence": e.code_confidence,
                }
                for e in entries
            ],
            "iscoUnitGroups": groups,
            "occupations": len(inside),
            "language": ctx.language,
        }
    )


def _queued(ctx: Context, item: Decision, reasons: list[str]) -> dict[str, Any]:
    return {
        **views.occupation_ref(ctx, item.occupation),
        "reasons": reasons,
        "decision": item.iri,
        **{k: v for k, v in views.decision(item).items() if k != "uri"},
        "allEvidence": ctx.url(f"/scope/occupations/{local_name(item.occupation)}"),
    }
