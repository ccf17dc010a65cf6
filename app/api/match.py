"""/match: titles of jobs, or texts of vacancies and CVs, in the terms of ESCO, and whether they are cultural."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import Query, Request
from pydantic import ConfigDict, Field, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from analysis.search import find
from analysis.search.confidence import CULTURAL
from analysis.search.extraction import Mention
from analysis.search.match import Match
from app.api.batches import Batches
from app.api.bodies import FIRST_ERROR, Body, BoundedBody, Name, few, most_of
from app.api.lookup import at_most
from app.api.profiles.request import with_language
from app.api.routing import api_router
from app.api.search import index_of
from app.api.views import DomainDegree, degrees_of
from app.catalogue.search import Matched
from app.catalogue.texts import ReadText, read
from app.http.shapes import LanguageMap, Shape
from app.request import ALL_LANGUAGES, Context, Ctx
from ontology import local_name

router = api_router("search", route_class=BoundedBody)

TITLE_LENGTH, TEXT_LENGTH = 300, 20_000
MOST_RANKED = 20

Title = Annotated[str, Field(max_length=TITLE_LENGTH)]
Text = Annotated[str, Field(max_length=TEXT_LENGTH)]
MATCH_EXAMPLE: JsonDict = {"titles": ["Museum curators", "grafic designer (m/f)"], "limit": 2}


class MatchIn(Body):
    """Which titles, or which texts, to match."""

    model_config = ConfigDict(json_schema_extra={"examples": [MATCH_EXAMPLE]})
    bound = "match_bytes"

    titles: Annotated[list[Title], FIRST_ERROR, few(most_of("match_titles"))] = Field([], description="Job titles.")
    texts: Annotated[list[Text], FIRST_ERROR, few(most_of("match_texts"))] = Field(
        [], description="Texts of vacancies or CVs, in place of titles; the first lines of each count as its title."
    )
    limit: int = Field(5, ge=1, le=MOST_RANKED, description="Most occupations of each.")
    language: Name | None = Field(
        None, description="Of all titles; without it, for each the language that knows most of its words."
    )

    @model_validator(mode="after")
    def _one_kind(self) -> MatchIn:
        if len(self.model_fields_set & {"titles", "texts"}) != 1:
            raise PydanticCustomError("one_of", "Give titles or texts, and not both")
        return self


class MatchedOccupation(Shape):
    """An occupation that a title may mean."""

    uri: str
    code: str
    preferredLabel: LanguageMap
    confidence: Annotated[
        float, Field(description="The share of such matches that were right, on data that others judged.")
    ]
    matchType: Annotated[
        str,
        Field(
            description="exact, stem (but for inflection), fuzzy, or meaning (no words in common, where the service has the "
            "extra for it); of a text also skills: by what it names of them."
        ),
    ]
    matchedLabel: LanguageMap
    spans: Annotated[list[tuple[int, int]], Field(description="Where words of the title stand in it.")]
    domains: list[DomainDegree]
    href: str


class Reading(Shape):
    """What a title or a text may be about."""

    language: Annotated[str, Field(description="In which it was read.")]
    cultural: Annotated[bool, Field(description="Whether its likeliest occupation is of the sectors, and sure enough.")]
    domains: Annotated[list[DomainDegree], Field(description="Of that occupation.")]
    occupations: Annotated[list[MatchedOccupation], Field(description="The likeliest first.")]


class MatchedTitle(Reading):
    """One title: what it may mean, and whether that is cultural."""

    title: str


class MatchedSkill(Shape):
    """A skill that a text names."""

    uri: str
    preferredLabel: LanguageMap
    matchedLabel: LanguageMap
    matchType: Annotated[
        Literal["label", "alike"],
        Field(description="label: the label stands there, but for inflection and case; alike: words that resemble it."),
    ]
    score: Annotated[float, Field(description="How near the words are to the label, up to 1.")]
    spans: Annotated[list[tuple[int, int]], Field(description="Where the text names it, as offsets of characters.")]
    skillType: str | None
    reuseLevel: str | None
    href: str


class MatchedText(Reading):
    """One text: the skills it names and the occupations it may be about."""

    skills: Annotated[list[MatchedSkill], Field(description="In the order in which the text names them first.")]


class MatchAnswer(Shape):
    """The titles, or texts, in the order in which they were asked for."""

    items: list[MatchedTitle] | list[MatchedText]
    total: int


@router.post("/match", summary="Job titles, or texts, in ESCO's terms, a page of vacancies at once")
async def match_titles(request: Request, ctx: Ctx, body: MatchIn) -> Response:
    """For each the occupations it may mean, with confidence, the label and words that matched, domains and degrees.

    Of a text also the skills that it names, with their places.
    """
    asked = await with_language(request, ctx, body.language)
    if "texts" in body.model_fields_set:
        at_most("texts", body.texts, ctx.limits.match_texts)
        return await _read(request, ctx, body.texts, asked.language if body.language else "", body.limit)
    at_most("titles", body.titles, ctx.limits.match_titles)
    return await _answer(request, ctx, body.titles, _tongue(asked, body.language), body.limit)


@router.get("/match", summary="One job title in ESCO's terms")
async def match_title(
    request: Request,
    ctx: Ctx,
    title: Annotated[str, Query(max_length=TITLE_LENGTH, description="A job title.", examples=["museum curators"])],
    limit: Annotated[int, Query(ge=1, le=MOST_RANKED, description="Most occupations.")] = 5,
) -> Response:
    """As POST, for one title; in the language asked for, if one is."""
    return await _answer(request, ctx, [title], _tongue(ctx, request.query_params.get("language")), limit)


def _tongue(ctx: Context, asked: str | None) -> str:
    """The language of the release that is asked for; one that it has not as it was written, and "" for none."""
    if not asked or asked == ALL_LANGUAGES:
        return ""
    same = asked.lower().partition("-")[0] == ctx.language.lower().partition("-")[0]
    return ctx.language if same else asked


async def _answer(request: Request, ctx: Context, titles: Sequence[str], language: str, most: int) -> Response:
    index = await index_of(ctx)

    def work() -> list[MatchedTitle]:
        found = index.match(titles, language, most)
        return [matched_title(ctx, title, one) for title, one in zip(titles, found, strict=True)]

    batches: Batches = request.app.state.batches
    beside = len(titles) > 1 or index.meaning is not None  # a model's work is not done on the event loop
    items = await batches.run(request, work) if beside else work()
    payload: MatchAnswer = {"items": items, "total": len(items)}
    return ctx.json(payload)


async def _read(request: Request, ctx: Context, texts: Sequence[str], language: str, most: int) -> Response:
    index = await index_of(ctx)

    def work() -> list[MatchedText]:
        return [_text(ctx, read(index, ctx.catalogue, text, language, most)) for text in texts]

    batches: Batches = request.app.state.batches
    items = await batches.run(request, work)
    payload: MatchAnswer = {"items": items, "total": len(items)}
    return ctx.json(payload)


def _text(ctx: Context, text: ReadText) -> MatchedText:
    return {
        **_reading(ctx, text.title, text.matched),
        "skills": [_skill(ctx, text, concept, mentions) for concept, mentions in text.skills.items()],
    }


def _skill(ctx: Context, text: ReadText, concept: int, mentions: Sequence[Mention]) -> MatchedSkill:
    part = text.skill_part
    assert part is not None  # noqa: S101 (there are mentions)
    best = max(mentions, key=lambda m: m.score)
    skill = ctx.catalogue.skills[part.iris[concept]]
    return {
        "uri": part.iris[concept],
        "preferredLabel": {part.language: part.preferred(concept)},
        "matchedLabel": {part.language: part.section.text(best.label)},
        "matchType": "label" if best.score == 1 else "alike",
        "score": best.score,
        "spans": [(m.start, m.end) for m in mentions],
        "skillType": skill.type or None,
        "reuseLevel": skill.reuse or None,
        "href": ctx.url(f"/skills/{local_name(part.iris[concept])}"),
    }


def matched_title(ctx: Context, title: str, matches: Matched) -> MatchedTitle:
    """A title with the occupations that it may mean."""
    return {"title": title, **_reading(ctx, title, matches)}


def _reading(ctx: Context, title: str, matches: Matched) -> Reading:
    occupations = [
        _occupation(ctx, title, matches, match, sure)
        for match, sure in zip(matches.matches, matches.confidences, strict=True)
    ]
    best = occupations[0] if occupations else None
    return {
        "language": matches.part.language,
        "cultural": bool(best and best["domains"] and best["confidence"] >= CULTURAL),
        "domains": best["domains"] if best else [],
        "occupations": occupations,
    }


def _occupation(ctx: Context, title: str, matches: Matched, match: Match, sure: float) -> MatchedOccupation:
    part, iri = matches.part, matches.part.iris[match.concept]
    label = part.section.text(match.label)
    return {
        "uri": iri,
        "code": ctx.catalogue.occupations[iri].code,
        "preferredLabel": {part.language: part.preferred(match.concept)},
        "confidence": sure,
        "matchType": match.type,
        "matchedLabel": {part.language: label},
        "spans": find.spans(part.matcher.lexicon, label, title),
        "domains": degrees_of(ctx.catalogue.occupations[iri]),
        "href": ctx.url(f"/occupations/{local_name(iri)}"),
    }
