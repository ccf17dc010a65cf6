"""What every answer shares: conditional requests, content coding, ready answers, request ids, HEAD, request size.

Pure ASGI, because a ready answer must not cost more than a look-up in a dict.
"""

from __future__ import annotations

import gzip
import re
import secrets
import time
from typing import Any

import orjson
import structlog
import zstandard
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import problem_response
from app.service import Answer, Served, Service

log = structlog.get_logger("access")

CACHE_CONTROL = "public, max-age=60"
VARY = "Accept, Accept-Language, Accept-Encoding"
SMALL = 600  # bytes below which packing is not worth it
_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")


def json_answer(request: Request, served: Served, payload: Any, language: str = "", links: str = "") -> Response:
    """A JSON payload as a cacheable answer."""
    return answer(request, served, orjson.dumps(payload), "application/json", language, links)


def answer(
    request: Request,
    served: Served,
    body: bytes,
    media_type: str,
    language: str = "",
    links: str = "",
    extra: dict[str, str] | None = None,
) -> Response:
    """Bytes as a cacheable answer: packed as the client likes, with a strong ETag, 304 where it fits."""
    coding = _coding(request.headers.get("accept-encoding", ""), len(body))
    etag = served.etag(body)
    headers = {"cache-control": CACHE_CONTROL, "vary": VARY, **(extra or {})}
    if coding:
        body = gzip.compress(body, 6, mtime=0) if coding == "gzip" else zstandard.compress(body, 3)
        headers["content-encoding"] = coding
        etag = f'{etag[:-1]}-{coding}"'  # another representation, another strong validator
    if language:
        headers["content-language"] = language
    if links:
        headers["link"] = links
    ready = Answer(body, media_type, etag, tuple(headers.items()))
    served.cache.put(_key(request.scope), ready)
    return _respond(ready, request.headers.get("if-none-match", ""))


def plain(payload: Any, media_type: str = "application/json") -> Response:
    """A JSON answer that does not depend on the release and is not kept."""
    return Response(orjson.dumps(payload), 200, {"cache-control": "no-cache"}, media_type)


def _respond(ready: Answer, if_none_match: str) -> Response:
    headers = {**dict(ready.headers), "etag": ready.etag}
    if if_none_match and _matches(if_none_match, ready.etag):
        headers.pop("content-encoding", None)
        return Response(None, 304, headers)
    return Response(ready.body, ready.status, headers, ready.media_type)


def _matches(if_none_match: str, etag: str) -> bool:
    return if_none_match.strip() == "*" or etag in [t.strip().removeprefix("W/") for t in if_none_match.split(",")]


def _coding(accepted: str, size: int) -> str:
    if size < SMALL or not accepted:
        return ""
    offered = {}
    for part in accepted.lower().split(","):
        name, _, q = part.partition(";")
        offered[name.strip()] = q.replace(" ", "") not in ("q=0", "q=0.0")
    return next((c for c in ("zstd", "gzip") if offered.get(c)), "")


def _key(scope: Scope) -> tuple[str, ...]:
    wanted = {b"accept": "", b"accept-language": "", b"accept-encoding": "", b"host": ""}
    for name, value in scope["headers"]:
        if name in wanted:
            wanted[name] = value.decode("latin-1")
    return (scope["path"], scope["query_string"].decode("latin-1"), *wanted.values())


class Ready:
    """Answers from the served release's cache before any routing; everything else goes on."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self.app = app
        self.service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from the cache, or pass on."""
        if scope["type"] == "http" and scope["method"] == "GET" and self.service.ready:
            ready = self.service.served.cache.get(_key(scope))
            if ready is not None:
                asked = next((v.decode("latin-1") for n, v in scope["headers"] if n == b"if-none-match"), "")
                await _respond(ready, asked)(scope, receive, send)
                return
        await self.app(scope, receive, send)


class Edge:
    """The outermost layer: request id, log line, HEAD as a GET without its body, bounds on the request's size."""

    def __init__(self, app: ASGIApp, url_length: int, body_bytes: int) -> None:
        self.app = app
        self.url_length = url_length
        self.body_bytes = body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, wrapped."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        given = next((v.decode("latin-1") for n, v in scope["headers"] if n == b"x-request-id"), "")
        request_id = given if _REQUEST_ID.match(given) else secrets.token_hex(8)
        head = scope["method"] == "HEAD"
        status = 0

        async def out(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = request_id
            elif head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        if head:
            scope = {**scope, "method": "GET"}
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            refusal = self._refusal(scope)
            if refusal:
                await refusal(scope, receive, out)
            else:
                await self.app(scope, receive, out)
            log.info(
                "request", method="HEAD" if head else scope["method"], path=scope["path"], status=status,
                ms=round((time.perf_counter() - started) * 1000, 2),
            )  # fmt: skip

    def _refusal(self, scope: Scope) -> Response | None:
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > self.url_length:
            return problem_response(
                414,
                "url-too-long",
                "Request target too long",
                f"The request target is longer than {self.url_length} bytes.",
                limit=self.url_length,
            )
        length = next((v for n, v in scope["headers"] if n == b"content-length"), b"0")
        if not length.isdigit() or int(length) > self.body_bytes:
            return problem_response(
                413,
                "too-large",
                "Request too large",
                f"The body is larger than {self.body_bytes} bytes.",
                limit=self.body_bytes,
            )
        return None
