"""Answers that a connection sends without any of ASGI: ready ones, and those that an `Early` gives of what it is asked first."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import cast

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.http import together
from app.http.clients import READY, Client, client_of, network_of
from app.http.edge import BEGAN
from app.http.front import Early, Finished, Front, request_id_of
from app.http.ready import NOSNIFF, Spoken

_QUICK = 16  # ready answers to requests that came in one piece, before others get a turn
_NOT_PLAIN = frozenset([b"x-request-id", b"x-forwarded-for", b"x-forwarded-proto"])
_NOT_HERE = frozenset([b"content-length", b"transfer-encoding", b"if-match"])  # bodies, and what the edge looks at
_SAFE = b"%b: %b\r\n" % NOSNIFF


class Unrouted(HttpToolsProtocol, ABC):
    """A connection, as far as it answers by itself."""

    front: Front

    retiring = False  # whether the connection ends with its next answer, because this process does
    _began = 0.0
    _rested = 0.0  # when the last answer was sent for which no timer was made, by the loop's clock
    _quick = 0
    _answered = False  # the request that is being read, not by ASGI
    _early = False  # whether an early answer is waited for
    _alone = False  # whether one whole request came, and nothing else
    _spoken: Spoken | None = None  # of the ready answer that was sent last, if its request may be known by its bytes

    @property
    def busy(self) -> bool:
        """Whether a request is under way."""
        return self._early or (self.cycle is not None and not self.cycle.response_complete)

    def shutdown(self) -> None:
        """End behind the answer that is under way, or now."""
        if self._early:
            self.retiring = True
        else:
            super().shutdown()

    @abstractmethod
    def route(self) -> None:
        """Have the request answered by ASGI."""

    @abstractmethod
    def read_on(self) -> None:
        """Read what came while an early answer was waited for."""

    def send_again(self, data: bytes) -> bool:
        """Send the ready answer to a request of the same bytes as one before, which need not be parsed again."""
        spoken = self.front.spoken(data)
        if spoken is None or self._occupied():
            return False
        peer = network_of(self.client[0]) if self.client else ""
        return self._send_kept(spoken, peer)

    def answer(self) -> bool:
        """Answer a plain request, if something is ready for it or it may be early; and if nothing stands before it."""
        scope = cast(Scope, self.scope)
        method, url = self.parser.get_method(), self.url
        if (
            (method != b"GET" and method != b"HEAD")
            or not url.startswith(b"/")
            or self._occupied()
            or self._quick >= _QUICK
            or not self.parser.should_keep_alive()
            or self.parser.should_upgrade()
            or self.root_path
        ):
            return False
        path, _, query = url.partition(b"?")
        if b"%" in path or b"#" in url or not url.isascii():
            return False
        given = b""
        plain = method == b"GET"
        for name, value in self.headers:
            if name in _NOT_HERE:
                return False
            if name in _NOT_PLAIN:
                plain = False
                if name == b"x-request-id":
                    given = given or value
        scope["path"], scope["query_string"] = path.decode(), query
        early = self.front.early
        if early is not None and scope["path"] in early.paths:
            return method == b"GET" and self._begin(early, scope, given)
        kept = self.front.ready(scope)
        if kept is None:
            return False
        spoken = Spoken(*kept, scope["path"])
        if not self._send_kept(spoken, client_of(scope), method.decode(), given):
            return False
        self._quick += 1
        self._spoken = spoken if plain else None
        return True

    def _occupied(self) -> bool:
        """Whether something stands before an answer that could be sent now."""
        return self.busy or self.retiring or bool(self.pipeline) or self.flow.write_paused

    # --- ready answers ---------------------------------------------------------------------------------------------

    def _send_kept(self, spoken: Spoken, peer: str, method: str = "GET", given: bytes = b"") -> bool:
        """Send a ready answer; false, and nothing is sent, if the client has had too many."""
        front, (ready, known, path) = self.front, spoken
        client = front.clients.at(peer)
        limited = front.clients.limited(path)
        if limited and not front.clients.admit(client, READY):
            return False  # refused where all are
        request_id = request_id_of(given)
        body = b"" if known or method == "HEAD" else ready.answer.body
        self._send(ready.head(known) + self._tail(client, limited, request_id), body)
        front.tell(
            Finished(
                method, path, ready.route, 304 if known else 200, time.perf_counter() - self._began, len(body), True,
                client.name, request_id,
            )
        )  # fmt: skip
        return True

    def _tail(self, client: Client, limited: bool, request_id: str) -> bytes:
        """What each answer has of its own at the end of its head."""
        date = self.front.date(self.server_state.default_headers)
        lines = self.front.clients.lines(client) if limited else b""
        return b"%b%bx-request-id: %b\r\n\r\n" % (date, lines, request_id.encode())

    def _send(self, head: bytes, body: bytes) -> None:
        together.write(self.transport, head, body)
        if self.timeout_keep_alive_task is None:
            self.on_response_complete()
        else:  # made for an answer before, it looks by itself whether another followed
            self._rested = self.loop.time()
            self.server_state.total_requests += 1

    # --- early answers ---------------------------------------------------------------------------------------------

    def _begin(self, early: Early, scope: Scope, given: bytes) -> bool:
        """Have a request answered early, if it came alone and the client may send one."""
        front, began = self.front, self._began
        if not self._alone or len(self.url) > front.limits.url_length:
            return False
        client, path = front.clients.of(scope), scope["path"]
        limited = front.clients.limited(path)
        if limited and not front.clients.admit(client, 1):
            return False  # refused where all are
        request_id = request_id_of(given)
        tail = b""

        def end(status: int, size: int) -> None:
            seconds = time.perf_counter() - began
            front.tell(Finished("GET", path, "", status, seconds, size, False, client.name, request_id))

        def reply(head: bytes, body: bytes) -> None:
            self._early = False
            if self.transport.is_closing():
                end(0, 0)
                return
            last = b"connection: close\r\n" if self.retiring else b""
            self._send(head + _SAFE + last + (tail or self._tail(client, limited, request_id)), body)
            if last:
                self.transport.close()
            end(200, len(body))
            self.read_on()

        def go_on() -> bool:
            self._early = False
            if self.transport.is_closing():
                end(0, 0)
                return False
            self.route()
            HttpToolsProtocol.on_message_complete(self)
            self.read_on()
            return True

        self._early = True
        scope["method"] = "GET"
        scope["extensions"] = {BEGAN: began}
        worked = time.thread_time()
        begun = early.begin(scope, reply, go_on)
        if not begun:
            self._early = False
        if limited:
            front.clients.charge(client, time.thread_time() - worked)
        if self._early:
            tail = self._tail(client, limited, request_id)  # while somebody else works
        return begun


def is_one(data: bytes) -> bool:
    """Whether a piece in which one request ended ends with it: its only empty line, however a parser reads one, is the last."""
    return data.endswith(b"\r\n\r\n") and data.count(b"\n\r\n") == 1 and b"\n\n" not in data
