"""/scope: the scope in figures, the evidence of one occupation, what experts should review; /crosswalk between codes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from app.api import views
from app.api.apart import apart
from app.api.codes import concept_iri, isco_group, nace_activity, occupations_of
from app.api.lookup import find, missing
from app.catalogue.concepts import Decision, in_one
from app.catalogue.keys import local_name, occupation_iri
from app.errors import BadParameter, NotFound
from app.pictures.canvas import PICTURE_TYPES
from app.pictures.scope import scope_svg
from app.reports.scope import report, review_queue
from app.request import Context, Ctx, Paging, concept_key, listing
from ontology.nace import Activity, Revision, cut

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
        str | None, Query(description="NACE code of any level: S, 90, 90.31, 9031 or its IRI.", examples=["90.31"])
    ] = None,
    revision: Annotated[
        Revision | None,
        Query(description="Revision of the NACE code; without it 2.1, or 2 for a code that 2.1 does not have."),
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
        group = isco_group(ctx, isco)
        entries = views.crosswalk_entries(ctx, "isco-08", group.code)
        return _answer(
            ctx,
            "isco-08",
            group.iri,
            group.code,
            ctx.labels.of(group.iri),
            entries,
            ctx.catalogue.under_isco(group.code),
        )
    if nace is not None:
        return _nace(ctx, nace_activity(ctx, nace, revision=revision))
    if esco is not None:
        given_iri = concept_iri(esco)
        iri = given_iri if given_iri.startswith("http") else occupation_iri(concept_key(esco, "occupation", "esco"))
        if iri not in ctx.catalogue.occupations:
            raise missing(ctx, iri, "occupation", "esco")
        return _answer(ctx, "esco", iri, ctx.catalogue.occupations[iri].code, ctx.labels.of(iri), [], [iri])
    where = find(ctx, domain or "")
    entries = [views.crosswalk_entry(e) for e in ctx.catalogue.crosswalk if where.id in (e.domain, e.sub_domain)]
    members = [
        d.occupation
        for d in ctx.catalogue.by_domain.get(where.broader or where.id, [])
        if not where.broader or d.sub_domain == where.id
    ]
    return _answer(ctx, "domain", where.iri, where.id, views.chosen(where.labels, ctx), entries, members)


def _nace(ctx: Context, item: Activity) -> Response:
    label = {"en": item.name}
    if item.revision == "2.1":
        entries = views.crosswalk_entries(ctx, "nace-2.1", cut(item.code), item.covers)
        return _answer(ctx, "nace-2.1", item.iri, item.code, label, entries, occupations_of(ctx, item))
    # Rev. 2 codes lead to their successors: an entry names the code or codes it was before.
    found = [
        e
        for e in ctx.catalogue.crosswalk
        if e.classification == "nace-2.1" and any(item.covers(cut(former)) for former in e.former.split())
    ]
    if not found:
        raise NotFound(
            f"nace: the crosswalk does not know what became of NACE Rev. 2 code {item.code} ({item.name}): it covers culture only.",
            field="nace", revision="2", see=ctx.url("/nace"),
        )  # fmt: skip
    prefixes = tuple(sorted({e.prefix for e in found}))
    shown = {row["uri"]: row for prefix in prefixes for row in views.crosswalk_entries(ctx, "nace-2.1", prefix)}
    members = {o for code, known in ctx.catalogue.by_nace.items() if code.startswith(prefixes) for o in known}
    return _answer(ctx, "nace-2", item.iri, item.code, label, list(shown.values()), members)


def _answer(
    ctx: Context,
    classification: str,
    iri: str,
    code: str,
    label: dict[str, str],
    entries: list[dict[str, Any]],
    members: Collection[str],
) -> Response:
    return ctx.json(
        {
            "@context": ctx.url("/context.jsonld"),
            "uri": iri,
            "classification": classification,
            "code": code,
            "preferredLabel": label,
            "entries": entries,
            "total": len(members),
            "domainShares": _shares(ctx, members),
            "iscoUnitGroups": _unit_groups(ctx, members),
            "language": ctx.language,
        }
    )


def _shares(ctx: Context, members: Collection[str]) -> list[dict[str, Any]]:
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


def _unit_groups(ctx: Context, members: Collection[str]) -> list[dict[str, Any]]:
    """The ISCO-08 unit groups in which the occupations stand, and which share of each group they are."""
    counts = Counter(ctx.catalogue.occupations[iri].isco for iri in members)
    return [
        {
            "code": code,
            "occupations": (whole := len(ctx.catalogue.by_isco[code])),
            "among": number,
            "share": round(number / whole, 4),
        }
        for code, number in sorted(counts.items())
        if code
    ]


def _queued(ctx: Context, item: Decision, reasons: list[str]) -> dict[str, Any]:
    return {
        **views.occupation_ref(ctx, item.occupation),
        "reasons": reasons,
        "decision": item.iri,
        **{k: v for k, v in views.decision(item).items() if k != "uri"},
        "allEvidence": ctx.url(f"/scope/occupations/{local_name(item.occupation)}"),
    }
