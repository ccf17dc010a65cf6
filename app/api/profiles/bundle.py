"""All profiles of a domain as one document: a workbook to work with, a PDF to print."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import Query
from starlette.responses import Response

from app.api.apart import apart
from app.api.lookup import find
from app.api.profiles import views
from app.api.profiles.formats import COSTS, MEDIA_TYPES
from app.api.profiles.layout import lay_out
from app.api.profiles.naming import domain_words
from app.api.profiles.routes import templates_of
from app.api.profiles.rows import COLUMNS, rows
from app.api.routing import api_router
from app.catalogue.profiles import TemplateEntry
from app.documents.pdf import bundle_pdf
from app.documents.workbook import bundle_xlsx
from app.errors import BadParameter, NotFound
from app.request import Context, Ctx

router = api_router("profiles")

# Profiles of one file. Laying out a page takes memory that stays until the last one: some 9 MB for each profile.
MOST = {"xlsx": 200, "pdf": 40}


@router.get("/domains/{id}/profiles.{suffix}", summary="All profiles of a sector, as one file")
async def bundle(
    ctx: Ctx,
    id: str,
    suffix: str,
    kind: Annotated[
        Literal["cell", "occupation"] | None, Query(description="Only the cells, or only the occupations.")
    ] = None,
    volume: Annotated[int, Query(ge=1, le=100, description="Of a bundle that is cut, which part: 1, 2, …")] = 1,
) -> Response:
    """xlsx or pdf: every profile of a domain or sub-domain, cells before occupations, in one language.

    A PDF holds 40 profiles, a workbook 200; the Link header leads to the other volumes of a larger domain.
    """
    if suffix not in MOST:
        raise NotFound(f"There is no bundle as '{suffix[:20]}'.", None, field="suffix", known=list(MOST))
    volumes = _volumes(ctx, id, suffix, kind)
    if volumes == 0:
        raise NotFound("There is no profile of this kind.", None, field="id", see=ctx.url(f"/domains/{id}/profiles"))
    if volume > volumes:
        raise BadParameter(f"volume: this bundle has {volumes}.", field="volume", maximum=volumes)
    return await _bundle(ctx=ctx, id=find(ctx, id).id, suffix=suffix, kind=kind, volume=volume)


@apart(lambda given: COSTS[given["suffix"]] * len(_entries(**given)))
async def _bundle(ctx: Context, id: str, suffix: str, kind: str | None, volume: int) -> Response:
    entries = _entries(ctx, id, suffix, kind, volume)
    documents = [views.profile(ctx.to_read(), one) for one in views.templates(ctx, entries)]
    volumes = _volumes(ctx, id, suffix, kind)
    cut = f" ({volume}/{volumes})" if volumes > 1 else ""
    title = next(iter(domain_words(ctx, id).values()), id) + cut
    body = await asyncio.to_thread(_written, documents, title, suffix)
    number = f"-{volume}" if volumes > 1 else ""
    headers = {"content-disposition": f'inline; filename="{id}-profiles{number}.{suffix}"'}
    return ctx.respond(body, MEDIA_TYPES[suffix], _links(ctx, id, suffix, kind, volume, volumes), headers)


def _links(ctx: Context, id: str, suffix: str, kind: str | None, volume: int, volumes: int) -> str:
    """RFC 8288 links to the volumes before and after."""
    beside = {"prev": volume - 1, "next": volume + 1}
    asked = {"language": ctx.language, **({"kind": kind} if kind else {})}
    where = ctx.url(f"/domains/{id}/profiles.{suffix}")
    return ", ".join(
        f'<{where}?{urlencode({**asked, "volume": n})}>; rel="{rel}"' for rel, n in beside.items() if 1 <= n <= volumes
    )


def _written(documents: list[views.Profile], title: str, suffix: str) -> bytes:
    sheets = [lay_out(d) for d in documents]
    if suffix == "pdf":
        return bundle_pdf(sheets, title)
    return bundle_xlsx(sheets, title, COLUMNS, (row for d in documents for row in rows(d)))


def _entries(ctx: Context, id: str, suffix: str, kind: str | None, volume: int) -> list[TemplateEntry]:
    most = MOST[suffix]
    return templates_of(ctx, id, kind)[(volume - 1) * most : volume * most]


def _volumes(ctx: Context, id: str, suffix: str, kind: str | None) -> int:
    return -(-len(templates_of(ctx, id, kind)) // MOST[suffix])
