"""The outermost ASGI layer: request ids, HEAD, CORS, bounds of requests and clients, large answers in pieces, faults.

Ready answers are sent from here too, where no connection of ours has sent them already: in process, or for what
`app/http/unrouted.py` leaves aside. A fault that nobody foresaw ends here: it is logged with the id of its request and
answered like any other.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from urllib.parse import quote

import structlog
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import Changed, Problem, RequestTimeout, TooLarge, TooManyRequests
from app.http.clients import READY, Client
from app.http.front import Finished, Front, request_id_of
from app.http.problems import error_response, problem_response, slug_of
from app.http.ready import CORS, NOSNIFF
from app.http.responses import ReadyResponse, is_state, route_of
from app.http.work import Work, spent_of

log = structlog.get_logger("access")

BODY_SECONDS = 20.0
# Extensions of the scope: a function that ends the connection, and when that began with a request that it has admitted.
CUT = "ccsi.cut"
BEGAN = "ccsi.began"
_STATES = frozenset([200, 206, 304])  # of answers that are of the state of a resource
_PIECE = 64 * 1024  # of an answer: no more is handed to the transport before the client has taken the last


class EdgeMiddleware:
    """Wraps the application."""

    def __init__(self, app: ASGIApp, front: Front) -> None:
        self.app = app
        self.front = front
        self.limits = front.limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        await _Exchange(self, scope, receive, send).run()

    def refusal(self, scope: Scope) -> Response | None:
        """The answer to a request whose head is too large in what it asks or announces, or whose path ends with a slash."""
        limit = self.limits.url_length
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > limit:
            detail = f"The request target is longer than {limit} bytes."
            return problem_response(414, "url-too-long", "Request target too long", detail, limit=limit)
        limit = self.limits.body_bytes
        length = _first(scope, b"content-length").decode("latin-1")
        if length and (not length.isdigit() or len(length) > 15 or int(length) > limit):
            return error_response(TooLarge(self.body_refusal, limit=limit))
        return _without_slash(scope)

    @property
    def body_refusal(self) -> str:
        """Why a body is not read on."""
        return f"The body is larger than {self.limits.body_bytes} bytes."


class _Exchange:
    """One request and its answer."""

    def __init__(self, edge: EdgeMiddleware, scope: Scope, receive: Receive, send: Send) -> None:
        began: float | None = scope.get("extensions", {}).get(BEGAN)
        self._started = time.perf_counter() if began is None else began
        self._admitted = began is not None
        self._edge, self._front = edge, edge.front
        self._method: str = scope["method"]
        self._head = self._method == "HEAD"
        self._scope = {**scope, "method": "GET", "head": True} if self._head else scope
        self._receive, self._send = receive, send
        self._client: Client = self._front.clients.of(scope)
        self._limited = self._front.clients.limited(scope["path"])
        self._request_id = request_id_of(_first(scope, b"x-request-id"))
        self._work = Work(self._answer())
        self._status = self._sent = self._received = 0
        self._reason = ""
        self._charged = self._cached = self._complete = False
        self._deadline = asyncio.get_running_loop().time() + BODY_SECONDS
        self._if_match = _first(scope, b"if-match").decode("latin-1") if self._scope["method"] == "GET" else ""
        self._dropped = False  # what the application goes on to send

    async def run(self) -> None:
        """Answer it, whatever happens, and tell of it."""
        with structlog.contextvars.bound_contextvars(request_id=self._request_id):
            try:
                await self._work
            except Exception:
                log.exception("unexpected fault", path=self._scope["path"])
                if self._status:  # part of the answer is out: closing the connection tells the client
                    raise
                await self._tell(_error(self._scope))
            finally:
                self._charge()
                self._front.tell(
                    Finished(
                        method=self._method,
                        path=self._scope["path"],
                        route=route_of(self._scope),
                        status=self._status,
                        seconds=time.perf_counter() - self._started,
                        bytes=self._sent,
                        cached=self._cached,
                        client=self._client.name,
                        request_id=self._request_id,
                        reason=self._reason,
                    )
                )

    async def _answer(self) -> None:
        scope, clients = self._scope, self._front.clients
        ready = self._front.ready(scope) if scope["method"] == "GET" else None
        self._cached = ready is not None
        if ready is None:
            await (self._front.pace if self._limited else self._front.probes).turn(self._client.name)
        if self._limited and not self._admitted and not clients.admit(self._client, READY if ready else 1):
            await self._tell(_too_many(clients.retry_after(self._client)))
        elif ready is not None:
            kept, known = ready
            await ReadyResponse(kept.answer, kept.answer.etag if known else "")(scope, self._receive, self._out)
        elif (refusal := self._edge.refusal(scope)) is not None:
            await self._tell(refusal)
        else:
            await self._edge.app(scope, self._bounded, self._out)

    async def _tell(self, problem: Response) -> None:
        """Send an answer that is made here."""
        await self._front.told(self._scope, problem)(self._scope, self._receive, self._out)

    def _charge(self) -> None:
        """Take what the answer cost, once: when it begins, so that its headers say what is left."""
        if self._limited and not self._charged and not self._cached:
            self._charged = True
            self._front.clients.charge(self._client, self._work.so_far() + spent_of(self._scope))

    async def _out(self, message: Message) -> None:
        if self._dropped:
            return
        if self._if_match and message["type"] == "http.response.start" and message["status"] in _STATES:
            etag = next((value.decode("latin-1") for name, value in message.get("headers", ()) if name == b"etag"), "")
            if not is_state(self._if_match, etag):
                self._if_match = ""
                await _changed(self._scope, etag)(self._scope, self._receive, self._out)
                self._dropped = True
                return
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._charge()
            headers = list(message.get("headers", ()))
            if not any(name == b"access-control-allow-origin" for name, _ in headers):
                headers += CORS
            if self._limited:
                headers += self._front.clients.fields(self._client)
            message = {**message, "headers": [*headers, NOSNIFF, (b"x-request-id", self._request_id.encode())]}
        elif message["type"] == "http.response.body":
            body = message.get("body", b"")
            if self._status >= 400 and not self._reason:
                self._reason = slug_of(body) or "page"
            if self._head:
                message = {**message, "body": b""}
            elif len(body) > _PIECE:
                await self._in_pieces(body, message.get("more_body", False))
                return
            else:
                if body and (self._sent or message.get("more_body", False)):  # a part of one that is longer
                    await self._front.pieces.turn(self._client.name)
                self._sent += len(body)
        await self._send(message)

    async def _in_pieces(self, body: bytes, more: bool) -> None:
        """Send a long body as the client takes it. All of it is held until then, so it counts among what is held."""
        # In process there is no connection to end.
        cut: Callable[[], None] = self._scope.get("extensions", {}).get(CUT, lambda: None)
        held = self._front.held
        view = memoryview(body)
        gone = False

        def leave() -> None:
            nonlocal gone
            gone = True
            cut()

        try:
            for start in range(0, len(body), _PIECE):
                held.hold(self, len(body) - start, leave)
                # Eighty who waited for the same list would all be sent it before anybody else has a turn.
                await self._front.pieces.turn(self._client.name)
                if gone:
                    return
                piece = view[start : start + _PIECE]
                last = start + _PIECE >= len(body)
                await self._send({"type": "http.response.body", "body": piece, "more_body": more or not last})
                self._sent += len(piece)
        finally:
            held.release(self)

    async def _bounded(self) -> Message:
        """The next part of the request, within the bounds of its size and time."""
        try:
            # Behind the body, only the client's leaving is waited for.
            async with asyncio.timeout_at(None if self._complete else self._deadline):
                message = await self._receive()
        except TimeoutError:
            detail = f"The body was not complete after {BODY_SECONDS:g} seconds."
            raise RequestTimeout(detail, headers={"connection": "close"}) from None
        self._complete = not message.get("more_body", False)
        self._received += len(message.get("body", b""))
        if self._received > self._edge.limits.body_bytes:  # a body without Content-Length shows its size as it comes
            raise TooLarge(self._edge.body_refusal, limit=self._edge.limits.body_bytes)
        return message


def _first(scope: Scope, name: bytes) -> bytes:
    return next((value for n, value in scope["headers"] if n == name), b"")


def _too_many(seconds: int) -> Response:
    detail = "This client has used up what it may ask for; see RateLimit-Policy and /api/v1/limits."
    return error_response(TooManyRequests(detail, {"retry-after": str(seconds)}, limit="client_requests"))


def _changed(scope: Scope, etag: str) -> Response:
    detail = f"If-Match names another state than the one that there is, {etag or 'which has no ETag'}."
    return error_response(Changed(detail), instance=scope["path"])


def _without_slash(scope: Scope) -> Response | None:
    """An address with a slash at its end leads to the one without; by a relative reference, whatever stands before it."""
    path: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    last = path[:-1].rpartition(b"/")[2]
    if not path.endswith(b"/") or not last or scope["method"] not in ("GET", "POST") or scope["path"] == "/sparql/":
        return None
    query = b"?" + scope["query_string"] if scope["query_string"] else b""
    target = (b"../" + last + query).decode("latin-1")
    return Response(None, 308, {"location": target, "cache-control": "public, max-age=3600"})


def _error(scope: Scope) -> Response:
    detail = "The service met a fault of its own; it has been logged."
    return error_response(Problem(detail), instance=scope["path"])
