"""Asking the application from within its own process: no server, no socket, the same answers."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.types import Message


async def ask(
    app: FastAPI, url: str, method: str = "GET", body: bytes = b"", headers: Iterable[tuple[bytes, bytes]] = ()
) -> tuple[int, bytes]:
    """One request for an absolute URL; its status and body. A body is JSON."""
    target = urlsplit(url)
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": target.scheme,
        "path": target.path, "raw_path": target.path.encode(), "query_string": target.query.encode(), "root_path": "",
        "headers": [(b"host", target.netloc.encode()), (b"content-type", b"application/json"), *headers],
        "client": None, "server": (target.hostname, target.port or 443),
    }  # fmt: skip
    await app(scope, receive, send)
    return sent[0]["status"], b"".join(m.get("body", b"") for m in sent)
