"""Ready answers: the bytes of an answer with its headers, kept by what the request asked for."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import NamedTuple

from starlette.types import Scope

from app.http.negotiation import coding_of

Key = tuple[str | bytes, ...]
Headers = list[tuple[bytes, bytes]]

# Reading is open to any site, so this never depends on the Origin and needs no Vary.
CORS = [
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"ETag, Link, Content-Language, Content-Location, X-Request-ID, Retry-After, CCSI-Limits, RateLimit, RateLimit-Policy",
    ),
]
NOSNIFF = (b"x-content-type-options", b"nosniff")
_ENTRY = 1536  # bytes that a kept answer takes beside its body: headers as text and twice as bytes, places in tables
_KEY = 256  # bytes that a request which it answers takes beside its texts
_KEYS = 32  # requests that are remembered for one answer
_TEXTS = 8  # of them by their bytes
_TEXT = 2048  # bytes of a request that is remembered so


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete response body with the headers that belong to it; equal to another of the same validator and headers."""

    body: bytes = field(compare=False)  # the validator stands for it
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


@dataclass(slots=True, eq=False)
class Ready:
    """A kept answer. Its head is the same each time and is put into bytes once."""

    answer: Answer
    route: str
    keys: list[Key] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)
    _heads: list[bytes | None] = field(default_factory=lambda: [None, None])

    def head(self, known: bool) -> bytes:
        """Status line and headers in the form of HTTP/1.1, without the empty line at the end; a 304 if `known`."""
        head = self._heads[known]
        if head is None:
            lines = (b"%b: %b\r\n" % line for line in (*self.answer.lines(known), *CORS, NOSNIFF))
            start = b"HTTP/1.1 304 Not Modified\r\n" if known else b"HTTP/1.1 200 OK\r\n"
            head = self._heads[known] = start + b"".join(lines)
        return head


class Spoken(NamedTuple):
    """What a request of the same bytes, read before, was found to ask for."""

    ready: Ready
    known: bool
    """Whether the client holds the answer already."""
    path: str


@dataclass(slots=True)
class Tally:
    """What caches did, from the first release on."""

    hits: int = 0
    stored: int = 0


class AnswerCache:
    """Ready answers of one release, the least used dropped first.

    The key is the request as it came in, and clients word one request in many ways: equal answers are held once, and each
    remembers a bounded number of the requests that it answers, the first for good. Of some it remembers the very bytes: a
    client that sends them again need not be parsed again.
    """

    def __init__(self, room: int, tally: Tally | None = None) -> None:
        self.room = room
        self.used = 0
        self.tally = tally or Tally()
        self._by_key: dict[Key, Ready] = {}
        self._by_text: dict[bytes, Spoken] = {}
        self._by_answer: dict[Answer, Ready] = {}
        self._order: OrderedDict[Ready, None] = OrderedDict()

    def get(self, key: Key) -> Answer | None:
        """The answer given before to the same request."""
        ready = self.find(key)
        return ready.answer if ready else None

    def find(self, key: Key) -> Ready | None:
        """The same, with all that is kept of it."""
        if ready := self._by_key.get(key):
            self._order.move_to_end(ready)
            self.tally.hits += 1
        return ready

    def spoken(self, text: bytes) -> Spoken | None:
        """What a request of these bytes asks for, if it is remembered."""
        if spoken := self._by_text.get(text):
            self._order.move_to_end(spoken.ready)
            self.tally.hits += 1
        return spoken

    def remember(self, text: bytes, spoken: Spoken) -> None:
        """Know a request by its bytes from now on: one whole request, of which nothing but the answer depends on the client."""
        texts = spoken.ready.texts
        if len(text) > _TEXT or text in self._by_text or spoken.ready not in self._order:
            return
        if len(texts) >= _TEXTS:
            self._unlearn(spoken.ready, texts[0])
        texts.append(text)
        self._by_text[text] = spoken
        self.used += len(text) + _KEY
        self._fit()

    def equal(self, answer: Answer) -> Answer | None:
        """The kept answer that says the same, whatever was asked."""
        ready = self._by_answer.get(answer)
        return ready.answer if ready else None

    def put(self, key: Key, answer: Answer, route: str = "") -> None:
        """Keep an answer, if it is not too large for the whole."""
        size = len(answer.body) + _ENTRY
        if size > self.room // 8 or key in self._by_key:
            return
        if (ready := self._by_answer.get(answer)) is None:
            ready = self._by_answer[answer] = Ready(answer, route)
            self.tally.stored += 1
            self.used += size
        elif len(ready.keys) >= _KEYS:
            self._forget(ready, ready.keys[1])
        ready.keys.append(key)
        self._by_key[key] = ready
        self.used += _size(key)
        self._order[ready] = None
        self._order.move_to_end(ready)
        self._fit()

    def _fit(self) -> None:
        while self.used > self.room:
            self._drop(self._order.popitem(last=False)[0])

    def _drop(self, ready: Ready) -> None:
        del self._by_answer[ready.answer]
        self.used -= len(ready.answer.body) + _ENTRY
        for key in [*ready.keys]:
            self._forget(ready, key)
        for text in [*ready.texts]:
            self._unlearn(ready, text)

    def _forget(self, ready: Ready, key: Key) -> None:
        ready.keys.remove(key)
        del self._by_key[key]
        self.used -= _size(key)

    def _unlearn(self, ready: Ready, text: bytes) -> None:
        ready.texts.remove(text)
        del self._by_text[text]
        self.used -= len(text) + _KEY


def _size(key: Key) -> int:
    return sum(map(len, key)) + _KEY


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
