"""/composer: a profile put together by hand; and /profiles/{id}: one that a release holds ready."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.api.apart import apart
from app.api.profiles import views
from app.api.profiles.formats import MEDIA_TYPES, SUFFIXES
from app.api.profiles.request import CheckedRequest, ComposeRequest, check_request, from_query
from app.api.profiles.routes import entry_of
from app.api.search import search_results
from app.request import Context, Page, strict_parameters
from app.site.frame import Frame, PageCtx, PageLanguage
from ontology import local_name

router = APIRouter(include_in_schema=False, dependencies=[Depends(strict_parameters)])
HITS = 8
WEIGHTS = (1.0, 2.0, 3.0, 5.0)  # that the form offers beside the one that is set
_PRICE = 45.0  # milliseconds
# What can be warned of that pages have words for; the API's sentence stands behind each, and alone for any other.
WARNINGS = (
    "anchors-apart", "domain-unsupported", "related-only", "small-domain", "one-anchor", "few-shared", "below-minimum",
    "drop-without-effect", "skill-withdrawn", "skill-unknown",
)  # fmt: skip

Pairs = list[tuple[str, str]]


@router.get("/composer")
async def composer(
    ctx: PageCtx,
    page_language: PageLanguage,
    asked: Annotated[ComposeRequest, Depends(from_query)],
    q: Annotated[str, Query(description="Words to find a further occupation or skill by.")] = "",
    find: Annotated[Literal["occupation", "skill"], Query(description="What to find.")] = "occupation",
) -> Response:
    """The anchors, the profile that they make, and what can be changed about it."""
    frame = Frame(ctx, page_language)
    checked = check_request(ctx, asked) if asked.anchors or asked.domain else None
    if checked and not q.strip():
        return await _composed(ctx=ctx, page_language=page_language, asked=asked, checked=checked)
    hits = (await search_results(ctx, Page(HITS, 0), q, [find]))["items"] if q.strip() else []
    return _page(frame, asked, checked, q=q, find=find, hits=hits)


@apart(_PRICE)
async def _composed(ctx: Context, page_language: str, asked: ComposeRequest, checked: CheckedRequest) -> Response:
    document = views.profile(ctx, views.composed(ctx, checked))
    return _page(Frame(ctx, page_language), asked, checked, profile=document, files=_files(document))


def _page(frame: Frame, asked: ComposeRequest, checked: CheckedRequest | None, **values: Any) -> Response:
    ctx, t = frame.ctx, frame.words
    pairs: Pairs = parse_qsl(checked.query) if checked else []
    shown: dict[str, Any] = {"q": "", "find": "occupation", "hits": [], "profile": None, "files": [], **values}
    return frame.respond(
        "composer.html", asked.title or t("composer-title"), t("composer-lead"), [(t("home"), frame.link("/"))],
        [("JSON", shown["profile"]["links"]["formats"]["json"], "application/json")] if shown["profile"] else [],
        anchors=_anchors(frame, asked, checked, pairs), asked=asked, pairs=pairs, warnings=WARNINGS,
        kept=[p for p in pairs if p[0] not in ("anchor", "domain", "title")],
        with_more=lambda name, value: _address(frame, [*pairs, (name, value)]),
        without=lambda name, value: _address(frame, [p for p in pairs if p != (name, value)]),
        dropped=[(local_name(s), s, ctx.labels.of(s)) for s in sorted(checked.recipe.drop)] if checked else [],
        added=[(section, local_name(s), s, ctx.labels.of(s)) for s, section in checked.recipe.add] if checked else [],
        link=_address(frame, pairs), local_name=local_name, **shown,
    )  # fmt: skip


@router.get("/profiles/{id}")
async def profile(ctx: PageCtx, page_language: PageLanguage, id: str) -> Response:
    """What a role asks for, with the way to change it."""
    return await _template(ctx=ctx, page_language=page_language, id=entry_of(ctx, id).id)


@apart(_PRICE)
async def _template(ctx: Context, page_language: str, id: str) -> Response:
    frame = Frame(ctx, page_language)
    t, entry = frame.words, entry_of(ctx, id)
    document = views.profile(ctx, views.template(ctx, entry))
    name = next(iter(document["title"].values()), id)
    recipe = entry.recipe
    query: Pairs = [("anchor", local_name(a.occupation)) for a in recipe.anchors]
    if recipe.kind == "cell" and not (recipe.cell.charter or recipe.cell.sub_domain):
        query = [("function", recipe.cell.function)] if recipe.cell.function else []
    short = len(query) <= ctx.limits.profile_anchors
    change = _address(frame, [*query, ("domain", recipe.domain)]) if short else ""
    return frame.respond(
        "role.html", name, next(iter(document["statement"].values()), name),
        [(t("home"), frame.link("/")), frame.sector(recipe.domain)],
        [(n, document["links"]["formats"][n], MEDIA_TYPES[n]) for n in ("json", "turtle", "csv")],
        {
            "@type": "Occupation", "@id": document["uri"], "name": name, "url": frame.link(f"/profiles/{id}"),
            "description": next(iter(document["statement"].values()), name),
            "skills": [e["skill"]["preferredLabel"] for _, _, e in views.flat(document["sections"]) if e["relation"] == "essential"],
        },
        profile=document, files=_files(document), change=change, warnings=WARNINGS,
    )  # fmt: skip


def _anchors(frame: Frame, asked: ComposeRequest, checked: CheckedRequest | None, pairs: Pairs) -> list[dict[str, Any]]:
    """The occupations with their weights, as the form offers to change them."""
    found: list[dict[str, Any]] = []
    anchors = checked.recipe.anchors if checked else ()
    for text, weight, parts in asked.anchors:
        key = text.rpartition("/")[2].lower()
        iri = next((a.occupation for a in anchors if local_name(a.occupation) == key), "")
        tail = f":{','.join(parts)}" if parts else ""
        others = [p for p in pairs if p[0] != "anchor" or not p[1].startswith(key)]
        found.append(
            {
                "href": frame.concept(iri), "label": frame.ctx.labels.of(iri), "weight": weight, "remove": _address(frame, others),
                "choices": [(f"{key}:{w:g}{tail}", w) for w in sorted({*WEIGHTS, weight})],
            }
        )  # fmt: skip
    return found


def _address(frame: Frame, pairs: Pairs) -> str:
    return f"{frame.ctx.base}/composer?{urlencode([*pairs, ('language', frame.language)], safe=':,/')}"


def _files(document: views.Profile) -> list[tuple[str, str]]:
    """Name and address of the profile in each format."""
    names = {name: suffix for suffix, name in SUFFIXES.items()}
    return [(names[name], href) for name, href in document["links"]["formats"].items()]
