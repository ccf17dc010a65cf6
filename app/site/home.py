"""The front door: one search box, the sectors with their figures, three ways in; and how decisions are made."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from analysis.tables import Route
from app.api import views
from app.api.apart import apart
from app.html.render import HTML_HEADERS, render
from app.reports.scope import report
from app.request import base_url, service_of, strict_parameters
from app.site.frame import Frame, PageCtx, PageLanguage, page_context, page_language
from releases.record import LICENCE

router = APIRouter(include_in_schema=False)
_ROUTES: tuple[Route, ...] = ("expert", "curated", "isco", "nace", "skills", "label")  # the surest first


@router.get("/")
async def home(request: Request, language: str | None = None) -> Response:
    """What this is, and where to go."""
    if not service_of(request).ready:
        page = render("empty.html", base=base_url(request), version=version("ccsi-esco"))
        return Response(page.encode(), 200, {**HTML_HEADERS, "cache-control": "no-cache"}, "text/html; charset=utf-8")
    tag = await page_language(request, language)
    frame = Frame(await page_context(request, tag), tag)
    ctx, t = frame.ctx, frame.words
    tops = [views.domain(ctx, d) for d in ctx.catalogue.domains.values() if not d.broader]
    counts = ctx.served.release.manifest["counts"]
    return frame.respond(
        "home.html", t("home-title"), t("home-lead"), [],
        [("JSON", ctx.url("/domains"), "application/json"), ("VoID", f"{ctx.base}/.well-known/void", "text/turtle")],
        {
            "@type": "Dataset", "name": "CCSI in ESCO", "description": t("home-lead"), "url": f"{ctx.base}/",
            "version": ctx.served.release.id, "license": LICENCE,
        },
        sectors=sorted(tops, key=lambda d: next(iter(d["preferredLabel"].values()), d["id"])),
        figures={k: t.number(counts[n]) for k, n in (("all", "occupations"), ("scope", "inScope"), ("core", "core"))},
        software=version("ccsi-esco"),
    )  # fmt: skip


@router.get("/method", dependencies=[Depends(strict_parameters)])
@apart(30.0)
async def method(ctx: PageCtx, page_language: PageLanguage) -> Response:
    """How an occupation comes to its place, with the figures of this release."""
    frame = Frame(ctx, page_language)
    t, found = frame.words, report(ctx.catalogue)
    return frame.respond(
        "method.html", t("method-title"), t("method-lead"), [(t("home"), frame.link("/"))],
        [("JSON", ctx.url("/scope"), "application/json")], found=found,
        routes=[(r, found["routes"][r]) for r in _ROUTES if r in found["routes"]],
    )  # fmt: skip
