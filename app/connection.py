"""A client's connection: uvicorn's own, with bounds on the head of a request, which it lacks.

Without them one connection fills the memory with a header that never ends, or holds its place for good by sending
nothing. Bodies are bounded where they are read.
"""

from __future__ import annotations

import asyncio

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.errors import TYPE_BASE

HEAD_BYTES = 64 * 1024
HEAD_SECONDS = 20.0
_REFUSALS = {
    408: ("Request Timeout", f"The head of the request was not complete after {HEAD_SECONDS:g} seconds."),
    431: ("Request Header Fields Too Large", f"The head of the request has more than {HEAD_BYTES} bytes."),
}


class Connection(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it; a head that is too long or too slow ends the connection with 431 or 408."""

    retiring = False  # of the class: whether each connection ends with its next answer, because this process does
    # Bytes of a head that is not complete. Those that came in one piece with the request before are not counted; if none
    # follow, uvicorn's own timer of idle connections ends it.
    _head = 0
    _in_head = True
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has come; its first request must follow."""
        super().connection_made(transport)
        self._timer = self.loop.call_later(HEAD_SECONDS, self._refuse, 408)

    def data_received(self, data: bytes) -> None:
        """Read on, and look at the bounds when a head is still not complete."""
        self._head += len(data)
        super().data_received(data)
        if not self._in_head:
            self._head = 0
        elif self._head > HEAD_BYTES:
            self._refuse(431)
        elif self._head and self._timer is None:
            self._timer = self.loop.call_later(HEAD_SECONDS, self._refuse, 408)

    def on_headers_complete(self) -> None:
        """The head is there; the body has bounds of its own."""
        self._in_head = False
        self._stop_timer()
        super().on_headers_complete()
        if self.retiring:
            self.cycle.keep_alive = False  # so that the answer says it

    def on_message_complete(self) -> None:
        """What comes next is another request."""
        self._in_head, self._head = True, 0
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        self._stop_timer()
        super().connection_lost(exc)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, status: int) -> None:
        self._stop_timer()
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:  # not in the middle of another answer
            title, detail = _REFUSALS[status]
            slug = title.lower().replace(" ", "-")
            body = orjson.dumps({"type": TYPE_BASE + slug, "title": title, "status": status, "detail": detail})
            head = (
                f"HTTP/1.1 {status} {title}\r\ncontent-type: application/problem+json\r\ncontent-length: {len(body)}\r\n"
                "connection: close\r\n\r\n"
            )
            self.transport.write(head.encode() + body)
        self.transport.close()
