"""Traces by OpenTelemetry, where a setting names a collector and the extra `otel` is installed; else nothing is imported.

A span says which route, how long, with what status. It holds no text of a query, no path, no address, no message of a
fault, and of what a client may say about a trace only its id and whether it is recorded (`traceparent`).
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.telemetry.counts import METHODS, Routes
from releases.errors import LoadError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer

_NOTHING = nullcontext()
_LAST_SECONDS = 3.0  # for the last spans to leave when the service ends
_tracer: Tracer | None = None  # of the process, as the library has it


def span(name: str, outgoing: bool = False) -> AbstractContextManager[None]:
    """A part of the request under way; of one that is not recorded, nothing."""
    if _tracer is None:
        return _NOTHING
    from opentelemetry.trace import get_current_span

    return _part(_tracer, name, outgoing) if get_current_span().is_recording() else _NOTHING


@contextmanager
def _part(tracer: Tracer, name: str, outgoing: bool) -> Iterator[None]:
    from opentelemetry.trace import SpanKind, StatusCode

    kind = SpanKind.CLIENT if outgoing else SpanKind.INTERNAL
    # What the library would record of an exception is its message, which may hold parts of a query.
    with tracer.start_as_current_span(name, kind=kind, record_exception=False, set_status_on_exception=False) as part:
        try:
            yield
        except BaseException as error:
            part.set_status(StatusCode.ERROR, type(error).__name__)
            raise


class Traces:
    """The way of spans out of this process: a bounded queue, a thread that sends it, spans lost when it is full."""

    def __init__(self, url: str) -> None:
        """Raises LoadError where the libraries are not installed."""
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError as error:
            remedy = "Install them, pip install 'ccsi-esco[otel]', or leave CCSI_TRACES empty."
            raise LoadError(f"CCSI_TRACES needs libraries that are not installed: {error}.", remedy) from error
        name = os.environ.get("OTEL_SERVICE_NAME") or "ccsi-esco"
        resource = Resource.create({SERVICE_NAME: name, SERVICE_VERSION: version("ccsi-esco")})
        self._provider: TracerProvider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=url)))

    def start(self) -> None:
        """Record from now on."""
        global _tracer
        _tracer = self._provider.get_tracer("ccsi-esco")

    async def stop(self) -> None:
        """Record no more, and send what there is; a collector that does not take it is not waited for."""
        global _tracer
        _tracer = None
        sender = threading.Thread(target=self._provider.shutdown, daemon=True)
        sender.start()
        await asyncio.to_thread(sender.join, _LAST_SECONDS)


class TracingMiddleware:
    """A span for every request."""

    def __init__(self, app: ASGIApp, routes: Routes) -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._app = app
        self._routes = routes
        self._extract = TraceContextTextMapPropagator().extract

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on within its span."""
        if scope["type"] != "http" or _tracer is None:
            await self._app(scope, receive, send)
            return
        from opentelemetry.trace import SpanKind, StatusCode

        method = scope["method"] if scope["method"] in METHODS else "other"
        route = self._routes.name(scope["path"])
        given = {n.decode(): v.decode("latin-1") for n, v in scope["headers"] if n == b"traceparent"}
        attributes: dict[str, Any] = {"http.request.method": method, "http.route": route}
        with _tracer.start_as_current_span(
            f"{method} {route}", self._extract(given), SpanKind.SERVER, attributes,
            record_exception=False, set_status_on_exception=False,
        ) as whole:  # fmt: skip

            async def out(message: Message) -> None:
                if message["type"] == "http.response.start":
                    whole.set_attribute("http.response.status_code", message["status"])
                    if message["status"] >= 500:
                        whole.set_status(StatusCode.ERROR)
                await send(message)

            await self._app(scope, receive, out)
