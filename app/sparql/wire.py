"""The messages between the service and a worker process: a kind, a length, a payload.

To the worker: one JSON object per query. From it: `ready` once, then per query any number of `data` and one `end`, both
of which carry the answer and what became of it. Standard library only: the worker imports it.
"""

from __future__ import annotations

import struct

HEAD = struct.Struct("!cI")
READY = b"R"
DATA = b"D"
END = b"E"

# What became of a query, in `end`.
SYNTAX = "syntax"
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
