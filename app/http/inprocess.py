"""Asking the application from within its own process: no server, no socket, the same answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from starlette.types import ASGIApp, Message

Headers = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


async def exchange(
    app: ASGIApp, method: str, scheme: str, path: str, query: str, headers: Headers, body: bytes = b""
) -> Reply:
    """One request as it stands on the wire (`path` and `query` percent-encoded), and its answer."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": scheme,
        "path": unquote(path), "raw_path": path.encode(), "query_string": query.encode("latin-1"), "root_path": "",
        "headers": [*headers], "client": None, "server": None,
    }  # fmt: skip
    await app(scope, receive, send)
    return Reply(sent[0]["status"], list(sent[0]["headers"]), b"".join(m.get("body", b"") for m in sent))


async def ask(
    app: ASGIApp, url: str, method: str = "GET", body: bytes = b"", headers: Headers = ()
) -> tuple[int, bytes]:
    """One request for an absolute URL; its status and body. A body is JSON."""
    target = urlsplit(url)
    every = [(b"host", target.netloc.encode()), (b"content-type", b"application/json"), *headers]
    reply = await exchange(app, method, target.scheme, target.path, target.query, every, body)
    return reply.status, reply.body
