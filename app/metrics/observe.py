"""What an operator switches on to see the service: metrics and traces. Switched off, neither is imported, nothing counted."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI

from app.http import Front
from app.http.listen import listen
from app.service import Service
from app.settings import Settings
from app.telemetry.counts import Routes

if TYPE_CHECKING:
    from app.metrics.figures import Metrics
    from app.metrics.server import Exporter
    from app.sparql.gateway import Gateway
    from app.telemetry.traces import Traces


class Observer:
    """Metrics and traces of one application, by its settings."""

    def __init__(self, app: FastAPI, service: Service, gateway: Gateway, front: Front) -> None:
        settings = service.settings
        self.listener: socket.socket | None = None  # of the port of its own
        self.metrics: Metrics | None = None
        self._exporter: Exporter | None = None
        self._traces: Traces | None = None
        if settings.metrics_port or settings.metrics_public:
            from app.metrics.figures import Metrics
            from app.metrics.server import Exporter

            self.metrics = Metrics(app, service, gateway, front)
            self._exporter = Exporter(self.metrics.alone)
            if settings.metrics_public:
                app.add_route("/metrics", self._exporter.answer, include_in_schema=False)
            front.on_finished.append(self.metrics.requests.finished)
        if settings.traces:
            from app.telemetry.traces import Traces, TracingMiddleware

            self._traces = Traces(settings.traces)
            app.add_middleware(TracingMiddleware, routes=Routes.of(app))  # around all that is there

    def listen(self, settings: Settings, worker: int) -> None:
        """Take the port of the metrics of this process, the n-th of several; its successor may take it before it ends."""
        if self.metrics is not None and settings.metrics_port:
            self.metrics.worker = str(worker)
            port = settings.metrics_port + worker
            self.listener = listen(settings.metrics_host, port, "CCSI_METRICS_PORT", shared=settings.workers > 1)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Observe while the application runs."""
        async with AsyncExitStack() as stack:
            if self._traces is not None:
                self._traces.start()
                stack.push_async_callback(self._traces.stop)
            if self.metrics is not None and self._exporter is not None:
                await stack.enter_async_context(_in_background(self.metrics))
                if self.listener is not None:
                    from app.metrics.server import listening

                    await stack.enter_async_context(listening(self._exporter, self.listener))
            yield


@asynccontextmanager
async def _in_background(metrics: Metrics) -> AsyncIterator[None]:
    watcher = asyncio.create_task(metrics.watch())
    try:
        yield
    finally:
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher
