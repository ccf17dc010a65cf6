"""/id/…, /ns, /resource and /contexts: IRIs lead to descriptions, in RDF for programs and HTML for people.

An IRI below /id names a thing, which cannot be sent; its address answers 303 with the address of a document about it
(httpRange-14). /ns and /resource are documents themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import cache
from typing import Annotated, Any

import pyoxigraph as ox
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from app import http
from app.api.apart import apart
from app.api.lookup import missing
from app.api.releases import CONTEXT_FILE, TYPED_FILE
from app.api.routing import route_name
from app.errors import BadParameter, NotFound
from app.html.assets import Asset
from app.html.render import HTML_HEADERS
from app.http.representations import TYPED_PATH
from app.linked import iris, rdf_formats
from app.linked import pages as pages
from app.linked.dataset import MORE_PREFIXES, dataset_iri, dataset_triples, says, typed
from app.linked.dataset_page import dataset_page
from app.linked.ontology import ontology
from app.linked.rdf_formats import RESPONSES, Format
from app.linked.resource import Description, Links, describe, known, links_of, triples
from app.request import Context, Ctx, other_pages, service_of, strict_parameters
from ontology import ATTRIBUTION, CCSI, CCSID, DCT, FOLDER, PREFIXES, RDF
from releases import dumps

router = APIRouter(
    tags=["linked data"], dependencies=[Depends(strict_parameters)], generate_unique_id_function=route_name
)

HYDRA = "http://www.w3.org/ns/hydra/core#"
_HYDRA = {"prev": "previous"}  # where Hydra has another word for the link to a page than RFC 8288
SEE_ALSO = PREFIXES["rdfs"] + "seeAlso"
DATASET_PATH = "/.well-known/void"

_TURTLE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": {"text/turtle": {"schema": {"type": "string"}}}}
}
Offset = Annotated[int, Query(ge=0, le=10_000_000, description="Links of the property to pass over.")]


@router.get(
    "/id/{path:path}", responses={**RESPONSES, 303: {"description": "The thing is described there."}, 410: {"description": ""}},
    response_class=Response, summary="A thing of ours: 303 to its description; with a suffix, the description",
)  # fmt: skip
async def thing(ctx: Ctx, path: str, form: Format = None) -> Response:
    """`/id/domain/heritage` leads to `/id/domain/heritage.html`, `.ttl`, `.jsonld`, `.nt` or `.rdf`, as Accept says."""
    stem, suffix = rdf_formats.split(path)
    iri = _ours(CCSID + stem)
    if suffix and form and suffix != form:
        raise BadParameter(f"format: the path says {suffix} already.", field="format")
    if suffix:
        return await _described(ctx=ctx, iri=iri, chosen=suffix, place=_place(ctx))
    chosen = rdf_formats.choose(ctx.request, form)
    if people := _for_people(ctx, iri, chosen, form):
        return _see_other(people)
    if iri in ctx.catalogue.graphs:
        return _see_other(f"{ctx.base}{DATASET_PATH}{f'?format={form}' if form else ''}")
    if not await asyncio.to_thread(known, ctx.catalogue.store, iri):
        raise _unknown(ctx, iri)
    return _see_other(f"{iris.address(iri, ctx.base)}.{chosen}")


@router.get(
    "/resource", responses={**RESPONSES, 410: {"description": ""}}, response_class=Response,
    summary="What the release says of any IRI",
)  # fmt: skip
async def resource(
    ctx: Ctx,
    uri: Annotated[
        str, Query(description="The IRI.", examples=["http://data.europa.eu/esco/isco/C2621"], max_length=2000)
    ],
    form: Format = None,
    property: Annotated[
        str | None, Query(description="Only the links by this property, page by page.", max_length=2000)
    ] = None,
    inverse: Annotated[bool, Query(description="With property: the links that point at the IRI.")] = False,
    offset: Offset = 0,
) -> Response:
    """Statements about the IRI and statements that point at it; of each property a bounded number, the others by page."""
    iri = _iri(uri, "uri")
    if property is None and (inverse or offset):
        raise BadParameter("inverse and offset go with a property.", field="inverse" if inverse else "offset")
    chosen = rdf_formats.choose(ctx.request, form)
    if property is None:
        if people := _for_people(ctx, iri, chosen, form):
            return _see_other(people)
        return await _described(ctx=ctx, iri=iri, chosen=chosen, place=_place(ctx))
    return await _linked(
        ctx=ctx, iri=iri, chosen=chosen, place=_place(ctx), prop=_iri(property, "property"), inverse=inverse,
        offset=offset,
    )  # fmt: skip


@router.get(
    "/shapes.ttl", responses=_TURTLE, response_class=Response, summary="The SHACL shapes that a release satisfies"
)  # fmt: skip
async def shapes(request: Request) -> Response:
    """For whoever validates data of his own, such as a curation, before it is loaded; Turtle as it was written."""
    return _turtle("shapes").respond(request, "public, max-age=3600")


@router.get(
    "/esco-model.ttl", responses=_TURTLE, response_class=Response, summary="What the terms of ESCO's model mean that are used"
)  # fmt: skip
async def esco_model(request: Request) -> Response:
    """In our words; the model itself is the Commission's, at the address that each term names."""
    return _turtle("esco-model").respond(request, "public, max-age=3600")


