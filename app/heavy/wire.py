"""The one message that goes each way: two lengths, what is said (JSON), and a body."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

import orjson

from app.http.inprocess import Reply

HEAD = struct.Struct("!II")
MOST_SAID = 1 << 17  # bytes of the JSON: a request's head has at most 64 KB

# Why there is no answer, in `fault`.
MEMORY = "memory"
BYTES = "bytes"
INTERNAL = "internal"


def pack(said: dict[str, Any], body: bytes = b"") -> bytes:
    """One message."""
    text = orjson.dumps(said)
    return HEAD.pack(len(text), len(body)) + text + body


def as_text(headers: list[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """Headers as JSON can hold them."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]


def as_bytes(headers: list[list[str]]) -> list[tuple[bytes, bytes]]:
    """The same as ASGI has them."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def answer(reply: Reply, release: str) -> bytes:
    """A reply, and the release that gave it."""
    return pack({"status": reply.status, "headers": as_text(reply.headers), "release": release}, reply.body)


def receive(channel: socket.socket, most: int) -> tuple[dict[str, Any], bytes]:
    """One message from a channel that blocks. Raises EOFError where it breaks off, ValueError where it is too long."""
    with channel.makefile("rb") as stream:
        said, body = _sizes(_exactly(stream, HEAD.size), most)
        return orjson.loads(_exactly(stream, said)), _exactly(stream, body)


async def read(reader: asyncio.StreamReader, most: int) -> tuple[dict[str, Any], bytes]:
    """The same in an event loop. Raises asyncio.IncompleteReadError, which is an EOFError, or ValueError."""
    said, body = _sizes(await reader.readexactly(HEAD.size), most)
    return orjson.loads(await reader.readexactly(said)), await reader.readexactly(body)


def _sizes(head: bytes, most: int) -> tuple[int, int]:
    said, body = HEAD.unpack(head)
    if said > MOST_SAID or body > most:
        raise ValueError("the message is longer than its bound")
    return said, body


def _exactly(stream: Any, size: int) -> bytes:
    data: bytes = stream.read(size)
    if len(data) < size:
        raise EOFError("the message breaks off")
    return data
