"""/statistics: the scope in figures; and /design: every part that pages are made of."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.api.apart import apart
from app.reports.scope import report
from app.request import strict_parameters
from app.site.frame import Frame, PageCtx, PageLanguage

router = APIRouter(include_in_schema=False, dependencies=[Depends(strict_parameters)])
PARTLY = 40  # ISCO groups that the page names
COLOURS = (
    "paper",
    "ink",
    "soft",
    "link",
    "line",
    "tint",
    "core",
    "rest",
    "accent",
    "mark",
    "flag",
    "flag-tint",
    "edge",
    "focus",
)


@router.get("/statistics")
@apart(60.0)
async def statistics(ctx: PageCtx, page_language: PageLanguage) -> Response:
    """Sizes by sector, degree, evidence and kind of work, and the differences to the official lists."""
    frame = Frame(ctx, page_language)
    t, found = frame.words, report(ctx.catalogue)
    groups = ctx.catalogue.isco

    def named(row: Any) -> tuple[Any, str, dict[str, str]]:
        """A row of figures with the page of its ISCO group and what that is called."""
        iri = groups[row["code"]].iri
        return row, frame.concept(iri), ctx.labels.of(iri)

    return frame.respond(
        "statistics.html", t("statistics-title"), t("statistics-lead"), [(t("home"), frame.link("/"))],
        [("JSON", ctx.url("/scope"), "application/json"), ("SVG", ctx.url("/scope.svg"), "image/svg+xml")],
        {
            "@type": "Dataset", "name": t("statistics-title"), "description": t("statistics-lead"),
            "url": frame.link("/statistics"), "version": ctx.served.release.id,
        },
        found=found, sectors=[(d, frame.sector(d["domain"])) for d in sorted(found["byDomain"], key=lambda d: -d["core"])],
        largest=max((d["core"] + d["related"] for d in found["byDomain"]), default=1) or 1,
        groups=[
            named(row) for row in found["byMajorGroup"] if row["code"] in groups and row["core"] + row["relatedOnly"]
        ],
        partly=[named(r) for r in sorted(found["partlyCultural"], key=lambda r: (-r["inScope"], r["code"]))[:PARTLY]],
        overlaps=[
            (frame.sector(o["domains"][0]), frame.sector(o["domains"][1]), o["both"], o["jaccard"], o["domains"])
            for o in sorted(found["domainOverlaps"], key=lambda o: -o["both"])[:15]
        ],
    )  # fmt: skip


@router.get("/design")
async def design(ctx: PageCtx, page_language: PageLanguage) -> Response:
    """The design system: colours, type, and every part, each as it stands on the pages."""
    frame = Frame(ctx, page_language)
    t = frame.words
    return frame.respond(
        "design.html", t("design-title"), t("design-lead"), [(t("home"), frame.link("/"))], colours=COLOURS,
        sectors=[(frame.sector(d), len(ctx.catalogue.by_domain.get(d, ()))) for d in ctx.catalogue.top_domains[:4]],
    )  # fmt: skip
