"""Ready answers: the bytes of an answer with its headers, kept by what the request asked for."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from starlette.types import Scope

from app.http.coding import coding_of

Key = tuple[str | bytes, ...]
Headers = list[tuple[bytes, bytes]]

# Reading is open to any site, so this never depends on the Origin and needs no Vary.
CORS = [
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"ETag, Link, Content-Language, X-Request-ID, Retry-After, CCSI-Limits, RateLimit, RateLimit-Policy",
    ),
]
NOSNIFF = (b"x-content-type-options", b"nosniff")
_ENTRY = 1536  # bytes that a kept answer takes beside its body: key, headers as text and twice as bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete response body with the headers that belong to it."""

    body: bytes
    media_type: str
    etag: str
    headers: tuple[tuple[str, str], ...] = ()
    status: int = 200

    def lines(self, known: bool) -> Headers:
        """The headers of the answer, or of the 304 for a client that has it."""
        lines = [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in (*self.headers, ("etag", self.etag))
            if not (known and name == "content-encoding")
        ]
        if not known:
            lines += [(b"content-length", b"%d" % len(self.body)), (b"content-type", self.media_type.encode())]
        return lines


@dataclass(slots=True)
class Ready:
    """A kept answer. Its head is the same each time and is put into bytes once."""

    answer: Answer
    route: str
    _heads: list[bytes | None]

    def head(self, known: bool) -> bytes:
        """Status line and headers in the form of HTTP/1.1, without the empty line at the end; a 304 if `known`."""
        head = self._heads[known]
        if head is None:
            lines = (b"%b: %b\r\n" % line for line in (*self.answer.lines(known), *CORS, NOSNIFF))
            start = b"HTTP/1.1 304 Not Modified\r\n" if known else b"HTTP/1.1 200 OK\r\n"
            head = self._heads[known] = start + b"".join(lines)
        return head


@dataclass(slots=True)
class Tally:
    """What caches did, from the first release on."""

    hits: int = 0
    stored: int = 0


class AnswerCache:
    """Ready answers of one release, the least used dropped first."""

    def __init__(self, room: int, tally: Tally | None = None) -> None:
        self.room = room
        self.used = 0
        self.tally = tally or Tally()
        self._answers: OrderedDict[Key, Ready] = OrderedDict()

    def get(self, key: Key) -> Answer | None:
        """The answer given before to the same request."""
        ready = self.find(key)
        return ready.answer if ready else None

    def find(self, key: Key) -> Ready | None:
        """The same, with all that is kept of it."""
        if ready := self._answers.get(key):
            self._answers.move_to_end(key)
            self.tally.hits += 1
        return ready

    def put(self, key: Key, answer: Answer, route: str = "") -> None:
        """Keep an answer, if it is not too large for the whole."""
        size = _size(key, answer)
        if size > self.room // 8 or key in self._answers:
            return
        self._answers[key] = Ready(answer, route, [None, None])
        self.tally.stored += 1
        self.used += size
        while self.used > self.room:
            key, dropped = self._answers.popitem(last=False)
            self.used -= _size(key, dropped.answer)


def _size(key: Key, answer: Answer) -> int:
    return len(answer.body) + sum(map(len, key)) + _ENTRY


def key_of(scope: Scope) -> tuple[Key, str]:
    """What a ready answer to this GET is kept by; and the request's If-None-Match."""
    accept = language = encoding = host = b""
    none_match = ""
    for name, value in scope["headers"]:
        if name == b"accept":  # a header may come several times
            accept += value + b","
        elif name == b"accept-encoding":
            encoding += value + b","
        elif name == b"accept-language":
            language += value + b","
        elif name == b"host":
            host += value
        elif name == b"if-none-match":
            none_match = none_match or value.decode("latin-1")
    # Clients word the same wish for a coding in many ways.
    coding = coding_of(encoding.decode("latin-1")) if encoding else ""
    return (scope["scheme"], scope["path"], scope["query_string"], accept, language, coding, host), none_match
