"""Profiles as an Excel workbook: what each is on the first sheet, a row for each of its skills on the second."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]

from app.documents.cells import cell
from app.documents.sheet import Sheet

# The format of the file demands a time of creation; a fixed one, so that the same profile gives the same bytes.
CREATED = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
WIDE, NARROW = 48, 16
LONGEST = 32_767  # characters of a cell
WIDE_COLUMNS = ("preferredLabel", "groupLabel", "skillUri", "profileTitle", "clusterUri", "groupUri", "askedBy")


def profile_xlsx(sheet: Sheet, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """The workbook of one profile."""
    return bundle_xlsx([sheet], sheet["title"]["text"], columns, rows)


def bundle_xlsx(sheets: Sequence[Sheet], title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """The workbook of several profiles in one language, one below the other.

    Texts are written as texts, so that none can become a formula or a link, nor when it is saved as CSV.
    """
    out = io.BytesIO()
    sheet = sheets[0]
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": title, "comments": sheet["attribution"], "created": CREATED})
    bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    front = book.add_worksheet("profile")
    front.set_column(0, 0, 24)
    front.set_column(1, 1, 100)
    facts = (fact for one in sheets for fact in (*_facts(one), *([("", "")] if len(sheets) > 1 else [])))
    for n, (name, text) in enumerate(facts):
        front.write_string(n, 0, name, bold)
        front.write_string(n, 1, _text(text), wrapped)
    table = book.add_worksheet("skills")
    for n, column in enumerate(columns):
        table.write_string(0, n, column, bold)
        table.set_column(n, n, WIDE if column in WIDE_COLUMNS else NARROW)
    last = 0
    for last, row in enumerate(rows, 1):
        for n, value in enumerate(row):
            if isinstance(value, float | int):
                table.write_number(last, n, value)
            else:
                table.write_string(last, n, _text(value))
    table.freeze_panes(1, 0)
    table.autofilter(0, 0, last, len(columns) - 1)
    if sheet["direction"] == "rtl":
        front.right_to_left()
        table.right_to_left()
    book.close()
    return out.getvalue()


def _text(value: Any) -> str:
    """A text as it fits a cell; the file format has a bound, beyond which a cell would stay empty."""
    text = str(cell(value))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _facts(sheet: Sheet) -> Iterable[tuple[str, str]]:
    words = sheet["words"]
    yield "", sheet["title"]["text"]
    yield sheet["headings"]["statement"]["text"], sheet["statement"]["text"]
    yield from (("", line) for line in sheet["unsaid"])
    for item in sheet["occupations"]:
        whose = f" ({item['label']['text']})" if len(sheet["occupations"]) > 1 else ""
        told = (("description", item["description"]), ("names", item["names"]), ("scope", item["scopeNote"]))
        for name, text in told:
            if text["text"]:
                yield f"{words[name]}{whose}", text["text"]
    for unit in sheet["tasks"]:
        yield words["tasks"], words["tasks-note"].replace("{code}", unit["code"])
        yield from (("", task) for task in unit["items"])
    for fact in sheet["facts"]:
        texts = " · ".join(t["text"] for t in fact["texts"])
        yield fact["name"], " – ".join(filter(None, (texts, fact["note"])))
    for anchor in sheet["anchors"]:
        place = f"{anchor['label']['text']} ({anchor['uri']}), ISCO-08 {anchor['iscoCode']}, NACE {anchor['nace']}"
        yield sheet["headings"]["anchors"]["text"], f"{place}, {words['weight']} {anchor['weight']}"
    for scheme, functions in (("ESSnet", sheet["functions"]), ("CHARTER", sheet["charterFunctions"])):
        if functions:
            yield f"{sheet['headings']['functions']['text']} ({scheme})", ", ".join(f["text"] for f in functions)
    yield from ((words["items"], text) for text in sheet["items"])
    for gap in sheet["gaps"]:
        yield sheet["headings"]["gaps"]["text"], f"{gap['label']['text']}: {gap['definition']['text']}"
    yield from ((words["notes"], note) for note in sheet["notes"])
    yield from ((f"{words['legend']}: {term}", meaning) for term, meaning in sheet["legend"])
    yield sheet["headings"]["provenance"]["text"], sheet["made"]
    yield "", sheet["self"]
    yield "", sheet["attribution"]
