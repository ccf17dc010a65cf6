"""Structured logs: one JSON object a line for machines, coloured lines on a terminal, a request id in each."""

from __future__ import annotations

import json
import logging
import os
import stat
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog

from app.http import Finished
from app.settings import Settings

log = structlog.get_logger()

_GATHER = 0.05  # seconds that lines are gathered before they are written together
_ROOM = 20_000  # lines that may wait; where nobody takes them, more are dropped and counted
_PIPE = 4096  # bytes that a pipe takes whole, so that lines of several processes do not mix
_marks: dict[str, Any] = {}


def mark(**marks: Any) -> None:
    """Say in every line from now on which of several processes wrote it."""
    _marks.update(marks)


def _marked(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {**event, **_marks} if _marks else event


def _written(event: Any, **_: Any) -> str:
    try:
        return orjson.dumps(event, default=str).decode()
    except TypeError:  # half of a surrogate pair, which JSON can escape and UTF-8 cannot write
        return json.dumps(event, default=str)


def configure(settings: Settings) -> None:
    """Set up structlog once per process; uvicorn's own messages go the same way."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        _marked,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    final: list[structlog.typing.Processor] = (
        [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_written),
        ]
        if _as_json(settings)
        else [structlog.dev.ConsoleRenderer()]
    )
    structlog.configure(
        processors=[*shared, *final],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),  # a line at once: several processes may write
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *final], foreign_pre_chain=shared
        )
    )
    for name in ("uvicorn", "uvicorn.error", "opentelemetry"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(max(level, logging.INFO))


class AccessLog:
    """Writes the line of a request: what structlog would write, for a tenth of its time."""

    def __init__(self, settings: Settings) -> None:
        self._off = logging.getLevelNamesMapping()[settings.log_level.upper()] > logging.INFO
        self._lines = Lines(sys.stderr.fileno()) if _as_json(settings) and not self._off else None
        self._log = structlog.get_logger("access")

    def __call__(self, done: Finished) -> None:
        """Write it."""
        if self._off:
            return
        line = {
            "method": done.method, "path": done.path, "status": done.status, "ms": round(done.seconds * 1000, 2),
            "request_id": done.request_id, "client": done.client,
        }  # fmt: skip
        if self._lines is None:
            self._log.info("request", **line)
            return
        line |= _marks
        line["event"], line["level"], line["timestamp"] = "request", "info", datetime.now(UTC)
        self._lines.write(orjson.dumps(line, option=_FORM))

    def close(self) -> None:
        """Write what waits: at the end a signal leaves no time for it."""
        if self._lines is not None:
            self._lines.flush()


_FORM = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE


def _as_json(settings: Settings) -> bool:
    return settings.log_format == "json" or (settings.log_format == "auto" and not sys.stderr.isatty())


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
