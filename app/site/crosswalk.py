"""/crosswalk: a column of codes or job titles, pasted, becomes a table of what they stand for and where that belongs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal, get_args
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from app import http
from app.api.batch import LookedUp, look_up_code
from app.api.batches import Batches
from app.api.formats import as_csv
from app.api.match import MatchedTitle, matched_title
from app.api.search import index_of
from app.catalogue.concepts import in_one
from app.errors import BadParameter, TooLarge
from app.request import Context, strict_parameters
from app.site.frame import Frame, PageCtx, PageLanguage

router = APIRouter(include_in_schema=False, dependencies=[Depends(strict_parameters)])

Kind = Literal["auto", "title", "esco", "isco-08", "nace-2.1", "nace-2"]
# One word with a digit, a UUID or an address; anything else is a title, unless the reader says what the lines are.
_CODE = re.compile(
    r"https?://\S{1,290}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z]{0,2}[0-9][0-9.]*", re.IGNORECASE
)
_LONGEST = 300  # characters of a line
_FIELDS = 8  # of a form; it has three
COLUMNS = (
    "asked",
    "read as",
    "uri",
    "code",
    "label",
    "confidence",
    "core",
    "related",
    "shares",
    "note",
    "did you mean",
)
EXAMPLE = "2621.3\n2651\n91.21\nmuseum curator\ngame designer"

Row = dict[str, Any]


@router.get("/crosswalk")
async def crosswalk(
    request: Request,
    ctx: PageCtx,
    page_language: PageLanguage,
    text: Annotated[str, Query(description="Codes or titles, one a line.")] = "",
    kind: Annotated[Kind, Query(description="What the lines are.")] = "auto",
    format: Annotated[Literal["csv"] | None, Query(description="csv, to save the table.")] = None,
) -> Response:
    """The form, and the table of what is pasted into it."""
    return await _answer(request, Frame(ctx, page_language), text, kind, format or "")


@router.post("/crosswalk")
async def pasted(request: Request, ctx: PageCtx, page_language: PageLanguage) -> Response:
    """The same for more lines than an address can hold."""
    most = ctx.limits.lookup_bytes
    body = await request.body()
    if len(body) > most:
        raise TooLarge(f"The form is larger than {most} bytes.", limit=most, name="lookup_bytes")
    try:
        sent = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=_FIELDS)
    except ValueError as error:
        raise BadParameter("text: this is not a form in UTF-8.", field="text") from error
    kind = sent.get("kind", ["auto"])[0]
    if kind not in get_args(Kind):
        raise BadParameter(f"kind: '{kind[:20]}' is none of {', '.join(get_args(Kind))}.", field="kind")
    return await _answer(
        request, Frame(ctx, page_language), sent.get("text", [""])[0], kind, sent.get("format", [""])[0]
    )


async def _answer(request: Request, frame: Frame, text: str, kind: str, format: str) -> Response:
    ctx, t = frame.ctx, frame.words
    lines = _lines(text, ctx)
    rows = await _rows(request, ctx, lines, kind) if lines else []
    if format == "csv" and rows:
        body = as_csv(COLUMNS, map(_flat, rows))
        saved = {"content-disposition": 'attachment; filename="crosswalk.csv"'}
        return http.respond(
            request, ctx.served, body, "text/csv; charset=utf-8", ctx.label_language, extra=saved, keep=False
        )
    link = frame.link("/crosswalk", text="\n".join(lines), kind=kind)
    return frame.respond(
        "crosswalk.html", t("crosswalk-title"), t("crosswalk-lead"), [(t("home"), frame.link("/"))],
        [("JSON", ctx.url("/crosswalk?isco=2621"), "application/json")], text="\n".join(lines), kind=kind, kinds=get_args(Kind),
        rows=rows, example=frame.link("/crosswalk", text=EXAMPLE), link=link if len(link) < ctx.limits.url_length - 200 else "",
        most=(ctx.limits.lookup_codes, ctx.limits.match_titles),
    )  # fmt: skip


def _lines(text: str, ctx: Context) -> list[str]:
    """The lines that say something, as they were pasted. Raises BadParameter."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    most = ctx.limits.lookup_codes
    if len(lines) > most:
        raise BadParameter(f"text: at most {most} lines, not {len(lines)}.", field="text", maximum=most)
    if long := next((n for n, line in enumerate(lines, 1) if len(line) > _LONGEST), 0):
        raise BadParameter(f"text: line {long} has more than {_LONGEST} characters.", field="text", line=long)
    return lines


async def _rows(request: Request, ctx: Context, lines: Sequence[str], kind: str) -> list[Row]:
    titles = [line for line in lines if kind == "title" or (kind == "auto" and not _CODE.fullmatch(line))]
    most = ctx.limits.match_titles
    if len(titles) > most:
        raise BadParameter(f"text: at most {most} titles, not {len(titles)}.", field="text", maximum=most)
    index = await index_of(ctx) if titles else None
    classification = None if kind in ("auto", "title") else kind

    def work() -> list[Row]:
        found = index.match(titles, "", 1) if index else []
        matched = {title: matched_title(ctx, title, one) for title, one in zip(titles, found, strict=True)}
        return [
            _of_title(ctx, matched[line]) if line in matched else _of_code(look_up_code(ctx, line, classification))
            for line in lines
        ]

    batches: Batches = request.app.state.batches
    return await batches.run(request, work)


def _of_code(item: LookedUp) -> Row:
    """What a code stands for; groups have shares of sectors, occupations the sectors themselves."""
    shares = [(s["domain"], s["share"]) for s in item["domainShares"]]
    told = {"kind": item["classification"] or "", "shares": shares, "note": item["detail"] or ""}
    return {**item, **told, "confidence": None}


def _of_title(ctx: Context, item: MatchedTitle) -> Row:
    """The likeliest occupation of a title, with the sectors that it is in."""
    best = item["occupations"][0] if item["occupations"] else None
    named = {d: [o["domain"] for o in item["domains"] if o["degree"] == d] for d in ("core", "related")}
    return {
        "asked": item["title"], "kind": "title", "status": "found" if best else "unknown", **named, "shares": [], "note": "",
        "uri": best["uri"] if best else None, "code": best["code"] if best else "", "didYouMean": None, "replacedBy": [],
        "label": in_one(ctx.labels.of(best["uri"]), ctx.label_language) if best else "",
        "confidence": best["confidence"] if best else None,
    }  # fmt: skip


def _flat(row: Row) -> list[Any]:
    return [
        row["asked"], row["kind"], row["uri"], row["code"], row["label"], row["confidence"], row["core"], row["related"],
        " ".join(f"{domain}:{share:g}" for domain, share in row["shares"]), row["note"], row["didYouMean"],
    ]  # fmt: skip