@router.get("/ns", responses=RESPONSES, response_class=Response, summary="The CCSI ontology")
async def namespace(ctx: Ctx, form: Format = None) -> Response:
    """Classes and properties with their definitions; every term has its own place in the HTML page, as in `/ns#Domain`."""
    return await _ontology(ctx=ctx, chosen=rdf_formats.choose(ctx.request, form), place=_place(ctx))


@router.get("/ns/{version}", include_in_schema=False)
async def namespace_version(ctx: Ctx, version: str, form: Format = None) -> Response:
    """The ontology by its version IRI: the one that the release holds; older ones are in the releases that held them."""
    vocabulary = await asyncio.to_thread(ontology, ctx.served)
    if version != vocabulary.version:
        detail = f"This release holds version {vocabulary.version} of the ontology."
        raise NotFound(detail, field="version", available=[vocabulary.version])
    return await _ontology(ctx=ctx, chosen=rdf_formats.choose(ctx.request, form), place=_place(ctx))


@router.get("/ns.{suffix}", include_in_schema=False)
async def namespace_as(ctx: Ctx, suffix: str) -> Response:
    """The ontology in the representation that the suffix names."""
    if suffix not in rdf_formats.MEDIA_TYPES:
        raise NotFound(f"There is nothing at /ns.{suffix[:40]}.", available=list(rdf_formats.MEDIA_TYPES))
    return await _ontology(ctx=ctx, chosen=suffix, place=_place(ctx))


@router.get(DATASET_PATH, responses=RESPONSES, response_class=Response, summary="The dataset: VoID and DCAT-AP")
async def dataset(ctx: Ctx, form: Format = None) -> Response:
    """Counts of every graph, class and property, licence, attribution, endpoints, and downloads with checksums."""
    made = await asyncio.to_thread(dumps.find, ctx.served.release)
    chosen = rdf_formats.choose(ctx.request, form)
    return await _dataset(ctx=ctx, chosen=chosen, place=_place(ctx), made=len(made))


@router.get(
    "/contexts/v1.jsonld", response_class=Response, summary="The JSON-LD context of the API, under a version that stays"
)
async def context_v1(request: Request) -> Response:
    """The same as `/api/v1/context.jsonld`. A term may be added to it; none changes its meaning or goes."""
    return CONTEXT_FILE.respond(request, "public, max-age=86400")


@router.get(
    TYPED_PATH,
    response_class=Response,
    summary="The JSON-LD context of the API's application/ld+json, whose figures are decimals",
)
async def context_v1_typed(request: Request) -> Response:
    """As `/contexts/v1.jsonld`; figures with a fraction, which come as strings, are decimals by it."""
    return TYPED_FILE.respond(request, "public, max-age=86400")


