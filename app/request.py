"""What the routes share: the served release, the language asked for, paging, and the refusal of unknown parameters."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Annotated, Any, TypeVar, cast, get_args, get_origin
from urllib.parse import quote, urlencode

import orjson
from fastapi import Depends, Query, Request, params
from fastapi.dependencies.utils import get_flat_params
from starlette.responses import Response

from app import http
from app.catalogue.catalogue import Catalogue
from app.catalogue.labels import EVERY, LabelTable
from app.errors import BadParameter, UnknownParameter
from app.http.languages import lookup
from app.http.negotiation import TAG, best_of
from app.http.negotiation import accepted as accepted
from app.http.representations import OFFERS, json_ld, turtle
from app.http.shapes import Counted
from app.service import Served, Service
from app.settings import Limits

T = TypeVar("T")
U = TypeVar("U")
ALL_LANGUAGES = EVERY
_CONTEXT_LINK = 'rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_BASE = "\ue000base\ue000"  # stands for the public base URL in a part of an answer that is kept; see Context.part


@dataclass(frozen=True, slots=True)
class Context:
    """One request and the release that answers it."""

    request: Request
    served: Served
    language: str  # a language of the release, or "*"
    base: str  # public base URL, no trailing slash
    limits: Limits
    labels: LabelTable  # for related concepts: in the language asked for, English standing in; or in all
    readable: bool = False  # whether the answer is read before it is sent, so that its parts are values, not bytes

    @property
    def catalogue(self) -> Catalogue:
        """The release's tables."""
        return self.served.catalogue

    @property
    def label_language(self) -> str:
        """The language for the labels of related concepts."""
        return "en" if self.labels.tag == ALL_LANGUAGES else self.labels.tag

    def json(self, payload: Any, links: str = "", keep: bool = True) -> Response:
        """The payload as this request's answer; `keep` it only if the release alone decides what it says."""
        linked = isinstance(payload, dict) and "@context" in payload
        chosen = representation_of(self.request) if linked else "json"
        if chosen == "jsonld":
            body, media_type = json_ld(payload, self.base), "application/ld+json"
        elif chosen == "turtle":
            body, media_type = turtle(payload), "text/turtle; charset=utf-8"
        else:
            body, media_type = orjson.dumps(payload), "application/json"
            if linked:
                links = ", ".join(filter(None, [links, f"<{self.url('/context.jsonld')}>; {_CONTEXT_LINK}"]))
        return self.respond(body, media_type, links, keep=keep)

    def respond(
        self, body: bytes, media_type: str, links: str = "", extra: dict[str, str] | None = None, keep: bool = True
    ) -> Response:
        """Bytes of any kind as this request's answer, in its language."""
        language = "" if self.language == ALL_LANGUAGES else self.language
        return http.respond(self.request, self.served, body, media_type, language, links, extra, keep)

    async def built(self, build: Callable[[Context, T], U], item: T) -> U:
        """What `build` makes of an item; in a thread when its words have to come over a network."""
        if self.catalogue.store.local:
            return build(self, item)
        return await asyncio.to_thread(build, self, item)

    def part(self, kind: str, iri: str, build: Callable[[Context, str], T]) -> T:
        """A part of an answer that says the same whenever it appears in this release and language, serialised once.

        Its type is that of what `build` makes, for the shape that it becomes a part of; it is bytes by then, which nobody
        can read from, unless the answer is `readable`. Only the base URL differs between requests: the part is kept cut at
        the places where it stands.
        """
        if self.readable:
            return build(self, iri)
        return cast(T, orjson.Fragment(self.part_bytes(kind, iri, build)))

    def part_bytes(self, kind: str, iri: str, build: Callable[[Context, str], Any]) -> bytes:
        """The same as bytes, to be put together with others."""
        pieces: list[bytes] | None = self.labels.parts.get(self.labels.tag, kind, iri)
        if pieces is None:
            whole = orjson.dumps(build(replace(self, base=_BASE), iri))
            pieces = whole.split(_BASE.encode())
            self.labels.parts.put(self.labels.tag, kind, iri, pieces, len(whole))
        return _encoded(self.base).join(pieces)

    def to_read(self) -> Context:
        """The same for who reads an answer instead of sending it: pages, documents, other representations."""
        return replace(self, readable=True)

    def bytes(self, body: bytes, media_type: str) -> Response:
        """Bytes of any kind as this request's answer."""
        return http.respond(self.request, self.served, body, media_type, self.label_language)

    def url(self, path: str) -> str:
        """An absolute URL of the API."""
        return f"{self.base}/api/v1{path}"


def content_location(ctx: Context, form: str) -> dict[str, str]:
    """Where an answer stands by itself whose format the Accept header chose: the same address with that format named."""
    given, path = ctx.request.query_params.multi_items(), ctx.request.scope["path"]
    if ctx.request.method != "GET" or any(name == "format" for name, _ in given) or path.rpartition(".")[2].isalpha():
        return {}
    return {"content-location": f"{ctx.base}{quote(path)}?{urlencode([*given, ('format', form)])}"}


def representation_of(request: Request) -> str:
    """How an answer that is JSON is sent: json, jsonld or turtle, as Accept says; JSON also to who accepts none of these."""
    return _accepted(request) if request.method == "GET" else "json"


def _accepted(request: Request) -> str:
    offer = best_of(",".join(request.headers.getlist("accept"))[:1000], OFFERS)
    return offer[0] if offer else "json"


@lru_cache(64)
def _encoded(base: str) -> bytes:
    """A base URL as it stands inside a JSON string."""
    return orjson.dumps(base)[1:-1]


def service_of(request: Request) -> Service:
    """The service of the running app."""
    return request.app.state.service  # type: ignore[no-any-return]


