"""Structured logs: one JSON object a line for machines, coloured lines on a terminal, a request id in each."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog

from app.http import Finished
from app.lines import Lines
from app.settings import Settings


def configure(settings: Settings) -> None:
    """Set up structlog once per process; uvicorn's own messages go the same way."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    final: list[structlog.typing.Processor] = (
        [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=lambda o, **_: orjson.dumps(o, default=str).decode()),
        ]
        if _as_json(settings)
        else [structlog.dev.ConsoleRenderer()]
    )
    structlog.configure(
        processors=[*shared, *final],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
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


def access(settings: Settings) -> Callable[[Finished], None]:
    """What writes the line of a request: what structlog would write, for a tenth of its time."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    if level > logging.INFO:
        return lambda _: None
    if not _as_json(settings):
        log = structlog.get_logger("access")
        return lambda done: log.info("request", **_fields(done))
    lines, form = Lines(sys.stderr.fileno()), orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE

    def write(done: Finished) -> None:
        line = _fields(done)
        line["event"], line["level"], line["timestamp"] = "request", "info", datetime.now(UTC)
        lines.write(orjson.dumps(line, option=form))

    return write


def _fields(done: Finished) -> dict[str, Any]:
    return {
        "method": done.method, "path": done.path, "status": done.status, "ms": round(done.seconds * 1000, 2),
        "request_id": done.request_id, "client": done.client,
    }  # fmt: skip


def _as_json(settings: Settings) -> bool:
    return settings.log_format == "json" or (settings.log_format == "auto" and not sys.stderr.isatty())
