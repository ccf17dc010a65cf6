"""/profiles: the templates of a release, and profiles composed on request."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from analysis.profiles.compose import compose
from app.api.apart import apart
from app.api.bodies import BoundedBody
from app.api.formats import Format, choose, respond
from app.api.lookup import check_function, find, missing
from app.api.profiles import views
from app.api.profiles.answers import answer
from app.api.profiles.concepts import occupation as known_occupation
from app.api.profiles.formats import COSTS, MEDIA_TYPES, SUFFIXES, FormatName, ProfileFormat
from app.api.profiles.request import (
    CheckedRequest,
    ComposeIn,
    ComposeRequest,
    check_request,
    from_body,
    from_query,
    with_language,
)
from app.api.profiles.rows import COLUMNS, quads, rows
from app.catalogue.keys import occupation_iri
from app.catalogue.labels import fold
from app.catalogue.profiles import TemplateEntry
from app.errors import BadParameter, NotFound
from app.request import Context, Ctx, Paging, page_links

router = APIRouter(tags=["profiles"], route_class=BoundedBody)

LISTED = {"turtle": 6.5, "csv": 10.0}  # milliseconds for each profile of a list; see app.api.apart

Kind = Annotated[
    Literal["cell", "occupation"] | None,
    Query(description="cell (domain and function) or occupation; both when left out."),
]
Function = Annotated[str | None, Query(description="Only those that serve this function.", examples=["preservation"])]
Words = Annotated[str | None, Query(description="Only with these words in the title.")]


@router.get("/profiles", summary="The profile templates of a release")
@apart(per_row=LISTED)
async def profiles(
    ctx: Ctx,
    paging: Paging,
    domain: Annotated[str | None, Query(description="Only of this domain.", examples=["heritage"])] = None,
    function: Function = None,
    kind: Kind = None,
    degree: Annotated[Literal["core", "related"] | None, Query(description="Only with anchors of this degree.")] = None,
    occupation: Annotated[str | None, Query(description="Only with this anchor, by IRI or UUID.")] = None,
    q: Words = None,
    format: Format = None,
) -> Response:
    """By domain, cells before occupations, then by title. CSV has a row for each skill of the profiles on the page."""
    if domain is not None:
        domain = _top(ctx, domain, "domain")
    found = [
        e
        for e in _filtered(ctx, domain, function, kind, q)
        if (degree is None or e.degree == degree) and (occupation is None or _anchored(ctx, e, occupation))
    ]
    return await _listing(ctx, paging, found, format)


@router.get("/domains/{id}/profiles", summary="The profile templates of a sector")
@apart(per_row=LISTED)
async def domain_profiles(
    ctx: Ctx, paging: Paging, id: str, function: Function = None, kind: Kind = None, q: Words = None, format: Format = None
) -> Response:  # fmt: skip
    """Cells before occupations, then by title. CSV has a row for each skill of the profiles on the page."""
    return await _listing(ctx, paging, _filtered(ctx, _top(ctx, id, "id"), function, kind, q), format)


@router.post("/profiles/compose", summary="Compose a profile")
async def compose_profile(request: Request, ctx: Ctx, body: ComposeIn, format: ProfileFormat = None) -> Response:
    """From weighted occupations, or a domain and a function: the profile, the rule that placed each skill, and warnings.

    The same request gives the same document and ETag; `links.self` is a link that gives it again.
    """
    ctx = await with_language(request, ctx, body.language)
    return await _composed(ctx=ctx, asked=check_request(ctx, from_body(body)), format=format)


@router.get("/profiles/compose", summary="Compose a profile by a link")
async def composed_profile(
    ctx: Ctx, asked: Annotated[ComposeRequest, Depends(from_query)], format: ProfileFormat = None
) -> Response:
    """The same as the POST, as a link that can be kept and shared."""
    return await _composed(ctx=ctx, asked=check_request(ctx, asked), format=format)


@router.get("/profiles/{id}.{suffix}", summary="One profile template, as a file")
async def profile_file(ctx: Ctx, id: str, suffix: str) -> Response:
    """The format by its suffix: json, jsonld, ttl, csv, xlsx, html, pdf, md, schemaorg (JSON-LD) or elm (JSON-LD)."""
    if suffix not in SUFFIXES:
        raise NotFound(f"There is no format '{suffix[:20]}' of a profile.", None, field="suffix", known=list(SUFFIXES))
    name: FormatName = SUFFIXES[suffix]  # type: ignore[assignment]
    return await _template(ctx=ctx, id=_entry(ctx, id).id, format=name)


@router.get("/profiles/{id}", summary="One profile template")
async def profile(ctx: Ctx, id: str, format: ProfileFormat = None) -> Response:
    """What a role asks for: anchors, skills by section with the rule that placed each, functions, gaps, provenance."""
    return await _template(ctx=ctx, id=_entry(ctx, id).id, format=format)


@apart(per_row=COSTS, offered=MEDIA_TYPES)
async def _template(ctx: Context, id: str, format: FormatName | None) -> Response:
    return await answer(ctx, views.template(ctx, _entry(ctx, id)), choose(ctx, format, MEDIA_TYPES))


# All occupations of a domain are many anchors.
@apart(lambda given: 5.0 if given["asked"].recipe.kind == "composed" else 25.0, COSTS, MEDIA_TYPES)
async def _composed(ctx: Context, asked: CheckedRequest, format: FormatName | None) -> Response:
    chosen = choose(ctx, format, MEDIA_TYPES)
    profiles = ctx.catalogue.profiles
    made = compose(profiles.tables, profiles.guidelines, asked.recipe)
    path = "/profiles/compose"
    shown = views.RenderedProfile(
        made, f"{ctx.url(path)}?{asked.query}", path, asked.query, asked.title, None, asked.warnings
    )
    return await answer(ctx, shown, chosen)


def _entry(ctx: Context, key: str) -> TemplateEntry:
    """The template of this identifier. Raises NotFound, or Gone where its occupation is withdrawn."""
    templates = ctx.catalogue.profiles.templates
    if found := templates.get(key.lower()):
        return found
    domain, _, rest = key.partition("-")
    occupation = occupation_iri(rest.lower())
    if occupation in ctx.catalogue.withdrawn:
        raise missing(ctx, occupation, "occupation")
    near = sorted(k for k, e in templates.items() if e.recipe.domain == domain and e.recipe.kind == "cell")
    detail = f"This release has no profile '{key[:80]}'."
    if not templates:
        detail = "This release has no profiles: it was loaded without skills, or has none in scope."
    raise NotFound(detail, None, field="id", known=near, see=ctx.url("/profiles"))


def _top(ctx: Context, key: str, field: str) -> str:
    """A domain that has profiles of its own. Raises NotFound or BadParameter."""
    found = find(ctx, key, field)
    if found.broader:
        raise BadParameter(
            f"{field}: profiles are those of domains; {found.id} is a part of {found.broader}.", field=field, see=found.broader
        )  # fmt: skip
    return found.id


def _filtered(
    ctx: Context, domain: str | None, function: str | None, kind: str | None, q: str | None
) -> list[TemplateEntry]:
    if function is not None:
        check_function(function)
    if q is not None and len(q) > ctx.limits.query_text:
        raise BadParameter(
            f"q: longer than {ctx.limits.query_text} characters.", field="q", maximum=ctx.limits.query_text
        )
    profiles = ctx.catalogue.profiles
    words = fold(q).split() if q else []
    found = []
    for entry in profiles.templates.values():
        recipe = entry.recipe
        if (domain is not None and recipe.domain != domain) or (kind is not None and recipe.kind != kind):
            continue
        if function is not None:
            serves = {
                f
                for a in recipe.anchors
                if (place := profiles.tables.scope.get(a.occupation, {}).get(recipe.domain))
                for f in ((recipe.function,) if recipe.function else place.functions)
            }
            if function not in serves:
                continue
        if words and not all(w in fold(_title(ctx, entry)) for w in words):
            continue
        found.append(entry)
    return sorted(found, key=lambda e: (e.recipe.domain, e.recipe.kind, *_order(ctx, e)))


def _title(ctx: Context, entry: TemplateEntry) -> str:
    recipe = entry.recipe
    texts = views.title(ctx, "", recipe.kind, recipe.domain, recipe.function, recipe.anchors[0].occupation)
    return next(iter(texts.values()), "")


def _order(ctx: Context, entry: TemplateEntry) -> tuple[int, str]:
    return (ctx.labels.rank(entry.recipe.anchors[0].occupation) if entry.recipe.kind == "occupation" else 0, entry.id)


def _anchored(ctx: Context, entry: TemplateEntry, text: str) -> bool:
    iri = known_occupation(ctx, text, "occupation")
    return any(a.occupation == iri for a in entry.recipe.anchors)


async def _listing(ctx: Context, paging: Paging, found: list[TemplateEntry], format: str | None) -> Response:
    chosen = choose(ctx, format)
    shown = found[paging.offset : paging.offset + paging.limit]
    payload = {
        "@context": ctx.url("/context.jsonld"), "items": [views.summary(ctx, e) for e in shown], "total": len(found),
        "limit": paging.limit, "offset": paging.offset, "language": ctx.language,
    }  # fmt: skip
    whole: list[views.RenderedProfile] = []
    if chosen in ("csv", "turtle") and shown:
        made = ctx.catalogue.profiles.read_templates(shown)
        whole = [
            views.RenderedProfile(p, e.iri, f"/profiles/{e.id}", "", "", e) for e, p in zip(shown, made, strict=True)
        ]
    lines: Iterable[tuple[object, ...]] = (
        row for one in whole for row in rows(orjson.loads(orjson.dumps(views.profile(ctx, one))))
    )
    statements = (line for one in whole for line in quads(ctx, one))
    return respond(ctx, chosen, payload, statements, COLUMNS, lines, page_links(ctx, len(found), paging))