async def strict_parameters(request: Request) -> None:
    """Refuse a query parameter that the path does not know, or that is given twice: neither may silently change the answer."""
    # Like all that routes depend on, a coroutine: FastAPI runs plain functions in a thread, which costs more than an answer.
    if not request.scope["query_string"]:
        return
    known = known_parameters(request)
    if unknown := sorted(set(request.query_params) - known.keys()):
        raise UnknownParameter(f"{', '.join(unknown)}: no such parameter here.", field=unknown[0], known=sorted(known))
    given = Counter(name for name, _ in request.query_params.multi_items())
    for name, times in given.items():
        # The framework would take the last: degree=core&degree=related must not mean related alone.
        if times > 1 and not _takes_many(known[name].field_info.annotation):
            raise BadParameter(f"{name}: given {times} times, and takes one value.", field=name)


def known_parameters(request: Request) -> dict[str, Any]:
    """The query parameters of the request's route by name."""
    parameters = get_flat_params(request.scope["route"].dependant)
    return {p.alias: p for p in parameters if isinstance(p.field_info, params.Query)}


def _takes_many(annotation: Any) -> bool:
    return list in {get_origin(annotation), *map(get_origin, get_args(annotation))}


async def context(
    request: Request,
    language: Annotated[
        str | None,
        Query(
            description="Language of the words, as a BCP 47 tag; `*` for all. Without it Accept-Language decides; English stands in."
        ),
    ] = None,
) -> Context:
    """The served release and the language to answer in (RFC 4647 lookup, English as the last resort)."""
    service = service_of(request)
    served = service.served
    available = served.catalogue.languages
    if language == ALL_LANGUAGES:
        chosen = ALL_LANGUAGES
    elif language is not None and not TAG.fullmatch(language):
        detail = f"language: '{language[:40]}' is not a language tag."
        raise BadParameter(detail, field="language", available=available)
    else:
        ranges = accepted(request.headers.get("accept-language", "")) if language is None else [language]
        chosen = lookup(ranges, available, served.catalogue.fallback)
    labels = await served.catalogue.prepare(chosen)
    readable = _accepted(request) != "json" or request.query_params.get("format") == "jsonld"
    return Context(request, served, chosen, base_url(request), service.limits, labels, readable)


def base_url(request: Request) -> str:
    """The address under which clients see the service, without a slash at its end."""
    return service_of(request).settings.public_url.rstrip("/") or str(request.base_url).rstrip("/")


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows of a list to answer."""

    limit: int
    offset: int


async def page(
    request: Request,
    limit: Annotated[int | None, Query(description="Items of the page; see /api/v1/limits.")] = None,
    offset: Annotated[int, Query(description="Items to pass over.")] = 0,
) -> Page:
    """The page asked for; a value beyond the published limits is refused, not clamped."""
    limits = service_of(request).limits
    chosen = limits.rows_default if limit is None else limit
    if not 1 <= chosen <= limits.rows:
        raise BadParameter(f"limit: must be from 1 to {limits.rows}.", field="limit", maximum=limits.rows)
    if not 0 <= offset <= limits.offset:
        raise BadParameter(f"offset: must be from 0 to {limits.offset}.", field="offset", maximum=limits.offset)
    return Page(chosen, offset)


def counted(total: int, where: Page | None = None) -> Counted:
    """What a list says of itself: one page of it, or all."""
    return {"total": total, "limit": where.limit if where else total, "offset": where.offset if where else 0}


def listing(ctx: Context, items: list[Any], where: Page, render: Any, **more: Any) -> Response:
    """One page of a list: items, total, limit, offset, and RFC 8288 links to the other pages."""
    shown = [render(item) for item in items[where.offset : where.offset + where.limit]]
    body = {
        "@context": ctx.url("/context.jsonld"), **more,
        "items": shown, **counted(len(items), where), "language": ctx.language,
    }  # fmt: skip
    return ctx.json(body, page_links(ctx, len(items), where))


def other_pages(total: int, limit: int, offset: int) -> dict[str, int]:
    """The offsets of the first, last, previous and next page of a list."""
    # Pages are counted from the offset asked for, so that `next` comes to `last` from wherever somebody begins.
    first = offset % limit
    last = max(0, first + (total - 1 - first) // limit * limit)
    pages = {"first": 0, "last": last}
    if offset > 0:
        pages["prev"] = min(last, max(0, offset - limit))  # from beyond the end, back to the last
    if offset + limit < total:
        pages["next"] = offset + limit
    return pages


def page_links(ctx: Context, total: int, where: Page) -> str:
    """The Link header of a page: first, prev, next, last."""
    given = ctx.request.query_params.multi_items()
    # The language as it was understood, so that one answer has one header however it was asked for.
    others = [(k, ctx.language if k == "language" else v) for k, v in given if k not in ("limit", "offset")]

    def target(offset: int) -> str:
        query = urlencode([*others, ("limit", where.limit), ("offset", offset)])
        return f"<{ctx.base}{ctx.request.scope['path']}?{query}>"

    return ", ".join(
        f'{target(offset)}; rel="{rel}"' for rel, offset in other_pages(total, where.limit, where.offset).items()
    )


def concept_key(text: str, kind: str, field: str = "uuid") -> str:
    """A UUID in canonical form. Raises BadParameter when it is none, naming the parameter."""
    if not _UUID.fullmatch(text):
        raise BadParameter(
            f"'{text[:60]}' is not the UUID of an ESCO {kind}.",
            field=field,
            example="2a9f3bd5-e7a8-4a1c-a45b-cb2c1dee2d1c",
        )
    return text.lower()


Ctx = Annotated[Context, Depends(context)]
Paging = Annotated[Page, Depends(page)]
