"""The one message that goes each way: two lengths, a head (JSON), and a body."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any, NotRequired, TypedDict

import orjson
from pydantic import BaseModel

from app.settings import Limits, Settings

HEAD = struct.Struct("!II")
MOST_HEAD = 1 << 17  # bytes of the JSON: a request's head has at most 64 KB

# Why there is no answer, in `error`.
MEMORY = "memory"
BYTES = "bytes"
INTERNAL = "internal"


Headers = list[tuple[str, str]]  # as JSON can hold them


class RequestHead(TypedDict):
    """What is asked, beside the body; `id` is that of the request in the log."""

    method: str
    scheme: str
    path: str
    query: str
    headers: Headers
    id: str


class ReplyHead(TypedDict):
    """What is answered, beside the body; or the error alone."""

    error: NotRequired[str]
    status: NotRequired[int]
    headers: NotRequired[Headers]


class Start(BaseModel):
    """What a heavy server is told when it is started."""

    settings: Settings
    limits: Limits
    release: str


def pack(head: RequestHead | ReplyHead, body: bytes = b"") -> bytes:
    """One message."""
    text = orjson.dumps(head)
    return HEAD.pack(len(text), len(body)) + text + body


def as_text(headers: list[tuple[bytes, bytes]]) -> Headers:
    """Headers as JSON can hold them."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]


def as_bytes(headers: Headers) -> list[tuple[bytes, bytes]]:
    """The same as ASGI has them."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def receive(channel: socket.socket, most: int) -> tuple[RequestHead, bytes]:
    """A request from a channel that blocks. Raises EOFError where it breaks off, ValueError where it is too long."""
    with channel.makefile("rb") as stream:
        head, body = _sizes(_exactly(stream, HEAD.size), most)
        return orjson.loads(_exactly(stream, head)), _exactly(stream, body)


async def read(reader: asyncio.StreamReader, most: int) -> tuple[ReplyHead, bytes]:
    """A reply, in an event loop. Raises asyncio.IncompleteReadError, which is an EOFError, or ValueError."""
    head, body = _sizes(await reader.readexactly(HEAD.size), most)
    return orjson.loads(await reader.readexactly(head)), await reader.readexactly(body)


def _sizes(lengths: bytes, most: int) -> tuple[int, int]:
    head, body = HEAD.unpack(lengths)
    if head > MOST_HEAD or body > most:
        raise ValueError("the message is longer than its bound")
    return head, body


def _exactly(stream: Any, size: int) -> bytes:
    data: bytes = stream.read(size)
    if len(data) < size:
        raise EOFError("the message breaks off")
    return data
