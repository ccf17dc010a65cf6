"""One process's figures, gathered when somebody asks for them."""

from __future__ import annotations

import asyncio
import os
import platform
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import version
from operator import attrgetter
from typing import TYPE_CHECKING

from fastapi import FastAPI
from prometheus_client import ProcessCollector

from app.process import memory
from app.sparql import wire
from app.sparql.pool import ENGINE, TIME
from app.telemetry.counts import Requests, Routes, Row
from app.telemetry.exposition import Family, counter, gauge, histogram
from app.telemetry.seconds import Seconds

if TYPE_CHECKING:
    from app.http import AnswerCache, Front
    from app.service import Served, Service
    from app.sparql.gateway import Gateway

_EVERY = 0.25  # seconds between looks at how late the event loop is


class Metrics:
    """What is counted in one process, and all that is known of it."""

    def __init__(self, app: FastAPI, service: Service, gateway: Gateway, front: Front) -> None:
        self.requests = Requests(Routes.of(app))
        self._app = app
        self._service = service
        self._gateway = gateway
        self._front = front
        self._lag = Seconds()
        self.worker = "0"  # the number of this process among those that serve
        self._switches = 0
        self._process = ProcessCollector(registry=None)
        service.on_switch.append(self._switched)

    def _switched(self, _: Served) -> None:
        self._switches += 1

    async def watch(self) -> None:
        """Measure for ever by how much the event loop is late: what every client waits for beside its own answer."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _EVERY
            await asyncio.sleep(_EVERY)
            self._lag.add(max(0.0, loop.time() - due))

    async def alone(self) -> dict[str, list[Family]]:
        """The figures of this process, as those of one of several."""
        return {self.worker: await self.gather()}

    async def gather(self) -> list[Family]:
        """All figures; to be called in the loop, as what it changes is read there."""
        rows, families = self.of_loop()
        return [*await asyncio.to_thread(lambda: [*_answered(rows)]), *families, *await asyncio.to_thread(self._system)]

    def of_loop(self) -> tuple[dict[tuple[str, str, int, bool], Row], list[Family]]:
        """What the loop changes: copies of what is long, the rest as it is told."""
        return self.requests.copy(), [
            *self._http(), *self._release(), *self._sparql(), self._build(),
        ]  # fmt: skip

    def _http(self) -> Iterator[Family]:
        yield counter(
            "ccsi_refusals", "Answers that are problems, by the slug of their type; page: told on a page.",
            *(({"reason": reason}, count) for reason, count in (self.requests.refusals + self._front.refusals).items()),
        )  # fmt: skip
        if (state := getattr(self._app.state, "server_state", None)) is not None:
            yield gauge("ccsi_http_requests_in_flight", "Requests under way.", ({}, len(state.tasks)))
            yield gauge("ccsi_http_connections", "Open connections.", ({}, len(state.connections)))
        yield histogram(
            "ccsi_event_loop_lag_seconds", "By how much the event loop was late, four looks a second.", ({}, self._lag)
        )

    def _release(self) -> Iterator[Family]:
        service = self._service
        yield gauge(
            "ccsi_ready", "Whether a release is served and can be asked.", ({}, service.ready and not service.error)
        )
        yield counter("ccsi_release_switches", "Releases taken into service, the first included.", ({}, self._switches))
        yield counter("ccsi_release_refusals", "Releases that could not be served.", ({}, service.refusals))
        yield gauge(
            "ccsi_release_last_refusal_timestamp_seconds", "When a release was refused last; 0: none was.",
            ({}, service.refused_at),
        )  # fmt: skip
        if service.settings.sparql_endpoint:
            yield gauge(
                "ccsi_store_up", "Whether the endpoint that holds the release answers.", ({}, not service.error)
            )
        caches: dict[str, AnswerCache] = {"sparql": self._gateway.cache}
        if service.ready:
            served = service.served
            manifest = served.release.manifest
            info = {"release": served.release.id, "esco_version": str(manifest["escoVersion"]), "tag": served.tag}
            yield gauge("ccsi_release_info", "The served release.", (info, 1))
            made = datetime.fromisoformat(manifest["createdAt"]).timestamp()
            yield gauge("ccsi_release_created_timestamp_seconds", "When the served release was made.", ({}, made))
            yield gauge("ccsi_release_age_seconds", "Age of the served release.", ({}, time.time() - made))
            caches["api"] = served.cache
        for kind, name, text, value in (
            (counter, "ccsi_answer_cache_hits", "Answers that were at hand.", attrgetter("tally.hits")),
            (counter, "ccsi_answer_cache_stored", "Answers that were worked out and kept.", attrgetter("tally.stored")),
            (gauge, "ccsi_answer_cache_bytes", "Memory of the answers at hand.", attrgetter("used")),
            (gauge, "ccsi_answer_cache_limit_bytes", "Memory that the answers at hand may take.", attrgetter("room")),
        ):
            yield kind(name, text, *(({"cache": cache}, value(kept)) for cache, kept in caches.items()))

    def _sparql(self) -> Iterator[Family]:
        pool, stats = self._gateway.pool, self._gateway.stats()
        yield gauge("ccsi_sparql_running", "Queries being evaluated.", ({}, stats.running))
        yield gauge("ccsi_sparql_waiting", "Queries waiting for a worker.", ({}, stats.waiting))
        yield gauge("ccsi_sparql_held_refusals", "Refusals that are held back for a moment.", ({}, stats.held_refusals))
        yield gauge("ccsi_sparql_workers", "Worker processes that are alive.", ({}, stats.workers))
        yield gauge(
            "ccsi_sparql_workers_wanted", "Worker processes that there should be; 0 where SPARQL is not offered.",
            ({}, 0 if pool.refusal else self._service.settings.sparql_workers),
        )  # fmt: skip
        yield gauge("ccsi_sparql_spool_bytes", "Bytes of answers held in files.", ({}, stats.spool_bytes))
        yield gauge("ccsi_sparql_spool_files", "Files of answers that are held.", ({}, stats.spool_files))
        yield counter("ccsi_sparql_worker_restarts", "Worker processes that were replaced.", ({}, stats.restarts))
        yield counter("ccsi_sparql_dropped", "Waiting queries refused for a client with fewer.", ({}, stats.dropped))
        yield counter("ccsi_sparql_gave_way", "Long queries begun again later, for others.", ({}, stats.gave_way))
        yield counter(
            "ccsi_sparql_stopped", "Queries that a limit ended, by the limit.",
            *(({"reason": reason}, count) for reason, count in (dict.fromkeys(_LIMITS, 0) | dict(stats.stopped)).items()),
        )  # fmt: skip
        yield histogram("ccsi_sparql_wait_seconds", "How long queries waited for a worker.", ({}, stats.waited))
        yield histogram("ccsi_sparql_evaluation_seconds", "How long workers took for queries.", ({}, stats.evaluated))

    def _build(self) -> Family:
        names = {"version": version("ccsi-esco"), "python": platform.python_version(), "engine": version("pyoxigraph")}
        return gauge("ccsi_build_info", "The program.", (names, 1))

    def _system(self) -> list[Family]:
        """Read from files of the kernel; that of a large process takes it milliseconds."""
        families = [Family.of(metric) for metric in self._process.collect()]
        if sys.platform == "linux":
            size = memory.tree(os.getpid()) * 1024 * 1024
            text = "Memory of the process and its children, each page shared by n counted as 1/n (PSS)."
            families.append(gauge("ccsi_memory_pss_bytes", text, ({}, size)))
        return families


# Shown from the start, so that the first one is an increase.
_LIMITS = (TIME, wire.MEMORY, wire.ROWS, wire.BYTES, ENGINE)


def _answered(rows: dict[tuple[str, str, int, bool], Row]) -> Iterator[Family]:
    """What is to be told of all requests that ended."""
    requests: dict[tuple[str, str, int], int] = defaultdict(int)
    seconds: dict[tuple[str, bool], Seconds] = defaultdict(Seconds)
    size: dict[str, int] = defaultdict(int)
    for (method, route, status, kept), row in rows.items():
        requests[method, route, status] += sum(row.seconds.counts)
        seconds[route, kept] += row.seconds
        size[route] += row.bytes
    yield counter(
        "ccsi_http_requests", "Requests that ended; status 0: the client had gone before an answer began.",
        *(({"method": m, "route": r, "status": str(s)}, count) for (m, r, s), count in requests.items()),
    )  # fmt: skip
    yield histogram(
        "ccsi_http_request_duration_seconds", "Time from the head of a request to the last byte given to the connection.",
        *(({"route": r, "answer": "kept" if kept else "made"}, s) for (r, kept), s in seconds.items()),
    )  # fmt: skip
    yield counter(
        "ccsi_http_response_bytes", "Bytes of answers' bodies.", *(({"route": r}, n) for r, n in size.items())
    )
    faults = sum(count for (_, _, status), count in requests.items() if status == 500)
    yield counter("ccsi_faults", "Faults that nobody foresaw; they are in the log.", ({}, faults))
