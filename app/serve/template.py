"""Read a release once and fork serving processes that share it: `python -m app.serve.template`, by the supervisor.

This process runs no event loop, opens no store and has no threads, so that what it forks is whole.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import signal
import socket
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import NoReturn, TypeVar

import structlog

from app import logs
from app.errors import Problem
from app.main import create_app
from app.process.memory import few_arenas
from app.serve import child
from app.serve.aside import aside, end_with, threads
from app.serve.channel import Channel
from app.serve.heavy import HeavyServer
from app.serve.heavy_server import Bounds
from app.serve.port import Counts
from app.service import Served, Service, settle
from app.settings import Limits, Settings, get_limits, get_settings

log = structlog.get_logger()
T = TypeVar("T", Settings, Limits)


def main(arguments: list[str]) -> None:
    """Read, report, and fork a serving process whenever the supervisor asks for one."""
    listener, channel = socket.socket(fileno=int(arguments[0])), Channel.of(int(arguments[1]))
    workers, parent = int(arguments[2]), int(arguments[3])
    end_with(parent)
    few_arenas()
    for name in (signal.SIGINT, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    settings, limits = shares(get_settings(), get_limits(), workers)
    counts = Counts(workers)
    app = create_app(settings, limits)
    logs.mark(worker="template", pid=os.getpid())
    service: Service = app.state.service
    served, service.error = aside(lambda: _read(service))
    service.supervised = True
    if served is not None:
        service.switch(served)
    settle()
    heavy = None
    if served is not None and settings.heavy_processes:
        heavy = HeavyServer(app, Bounds.of(get_settings(), limits))
        app.state.heavy_address = heavy.address
    if threads() != 1:  # a lock that one of them holds would be held for ever in what is forked
        raise RuntimeError(f"{threads()} threads where there must be one: is OPENBLAS_NUM_THREADS=1 set?")
    signal.signal(signal.SIGCHLD, partial(_reap, heavy))
    if heavy is not None:
        heavy.start()
    channel.send(edition=served.release.edition if served else "")
    run = partial(child.run, app, settings, counts, listener)
    while (received := channel.receive()) is not None:
        _fork(run, received[0]["fork"], channel, heavy)


def shares(settings: Settings, limits: Limits, workers: int) -> tuple[Settings, Limits]:
    """What one of so many processes gets of what the settings allow to all together."""

    def shared(whole: T, *names: str) -> T:
        # Rounded up: a process without any SPARQL worker could answer no query.
        return whole.model_copy(update={name: -(-getattr(whole, name) // workers) for name in names})

    return (
        shared(settings, "sparql_workers", "sparql_cache_bytes", "heavy_processes"),
        shared(limits, "cache_bytes", "parts_bytes", "sparql_queue"),
    )


def _read(service: Service) -> tuple[Served | None, Problem | None]:
    """The published release and what is wrong with the endpoint that holds it; the engine's files stay behind."""

    async def read() -> Served | None:
        served = await service.read()
        if served is not None:
            languages = served.catalogue.languages
            if len(languages) <= 1 + service.limits.languages_in_memory:  # else which of them will be asked for?
                for language in languages:
                    await served.catalogue.prepare(language)  # once for all: each process would read its own
        return served

    return asyncio.run(read()), service.error


def _fork(run: Callable[[int, Channel], None], number: int, channel: Channel, heavy: HeavyServer | None) -> None:
    here, there = Channel.pair()
    pid = os.fork()
    if pid == 0:
        here.close()
        channel.close()
        if heavy is not None:
            heavy.leave()
        _serve(run, number, there)
    there.close()
    channel.send((here.fileno(),), child=number, pid=pid)
    here.close()


def _serve(run: Callable[[int, Channel], None], number: int, channel: Channel) -> NoReturn:
    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        run(number, channel)
        status = 0
    except BaseException:
        log.exception("a serving process failed")
    finally:
        atexit._run_exitfuncs()
        os._exit(status)  # Python's own way out would take the release to pieces, and so copy what is shared


def _reap(heavy: HeavyServer | None, _signal: int, _frame: FrameType | None) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        if heavy is not None and pid == heavy.pid:
            log.error("the heavy server was lost", ended=pid, code=os.waitstatus_to_exitcode(status))
            heavy.start()
        elif status:
            log.error("a serving process ended", ended=pid, code=os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main(sys.argv[1:])
