"""/find: results of a search as a page, with the matched words marked and ways to narrow down."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from markupsafe import Markup
from pydantic import BeforeValidator
from starlette.responses import Response

from app.api.search import DegreeFilter, DomainFilter, TypeName, search_results
from app.request import Page, strict_parameters
from app.site.frame import Frame, PageCtx, PageLanguage

router = APIRouter(include_in_schema=False, dependencies=[Depends(strict_parameters)])
ROWS = 20
EMPTY = BeforeValidator(lambda value: value or None)  # a form sends what was not chosen too


@router.get("/find")
async def find(
    ctx: PageCtx,
    page_language: PageLanguage,
    q: str = "",
    kind: Annotated[TypeName | None, EMPTY, Query(alias="type", description="Only this type of concept.")] = None,
    domain: Annotated[DomainFilter, EMPTY] = None,
    degree: DegreeFilter = None,
    offset: Annotated[int, Query(ge=0, description="Results to pass over.")] = 0,
) -> Response:
    """The results for the words of the search box; without words, the box alone."""
    frame = Frame(ctx, page_language)
    t = frame.words
    query = {"q": q, "type": kind, "domain": domain, "degree": degree}
    results: Any = None
    if q.strip():
        rows = Page(ROWS, min(offset, ctx.limits.offset))
        results = await search_results(ctx, rows, q, [kind] if kind else None, domain, degree)
    title = t("find-for", q=q[:100]) if results else t("find-title")
    return frame.respond(
        "find.html", title, t("search-label"), [(t("home"), frame.link("/"))],
        [("JSON", ctx.url("/search") + "?" + frame.link("", **query).partition("?")[2], "application/json")] if results else [],
        results=results, q=q, query=query, marked=marked, offset=offset, rows=ROWS,
    )  # fmt: skip


def marked(text: str, spans: list[list[int]]) -> Markup:
    """A label with the matched words marked; spans are in order and do not overlap."""
    ends = [0, *(place for span in spans for place in span), len(text)]
    parts = [text[a:b] for a, b in pairwise(ends)]
    shown = (Markup("<mark>{}</mark>").format(p) if n % 2 else Markup.escape(p) for n, p in enumerate(parts))
    return Markup("").join(shown)
