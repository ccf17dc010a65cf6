"""/suggest and /search: concepts of ESCO and of ours by words, codes and identifiers, in every language loaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Literal, cast

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from app.api.codes import isco_group
from app.api.lookup import find
from app.api.routing import api_router
from app.api.search_build import IndexBuilder
from app.api.views import DomainDegree, degrees_of
from app.catalogue.search import BASE, Filter, Results, Search, SearchHit
from app.errors import BadParameter
from app.http.shapes import LanguageMap, Listing, Shape
from app.request import ALL_LANGUAGES, Context, Ctx, Page, Paging, counted, page_links
from ontology import local_name

router = api_router("search")

MOST_SUGGESTED = 50
TypeName = Literal[
    "occupation", "skill", "isco-group", "skill-group", "isced-f", "domain", "area", "cluster", "profile"
]
LabelRole = Literal["preferred", "alternative", "hidden"]
LabelForm = Literal["female", "male", "neutral"]
MatchType = Literal["exact", "prefix", "words", "alternative", "fuzzy", "description"]

Text = Annotated[str, Query(description="Words, a code or an IRI.", examples=["museum cur"])]
Types = Annotated[
    list[TypeName] | None, Query(alias="type", description="Only these types of concept; may be repeated.")
]
DomainFilter = Annotated[
    str | None,
    Query(description="Only occupations of this domain or sub-domain; `ccsi` for all.", examples=["heritage"]),
]
DegreeFilter = Annotated[Literal["core", "related"] | None, Query(description="Only occupations with this degree.")]
Group = Annotated[str | None, Query(description="Only occupations under this ISCO-08 code, of any level.")]
Boost = Annotated[
    Literal["ccsi"] | None,
    Query(description="Rank what belongs to the cultural and creative sectors higher; nothing is left out."),
]


class Hit(Shape):
    """A concept that was found, and why."""

    uri: str
    type: TypeName
    code: str | None
    preferredLabel: LanguageMap
    matchType: MatchType
    matchedLabel: Annotated[LanguageMap, Field(description="The label that matched; empty where the description did.")]
    labelRole: LabelRole | None
    labelForms: Annotated[list[LabelForm], Field(description="As ESCO marks the label.")]
    spans: Annotated[list[tuple[int, int]], Field(description="Where the words stand in it, as offsets of characters.")]
    score: Annotated[float, Field(description="From 0 to 1.1; the order of the list.")]
    domains: Annotated[list[DomainDegree], Field(description="Of an occupation: the domains it is in.")]
    reuseLevel: Annotated[str | None, Field(description="Of a skill.")]
    href: str


class Suggestions(Shape):
    """What may be meant, the best first."""

    items: list[Hit]
    language: Annotated[str, Field(description="The language asked for.")]
    searchedLanguage: Annotated[str, Field(description="The language that was searched; English where it has nothing.")]


class Facet(Shape):
    """How many of the best 2,000 results are of what."""

    type: dict[str, int]
    domain: dict[str, int]
    isco: Annotated[dict[str, int], Field(description="By ISCO-08 major group.")]
    reuseLevel: dict[str, int]


class SearchResults(Listing):
    """One page of results with facets of all."""

    items: list[Hit]
    searchedLanguage: str
    facets: Facet


@router.get("/suggest", summary="Concepts while somebody types")
async def suggest(
    ctx: Ctx,
    q: Text,
    types: Types = None,
    domain: DomainFilter = None,
    degree: DegreeFilter = None,
    isco: Group = None,
    boost: Boost = None,
    limit: Annotated[int, Query(ge=1, le=MOST_SUGGESTED, description="Most suggestions.")] = 10,
) -> Response:
    """Labels with all the words, the last of which may be only begun; tolerant of accents, case and typos, but not in codes."""
    index = await index_of(ctx)
    language = search_language(ctx)
    results = index.suggest(_text(ctx, q), language, _filter(ctx, index, types, domain, degree, isco, boost), limit)
    payload: Suggestions = {
        "items": [_hit(ctx, index, item) for item in results.items], "language": language, "searchedLanguage": results.language,
    }  # fmt: skip
    return ctx.json(payload)


@router.get("/search", summary="Concepts by words, likeness and descriptions")
async def search(
    ctx: Ctx,
    paging: Paging,
    q: Text,
    types: Types = None,
    domain: DomainFilter = None,
    degree: DegreeFilter = None,
    isco: Group = None,
    boost: Boost = None,
) -> Response:
    """Every concept once, by the label that fits best; what only resembles the words, or has them in its description, last."""
    found = await search_results(ctx, paging, q, types, domain, degree, isco, boost)
    return ctx.json(found, page_links(ctx, found["total"], paging))


async def search_results(
    ctx: Context,
    paging: Page,
    q: str,
    types: Iterable[str] | None = None,
    domain: str | None = None,
    degree: str | None = None,
    isco: str | None = None,
    boost: str | None = None,
) -> SearchResults:
    """One page of results with facets of all. Raises SearchNotReady, and BadParameter for words that cannot be searched."""
    index = await index_of(ctx)
    page = slice(paging.offset, paging.offset + paging.limit)
    results = index.search(
        _text(ctx, q), search_language(ctx), _filter(ctx, index, types, domain, degree, isco, boost), page
    )
    return {
        "@context": ctx.url("/context.jsonld"),
        "items": [_hit(ctx, index, item) for item in results.items],
        "facets": _facets(ctx, index, results),
        **counted(results.total, paging),
        "language": ctx.language,
        "searchedLanguage": results.language,
    }


async def index_of(ctx: Context) -> Search:
    """The index of the served release. Raises SearchNotReady."""
    builder: IndexBuilder = ctx.request.app.state.index_builder
    return ctx.served.search or await builder.search(ctx.served)


def search_language(ctx: Context) -> str:
    """The language to search in."""
    return BASE if ctx.language == ALL_LANGUAGES else ctx.language


def _text(ctx: Context, text: str) -> str:
    most = ctx.limits.query_text
    if not text.strip():
        raise BadParameter("q: is empty.", field="q")
    if len(text) > most:
        raise BadParameter(f"q: at most {most} characters.", field="q", maximum=most)
    return text


def _filter(
    ctx: Context,
    index: Search,
    types: Iterable[str] | None,
    domain: str | None,
    degree: str | None,
    isco: str | None,
    boost: str | None,
) -> Filter:
    among: frozenset[str] | None = None
    catalogue = ctx.catalogue
    if domain is not None or degree is not None:
        decisions = catalogue.decisions_in(None if domain in (None, "ccsi") else find(ctx, domain))
        among = frozenset(d.occupation for d in decisions if degree in (None, d.degree))
    if isco is not None:
        under = frozenset(catalogue.under_isco(isco_group(ctx, isco).code))
        among = under if among is None else among & under
    return Filter(frozenset(types or ()), among, index.inside if boost else frozenset(), index.type_of)


def _hit(ctx: Context, index: Search, hit: SearchHit) -> Hit:
    iri, catalogue = hit.iri, ctx.catalogue
    kind = index.type_of(iri)
    occupation, skill, group = catalogue.occupations.get(iri), catalogue.skills.get(iri), catalogue.groups.get(iri)
    tag = hit.part.language
    return {
        "uri": iri,
        "type": cast(TypeName, kind),
        "code": occupation.code if occupation else group.code if group else None,
        "preferredLabel": {tag: hit.part.preferred(hit.concept)},
        "matchType": cast(MatchType, hit.type),
        "matchedLabel": {tag: hit.matched} if hit.matched else {},
        "labelRole": cast(LabelRole, hit.role) if hit.role else None,
        "labelForms": cast(list[LabelForm], hit.forms),
        "spans": hit.spans,
        "score": hit.score,
        "domains": degrees_of(occupation),
        "reuseLevel": skill.reuse or None if skill else None,
        "href": _href(ctx, kind, iri),
    }


def _href(ctx: Context, kind: str, iri: str) -> str:
    match kind:
        case "occupation" | "skill" | "domain" | "profile":
            return ctx.url(f"/{kind}s/{local_name(iri)}")
        case "isco-group":
            return ctx.url(f"/isco/{ctx.catalogue.groups[iri].code}")
        case "cluster":
            return ctx.url("/clusters/" + iri.partition("/cluster/")[2])
    return f"{ctx.base}/resource?uri={iri}"


def _facets(ctx: Context, index: Search, results: Results) -> Facet:
    catalogue = ctx.catalogue
    occupations = [o for iri in results.counted if (o := catalogue.occupations.get(iri))]
    skills = [s for iri in results.counted if (s := catalogue.skills.get(iri))]
    return {
        "type": _counts(map(index.type_of, results.counted)),
        "domain": _counts(d.domain for o in occupations for d in o.decisions if d.degree != "excluded"),
        "isco": _counts(o.isco[:1] for o in occupations if o.isco),
        "reuseLevel": _counts(s.reuse for s in skills if s.reuse),
    }


def _counts(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items(), key=lambda pair: (-pair[1], pair[0])))
