"""What every answer shares: conditional requests, content coding, ready answers, request ids, HEAD, request size.

Pure ASGI, because a ready answer must not cost more than a look-up in a dict. A fault that nobody foresaw ends here
too: it is logged with the id of its request and answered like any other.
"""

from __future__ import annotations

import asyncio
import gzip
import re
import secrets
import time
from functools import lru_cache
from typing import Any

import orjson
import structlog
import zstandard
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import Problem, RequestTimeout, TooLarge, problem_response
from app.service import Answer, Served, Service

log = structlog.get_logger("access")

CACHE_CONTROL = "public, max-age=60"
VARY = "Accept, Accept-Language, Accept-Encoding"
BODY_SECONDS = 20.0
SMALL = 600  # bytes below which packing is not worth it
# Reading is open to any site, so this never depends on the Origin and needs no Vary.
CORS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"ETag, Link, Content-Language, X-Request-ID, Retry-After, CCSI-Limits"),
]
NOSNIFF = (b"x-content-type-options", b"nosniff")
_READ_BY_OTHER_SITES = ("/api/", "/id/", "/ns", "/resource", "/contexts/", "/.well-known/void", "/dumps")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def json_answer(
    request: Request, served: Served, payload: Any, language: str = "", links: str = "", keep: bool = True
) -> Response:
    """A JSON payload as a cacheable answer."""
    return answer(request, served, orjson.dumps(payload), "application/json", language, links, keep=keep)


def answer(
    request: Request,
    served: Served,
    body: bytes,
    media_type: str,
    language: str = "",
    links: str = "",
    extra: dict[str, str] | None = None,
    keep: bool = True,
) -> Response:
    """Bytes as a cacheable answer: packed as the client likes, with a strong ETag, 304 where it fits.

    `keep` says that the same request gets the same answer as long as this release is served.
    """
    coding = coding_of(",".join(request.headers.getlist("accept-encoding"))) if len(body) >= SMALL else ""
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
    asked = request.method == "GET"  # another method's answer depends on its body, and is no answer to a GET
    if keep and asked:
        served.cache.put(_key(request.scope), ready)
    return Bytes(ready, request.headers.get("if-none-match", "") if asked else "")


def plain(payload: Any, media_type: str = "application/json") -> Response:
    """A JSON answer that does not depend on the release and is not kept."""
    return Response(orjson.dumps(payload), 200, {"cache-control": "no-cache"}, media_type)


class Bytes(Response):
    """An Answer on its way out, or a 304 when the client holds it already."""

    def __init__(self, ready: Answer, if_none_match: str) -> None:
        known = bool(if_none_match) and matches(if_none_match, ready.etag)
        self.status_code = 304 if known else ready.status
        self.body = b"" if known else ready.body
        self.background = None
        self.raw_headers = [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in (*ready.headers, ("etag", ready.etag))
            if not (known and name == "content-encoding")
        ]
        if not known:
            self.raw_headers += [
                (b"content-length", str(len(ready.body)).encode()),
                (b"content-type", ready.media_type.encode()),
            ]


def matches(if_none_match: str, etag: str) -> bool:
    """Whether an If-None-Match header names this validator."""
    return if_none_match.strip() == "*" or etag in [t.strip().removeprefix("W/") for t in if_none_match.split(",")]


@lru_cache(256)
def coding_of(accepted: str) -> str:
    """The content coding that an Accept-Encoding header wants most, the cheaper of equals; "" for an answer as it is."""
    offered: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _, parameter = part.partition(";")
        try:
            offered[name.strip()] = float(parameter.replace(" ", "").removeprefix("q=") or 1)
        except ValueError:
            continue
    best = max(("zstd", "gzip"), key=lambda coding: offered.get(coding, 0.0))
    return best if offered.get(best, 0.0) > 0 else ""


def _key(scope: Scope) -> tuple[str, ...]:
    wanted = {b"accept": "", b"accept-language": "", b"accept-encoding": "", b"host": ""}
    for name, value in scope["headers"]:
        if name in wanted:  # a header may come several times
            wanted[name] += value.decode("latin-1") + ","
    wanted[b"accept-encoding"] = coding_of(
        wanted[b"accept-encoding"].rstrip(",")
    )  # clients word the same wish in many ways
    return (scope["scheme"], scope["path"], scope["query_string"].decode("latin-1"), *wanted.values())


