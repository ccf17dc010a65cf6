"""JSON, JSON-LD, Turtle and CSV for one answer: chosen by ``?format=``, else by the Accept header."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

import pyoxigraph as ox
from fastapi import Query
from starlette.responses import Response

from app.documents.cells import cell
from app.errors import NotAcceptable
from app.http.negotiation import best_of
from app.http.representations import json_ld
from app.request import Context, content_location
from ontology import PREFIXES

MEDIA_TYPES = {
    "json": "application/json",
    "jsonld": "application/ld+json",
    "turtle": "text/turtle",
    "csv": "text/csv",
}

Format = Annotated[
    Literal["json", "jsonld", "turtle", "csv"] | None,
    Query(alias="format", description="json, jsonld, turtle or csv; without it the Accept header decides."),
]


def choose(ctx: Context, asked: str | None, offered: Mapping[str, str] = MEDIA_TYPES) -> str:
    """The format to answer in. Raises NotAcceptable when the Accept header names none of those offered."""
    if asked:
        return asked
    offer = best_of(",".join(ctx.request.headers.getlist("accept"))[:1000], tuple(offered.items()))
    if offer is None:
        raise NotAcceptable("None of the media types accepted is offered here.", available=list(offered.values()))
    return offer[0]


def respond(
    ctx: Context,
    chosen: str,
    payload: Any,
    quads: Iterable[str],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    links: str = "",
) -> Response:
    """The answer in the chosen format; ``quads`` are N-Quads lines for Turtle, ``columns`` and ``rows`` for CSV."""
    if chosen == "json":
        return ctx.json(payload, links)
    if chosen == "jsonld":
        body = json_ld(payload, ctx.base)
    elif chosen == "turtle":
        triples = (q.triple for q in ox.parse(input="".join(quads), format=ox.RdfFormat.N_QUADS))
        body = ox.serialize(triples, format=ox.RdfFormat.TURTLE, prefixes=PREFIXES) or b""
    else:
        body = as_csv(columns, rows)
    media_type = MEDIA_TYPES[chosen] + ("; charset=utf-8" if chosen in ("turtle", "csv") else "")
    return ctx.respond(body, media_type, links, content_location(ctx, chosen))


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]], separator: str = ",", bom: bool = False) -> bytes:
    """CSV with a head (RFC 4180); a list's members are parted by blanks, or by bars as in ESCO's files, true and false are small."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([cell(_plain(value)) for value in row] for row in rows)
    return text.getvalue().encode("utf-8-sig" if bom else "utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return (" | " if any(" " in member for member in value) else " ").join(value)
    return str(value).lower() if isinstance(value, bool) else value
