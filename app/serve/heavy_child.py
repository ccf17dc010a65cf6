"""What a forked child does: one request, by the same application, within its bounds; then it ends."""

from __future__ import annotations

import asyncio
import math
import os
import signal
import socket

import structlog
from starlette.types import ASGIApp

from app.heavy import wire
from app.http.inprocess import exchange
from app.process import confine

log = structlog.get_logger()

_MOST_ASKED = 1 << 20  # bytes of a request's body; the service has its own, smaller bounds
_NICENESS = 10  # the service keeps nine parts of ten of a processor that both want
_SECOND_ALARM = 2.0  # past the server's own deadline, for a server that is gone


def work(app: ASGIApp, channel: socket.socket, seconds: float, memory: int, most: int) -> None:
    """Answer the one request of a channel and end the process, whatever happens."""
    try:
        # What the server does at signals is not for its children.
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(math.ceil(seconds + _SECOND_ALARM))
        confine.lower_priority(_NICENESS)
        confine.limit_memory(memory)
        channel.setblocking(True)
        head, body = wire.receive(channel, _MOST_ASKED)
        channel.sendall(_answer(app, head, body, most))
    except (EOFError, ConnectionError):
        os._exit(0)  # the service asks no more
    except BaseException:
        log.exception("a heavy answer's process failed")
        os._exit(1)
    os._exit(0)


def _answer(app: ASGIApp, head: wire.RequestHead, body: bytes, most: int) -> bytes:
    headers = wire.as_bytes(head["headers"])
    try:
        with structlog.contextvars.bound_contextvars(request_id=head["id"]):
            reply = asyncio.run(
                exchange(app, head["method"], head["scheme"], head["path"], head["query"], headers, body)
            )
    except MemoryError:
        return wire.pack({"error": wire.MEMORY})
    except Exception:
        log.exception("unexpected fault", path=head["path"], request_id=head["id"])
        return wire.pack({"error": wire.INTERNAL})
    if len(reply.body) > most:
        return wire.pack({"error": wire.BYTES})
    return wire.pack({"status": reply.status, "headers": wire.as_text(reply.headers)}, reply.body)
