"""What the endpoint tells of itself, for monitoring: one typed snapshot, cheap to take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.telemetry.seconds import Seconds


@dataclass(frozen=True, slots=True)
class Stats:
    """The endpoint at one moment; what only grows is counted from the start of the process."""

    running: int
    """Queries that are evaluated."""
    waiting: int
    """Queries that wait for their turn."""
    held_refusals: int
    """Refusals that are held back for a moment."""
    workers: int
    """Worker processes that live."""
    ready: bool
    """Whether one of them is confined and has the served release open."""
    restarts: int
    """Workers that were replaced."""
    gave_way: int
    """Long queries that were begun again later, for a client that had little."""
    dropped: int
    """Waiting queries that were refused for a client with fewer."""
    stopped: Mapping[str, int]
    """Queries that a limit ended: time, memory, rows, bytes, engine."""
    refused: Mapping[str, int]
    """Other problems by the last part of their type: sparql-syntax, sparql-too-complex, sparql-federation,
    sparql-update, sparql-too-many, sparql-busy, sparql-no-room and so on."""
    spool_files: int
    """Files of answers that are held."""
    spool_bytes: int
    waited: Seconds
    """Seconds from a query's arrival in the queue to its worker."""
    evaluated: Seconds
    """Seconds that workers were taken by queries."""
