"""Lists in the form that a client wants: whole items, compact ones, or CSV. A compact item and a row of CSV are one flat record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, NamedTuple, NotRequired, TypeVar

from fastapi import Depends, Query, Request
from pydantic import Field
from starlette.responses import Response

from app.api import views
from app.api.formats import as_csv
from app.catalogue.concepts import Decision, in_one
from app.errors import BadParameter
from app.http.negotiation import Offer, best_of
from app.http.representations import OFFERS
from app.http.shapes import Shape
from app.request import Context, Page, content_location, counted, listing, page_links
from ontology import local_name

T = TypeVar("T")
Record = dict[str, Any]

_CSV: Offer = ("csv", "text/csv")
_OFFERS = (*OFFERS, _CSV)

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t"}

OCCUPATION = ("uri", "code", "label", "iscoGroup", "naceCode", "core", "related")
_DECISION = ("domain", "degree", "confidence", "contradicted", "subDomain", "functions", "routes")
MEMBER = ("uri", "code", "label", *_DECISION, "iscoGroup", "naceCode")
QUEUED = (*MEMBER, "reasons")
SKILL = ("uri", "label", "skillType", "reuseLevel", "groups")


class CompactList(Shape):
    """One page of a list in short, as `view=compact` or `fields` ask for it."""

    domain: NotRequired[Annotated[str, Field(description="In lists of a domain.")]]
    items: list[dict[str, str | float | bool | list[str] | None]]
    total: int
    limit: int
    offset: int
    language: str


class Form(NamedTuple):
    """How much of each item to answer, and how CSV is written."""

    compact: bool
    csv: bool
    fields: tuple[str, ...]
    bom: bool
    separator: str


async def form(
    request: Request,
    view: Annotated[
        Literal["full", "compact"], Query(description="compact: flat items of few fields, as the rows of CSV are.")
    ] = "full",
    fields: Annotated[
        str | None,
        Query(
            max_length=500,
            description="Only these fields of a compact item, or columns of CSV, in this order; with commas.",
        ),
    ] = None,
    format: Annotated[
        Literal["csv"] | None, Query(description="csv; without it the Accept header decides between it and JSON.")
    ] = None,
    bom: Annotated[bool, Query(description="CSV begins with a byte order mark, which some spreadsheets need.")] = False,
    separator: Annotated[
        Literal["comma", "semicolon", "tab"], Query(description="Between the cells of CSV.")
    ] = "comma",
) -> Form:
    """The form asked for; fields stand for a compact view."""
    wanted = tuple(filter(None, (f.strip() for f in (fields or "").split(","))))
    if fields is not None and (not wanted or len(set(wanted)) < len(wanted)):
        raise BadParameter("fields: names of fields with commas between them, each once.", field="fields")
    accepted = ",".join(request.headers.getlist("accept"))[:1000]
    csv = format is not None or best_of(accepted, _OFFERS) == _CSV
    return Form(view == "compact" or bool(wanted), csv, wanted, bom, SEPARATORS[separator])


InForm = Annotated[Form, Depends(form)]

ROW_COSTS = {"json": 0.014, "jsonld": 0.04}  # milliseconds; see app.api.apart


def list_response(
    ctx: Context,
    entries: list[T],
    where: Page,
    form: Form,
    *,
    whole: Callable[[T], Any],
    record: Callable[[T], Record],
    columns: Sequence[str],
    **more: Any,
) -> Response:
    """One page of a list."""
    columns = chosen_columns(form, columns)
    if not (form.csv or form.compact):
        return listing(ctx, entries, where, whole, **more)
    links = page_links(ctx, len(entries), where)
    records = [record(item) for item in entries[where.offset : where.offset + where.limit]]
    if form.csv:
        return csv_answer(ctx, form, columns, records, links)
    items = [{name: row[name] for name in columns} for row in records]
    payload = {
        **more, "items": items, **counted(len(entries), where), "language": ctx.language,
    }  # fmt: skip
    return ctx.json(payload, links)


def chosen_columns(form: Form, known: Sequence[str]) -> Sequence[str]:
    """The fields asked for, else all. Raises BadParameter for one that is not known."""
    if unknown := [name for name in form.fields if name not in known]:
        raise BadParameter(f"fields: there is no '{unknown[0][:40]}' here.", field="fields", known=list(known))
    return form.fields or known


def csv_answer(ctx: Context, form: Form, columns: Sequence[str], records: list[Record], links: str = "") -> Response:
    """Records as CSV."""
    body = as_csv(columns, ([row[name] for name in columns] for row in records), form.separator, form.bom)
    return ctx.respond(body, "text/csv; charset=utf-8", links, content_location(ctx, "csv"))


def occupation(ctx: Context, iri: str) -> Record:
    """An occupation in short, with the domains that it is in by degree."""
    item = ctx.catalogue.occupations[iri]
    return {
        **_occupation(ctx, iri),
        "core": [d.domain for d in item.decisions if d.degree == "core"],
        "related": [d.domain for d in item.decisions if d.degree == "related"],
    }


def member(ctx: Context, item: Decision) -> Record:
    """An occupation and one decision about it."""
    said = {"domain": item.domain or None, "degree": item.degree, **views.outcome(item)}
    return {**_occupation(ctx, item.occupation), **{name: said[name] for name in _DECISION}}


def skill(ctx: Context, iri: str) -> Record:
    """A skill in short, with the codes of the groups right above it."""
    item = ctx.catalogue.skills[iri]
    groups = [ctx.catalogue.groups[b].code for b in item.broader if b in ctx.catalogue.groups]
    return {
        "uri": iri, "label": label(ctx, iri), "skillType": item.type or None, "reuseLevel": item.reuse or None, "groups": groups,
    }  # fmt: skip


def label(ctx: Context, iri: str) -> str:
    """The preferred label in the language of the answer, else in English."""
    return in_one(ctx.labels.of(iri), ctx.label_language)


def code_of(ctx: Context, iri: str) -> str:
    """The code of an occupation or group of ESCO; "" for what is neither."""
    concept = ctx.catalogue.occupations.get(iri) or ctx.catalogue.groups.get(iri)
    return concept.code if concept else ""


def _occupation(ctx: Context, iri: str) -> Record:
    item = ctx.catalogue.occupations[iri]
    return {
        "uri": iri,
        "code": item.code,
        "label": label(ctx, iri),
        "iscoGroup": item.isco,
        "naceCode": [views.dotted(local_name(n)) for n in item.nace],
    }