@cache
def _turtle(name: str) -> Asset:
    """The files of the ontology whose names begin so, one after the other."""
    files = sorted(FOLDER.glob(f"{name}*.ttl"))
    return Asset.document(b"\n\n".join(file.read_bytes() for file in files), "text/turtle; charset=utf-8")


def _for_people(ctx: Context, iri: str, chosen: str, form: str | None) -> str:
    """Where a browser is led that asks for no format by name: the page for people, which links the description; or ""."""
    path = iris.page_path(iri, ctx.catalogue) if chosen == "html" and form is None else ""
    return path and f"{ctx.base}{path}"


# What these cost when they were measured on full ESCO, in milliseconds: see app.api.apart. They are told the place that was
# asked for, because the document names it.
# ruff: noqa: ARG001


@apart(lambda given: 17.0 if given["chosen"] == "html" else 5.0)
async def _described(*, ctx: Context, iri: str, chosen: str, place: str) -> Response:
    described = await asyncio.to_thread(describe, ctx.catalogue.store, iri, ctx.limits.links)
    if described is None:
        raise _unknown(ctx, iri)
    return await _answer(
        ctx, chosen, iri, lambda: _description_triples(ctx, described), lambda: pages.resource_page(ctx, described)
    )


@apart(15.0)
async def _linked(
    *, ctx: Context, iri: str, chosen: str, place: str, prop: str, inverse: bool, offset: int
) -> Response:
    links = await asyncio.to_thread(links_of, ctx.catalogue.store, iri, prop, inverse, ctx.limits.links, offset)
    if links is None:
        raise NotFound("There are no such links.", uri=iri, property=prop, inverse=inverse)
    return await _answer(
        ctx, chosen, iri, lambda: _page_triples(ctx, iri, links), lambda: pages.links_page(ctx, iri, links),
        _page_links(ctx, iri, links),
    )  # fmt: skip


@apart(20.0)
async def _ontology(*, ctx: Context, chosen: str, place: str) -> Response:
    vocabulary = await asyncio.to_thread(ontology, ctx.served)
    return await _answer(
        ctx, chosen, CCSI, lambda: list(vocabulary.triples), lambda: pages.ontology_page(ctx, vocabulary)
    )


@apart(17.0, lasts=lambda given: bool(given["made"]))  # before there are files, they may be there at any moment
async def _dataset(*, ctx: Context, chosen: str, place: str, made: int) -> Response:
    """`made`: of the dumps so many were found, by which answers differ."""
    dumped = await asyncio.to_thread(dumps.find, ctx.served.release)
    publisher = service_of(ctx.request).settings.publisher
    return await _answer(
        ctx, chosen, dataset_iri(ctx.served.release.id),
        lambda: list(dataset_triples(ctx, publisher, dumped)), lambda: dataset_page(ctx, dumped),
        keep=bool(made), prefixes=MORE_PREFIXES,
    )  # fmt: skip


def _place(ctx: Context) -> str:
    """The path, and whether it was said which format is wanted."""
    return f"{ctx.request.scope['path']} {'format' in ctx.request.query_params}"


async def _answer(
    ctx: Context,
    chosen: str,
    iri: str,
    statements: Callable[[], list[ox.Triple]],
    page: Callable[[], str],
    links: str = "",
    keep: bool = True,
    prefixes: dict[str, str] | None = None,
) -> Response:
    """A document in the chosen representation, with links to the others and to what it is about."""

    def written() -> bytes:
        return page().encode() if chosen == "html" else rdf_formats.write(statements(), chosen, prefixes)

    body = await asyncio.to_thread(written)
    alternates = [
        f'<{_variant(ctx, name)}>; rel="alternate"; type="{rdf_formats.MEDIA_TYPES[name]}"'
        for name in rdf_formats.MEDIA_TYPES
        if name != chosen
    ]
    all_links = ", ".join(filter(None, [links, f'<{iri}>; rel="describes"', *alternates]))
    extra = dict(HTML_HEADERS) if chosen == "html" else {}
    if "format" not in ctx.request.query_params and not rdf_formats.split(ctx.request.scope["path"])[1]:
        extra["content-location"] = _variant(ctx, chosen)  # the Accept header chose
    language = ctx.label_language if chosen == "html" else ""
    return http.respond(
        ctx.request, ctx.served, body, rdf_formats.content_type(chosen), language, all_links, extra, keep
    )


