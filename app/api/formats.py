"""JSON, JSON-LD, Turtle and CSV for one answer: chosen by ``?format=``, else by the Accept header."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

import orjson
import pyoxigraph as ox
from fastapi import Query
from starlette.responses import Response

from app import http
from app.documents.cells import cell
from app.errors import NotAcceptable
from app.http.representations import json_ld
from app.request import ALL_LANGUAGES, Context, content_location
from ontology import PREFIXES

MEDIA_TYPES = {
    "json": "application/json",
    "jsonld": "application/ld+json",
    "turtle": "text/turtle",
    "csv": "text/csv",
}
_PROFILE = re.compile(r'profile\s*=\s*"([^"]{1,200})"')

Format = Annotated[
    Literal["json", "jsonld", "turtle", "csv"] | None,
    Query(alias="format", description="json, jsonld, turtle or csv; without it the Accept header decides."),
]


def choose(ctx: Context, asked: str | None, offered: Mapping[str, str] = MEDIA_TYPES) -> str:
    """The format to answer in. Raises NotAcceptable when the Accept header names none of those offered.

    A media type that comes in several profiles (RFC 6906) is told apart by its parameter: the bare one is the first.
    """
    if asked:
        return asked
    header = ",".join(ctx.request.headers.getlist("accept"))[:1000]
    best: tuple[float, int, str] | None = None
    for n, part in enumerate(header.split(",")):
        wanted, _, rest = part.strip().lower().partition(";")
        if profile := _PROFILE.search(rest):
            wanted = f'{wanted.strip()};profile="{profile[1]}"'
        try:
            weight = float(rest.partition("q=")[2].partition(";")[0] or 1) if "q=" in rest else 1.0
        except ValueError:
            weight = 0.0
        form = next((name for name, media in offered.items() if _covers(wanted.strip(), media)), None)
        if form and weight > 0 and (best is None or (-weight, n) < best[:2]):
            best = (-weight, n, form)
    if best is None and header.strip():
        raise NotAcceptable("None of the media types accepted is offered here.", available=list(offered.values()))
    return best[2] if best else "json"


def _covers(wanted: str, media: str) -> bool:
    return wanted in ("*/*", media) or (wanted.endswith("/*") and media.startswith(wanted[:-1]))


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
        body = json_ld(orjson.dumps(payload), ctx.base)
    elif chosen == "turtle":
        triples = (q.triple for q in ox.parse(input="".join(quads), format=ox.RdfFormat.N_QUADS))
        body = ox.serialize(triples, format=ox.RdfFormat.TURTLE, prefixes=PREFIXES) or b""
    else:
        body = as_csv(columns, rows)
    media_type = MEDIA_TYPES[chosen] + ("; charset=utf-8" if chosen in ("turtle", "csv") else "")
    language = "" if ctx.language == ALL_LANGUAGES else ctx.language
    return http.respond(ctx.request, ctx.served, body, media_type, language, links, content_location(ctx, chosen))


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
