"""A complete answer on its way to the client: headers, its length announced, in pieces that have to be taken in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.types import Send

from app.http import Answer
from app.settings import Limits
from app.sparql import protocol
from app.sparql.pool import Result
from app.sparql.protocol import ClientGone, SparqlRequest

_PIECE = 256 * 1024


class Sender:
    """Sends the answers of one endpoint."""

    def __init__(self, limits: Limits, max_age: float) -> None:
        self._limits = limits
        self.headers = {
            **protocol.CORS, "vary": "Accept, Accept-Encoding", "ccsi-limits": protocol.limits_header(limits),
        }  # fmt: skip
        # Of an answer with a validator, and of any other.
        self._kept = raw_headers({**self.headers, "cache-control": f"public, max-age={max_age}"})
        self._other = raw_headers({**self.headers, "cache-control": "no-store"})
        self._kept_head, self._other_head = _head(self._kept), _head(self._other)

    def head(self, media_type: str, length: int, etag: str, coding: str) -> bytes:
        """The head of a complete answer as HTTP/1.1 has it, without what connections add."""
        lines = b"%betag: %b\r\n" % (self._kept_head, etag.encode("latin-1")) if etag else self._other_head
        coded = b"content-encoding: %b\r\n" % coding.encode() if coding else b""
        return b"%b%bcontent-type: %b\r\ncontent-length: %d\r\n" % (lines, coded, media_type.encode(), length)

    async def send(self, answer: Answer, asked: SparqlRequest, send: Send, result: Result | None = None) -> None:
        """Send an answer, from the result where it lies in a file. Raises ClientGone for a client that does not take it."""
        length = result.length if result is not None else len(answer.body)
        headers = list(self._kept if answer.etag else self._other)
        if answer.headers:
            headers += raw_headers(dict(answer.headers))
        if answer.etag:
            headers.append((b"etag", answer.etag.encode("latin-1")))
        if answer.status != 304:
            headers += ((b"content-type", answer.media_type.encode()), (b"content-length", b"%d" % length))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        in_file = result is not None and result.file is not None
        if asked.head or (length <= _PIECE and not in_file):
            await send({"type": "http.response.body", "body": b"" if asked.head else answer.body})
            return
        pieces = result.pieces() if result is not None and in_file else _cut(answer.body)
        loop, timeout_seconds = asyncio.get_running_loop(), self._limits.sparql_send_seconds
        deadline = loop.time() + timeout_seconds  # moves on with what was accepted
        try:
            async for piece in pieces:
                async with asyncio.timeout_at(min(deadline, loop.time() + timeout_seconds)):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                deadline += len(piece) / self._limits.sparql_send_rate
        except TimeoutError:  # a client that does not take it in time loses the connection
            raise ClientGone from None
        await send({"type": "http.response.body", "body": b""})


async def _cut(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), _PIECE):
        yield body[start : start + _PIECE]


def _head(headers: list[tuple[bytes, bytes]]) -> bytes:
    return b"HTTP/1.1 200 OK\r\n" + b"".join(b"%b: %b\r\n" % header for header in headers)


def raw_headers(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers as ASGI takes them."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
