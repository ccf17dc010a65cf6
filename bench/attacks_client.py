"""A small HTTP/1.1 client for load: bound to a source address, able to be slow, rude or silent.

The service counts clients by address. On loopback every address of 127.0.0.0/8 can be a source, so one machine can play
several clients.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import Counter
from dataclasses import dataclass, field
from typing import Self

HOST = "127.0.0.1"
PATIENCE = 10.0  # seconds that an answer may take
_PIECE = 1 << 16


@dataclass
class Tally:
    """What came of all requests of a generator."""

    requests: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)


class Broken(Exception):
    """The connection ended before the answer was complete, or what came was no answer."""


class Client:
    """One connection, made when it is needed and again after it was closed."""

    def __init__(self, port: int, address: str = HOST, tally: Tally | None = None, receive_buffer: int = 0) -> None:
        self.tally = tally or Tally()
        self.retry_after = 0.0  # of the last answer
        self.body = b""
        self.reused = False  # whether the last request went out on a connection that had carried another
        self._port, self._address, self._receive_buffer = port, address, receive_buffer
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The connection, new if there is none."""
        if self._reader is None or self._writer is None:
            one = socket.socket()
            try:
                one.setblocking(False)
                if self._receive_buffer:
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._receive_buffer)
                one.bind((self._address, 0))
                await asyncio.get_running_loop().sock_connect(one, (HOST, self._port))
            except BaseException:
                one.close()
                raise
            limit = self._receive_buffer or _PIECE
            self._reader, self._writer = await asyncio.open_connection(sock=one, limit=limit)
        return self._reader, self._writer

    def close(self) -> None:
        """End the connection at once: what is on its way is lost."""
        if self._writer is not None:
            self._writer.transport.abort()
        self._reader = self._writer = None

    async def ask(self, request: bytes, timeout_seconds: float = PATIENCE, keep: bool = False) -> int:
        """Send a request and read its answer to the end; its status. Raises OSError, Broken, TimeoutError.

        With `keep` the body is put into ``body``, else it is thrown away piece by piece.
        """
        self.tally.requests += 1
        done = False
        self.reused = self._writer is not None
        try:
            async with asyncio.timeout(timeout_seconds):
                reader, writer = await self.connect()
                writer.write(request)
                status, closes = await self._read(reader, head_only=request.startswith(b"HEAD "), keep=keep)
                done = not closes
        except asyncio.IncompleteReadError:
            raise Broken("closed") from None
        except (asyncio.LimitOverrunError, ValueError, StopIteration) as error:
            raise Broken("no HTTP") from error
        finally:
            if not done:
                self.close()
        self.tally.outcomes[str(status)] += 1
        return status

    async def _read(self, reader: asyncio.StreamReader, head_only: bool, keep: bool) -> tuple[int, bool]:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines if ": " in line)
        status = int(first.split()[1])
        self.retry_after = 0.0
        with contextlib.suppress(ValueError):
            self.retry_after = float(headers.get("retry-after", 0))
        kept = bytearray()
        if head_only or status in (204, 304):
            pass
        elif headers.get("transfer-encoding") == "chunked":
            while size := int(await reader.readline(), 16):
                await _pass(reader, size, kept if keep else None)
                await reader.readexactly(2)
            await reader.readline()
        else:
            await _pass(
                reader, int(headers["content-length"]) if "content-length" in headers else 0, kept if keep else None
            )
        self.body = bytes(kept)
        return status, headers.get("connection") == "close"


async def _pass(reader: asyncio.StreamReader, size: int, kept: bytearray | None) -> None:
    while size:
        piece = await reader.read(min(size, _PIECE))
        if not piece:
            raise Broken("closed")
        size -= len(piece)
        if kept is not None:
            kept += piece


def get(target: str, *headers: str, method: str = "GET") -> bytes:
    """A request without a body, packed answers welcome unless the headers say otherwise."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {HOST}", *headers]
    if not any(line.lower().startswith("accept-encoding") for line in headers):
        lines.append("Accept-Encoding: gzip")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def post(target: str, body: bytes, kind: str = "application/json", *headers: str) -> bytes:
    """A request with a body."""
    lines = [
        f"POST {target} HTTP/1.1",
        f"Host: {HOST}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body
