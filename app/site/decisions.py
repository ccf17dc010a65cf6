"""/decisions/{id}: from an answer to the rule that gave it, and to the sources."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.catalogue.concepts import Assertion, Decision, Occupation
from app.errors import NotFound
from app.linked import iris
from app.linked.names import Names
from app.reports.scope import review_reasons
from app.request import Context, strict_parameters
from app.site.concepts import JUDGED, evidence_text, sureness
from app.site.frame import Frame, PageCtx, PageLanguage
from ontology import CCSID, local_name

router = APIRouter(include_in_schema=False, dependencies=[Depends(strict_parameters)])
UUID = 36  # characters; the domain follows behind a hyphen
MOST_SOURCES = 12


@router.get("/decisions/{id}")
async def decision(ctx: PageCtx, page_language: PageLanguage, id: str) -> Response:
    """What was decided of an occupation and a sector, by which rule, on what evidence."""
    frame = Frame(ctx, page_language)
    t = frame.words
    found = _found(ctx, id)
    item = ctx.catalogue.occupations[found.occupation]
    name = next(iter(ctx.labels.of(item.iri).values()), item.code)
    sector = frame.sector_name(found.domain) if found.domain else t("no-sector")
    title = t("decision-title", occupation=name, sector=sector)
    answer = t(f"answer-{found.degree}", occupation=name, sector=sector)
    names = Names(ctx, {s for a in found.evidence for s in a.sources})
    key = local_name(item.iri)
    return frame.respond(
        "decision.html", title, answer,
        [(t("home"), frame.link("/")), *([frame.sector(found.domain)] if found.domain else []), (name, frame.concept(item.iri))],
        [
            ("JSON", ctx.url(f"/scope/occupations/{key}"), "application/json"),
            (t("graph"), f"{iris.address(found.iri, ctx.base)}.ttl", "text/turtle"),
        ],
        answer=answer, decision=found, sure=sureness(found.confidence), rule=_rule(ctx, found),
        place=frame.sector(found.domain) if found.domain else None, occupation=(frame.concept(item.iri), ctx.labels.of(item.iri)),
        parts=[frame.sector(p) for p in (found.sub_domain, *found.further_sub_domains) if p],
        placed=[(e.removeprefix(f"{CCSID}panel/").partition("/")[0], iris.address(e, ctx.base)) for e in found.placements],
        evidence=[_evidence(frame, item, found, a, names) for a in found.evidence],
        doubtful=bool(review_reasons(found)),
        others=[(frame.sector(d.domain), d.degree, frame.decision(d)) for d in item.decisions if d is not found and d.domain],
    )  # fmt: skip


def _found(ctx: Context, id: str) -> Decision:
    """The decision of this identifier. Raises NotFound."""
    key = id[:UUID].lower() + id[UUID:]
    if (found := ctx.catalogue.decision(key)) is None:
        raise NotFound("This release has no such decision.", field="id", uri=f"{CCSID}decision/{key}"[:200])
    return found


def _rule(ctx: Context, found: Decision) -> str:
    """Which case of the rule decided; analysis/scope/decision.py has them."""
    routes = {a.route for a in found.evidence}
    if not routes.isdisjoint(JUDGED):
        return "panel" if "expert" in routes else "read"
    if found.degree == "excluded":
        return "passed-over"
    weighing = any(a.route in ("skills", "label") for o in ctx.catalogue.occupations.values() for a in o.assertions)
    return "weighed" if weighing else "plain"


def _evidence(frame: Frame, item: Occupation, found: Decision, said: Assertion, names: Names) -> dict[str, Any]:
    t = frame.words
    spoken = [(*names.spoken(s), frame.concept(s)) for s in said.sources[:MOST_SOURCES]]
    return {
        "route": t(f"route-{said.route}"), "note": t(f"route-{said.route}-note"), "degree": said.degree,
        "agrees": said.degree == found.degree and said.domain == found.domain,
        "place": frame.sector(said.domain) if said.domain and said.domain != found.domain else None,
        "text": evidence_text(frame, item, said), "reason": said.reason,
        "score": t.decimal(said.score, 2) if said.score is not None else "", "sources": spoken,
        "more": max(0, len(said.sources) - MOST_SOURCES), "href": iris.address(said.iri, frame.ctx.base),
    }  # fmt: skip
