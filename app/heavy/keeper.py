"""The heavy server of one release as the service keeps it: started, replaced when it dies, ended with its release."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from pathlib import Path

import structlog

from app.heavy import wire
from app.heavy.line import Line
from app.settings import Limits, Settings
from releases import child

log = structlog.get_logger()

_FIRST_RETRY, _LAST_RETRY = 0.1, 10.0
_START_SECONDS = 120.0  # reading a release from a slow endpoint takes its time
_BACKLOG = 128
_NICENESS = 5  # reading a release takes seconds, in which the service answers from the one before


class Keeper(Line):
    """Keeps one server as long as its release is served."""

    def __init__(self, settings: Settings, limits: Limits, release: str, folder: Path) -> None:
        super().__init__(limits, release)
        self.starts = 0
        self.pid = 0
        self._settings = settings
        self._folder = folder
        self._task = asyncio.create_task(self._keep())

    async def stop(self, patiently: bool = False) -> None:
        """End the server; `patiently` when what it is asked now has been answered."""
        try:
            await super().stop(patiently)
        finally:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    # --- the process -----------------------------------------------------------------------------------------------

    async def _keep(self) -> None:
        """Start the server, wait for its end, start it again, until cancelled."""
        pause = _FIRST_RETRY
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.heavy_start_after):
                await self.wanted.wait()
        while True:
            process = None
            try:
                process = await self._start()
                await _loaded(process)
                log.info("heavy answers can be made", release=self.release, pid=process.pid)
                self.ready.set()
                self.tried.set()
                pause = _FIRST_RETRY
                await process.wait()
                log.error("the heavy server ended", release=self.release, code=process.returncode)
            except OSError as error:
                log.error("the heavy server did not start", release=self.release, error=str(error))
            finally:
                self.ready.clear()
                self.tried.set()
                if process is not None:
                    await asyncio.shield(_end(process))
                Path(self.address).unlink(missing_ok=True)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LAST_RETRY)

    async def _start(self) -> asyncio.subprocess.Process:
        self.starts += 1
        self.address = str(self._folder / f"{self.release[-12:]}-{self.starts}")
        environment = child.inherited(MALLOC_ARENA_MAX="2", **child.ONE_THREAD)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.address)
            listener.listen(_BACKLOG)
            process = await child.start_awaited(
                "app.serve.heavy_server", listener.fileno(),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, pass_fds=(listener.fileno(),), env=environment,
                niceness=_NICENESS,
            )  # fmt: skip
        assert process.stdin is not None  # noqa: S101  # asked for
        start = wire.Start(settings=self._settings, limits=self._limits, release=self.release)
        process.stdin.write(start.model_dump_json().encode() + b"\n")  # and it stays open: its end is the server's
        self.pid = process.pid
        return process


async def _loaded(process: asyncio.subprocess.Process) -> None:
    """Wait until the server has read its release, of which it says one line. Raises OSError where it ends before or takes too long."""
    assert process.stdout is not None  # noqa: S101  # asked for
    try:
        said = await asyncio.wait_for(process.stdout.readline(), _START_SECONDS)
    except TimeoutError:
        raise OSError(f"it was not ready after {_START_SECONDS:.0f} seconds") from None
    if not said:
        raise OSError("it ended before it was ready")


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a process by its lifeline, or else by force."""
    if process.returncode is None:
        assert process.stdin is not None  # noqa: S101
        process.stdin.close()
        try:
            async with asyncio.timeout(1):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
