"""Bytes as a cacheable answer: packed as the client likes, with a strong ETag, 304 where it fits."""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import Any, Protocol

import orjson
import zstandard
from starlette.requests import Request
from starlette.responses import Response

from app.http.negotiation import coding_of
from app.http.ready import Answer, AnswerCache, key_of

CACHE_CONTROL = "public, max-age=60"
VARY = "Accept, Accept-Language, Accept-Encoding"
SMALL = 600  # bytes below which packing is not worth it


class Source(Protocol):
    """What an answer comes from: it names the validator, and keeps answers for as long as they hold."""

    cache: AnswerCache

    def etag(self, body: bytes) -> str:
        """A strong validator of these bytes."""


def respond(
    request: Request,
    source: Source,
    body: bytes,
    media_type: str,
    language: str = "",
    links: str = "",
    extra: dict[str, str] | None = None,
    keep: bool = True,
) -> Response:
    """Bytes as a cacheable answer.

    `keep` says that the same request gets the same answer as long as its source is served.
    """
    coding = coding_of(",".join(request.headers.getlist("accept-encoding"))) if len(body) >= SMALL else ""
    etag = source.etag(body)
    headers = {"cache-control": CACHE_CONTROL, "vary": VARY, **(extra or {})}
    if coding:
        headers["content-encoding"] = coding
        etag = f'{etag[:-1]}-{coding}"'  # another representation, another strong validator
    if language:
        headers["content-language"] = language
    if links:
        headers["link"] = links
    made = Answer(body, media_type, etag, tuple(headers.items()))
    # Packing costs more than the answer itself, and is done already where the request was only worded otherwise.
    if coding:
        made = source.cache.equal(made) or replace(made, body=_packed(body, coding))
    return sent(request, source, made, keep)


def _packed(body: bytes, coding: str) -> bytes:
    return gzip.compress(body, 6, mtime=0) if coding == "gzip" else zstandard.compress(body, 3)


def sent(request: Request, source: Source, made: Answer, keep: bool = True) -> Response:
    """A complete answer on its way out, kept for those who will ask the same."""
    asked = request.method == "GET"  # another method's answer depends on its body, and is no answer to a GET
    if keep and asked:
        source.cache.put(key_of(request.scope)[0], made, route_of(request.scope))
    return ReadyResponse(made, request.headers.get("if-none-match", "") if asked else "")


def uncached_json(payload: Any) -> Response:
    """A JSON answer that does not depend on the release and is not kept."""
    return Response(orjson.dumps(payload), 200, {"cache-control": "no-cache"}, "application/json")


class ReadyResponse(Response):
    """An Answer on its way out, or a 304 when the client holds it already."""

    def __init__(self, ready: Answer, if_none_match: str) -> None:
        known = bool(if_none_match) and matches(if_none_match, ready.etag)
        self.status_code = 304 if known else ready.status
        self.body = b"" if known else ready.body
        self.background = None
        self.raw_headers = ready.lines(known)


def matches(if_none_match: str, etag: str) -> bool:
    """Whether an If-None-Match header names this validator."""
    return if_none_match.strip() == "*" or etag in [t.strip().removeprefix("W/") for t in if_none_match.split(",")]


def is_state(if_match: str, etag: str) -> bool:
    """Whether an If-Match header names this state; only strong validators can."""
    return if_match.strip() == "*" or (not etag.startswith("W/") and etag in [t.strip() for t in if_match.split(",")])


def route_of(scope: Any) -> str:
    """The path of the route that took a request, with its parameters by name; "" if none did."""
    return getattr(scope.get("route"), "path", "")
