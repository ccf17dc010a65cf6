"""What leaves the room: results, minutes, tables, the overlay, and paper to bring along."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import segno
from fastapi import APIRouter, Depends
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.documents.cells import cell
from app.documents.docx import report_docx
from app.documents.pdf import report_pdf
from app.errors import NotFound
from app.request import strict_parameters
from app.workshop.access import Seated, require_facilitator
from app.workshop.minutes_report import minutes_report
from app.workshop.page import PRIVATE, SeatedPage
from workshop import accord, decided, minutes, overlay, preparing, sorting, tables
from workshop.model import Deck
from workshop.people import Seat

router = APIRouter(include_in_schema=False, dependencies=[Depends(strict_parameters)])

TABLES = {
    "answers": (minutes.ANSWERS, minutes.answers),
    "sorts": (minutes.SORTS, minutes.sorts),
    "change-requests": (minutes.CHANGES, minutes.changes),
    **tables.TABLES,
    **decided.TABLES,
}


@router.get("/workshop/minutes")
async def show_minutes(page: SeatedPage, seat: Seated) -> Response:
    """The record as a page: panel, rule, rounds, outcome, agreement, minority; of open rounds nothing."""
    found = await page.desk.read(minutes.minutes, seat.workshop)
    return page.respond("minutes.html", page.words("ws-minutes"), found=found, accord=accord.accord(found))


@router.get("/workshop/minutes.docx")
async def minutes_docx(page: SeatedPage, seat: Seated) -> Response:
    """The minutes as a Word document."""
    found = await page.desk.read(minutes.minutes, seat.workshop)
    body = await asyncio.to_thread(report_docx, minutes_report(found, page.words, page.sector))
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    return _file(body, kind, f"{seat.workshop}-minutes.docx")


@router.get("/workshop/minutes.pdf")
async def minutes_pdf(page: SeatedPage, seat: Seated) -> Response:
    """The minutes as a PDF."""
    found = await page.desk.read(minutes.minutes, seat.workshop)
    body = await asyncio.to_thread(report_pdf, minutes_report(found, page.words, page.sector))
    return _file(body, "application/pdf", f"{seat.workshop}-minutes.pdf")


@router.get("/workshop/tables/{name}.csv")
async def table(page: SeatedPage, seat: Seated, name: str) -> Response:
    """Answers, sorts or change requests, of what is revealed."""
    if name not in TABLES:
        raise NotFound(f"There is no table '{name[:40]}'; there are {', '.join(TABLES)}.")
    columns, rows = TABLES[name]
    body = await page.desk.read(lambda session: as_csv(columns, rows(session, seat.workshop)))
    return _file(body.encode(), "text/csv; charset=utf-8", f"{seat.workshop}-{name}.csv")


@router.get("/workshop/overlay.ttl")
async def overlay_file(page: SeatedPage, seat: Seated) -> Response:
    """What was adopted, for `ccsi load … --panel`."""
    require_facilitator(seat)
    made = await page.desk.read(overlay.overlay, seat.workshop)
    return _file(made.turtle, "text/turtle; charset=utf-8", f"{seat.workshop}.ttl")


@router.get("/workshop/paper")
async def paper(page: SeatedPage, seat: Seated) -> Response:
    """Review sheets and the card deck with its codes, to be printed."""
    require_facilitator(seat)
    found = await page.desk.read(_paper, seat)
    patterns = await asyncio.to_thread(_patterns, [deck for *_, decks in found["groups"] for deck in decks])
    return page.respond("paper.html", page.words("ws-paper"), patterns=patterns, **found)


def as_csv(columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> str:
    """A table that a spreadsheet opens without running anything in it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([cell(row[name]) for name in columns] for row in rows)
    return out.getvalue()


def _file(body: bytes, media_type: str, name: str) -> Response:
    return Response(body, 200, {**PRIVATE, "content-disposition": f'attachment; filename="{name}"'}, media_type)


def _patterns(decks: list[Deck]) -> dict[tuple[int, str], str]:
    """By deck and card its code as a picture, which a camera reads from a pile of cards."""
    return {
        (deck.id, card["code"]): segno.make(
            sorting.card_address(deck, card["code"]), version=1, error="q", boost_error=False
        ).svg_data_uri(border=4, omitsize=True)
        for deck in decks
        for card in deck.cards
    }


def _paper(session: Session, seat: Seat) -> dict[str, Any]:
    kept = preparing.workshop(session, seat.workshop)
    return {
        "workshop": kept,
        "groups": [
            (group, preparing.items(session, kept.id, group.id), preparing.decks(session, kept.id, group.id))
            for group in preparing.groups(session, kept.id)
        ],
    }  # fmt: skip
