"""The heavy server: one process for each served release, which holds its catalogue and forks a child for every request.

Forking is what makes this cheap: a child has the catalogue at once and shares its memory, runs the same routes as the
service does, and can be killed at any moment. Who waits for a child waits in the backlog of the socket. The server itself
runs no thread and no event loop when it forks, and its store is closed then: each child opens its own.

The service starts it as ``python -m app.serve.heavy_server LISTENER`` with the settings as a line of JSON on standard input,
which stays open: where it ends, so does the server. A process that has a loaded application calls `serve` instead.
"""

from __future__ import annotations

import asyncio
import gc
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from fastapi import FastAPI

from app.heavy import wire
from app.http.inprocess import ask
from app.serve import heavy_child
from app.settings import Limits, Settings

# Asked once before the first fork, so that no child has to import and set up what drawing needs.
_WARM = ("/api/v1/scope.svg", "/api/v1/scope.png")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What children may take."""

    processes: int
    seconds: float
    memory: int
    bytes: int

    @classmethod
    def of(cls, settings: Settings, limits: Limits) -> Bounds:
        """The bounds that the operator has set."""
        return cls(settings.heavy_processes, limits.heavy_seconds, limits.heavy_memory, limits.heavy_bytes)


@dataclass(frozen=True, slots=True)
class _Child:
    channel: socket.socket
    deadline: float


def serve(
    app: FastAPI,
    listener: socket.socket,
    lifeline: int,
    bounds: Bounds,
    on_ready: Callable[[], None] = lambda: None,
) -> None:
    """Answer what comes to a listening socket until the lifeline ends.

    `app` has read its release (Service.refresh) and serves nobody else; no thread runs in this process.
    """
    app.user_middleware.clear()  # what the service's outermost layer does, it does itself with what comes back
    app.middleware_stack = None
    app.state.service.heavy = None  # so every answer is made here
    for path in _WARM:
        asyncio.run(ask(app, f"http://localhost{path}"))
    app.state.service.served.catalogue.store.detach()
    gc.collect()
    gc.freeze()  # or the first collection of every child copies all that is shared
    on_ready()
    _Server(app, listener, lifeline, bounds).run()


class _Server:
    def __init__(self, app: FastAPI, listener: socket.socket, lifeline: int, bounds: Bounds) -> None:
        self._app = app
        self._listener = listener
        self._lifeline = lifeline
        self._bounds = bounds
        self._children: dict[int, _Child] = {}
        self._woken, self._wake = socket.socketpair()

    def run(self) -> None:
        """See serve."""
        for end in (self._listener, self._woken, self._wake):
            end.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # so that it wakes the wait below
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        while self._lifeline not in (ready := self._wait()):
            if self._woken.fileno() in ready:
                self._drain()
            self._reap()
            self._kill_the_late()
            if self._listener.fileno() in ready and len(self._children) < self._bounds.processes:
                self._accept()
        for pid in self._children:
            os.kill(pid, signal.SIGKILL)

    def _wait(self) -> set[int]:
        """What there is to do: descriptors that can be read, or whose other side is gone."""
        watched = select.poll()
        watched.register(self._lifeline, select.POLLIN)
        watched.register(self._woken, select.POLLIN)
        if len(self._children) < self._bounds.processes:
            watched.register(self._listener, select.POLLIN)
        for one in self._children.values():
            watched.register(one.channel, 0)  # a hang-up alone: what is sent there is the child's to read
        next_deadline = min((one.deadline for one in self._children.values()), default=None)
        timeout_seconds = None if next_deadline is None else max(0, (next_deadline - time.monotonic()) * 1000) + 1
        ready = {fd for fd, _ in watched.poll(timeout_seconds)}
        for pid, one in self._children.items():
            if one.channel.fileno() in ready:  # the service gave up
                os.kill(pid, signal.SIGKILL)
        return ready

    def _drain(self) -> None:
        try:
            while self._woken.recv(4096):
                pass
        except BlockingIOError:
            return

    def _accept(self) -> None:
        try:
            channel, _ = self._listener.accept()
        except BlockingIOError:  # whoever it was has left, or another server was quicker
            return
        pid = os.fork()
        if pid == 0:
            for end in (self._listener, self._woken, self._wake, *(one.channel for one in self._children.values())):
                end.close()
            os.close(self._lifeline)
            bounds = self._bounds
            heavy_child.work(self._app, channel, bounds.seconds, bounds.memory, bounds.bytes)
        self._children[pid] = _Child(channel, time.monotonic() + self._bounds.seconds)

    def _reap(self) -> None:
        """Take leave of the children that have ended. The service sees it by the end of its channel."""
        for pid in list(self._children):
            if os.waitpid(pid, os.WNOHANG)[0]:
                self._children.pop(pid).channel.close()

    def _kill_the_late(self) -> None:
        now = time.monotonic()
        for pid, one in self._children.items():
            if one.deadline <= now:
                os.kill(pid, signal.SIGKILL)  # the service, which counts too, knows why nothing comes


def main(arguments: list[str]) -> None:
    """Load the release that the service serves, and serve."""
    from app.main import create_app

    listener = socket.socket(fileno=int(arguments[0]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the service
    line = bytearray()
    while not line.endswith(b"\n"):
        line += (piece := os.read(0, 1 << 16))
        if not piece:
            return
    start = wire.Start.model_validate_json(line)
    app = create_app(start.settings, start.limits)
    structlog.contextvars.bind_contextvars(process="heavy")
    asyncio.run(app.state.service.refresh())
    if app.state.service.ready and app.state.service.served.release.id == start.release:
        serve(app, listener, 0, Bounds.of(start.settings, start.limits), _report)


def _report() -> None:
    """Say that all is read; standard output serves for nothing else."""
    os.write(1, b"ready\n")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


if __name__ == "__main__":
    main(sys.argv[1:])
