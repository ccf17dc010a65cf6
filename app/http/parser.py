"""A parser of requests that declines to change the protocol.

Java's HttpClient and `curl --http2` ask for HTTP/2 with their first request (`Upgrade: h2c`). A server may leave that aside and
answer as before (RFC 9110, section 7.8). httptools stops behind such a head instead, and the body is lost: so the rest is
given to another parser, which is told first how the body is framed. Nothing of CONNECT is read on, what follows is not HTTP.
"""

from __future__ import annotations

from typing import Any

import httptools

_FRAMING = (b"content-length", b"transfer-encoding")


class DecliningParser:
    """httptools' parser for a protocol; one request after the other, whatever they ask to be changed to."""

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol
        self._parser = self._made()
        self._told = True  # whether the protocol is told of the head that is read
        self._declined = False  # whether the head asked for a change
        self.get_method = self._parser.get_method
        self.get_http_version = self._parser.get_http_version
        self.should_keep_alive = self._parser.should_keep_alive

    def _made(self) -> Any:
        parser = httptools.HttpRequestParser(self)
        # As uvicorn has it: a client may send on behind a request that ends the connection; it is not answered.
        parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return parser

    def release(self) -> None:
        """Nothing is read any more: let go of httptools' parser and of the protocol, which else keep each other."""
        vars(self).clear()

    def should_upgrade(self) -> bool:
        """Whether nothing behind the head can be read."""
        return bool(self._parser.should_upgrade()) and self.get_method() == b"CONNECT"

    def feed_data(self, data: bytes) -> None:
        """Read on. What is no HTTP the protocol answers without uvicorn's line in the log: it is counted instead."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._protocol.send_400_response("Invalid HTTP request received.")
        except httptools.HttpParserUpgrade as stopped:
            if not self._declined:
                raise
            self._declined = False
            framing = [b"%b: %b\r\n" % pair for pair in self._protocol.headers if pair[0] in _FRAMING]
            self._parser = self._made()
            self._told = False
            self._parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n" % b"".join(framing))
            self.get_method = self._parser.get_method
            self.get_http_version = self._parser.get_http_version
            self.should_keep_alive = self._parser.should_keep_alive
            if rest := data[stopped.args[0] :]:
                self.feed_data(rest)

    # --- what httptools tells --------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A request begins; the protocol knows of the one that is read on."""
        if self._told:
            self._protocol.on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A part of the target."""
        if self._told:
            self._protocol.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A line of the head, or behind a body."""
        if self._told:
            self._protocol.on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there."""
        if self._told:
            self._declined = bool(self._parser.should_upgrade()) and not self.should_upgrade()
            self._protocol.on_headers_complete()
        self._told = True

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._protocol.on_body(body)

    def on_message_complete(self) -> None:
        """The end of the request; not where httptools stops behind a head of which the body follows."""
        if not self._declined:
            self._protocol.on_message_complete()