class Edge:
    """The outermost layer: request id, log line, HEAD as a GET without its body, CORS, bounds, ready answers."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self.app = app
        self.service = service
        self.limits = service.limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from the kept answers, or pass the request on, wrapped."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        method = scope["method"]
        head = method == "HEAD"
        if head:
            scope = {**scope, "method": "GET", "head": True}
        given = _first(scope, b"x-request-id")
        request_id = given if given and _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        if (kept := self._kept(scope)) is not None:  # the short way: no wrapping, one log line
            headers = [*kept.raw_headers, *CORS, NOSNIFF, (b"x-request-id", request_id.encode())]
            await send({"type": "http.response.start", "status": kept.status_code, "headers": headers})
            await send({"type": "http.response.body", "body": b"" if head else kept.body})
            log.info(
                "request", method=method, path=scope["path"], status=kept.status_code,
                ms=round((time.perf_counter() - started) * 1000, 2), request_id=request_id,
            )  # fmt: skip
            return
        status = 0
        received = 0
        complete = False  # the body is there
        deadline = asyncio.get_running_loop().time() + BODY_SECONDS

        async def out(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = list(message.get("headers", ()))
                if not any(name == b"access-control-allow-origin" for name, _ in headers):
                    headers += CORS
                message = {**message, "headers": [*headers, NOSNIFF, (b"x-request-id", request_id.encode())]}
            elif head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        async def bounded() -> Message:
            nonlocal received, complete
            try:
                # Behind the body, only the client's leaving is waited for.
                async with asyncio.timeout_at(None if complete else deadline):
                    message = await receive()
            except TimeoutError:
                detail = f"The body was not complete after {BODY_SECONDS:g} seconds."
                raise RequestTimeout(detail, headers={"connection": "close"}) from None
            complete = not message.get("more_body", False)
            received += len(message.get("body", b""))
            if received > self.limits.body_bytes:  # a body without Content-Length shows its size only as it comes
                raise TooLarge(self._body_refusal, limit=self.limits.body_bytes)
            return message

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                if (ready := self._refusal(scope) or _preflight(scope)) is not None:
                    await ready(scope, receive, out)
                else:
                    await self.app(scope, bounded, out)
            except Exception:
                log.exception("unexpected fault", path=scope["path"])
                if status:  # part of the answer is out: closing the connection tells the client
                    raise
                await _fault(scope)(scope, receive, out)
            finally:
                log.info(
                    "request", method=method, path=scope["path"], status=status,
                    ms=round((time.perf_counter() - started) * 1000, 2),
                )  # fmt: skip

    def _kept(self, scope: Scope) -> Bytes | None:
        if scope["method"] != "GET" or not self.service.ready:
            return None
        ready = self.service.served.cache.get(_key(scope))
        return Bytes(ready, _first(scope, b"if-none-match")) if ready else None

    def _refusal(self, scope: Scope) -> Response | None:
        limit = self.limits.url_length
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > limit:
            detail = f"The request target is longer than {limit} bytes."
            return problem_response(414, "url-too-long", "Request target too long", detail, limit=limit)
        limit = self.limits.body_bytes
        length = _first(scope, b"content-length")
        if length and (not length.isdigit() or len(length) > 15 or int(length) > limit):
            return problem_response(413, TooLarge.slug, TooLarge.title, self._body_refusal, limit=limit)
        return None

    @property
    def _body_refusal(self) -> str:
        return f"The body is larger than {self.limits.body_bytes} bytes."


def _first(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for n, value in scope["headers"] if n == name), "")


def _preflight(scope: Scope) -> Response | None:
    """The answer to a browser that asks whether a page of another site may read the API: any may."""
    if scope["method"] != "OPTIONS" or not scope["path"].startswith(_READ_BY_OTHER_SITES):
        return None
    headers = {
        "allow": "GET, HEAD, POST, OPTIONS",
        "access-control-allow-methods": "GET, HEAD, POST, OPTIONS",
        "access-control-allow-headers": "*",
        "access-control-max-age": "86400",
    }
    return Response(None, 204, headers)


def _fault(scope: Scope) -> Response:
    detail = "The service met a fault of its own; it has been logged."
    return problem_response(500, Problem.slug, Problem.title, detail, instance=scope["path"])
