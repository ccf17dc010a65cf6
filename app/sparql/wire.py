"""The messages between the service and a worker process: a kind, a length, a payload.

To the worker: one request per query, in Python's own notation, which is read fastest. From it: `ready` once, then per
query any number of `data` and one `end`, both of which carry the answer and what became of it; `ready` and `end` are JSON,
because nothing that a worker says is trusted. Standard library only: the worker imports it.
"""

from __future__ import annotations

import marshal
import struct
from collections.abc import Sequence
from typing import Literal, NotRequired, TypedDict, get_args

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


Kind = Literal["bindings", "boolean", "graph"]
KINDS = get_args(Kind)


class Request(TypedDict):
    """A query to a worker: what it asks, the formats that would do for each kind of answer, and its bounds.

    ``default`` and ``named`` are the graphs that the protocol names (none: None), ``dataset`` those in the query's own FROM.
    """

    query: str
    base: str | None
    dataset: Sequence[str]
    default: Sequence[str] | None
    named: Sequence[str]
    bindings: str | None
    boolean: str | None
    graph: str | None
    rows: int
    bytes: int
    seconds: float
    check: NotRequired[bool]  # only say of which kind the answer would be
    leaving: NotRequired[str]  # the text for an endpoint, to be judged
    file: NotRequired[str]  # an endpoint's answer, to be read and written in the format asked for …
    kind: NotRequired[Kind]  # … of this kind …
    media_type: NotRequired[str]  # … and media type


class Changes(TypedDict, total=False):
    """What a step of a federated query asks in other words than the query itself."""

    query: str
    dataset: Sequence[str]
    default: Sequence[str] | None
    bindings: str | None
    rows: int
    bytes: int
    check: bool
    leaving: str
    file: str
    kind: Kind
    media_type: str


class End(TypedDict, total=False):
    """What became of a query: the kind and format of its answer, or the error; ``rows`` are those that were counted."""

    kind: Kind
    format: str
    error: str
    message: str
    rows: int  # none: 0
    retire: bool  # the worker is to be replaced


def pack(kind: bytes, payload: bytes) -> bytes:
    """One message."""
    return HEAD.pack(kind, len(payload)) + payload


def pack_request(request: Request) -> bytes:
    """A query to a worker as a message."""
    return pack(REQUEST, marshal.dumps(dict(request)))


def read_request(payload: bytes) -> Request:
    """The query in a message from the service, which is trusted."""
    request: Request = marshal.loads(payload)  # noqa: S302
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
        messages: list[tuple[bytes, bytes]] = []
        start = 0
        while len(buffer) - start >= HEAD.size:
            kind, length = HEAD.unpack_from(buffer, start)
            end = start + HEAD.size + length
            if len(buffer) < end:
                break
            messages.append((kind, bytes(buffer[start + HEAD.size : end])))
            start = end
        if buffer is self._buffer:
            del self._buffer[:start]
        elif start < len(data):
            self._buffer += data[start:]
        return messages
