"""Short messages between two processes of one service, with file descriptors where they are needed."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any

import orjson

_MOST_BYTES = 64 * 1024


class Channel:
    """One end of a pair of sockets. It ends when the process at the other end does, however that came about."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end

    @classmethod
    def pair(cls) -> tuple[Channel, Channel]:
        """Both ends; each message arrives whole."""
        one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        return cls(one), cls(other)

    @classmethod
    def of(cls, descriptor: int) -> Channel:
        """The end that another process has handed over."""
        return cls(socket.socket(fileno=descriptor))

    def fileno(self) -> int:
        """The descriptor, to wait for messages or to hand it over."""
        return self._socket.fileno()

    def send(self, descriptors: tuple[int, ...] = (), /, **message: Any) -> None:
        """Send a message; to one who has gone it is lost, and `receive` tells of that."""
        with suppress(OSError):
            socket.send_fds(self._socket, [orjson.dumps(message)], descriptors, socket.MSG_DONTWAIT)

    def receive(self) -> tuple[dict[str, Any], list[int]] | None:
        """The next message, waited for, and the descriptors that came with it; None when the other end has gone."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self._socket, _MOST_BYTES, 1)
        except ConnectionError:
            return None
        return (orjson.loads(data), descriptors) if data else None

    def hang_up(self) -> None:
        """Let the other end know that nothing more will come; what it sends can still be received."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Give this end back."""
        self._socket.close()
