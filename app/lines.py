"""Lines of a log, written by a thread of its own: no request waits for the file or pipe that takes them."""

from __future__ import annotations

import atexit
import threading
import time
from collections import deque
from contextlib import suppress
from typing import TextIO

import structlog

log = structlog.get_logger()

_GATHER = 0.02  # seconds that lines are gathered before they are written together
_ROOM = 20_000  # lines that may wait; where nobody takes them, more are dropped and counted
_PIPE = 4096  # bytes that a pipe takes whole, so that lines of several processes do not mix


class Lines:
    """Writes lines in order; never waits, never grows without bound."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._waiting: deque[bytes] = deque()
        self._wake = threading.Event()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None
        self.dropped = 0

    def write(self, line: bytes) -> None:
        """Have a line written; it ends in a line break."""
        if len(self._waiting) >= _ROOM:
            self.dropped += 1
            return
        self._waiting.append(line)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="log", daemon=True)
            self._thread.start()
            atexit.register(self.flush)
        if not self._wake.is_set():
            self._wake.set()

    def flush(self) -> None:
        """Write what waits."""
        with self._writing:
            piece = b""
            while self._waiting:
                line = self._waiting.popleft()
                if piece and len(piece) + len(line) > _PIPE:
                    self._put(piece)
                    piece = b""
                piece += line
            if piece:
                self._put(piece)

    def _put(self, piece: bytes) -> None:
        with suppress(OSError, ValueError):  # nobody reads the log any more; the service goes on
            self._out.write(piece.decode())
            self._out.flush()

    def _run(self) -> None:
        while True:
            self._wake.wait()
            time.sleep(_GATHER)
            self._wake.clear()
            self.flush()
            if self.dropped:
                dropped, self.dropped = self.dropped, 0
                log.warning("lines of requests dropped", lines=dropped)
