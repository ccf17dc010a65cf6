"""One profile in whatever format was chosen."""

from __future__ import annotations

import asyncio

import orjson
from starlette.responses import Response

from app.api.formats import respond
from app.api.profiles import views
from app.api.profiles.formats import MEDIA_TYPES
from app.api.profiles.layout import lay_out
from app.api.profiles.linked import learning_model, schema_org
from app.api.profiles.rows import COLUMNS, json_ld, quads, rows
from app.documents.markdown import profile_markdown
from app.documents.page import POLICY, profile_page
from app.documents.pdf import profile_pdf
from app.documents.workbook import profile_xlsx
from app.request import Context, content_location

SUFFIX = {"xlsx": "xlsx", "pdf": "pdf"}  # formats that a browser saves

LONGEST_HEADER = 2000


async def answer(ctx: Context, shown: views.RenderedProfile, chosen: str) -> Response:
    """The document in the chosen format, with a link to its canonical address."""
    links = f'<{views.links(ctx, shown)["self"]}>; rel="canonical"'
    if len(links) > LONGEST_HEADER:
        links = ""  # proxies give up on long headers; the document holds the link too
    if chosen == "json":
        return ctx.json(views.profile(ctx, shown), links)
    document = views.profile(ctx.to_read(), shown)
    if chosen in ("turtle", "csv"):
        return respond(ctx, chosen, document, quads(ctx, shown), COLUMNS, rows(document), links)
    headers = content_location(ctx, chosen)
    if chosen == "html":
        headers["content-security-policy"] = POLICY
    if chosen in SUFFIX:
        headers["content-disposition"] = f'inline; filename="{shown.name}.{SUFFIX[chosen]}"'
    # Laying out pages takes some tenths of a second, so it does not hold up the others.
    body = json_ld(quads(ctx, shown)) if chosen == "jsonld" else await asyncio.to_thread(render, document, chosen)
    media = MEDIA_TYPES[chosen] + ("; charset=utf-8" if chosen in ("html", "markdown") else "")
    return ctx.respond(body, media, links, headers)


def render(document: views.Profile, name: str) -> bytes:
    """The bytes of a document in one of the formats that need the document alone."""
    match name:
        case "schemaorg":
            return orjson.dumps(schema_org(document))
        case "elm":
            return orjson.dumps(learning_model(document))
        case "markdown":
            return profile_markdown(lay_out(document)).encode()
        case "html":
            return profile_page(lay_out(document)).encode()
        case "pdf":
            return profile_pdf(lay_out(document))
        case "xlsx":
            return profile_xlsx(lay_out(document), COLUMNS, rows(document))
    raise ValueError(f"there is no format '{name}'")
