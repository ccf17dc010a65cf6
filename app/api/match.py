"""/match: titles of jobs in the terms of ESCO, and whether they are cultural; a page of vacancies in one call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict
from starlette.responses import Response

from analysis.search import find
from analysis.search.confidence import CULTURAL
from analysis.search.match import Match
from app.api.batches import Batches
from app.api.bodies import FIRST_ERROR, Body, BoundedBody, Name, few, most_of
from app.api.models import LanguageMap, Shape
from app.api.profiles.request import with_language
from app.api.search import DomainRef, domains_of, index_of
from app.api.views import Json
from app.catalogue.search import Matched
from app.errors import BadParameter
from app.request import Context, Ctx
from ontology import local_name

router = APIRouter(tags=["search"], route_class=BoundedBody)

TITLE_LENGTH = 300
MOST_RANKED = 20

Title = Annotated[str, Field(max_length=TITLE_LENGTH)]
MATCH_EXAMPLE: JsonDict = {"titles": ["Museum curators", "grafic designer (m/f)"], "limit": 2}


class MatchIn(Body):
    """Which titles to match."""

    model_config = ConfigDict(json_schema_extra={"examples": [MATCH_EXAMPLE]})
    bound = "match_bytes"

    titles: Annotated[list[Title], FIRST_ERROR, few(most_of("match_titles"))] = Field(description="Job titles.")
    limit: int = Field(5, ge=1, le=MOST_RANKED, description="Most occupations of each.")
    language: Name | None = Field(
        None, description="Of all titles; without it, for each the language that knows most of its words."
    )


class MatchedOccupation(Shape):
    """An occupation that a title may mean."""

    uri: str
    code: str
    preferred_label: LanguageMap
    confidence: float = Field(description="The share of such matches that were right, on data that others judged.")
    match_type: str = Field(description="exact, stem (but for inflection), or fuzzy.")
    matched_label: LanguageMap
    spans: list[tuple[int, int]] = Field(description="Where words of the title stand in it.")
    domains: list[DomainRef]
    href: str


class MatchedTitle(Shape):
    """One title: what it may mean, the likeliest first, and whether that is cultural."""

    title: str
    language: str = Field(description="In which it was matched.")
    cultural: bool = Field(description="Whether its likeliest occupation is of the sectors, and sure enough.")
    domains: list[DomainRef] = Field(description="Of that occupation.")
    occupations: list[MatchedOccupation]


class MatchAnswer(Shape):
    """The titles in the order in which they were asked for."""

    items: list[MatchedTitle]
    total: int


@router.post("/match", summary="Job titles in ESCO's terms, a page of vacancies at once")
async def match_titles(request: Request, ctx: Ctx, body: MatchIn) -> Response:
    """For each title the occupations it may mean, with confidence, the label and words that matched, domains and degrees."""
    most = ctx.limits.match_titles
    if len(body.titles) > most:
        raise BadParameter(f"titles: at most {most}, not {len(body.titles)}.", field="titles", maximum=most)
    language = (await with_language(request, ctx, body.language)).language if body.language else ""
    return await _answer(request, ctx, body.titles, language, body.limit)


@router.get("/match", summary="One job title in ESCO's terms")
async def match_title(
    request: Request,
    ctx: Ctx,
    title: Annotated[str, Query(max_length=TITLE_LENGTH, description="A job title.", examples=["museum curators"])],
    limit: Annotated[int, Query(ge=1, le=MOST_RANKED, description="Most occupations.")] = 5,
) -> Response:
    """As POST, for one title; in the language asked for, if one is."""
    language = ctx.language if "language" in request.query_params else ""
    return await _answer(request, ctx, [title], language, limit)


async def _answer(request: Request, ctx: Context, titles: Sequence[str], language: str, most: int) -> Response:
    index = await index_of(ctx)

    def work() -> list[Json]:
        found = index.match(titles, language, most)
        return [matched_title(ctx, title, one) for title, one in zip(titles, found, strict=True)]

    batches: Batches = request.app.state.batches
    items = await batches.run(request, work) if len(titles) > 1 else work()
    return ctx.json({"items": items, "total": len(items)})


def matched_title(ctx: Context, title: str, found: Matched) -> Json:
    """A title with the occupations that it may mean."""
    occupations = [
        _occupation(ctx, title, found, match, sure)
        for match, sure in zip(found.matches, found.confidences, strict=True)
    ]
    best = occupations[0] if occupations else None
    return {
        "title": title,
        "language": found.part.language,
        "cultural": bool(best and best["domains"] and best["confidence"] >= CULTURAL),
        "domains": best["domains"] if best else [],
        "occupations": occupations,
    }


def _occupation(ctx: Context, title: str, found: Matched, match: Match, sure: float) -> Json:
    part, iri = found.part, found.part.iris[match.concept]
    label = part.section.text(match.label)
    return {
        "uri": iri,
        "code": ctx.catalogue.occupations[iri].code,
        "preferredLabel": {part.language: part.preferred(match.concept)},
        "confidence": sure,
        "matchType": match.type,
        "matchedLabel": {part.language: label},
        "spans": find.spans(part.matcher.lexicon, label, title),
        "domains": domains_of(ctx, iri),
        "href": ctx.url(f"/occupations/{local_name(iri)}"),
    }
