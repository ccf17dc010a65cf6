"""What crawlers and readers of feeds ask for, and pages behind the types of faults, which are IRIs and so lead somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from fastapi import APIRouter, Request
from starlette.responses import Response

from app import http
from app.api.releases import releases_here
from app.errors import TYPE_BASE, NotFound, Problem
from app.html.render import HTML_HEADERS, render
from app.http.negotiation import best_of
from app.linked.dataset import dataset_iri
from app.request import Ctx, base_url
from app.site.faults import fault_page
from app.site.words import words
from ontology import local_name

router = APIRouter(include_in_schema=False)

# Faults of HTTP itself, which are answered before there is a request to raise them in: status, title, meaning.
_OF_HTTP = {
    "http": (400, "Not a request of this service", "HTTP is not used as it must be; the status says how."),
    "bad-request": (400, "Bad Request", "The head of the request is not one of HTTP/1.1."),
    "url-too-long": (414, "Request target too long", "The address is longer than the published limit."),
    "request-header-fields-too-large": (431, "Request Header Fields Too Large", "The head is larger than it may be."),
    "service-unavailable": (503, "Service Unavailable", "There are more connections than the service takes."),
    "sparql-not-ready": (503, "SPARQL is not ready", "No worker process is there to evaluate a query."),
}
_OFFERS = (("json", "application/json"), ("html", "text/html"))
# What has no end, or costs much and says nothing that the pages do not: for programs that know what they want.
_NOT_CRAWLED = (
    "/api/", "/find?", "/sparql?", "/resource?", "/dumps/", "/compare?occupation", "/composer?", "/crosswalk?text",
)  # fmt: skip


@router.get("/robots.txt")
async def robots(request: Request) -> Response:
    """Pages may be read by anyone; the API, queries and downloads are not for crawlers."""
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}" for path in _NOT_CRAWLED),
        f"Sitemap: {base_url(request)}/sitemap.xml",
        "",
    ]
    return Response("\n".join(lines), 200, {"cache-control": "public, max-age=3600"}, "text/plain; charset=utf-8")


@router.get("/sitemap.xml")
async def sitemap(ctx: Ctx) -> Response:
    """The pages that a reader may begin with: front door, sectors with their occupations, documentation, ontology, dataset."""
    paths = [
        "/",
        "/method",
        "/statistics",
        "/compare",
        "/composer",
        "/crosswalk",
        "/docs",
        "/sparql",
        "/ns",
        "/.well-known/void",
    ]
    paths += [f"/sectors/{key}" for key in sorted(ctx.catalogue.domains)]
    inside = {d.occupation for members in ctx.catalogue.by_domain.values() for d in members}
    paths += [f"/occupations/{local_name(iri)}" for iri in sorted(inside)]
    paths += [f"/profiles/{key}" for key in sorted(ctx.catalogue.profiles.templates)]
    paths += [f"/areas/{key}" for key in sorted(ctx.catalogue.analysis.areas.areas)]
    paths += [f"/clusters/{key}" for key, c in sorted(ctx.catalogue.analysis.clusters.items()) if c.level == "broad"]
    paths += [f"/id/domain/{key}.html" for key in sorted(ctx.catalogue.domains)]
    places = "".join(f"<url><loc>{escape(ctx.base + path)}</loc></url>" for path in paths)
    body = f'<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{places}</urlset>'
    return http.respond(ctx.request, ctx.served, body.encode(), "application/xml")


@router.get("/releases.atom")
async def feed(ctx: Ctx) -> Response:
    """The releases on this server, for whoever wants to hear of a new one (Atom, RFC 4287)."""
    text = render(
        "releases.xml", base=ctx.base, releases=await releases_here(ctx), served=ctx.served.release.id, iri=dataset_iri, t=words("en")
    )  # fmt: skip
    return http.respond(ctx.request, ctx.served, text.encode(), "application/atom+xml", "en", keep=False)


@router.get("/problem/{slug}")
async def problem(request: Request, slug: str) -> Response:
    """What a fault of this type means: as JSON, and as a page for browsers."""
    known = {
        kind.slug: (kind.status, kind.title, " ".join((kind.__doc__ or "").split())) for kind in kinds()
    } | _OF_HTTP
    if slug not in known:
        raise NotFound(f"No fault of this service has the type '{slug[:60]}'.")
    status, title, meaning = known[slug]
    offer = best_of(",".join(request.headers.getlist("accept"))[:1000], _OFFERS)
    if offer and offer[0] == "html":
        page = fault_page(request, {"status": status, "title": title, "detail": meaning, "uri": TYPE_BASE + slug})
        return Response(page, 200, {**HTML_HEADERS, "vary": http.VARY}, "text/html; charset=utf-8")
    return http.uncached_json({"type": TYPE_BASE + slug, "title": title, "status": status, "description": meaning})


def kinds(kind: type[Problem] = Problem) -> Iterator[type[Problem]]:
    """Every kind of fault, from the most general on."""
    yield kind
    for more in kind.__subclasses__():
        yield from kinds(more)
