"""The messages between the service and a worker process: a kind, a length, a payload.

To the worker: one request per query, in Python's own notation, which is read fastest. From it: `ready` once, then per
query any number of `data` and one `end`, both of which carry the answer and what became of it; `ready` and `end` are JSON,
because nothing that a worker says is trusted. Standard library only: the worker imports it.
"""

from __future__ import annotations

import marshal
import struct
from typing import Any

HEAD = struct.Struct("!cI")
REQUEST = b"Q"
READY = b"R"
DATA = b"D"
END = b"E"

# What became of a query, in `end`.
SYNTAX = "syntax"
OBJECTION = "objection"
BYTES = "bytes"
ROWS = "rows"
MEMORY = "memory"
FORM = "form"
EVALUATION = "evaluation"
NETWORK = "network"
STORAGE = "storage"
UPSTREAM = "upstream"
FORMAT = "format"  # the one asked for cannot hold the answer

DATA_BYTES = 64 * 1024


def pack(kind: bytes, payload: bytes) -> bytes:
    """One message."""
    return HEAD.pack(kind, len(payload)) + payload


def pack_request(request: dict[str, Any]) -> bytes:
    """A query to a worker as a message."""
    return pack(REQUEST, marshal.dumps(request))


def read_request(payload: bytes) -> dict[str, Any]:
    """The query in a message from the service, which is trusted."""
    request: dict[str, Any] = marshal.loads(payload)  # noqa: S302
    return request


class Splitter:
    """Cuts a stream of bytes into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[tuple[bytes, bytes]]:
        """The messages that are complete with these bytes."""
        buffer: bytes | bytearray = data
        if self._buffer:
            self._buffer += data
            buffer = self._buffer
        found: list[tuple[bytes, bytes]] = []
        start = 0
        while len(buffer) - start >= HEAD.size:
            kind, length = HEAD.unpack_from(buffer, start)
            end = start + HEAD.size + length
            if len(buffer) < end:
                break
            found.append((kind, bytes(buffer[start + HEAD.size : end])))
            start = end
        if buffer is self._buffer:
            del self._buffer[:start]
        elif start < len(data):
            self._buffer += data[start:]
        return found
