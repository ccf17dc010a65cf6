"""/profiles: the templates of a release, and profiles composed on request."""

from __future__ import annotations

from dataclasses import astuple
from typing import Annotated, Literal

from fastapi import Depends, Query, Request
from starlette.responses import Response

from analysis.profiles.tables import Cell, ProfileTables, Recipe
from app.api.apart import apart
from app.api.bodies import BoundedBody
from app.api.formats import Format, choose, respond
from app.api.lookup import check_function, find, missing, one_of, query_words
from app.api.profiles import views
from app.api.profiles.answers import answer
from app.api.profiles.concepts import occupation as known_occupation
from app.api.profiles.formats import COSTS, MEDIA_TYPES, SUFFIXES, FormatName, ProfileFormat
from app.api.profiles.naming import title
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
from app.api.profiles.views import ProfileItem
from app.api.routing import api_router
from app.catalogue.keys import occupation_iri
from app.catalogue.labels import fold
from app.catalogue.profiles import TemplateEntry
from app.errors import BadParameter, NotFound
from app.http.shapes import Listing
from app.request import Context, Ctx, Paging, counted, page_links
from ontology import CCSID

router = api_router("profiles", route_class=BoundedBody)

LISTED = {
    "json": 0.014,
    "jsonld": 0.03,
    "turtle": 6.5,
    "csv": 10.0,
}  # milliseconds for each profile of a list; see app.api.apart

Kind = Annotated[
    Literal["cell", "occupation"] | None,
    Query(description="cell (domain and function) or occupation; both when left out."),
]
Function = Annotated[str | None, Query(description="Only those that serve this function.", examples=["preservation"])]
SubDomain = Annotated[
    str | None, Query(alias="sub-domain", description="Only the cell of this sub-domain and its occupations.")
]
Charter = Annotated[
    str | None, Query(description="Only the cell of this function of CHARTER and the occupations that serve it.")
]
Words = Annotated[str | None, Query(description="Only with these words in the title.")]


class ProfileList(Listing):
    """Profile templates."""

    items: list[ProfileItem]


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
    sub_domain: SubDomain = None,
    charter: Charter = None,
    q: Words = None,
    format: Format = None,
) -> Response:
    """By domain, cells before occupations, then by title. CSV has a row for each skill of the profiles on the page."""
    if domain is not None and (above := find(ctx, domain).broader):
        raise BadParameter(
            f"domain: profiles are those of domains; {domain} is a part of {above}.", field="domain", see=above
        )
    entries = [
        e
        for e in _filtered(ctx, domain, function, kind, q, sub_domain, charter)
        if (degree is None or e.degree == degree) and (occupation is None or _anchored(ctx, e, occupation))
    ]
    return await _listing(ctx, paging, entries, format)


@router.get("/domains/{id}/profiles", summary="The profile templates of a sector")
@apart(per_row=LISTED)
async def domain_profiles(
    ctx: Ctx, paging: Paging, id: str, function: Function = None, kind: Kind = None, sub_domain: SubDomain = None,
    charter: Charter = None, q: Words = None, format: Format = None,
) -> Response:  # fmt: skip
    """Cells before occupations, then by title; of a sub-domain those that are about it. CSV has a row for each skill."""
    return await _listing(ctx, paging, templates_of(ctx, id, kind, function, q, sub_domain, charter), format)


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
    return await _template(ctx=ctx, id=entry_of(ctx, id).id, format=name)


@router.get("/profiles/{id}", summary="One profile template")
async def profile(ctx: Ctx, id: str, format: ProfileFormat = None) -> Response:
    """What a role asks for: anchors, skills by section with the rule that placed each, functions, gaps, provenance."""
    return await _template(ctx=ctx, id=entry_of(ctx, id).id, format=format)


@apart(lambda given: 2.0 + 0.04 * entry_of(given["ctx"], given["id"]).size, COSTS, MEDIA_TYPES)
async def _template(ctx: Context, id: str, format: FormatName | None) -> Response:
    return await answer(ctx, views.template(ctx, entry_of(ctx, id)), choose(ctx, format, MEDIA_TYPES))


def _cost(asked: CheckedRequest) -> float:
    """Of a profile of few anchors, or of all occupations of a domain."""
    return 3.0 + 0.3 * len(asked.recipe.anchors) if asked.recipe.kind == "composed" else 25.0