def _variant(ctx: Context, name: str) -> str:
    """The address of this document in another representation; in RDF it holds all languages, whichever was asked for."""
    stem, suffix = rdf_formats.split(ctx.request.scope["path"])
    if suffix or stem == "/ns":
        return f"{ctx.base}{iris.path(stem)}.{name}"
    return f"{ctx.base}{iris.path(stem)}?{iris.query(ctx.request, without=() if name == 'html' else ('language',), format=name)}"


def _description_triples(ctx: Context, described: Description) -> list[ox.Triple]:
    made = [*described.triples(), *_document(ctx, described.iri)]
    for links in described.cut:
        page = pages.links_address(ctx, described.iri, links)
        made += says(described.iri, (SEE_ALSO, page))
        made += says(page, (HYDRA + "totalItems", typed(links.total)))
    return made


def _page_triples(ctx: Context, iri: str, links: Links) -> list[ox.Triple]:
    page = pages.links_address(ctx, iri, links, links.offset)
    offsets = other_pages(links.total, ctx.limits.links, links.offset)
    return [
        *triples(iri, links), *_document(ctx, iri, page),
        *says(page, (RDF + "type", HYDRA + "PartialCollectionView"), (HYDRA + "totalItems", typed(links.total))),
        *says(page, *((HYDRA + _HYDRA.get(rel, rel), pages.links_address(ctx, iri, links, n)) for rel, n in offsets.items())),
    ]  # fmt: skip


def _document(ctx: Context, iri: str, document: str = "") -> Iterator[ox.Triple]:
    """The document about itself: what it is about, of which dataset it is part, under which terms."""
    foaf, void = PREFIXES["foaf"], PREFIXES["void"]
    return says(
        document or (iris.address(iri, ctx.base) if iri.startswith(CCSID) else iris.resource(iri, ctx.base)),
        (RDF + "type", foaf + "Document"), (foaf + "primaryTopic", iri),
        (void + "inDataset", dataset_iri(ctx.served.release.id)), (SEE_ALSO, ctx.base + DATASET_PATH),
        (DCT + "rights", ox.Literal(ATTRIBUTION, language="en")),
    )  # fmt: skip


def _page_links(ctx: Context, iri: str, links: Links) -> str:
    offsets = other_pages(links.total, ctx.limits.links, links.offset)
    return ", ".join(f'<{pages.links_address(ctx, iri, links, n)}>; rel="{rel}"' for rel, n in offsets.items())


def _iri(text: str, field: str) -> str:
    """An absolute IRI. Raises BadParameter."""
    try:
        return ox.NamedNode(text).value
    except ValueError:
        raise BadParameter(f"{field}: this is not an absolute IRI.", field=field, value=text[:200]) from None


def _ours(iri: str) -> str:
    try:
        return ox.NamedNode(iri).value
    except ValueError:
        raise NotFound("No thing can have this address: it makes no IRI.", uri=iri[:200]) from None


def _unknown(ctx: Context, iri: str) -> Exception:
    if iri in ctx.catalogue.withdrawn:
        return missing(ctx, iri, "skill" if "/skill/" in iri else "occupation")
    return NotFound(f"Release {ctx.served.release.id} says nothing of this IRI.", uri=iri[:500])


def _see_other(target: str) -> Response:
    return Response(None, 303, {"location": target, "vary": http.VARY, "cache-control": http.CACHE_CONTROL})
