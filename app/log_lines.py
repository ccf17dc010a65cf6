"""Lines of a log, written by a thread of its own: no request waits for the file or pipe that takes them."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Iterator

import structlog

log = structlog.get_logger()

_GATHER = 0.05  # seconds that lines are gathered before they are written together
_ROOM = 20_000  # lines that may wait; where nobody takes them, more are dropped and counted
_PIPE = 4096  # bytes that a pipe takes whole, so that lines of several processes do not mix


class Lines:
    """Writes lines in order; never waits, never grows without bound."""

    def __init__(self, descriptor: int) -> None:
        self._out = descriptor
        self._waiting: list[bytes] = []
        self._wake = threading.Event()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None
        self._dropped = 0

    def write(self, line: bytes) -> None:
        """Have a line written; it ends in a line break."""
        if len(self._waiting) >= _ROOM:
            self._dropped += 1
            return
        self._waiting.append(line)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="log", daemon=True)
            self._thread.start()
        if not self._wake.is_set():
            self._wake.set()

    def flush(self) -> None:
        """Write what waits; call it before the process ends."""
        with self._writing:
            lines = self._waiting[:]
            del self._waiting[: len(lines)]  # what comes meanwhile is added behind
            try:
                for piece in self._pieces(b"".join(lines)):
                    while piece:
                        piece = piece[os.write(self._out, piece) :]
            except OSError:  # nobody reads the log any more; the service goes on
                return

    def _pieces(self, text: bytes) -> Iterator[bytes]:
        if not stat.S_ISFIFO(os.fstat(self._out).st_mode):
            yield text
            return
        while len(text) > _PIPE:
            end = text.rfind(b"\n", 0, _PIPE) + 1 or text.find(b"\n") + 1
            yield text[:end]
            text = text[end:]
        yield text

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            time.sleep(_GATHER)
            self.flush()
            if self._dropped:
                dropped, self._dropped = self._dropped, 0
                log.warning("lines of requests dropped", lines=dropped)
