"""A client's connection: uvicorn's own, with the bounds that it lacks.

Without the bounds one connection fills the memory with a header that never ends, or holds its place for good by sending
nothing, or by taking nothing. Bodies are bounded where they are read.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import Any, cast

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from app.http import together
from app.http.clients import network_of
from app.http.crowd import Crowd
from app.http.edge import CUT
from app.http.front import Front
from app.http.host import head_error
from app.http.parser import DecliningParser
from app.http.problems import raw_problem
from app.http.unrouted import Unrouted, is_one

HEAD_BYTES = 64 * 1024
HEAD_LINES = 256
HEAD_SECONDS = 20.0
UNREAD_SECONDS = 5.0  # that the rest of a request may take whose answer is complete
PIPELINED = 32  # requests that may wait behind the one that is being answered
_LATE = f"The head of the request was not complete after {HEAD_SECONDS:g} seconds."
_LONG = f"The head of the request has more than {HEAD_BYTES} bytes, or {HEAD_LINES} lines."


class _Refused(Exception):
    """What was received is not read on."""


class Connection(Unrouted):
    """HTTP/1.1 as uvicorn speaks it, within bounds. `connections` makes the class that a server takes."""

    crowd: Crowd

    address = ""
    # Bytes of a head that is not complete. Those that came in one piece with the request before are counted line by line.
    _head = 0
    _head_read = 0
    _head_lines = 0
    _in_head = True
    # Bytes behind a head that brought no part of a body: what follows a body in chunks is no longer than a head.
    _rest = 0
    _later = b""  # what came while an early answer is waited for
    _timer: asyncio.TimerHandle | None = None
    _why: tuple[int, str] | None = None  # a refusal that the parser has to be told of
    _proxied = False
    _between = True  # requests: nothing of another has been read
    _emptied = False

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.parser = DecliningParser(self)  # type: ignore[assignment]
        self._under_way: deque[RequestResponseCycle] = deque()  # the one that is being answered first

    # --- life ------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has come; its first request must follow."""
        super().connection_made(transport)
        peer = self.client[0] if self.client else ""
        self._proxied = peer in self.front.proxies
        self.address = "" if self._proxied else network_of(peer)
        if (limit := self.crowd.enter(self)) == "":
            self._timer = self.loop.call_later(HEAD_SECONDS, self._late)
            return
        status = 429 if limit == "client_connections" else 503
        self._refuse(status, "There are too many connections.", limit, b"retry-after: 5\r\n")

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        self._stop_timer()
        self.crowd.leave(self)
        self.front.turns.leave(self)
        self.front.held.release(self)
        self._disconnect()
        parser = cast(DecliningParser, self.parser)
        super().connection_lost(exc)
        self._unset_keepalive_if_required()  # which uvicorn leaves to run where the client was lost by an error
        self._let_go(parser)

    def _let_go(self, parser: DecliningParser) -> None:
        """Leave no circle behind: a connection in one stays, with all that it was asked, until garbage is looked for.

        Of 320 connections with 20 requests each that search was seen to stop the event loop for 30 ms.
        """
        parser.release()
        self._under_way.clear()
        self.pipeline.clear()
        self.cycle = self.scope = None  # type: ignore[assignment]

    # --- what the client takes -------------------------------------------------------------------------------------

    def pause_writing(self) -> None:
        """The client takes less than it is sent."""
        super().pause_writing()
        self.front.held.hold(self, self.waiting(), self.cut)

    def resume_writing(self) -> None:
        """It has taken all but a little."""
        self._emptied = True
        self.front.held.release(self)
        super().resume_writing()

    def waiting(self) -> int:
        """Bytes that the client has not taken yet."""
        return self.transport.get_write_buffer_size()

    def emptied(self) -> bool:
        """Whether the client took nearly all of a full buffer since this was asked last."""
        emptied, self._emptied = self._emptied, False
        return emptied

    def cut(self, reason: str = "held_bytes") -> None:
        """End the connection, with whatever has not been sent."""
        self.front.refusals[reason] += 1
        self.front.faults.count(self.address)
        self._disconnect()
        self.transport.abort()

    def _disconnect(self) -> None:
        """Let what is still written go nowhere: into a transport that is closed it would fail, at the cost of a traceback."""
        for cycle in self._under_way:  # uvicorn tells the newest alone, which may wait behind another
            cycle.disconnected = True
            cycle.message_event.set()

    # --- what the client sends -------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Something came: it is read when it is this client's turn."""
        self.front.turns.received(self, data)

    def eof_received(self) -> None:
        """Nothing more will come."""
        self.front.turns.finish(self)

    def hold(self, held: bool) -> None:
        """Take nothing more from the client while what it sent waits to be read, or take on."""
        if self.transport.is_closing():
            return
        if held:
            self.transport.pause_reading()
        elif not self.flow.read_paused:  # by uvicorn, for a body that nobody takes
            self.transport.resume_reading()

    def read(self, data: bytes) -> None:
        """Read on, and look at the bounds when a head is still not complete."""
        if self.transport.is_closing():
            return
        if self._early:  # one answer after the other
            self._later += data
            if len(self._later) > HEAD_BYTES:
                self.hold(True)
            return
        self._began = time.perf_counter()
        between = self._between
        if between and self.send_again(data):
            self._stop_timer()
            return
        self._alone = between and is_one(data)
        self._head += len(data)
        self._rest += len(data)
        self._quick = 0
        self._spoken = None
        super().data_received(data)  # to uvicorn's parser
        if self.transport.is_closing():
            return
        if self._spoken and self._alone and self._between:
            self.front.remember(data, self._spoken)
        if not self._in_head:
            self._head = 0
            if self._rest > HEAD_BYTES:
                self._refuse(431, _LONG)
        elif self._head > HEAD_BYTES:
            self._refuse(431, _LONG)
        elif self._head and self._timer is None:
            self._timer = self.loop.call_later(HEAD_SECONDS, self._late)

    def read_on(self) -> None:
        """Read what came while an early answer was waited for."""
        data, self._later = self._later, b""
        if data:
            self.hold(False)
            self.read(data)

    def on_message_begin(self) -> None:
        """A request begins."""
        self._head_read = self._head_lines = 0
        self._between = False
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A part of the request target."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A line of the head; or of what follows a body in chunks, which is counted and left aside."""
        self._count(len(name) + len(value) + 4)
        if self._in_head:  # else uvicorn would put it among the headers that were looked at before
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there: send what is ready for it, or have it answered; the body has bounds of its own."""
        self._in_head = False
        self._rest = 0
        self._stop_timer()
        version = self.parser.get_http_version()
        if error := head_error(version, self.headers):
            self._stop(400, error)
        if self._proxied:
            self.front.proxies.apply(cast(Scope, self.scope))
        if version == "1.1" and self.answer():
            self._answered = True
            return
        if len(self.pipeline) >= PIPELINED:
            self._stop(429, f"More than {PIPELINED} requests wait behind another.")
        self.route()

    def route(self) -> None:
        """Have the request answered by ASGI."""
        cast(Scope, self.scope).setdefault("extensions", {})[CUT] = self.cut
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before:
            self._under_way.append(self.cycle)
            self.cycle.transport = cast(asyncio.Transport, together.Together(self.transport))
        if self.retiring:
            self.cycle.keep_alive = False  # so that the answer says it
        if self.parser.should_upgrade():  # to nothing that is spoken here; the parser reads no further
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._rest = 0
        super().on_body(body)

    def on_response_complete(self) -> None:
        """The answer is there. A request that goes on, which nobody reads, must end soon."""
        if self._under_way and self._under_way[0].response_complete:  # a ready answer is no exchange of uvicorn's
            self._under_way.popleft()
        super().on_response_complete()
        if not self._in_head and not self.transport.is_closing():
            self._stop_timer()
            self._timer = self.loop.call_later(UNREAD_SECONDS, self.transport.close)

    def on_message_complete(self) -> None:
        """What comes next is another request."""
        self._stop_timer()
        self._in_head, self._head, self._between = True, 0, True
        if self._answered:
            self._answered = False
        else:
            super().on_message_complete()

    def _count(self, size: int) -> None:
        self._head_read += size
        self._head_lines += 1
        if self._head_read > HEAD_BYTES or self._head_lines > HEAD_LINES:
            self._stop(431, _LONG)

    # --- ends ------------------------------------------------------------------------------------------------------

    def timeout_keep_alive_handler(self) -> None:
        """Nothing followed the answer that the timer was made for, or what did was answered without one."""
        timer = self.timeout_keep_alive_task

        def end() -> None:
            if self.timeout_keep_alive_task is not timer:
                return  # something came before it was this connection's turn
            if self.busy:  # with what came in one piece with a request that was answered at once
                self.timeout_keep_alive_task = None  # the end of that answer makes another
            elif (left := self._rested + self.timeout_keep_alive - self.loop.time()) > 0:
                self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)
            else:
                self.transport.close()

        self.crowd.end_in_turn(end)

    def _late(self) -> None:
        timer = self._timer

        def end() -> None:
            if self._timer is timer:
                self._refuse(408, _LATE)

        self.crowd.end_in_turn(end)

    # --- refusals --------------------------------------------------------------------------------------------------

    def _stop(self, status: int, detail: str) -> None:
        """Make the parser stop; it then asks for a 400. Raises _Refused."""
        self._why = status, detail
        raise _Refused

    def send_400_response(self, msg: str) -> None:
        """What the parser cannot read, or was stopped from reading."""
        self._refuse(*(self._why or (400, msg)))

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, status: int, detail: str, limit: str = "", more: bytes = b"") -> None:
        self._stop_timer()
        if self.transport.is_closing():
            return
        slug, answer = raw_problem(status, detail, limit, more)
        self.front.refusals[limit or slug] += 1
        if limit != "connections":  # which are everybody's
            self.front.faults.count(self.address)
        if not self.busy:  # not in the middle of another answer
            self.transport.write(answer)
        self.transport.close()


def connections(front: Front) -> type[Connection]:
    """The class of the connections to one application; they share its bounds."""
    return type("Connection", (Connection,), {"front": front, "crowd": Crowd(front.limits)})