@apart(lambda given: _cost(given["asked"]), COSTS, MEDIA_TYPES)
async def _composed(ctx: Context, asked: CheckedRequest, format: FormatName | None) -> Response:
    return await answer(ctx, views.composed(ctx, asked), choose(ctx, format, MEDIA_TYPES))


def templates_of(
    ctx: Context,
    id: str,
    kind: str | None = None,
    function: str | None = None,
    q: str | None = None,
    sub_domain: str | None = None,
    charter: str | None = None,
) -> list[TemplateEntry]:
    """The templates of a domain in their order, or those that are about a sub-domain. Raises NotFound."""
    domain = find(ctx, id, "id")
    if domain.broader:
        id, sub_domain = domain.broader, domain.id
    return _filtered(ctx, id, function, kind, q, sub_domain, charter)


def entry_of(ctx: Context, key: str) -> TemplateEntry:
    """The template of this identifier. Raises NotFound, or Gone where its occupation is withdrawn."""
    templates = ctx.catalogue.profiles.templates
    if entry := templates.get(key.lower()):
        return entry
    domain, _, rest = key.partition("-")
    occupation = occupation_iri(rest.lower())
    if occupation in ctx.catalogue.withdrawn:
        raise missing(ctx, occupation, "occupation")
    near = sorted(k for k, e in templates.items() if e.recipe.domain == domain and e.recipe.kind == "cell")
    detail = f"This release has no profile '{key[:80]}'."
    if not templates:
        detail = "This release has no profiles: it was loaded without skills, or has none in scope."
    raise NotFound(detail, None, field="id", known=near, see=ctx.url("/profiles"))


def _filtered(
    ctx: Context,
    domain: str | None,
    function: str | None,
    kind: str | None,
    q: str | None,
    sub_domain: str | None,
    charter: str | None,
) -> list[TemplateEntry]:
    """Those that fit every given filter, in their order. Raises BadParameter for a part of a cell that there is not."""
    if function is not None:
        check_function(function)
    if sub_domain is not None:
        one_of("sub-domain", sub_domain, sorted(d.id for d in ctx.catalogue.domains.values() if d.broader))
    profiles = ctx.catalogue.profiles
    if charter is not None:
        prefix = f"{CCSID}charter/"
        known = [iri.removeprefix(prefix) for iri in profiles.words if iri.startswith(prefix)]
        one_of("charter", charter, sorted(known))
    words = query_words(ctx, q) if q else []
    cell = Cell(function or "", charter or "", sub_domain or "")
    entries = [
        e
        for e in profiles.templates.values()
        if domain in (None, e.recipe.domain)
        and kind in (None, e.recipe.kind)
        and _about(profiles.tables, e.recipe, cell)
        and all(w in fold(next(iter(title(ctx, "", e.recipe).values()), "")) for w in words)
    ]
    return sorted(entries, key=lambda e: (e.recipe.domain, e.recipe.kind, *_order(ctx, e)))


def _about(tables: ProfileTables, recipe: Recipe, cell: Cell) -> bool:
    """Whether a template is that of the cell, or of an occupation that belongs to it."""
    if recipe.kind == "cell":
        return all(not w or w == own for w, own in zip(astuple(cell), astuple(recipe.cell), strict=True))
    places = (tables.scope.get(a.occupation, {}).get(recipe.domain) for a in recipe.anchors)
    return any(p.serves(cell) for p in places if p)


def _order(ctx: Context, entry: TemplateEntry) -> tuple[int, str]:
    return (ctx.labels.rank(entry.recipe.anchors[0].occupation) if entry.recipe.kind == "occupation" else 0, entry.id)


def _anchored(ctx: Context, entry: TemplateEntry, text: str) -> bool:
    iri = known_occupation(ctx, text, "occupation")
    return any(a.occupation == iri for a in entry.recipe.anchors)


async def _listing(ctx: Context, paging: Paging, entries: list[TemplateEntry], format: str | None) -> Response:
    chosen = choose(ctx, format)
    shown = entries[paging.offset : paging.offset + paging.limit]
    payload: ProfileList = {
        "@context": ctx.url("/context.jsonld"), "items": [views.summary(ctx, e) for e in shown],
        **counted(len(entries), paging), "language": ctx.language,
    }  # fmt: skip
    whole = views.templates(ctx, shown) if chosen in ("csv", "turtle") and shown else []
    lines = (row for one in whole for row in rows(views.profile(ctx.to_read(), one)))
    statements = (line for one in whole for line in quads(ctx, one))
    return respond(ctx, chosen, payload, statements, COLUMNS, lines, page_links(ctx, len(entries), paging))
