"""The process that keeps the port: a generation of serving processes for each release, handed over without a gap."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from contextlib import suppress

import structlog

from app import logs
from app.errors import Problem
from app.serve import beside
from app.serve.generation import Generation, Lost
from app.settings import Settings, get_settings
from app.store.embedded import EmbeddedBackend
from app.store.port import Backend
from app.store.remote import RemoteBackend
from releases.errors import ReleaseError

log = structlog.get_logger()

_START_SECONDS = 600.0  # that reading a release may take, wherever it is
_KILL_SECONDS = 5.0  # beyond what running requests get
_FIRST_PAUSE, _LAST_PAUSE = 0.5, 30.0  # seconds between attempts to start serving processes


def main(arguments: list[str]) -> None:
    """Serve on the listening socket that this process was given."""
    settings = get_settings()
    logs.configure(settings)
    logs.mark(worker="supervisor", pid=os.getpid())
    listener = socket.socket(fileno=int(arguments[0]))
    beside.start(settings)
    asyncio.run(Supervisor(settings, listener).run())


class Supervisor:
    """Starts generations and ends them; it answers nothing itself and holds no release."""

    def __init__(self, settings: Settings, listener: socket.socket) -> None:
        self._settings = settings
        self._listener = listener
        self._backend: Backend = (
            RemoteBackend(settings) if settings.sparql_endpoint else EmbeddedBackend(settings.data_dir)
        )
        self._serving: Generation | None = None
        self._leaving: Generation | None = None
        self._farewell: asyncio.Task[None] | None = None
        self._refused = ""  # edition that could not be served, so that it is tried once
        self._renew = False
        self._wake = asyncio.Event()
        self._pause = _FIRST_PAUSE
        self._not_before = 0.0

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT; SIGHUP renews all processes."""
        loop = asyncio.get_running_loop()
        work = asyncio.ensure_future(self._work())
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, work.cancel)
        loop.add_signal_handler(signal.SIGHUP, self._ask)
        with suppress(asyncio.CancelledError):
            await work
        log.info("ending")
        timeout_seconds = self._settings.shutdown_seconds + _KILL_SECONDS
        await asyncio.gather(*(g.end(timeout_seconds) for g in (self._serving, self._leaving) if g is not None))
        self._backend.close()
        log.info("ended")

    def _ask(self) -> None:
        self._renew = True
        self._wake.set()

    async def _work(self) -> None:
        while True:
            try:
                published = await self._published()
                if self._due(published):
                    await self._replace(published)
            except Exception:  # whatever it was, those who serve go on, and the next look may fare better
                log.exception("looking for a new release failed")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._settings.switch_interval)
            self._wake.clear()

    async def _published(self) -> str:
        """Edition of the release to serve; "" where there is none, or it cannot be asked for."""
        try:
            release = await asyncio.to_thread(self._backend.current)
        except ReleaseError as error:
            if self._refused != "pointer":
                log.error("release cannot be served; the one before stays", release="pointer", error=str(error))
                self._refused = "pointer"
            return ""
        except Problem:  # which the serving processes meet as well, and tell of
            return ""
        return release.edition if release else ""

    def _due(self, published: str) -> bool:
        """Whether a new generation is needed, and may be tried now."""
        if self._renew:
            self._renew = False
            return True
        if time.monotonic() < self._not_before:
            return False
        if self._serving is None or self._serving.lost:
            return True
        return bool(published) and published not in (self._serving.edition, self._refused)

    async def _replace(self, published: str) -> None:
        """Start a generation beside the one that serves, and hand over when all its processes are ready."""
        if self._farewell is not None:  # never more than two generations at once
            await asyncio.shield(self._farewell)
            self._leaving = self._farewell = None
        old, new = self._serving, Generation(self._settings.workers, self._wake.set)
        try:
            async with asyncio.timeout(_START_SECONDS):
                await new.launch(self._listener, os.environ)
                sound = new.edition == published
                self._refused = "" if sound else published
                if not sound and old is not None and old.edition:  # the template has logged why
                    log.error("release cannot be served; the one before stays", release=published)
                    await new.end(0)
                    if old.lost:
                        self._back_off()
                    return
                await new.fill()
        except (Lost, OSError, TimeoutError) as error:
            await new.end(0)
            self._back_off()
            log.error("no new serving processes", error=str(error) or "they were not ready in time")
            return
        except BaseException:
            await new.end(0)
            raise
        if old is not None and old.lost:
            self._back_off()  # before the next, should that be lost as well
        else:
            self._pause = _FIRST_PAUSE
        self._serving = new
        # In one moment: what is asked between waits in the port's queue.
        if old is not None:
            old.retire()
        new.begin()
        log.info("serving processes begin", release=new.edition, ids=[*new.children])
        if old is not None:
            self._leaving = old
            self._farewell = asyncio.create_task(old.gone(2 * self._settings.shutdown_seconds + _KILL_SECONDS))

    def _back_off(self) -> None:
        self._not_before = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, _LAST_PAUSE)


if __name__ == "__main__":
    main(sys.argv[1:])
