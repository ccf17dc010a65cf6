"""The worker processes as the service sees them: started, timed, killed, replaced, and switched to a new release.

An answer is taken from its worker as fast as it comes, held in memory up to a bound and in an unlinked temporary file
beyond it, and handed on only when it is complete. So a query that is stopped has sent nothing, a length can be
announced before the first byte, and a slow reader holds a file but no worker.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import orjson
import structlog

from app import traces
from app.errors import NotReady, Unavailable
from app.metrics.counts import Seconds
from app.sparql import confine, wire
from app.sparql.turns import Turns

log = structlog.get_logger()

ROOT = Path(__file__).parents[2]
_IN_MEMORY = 1 << 20
_UNREAD = 4 << 20
_PIECE = 256 * 1024
_FIRST_RETRY, _LAST_RETRY = 0.1, 5.0
_START_SECONDS = 20.0

TIME = "time"
ENGINE = "engine"


@dataclass(frozen=True, slots=True)
class Source:
    """What workers open: the store of a release, and the tag of what they answer.

    Without a store (None) they check queries and answers, and an endpoint that has the named graphs evaluates.
    """

    store: Path | None
    tag: str
    graphs: tuple[str, ...] = ()


@dataclass(slots=True)
class Result:
    """A complete answer, or why there is none; `close` gives its file back."""

    source: Source
    end: dict[str, Any]
    body: bytes
    file: IO[bytes] | None
    length: int

    async def pieces(self) -> AsyncIterator[bytes]:
        """The answer in pieces of a size to send."""
        if self.file is None:
            yield self.body
            return
        self.file.seek(0)
        while piece := await asyncio.to_thread(self.file.read, _PIECE):
            yield piece

    def close(self) -> None:
        """Give the temporary file back."""
        if self.file is not None:
            self.file.close()


class Worker(asyncio.Protocol):
    """One process and the channel to it."""

    def __init__(self, source: Source, process: subprocess.Popen[bytes], lifeline: int, errors: IO[bytes]) -> None:
        self.source = source
        self.process = process
        self.graphs: list[str] = []
        self.confined = False
        self._lifeline = lifeline
        self._errors = errors
        self._splitter = wire.Splitter()
        self._messages: list[tuple[bytes, bytes]] = []
        self._unread = 0
        self._wake: asyncio.Future[None] | None = None
        self.usable = True  # False from the moment a query is sent to its end, and for good if it must be replaced
        self._transport: asyncio.Transport | None = None
        self.lost = False
        self.on_lost: Callable[[Worker], None] | None = None

    # --- the channel -----------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The channel stands."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        """Keep what came; a worker that is faster than its reader is held back."""
        self._unread += len(data)
        if self._unread > _UNREAD and self._transport is not None:
            self._transport.pause_reading()
        if messages := self._splitter.feed(data):
            self._messages += messages
            self._rouse()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (asyncio's name)
        """The process is gone."""
        self.lost = True
        self._rouse()
        if self.on_lost is not None:
            self.on_lost(self)

    def _rouse(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def messages(self) -> list[tuple[bytes, bytes]]:
        """What came since the last call, at least one message; empty once the process is gone."""
        while not self._messages and not self.lost:
            self._wake = asyncio.get_running_loop().create_future()
            await self._wake
        found, self._messages = self._messages, []
        if self._unread > _UNREAD and self._transport is not None and not self.lost:
            self._transport.resume_reading()
        self._unread = 0
        return found

    def send(self, payload: bytes) -> None:
        """Send one query."""
        if self._transport is not None:
            self._transport.write(wire.pack(b"Q", payload))

    # --- the process -----------------------------------------------------------------------------------------------

    def kill(self) -> None:
        """End the process now, whatever it is doing."""
        self.process.kill()

    def last_words(self) -> str:
        """The end of what the process wrote to its standard error."""
        self._errors.seek(0)
        return self._errors.read()[-2000:].decode("utf-8", "replace")

    async def close(self) -> None:
        """End the process and give back everything it held."""
        if self._transport is not None:
            self._transport.abort()
        os.close(self._lifeline)
        self.process.kill()
        await asyncio.to_thread(self.process.wait)
        self._errors.close()


async def start_worker(source: Source, memory: int) -> Worker:
    """Start a process and wait until it is confined and has opened the store. Raises OSError."""
    here, there = socket.socketpair()
    end, lifeline = os.pipe()
    errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the worker)
    arguments = [str(there.fileno()), str(end), str(source.store or ""), str(memory)]
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.defpath, "LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "2"}
    try:
        process = await asyncio.to_thread(
            subprocess.Popen,
            [sys.executable, "-P", "-B", "-m", "app.sparql.worker", *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, pass_fds=(there.fileno(), end), env=environment,
        )  # fmt: skip
    except BaseException:
        here.close()
        os.close(lifeline)
        errors.close()
        raise
    finally:
        there.close()
        os.close(end)
    worker = Worker(source, process, lifeline, errors)
    try:
        here.setblocking(False)
        await asyncio.get_running_loop().create_unix_connection(lambda: worker, sock=here)
        async with asyncio.timeout(_START_SECONDS):
            messages = await worker.messages()
        if not messages:
            raise OSError(f"a worker did not start: {worker.last_words().strip()[-300:]}")
        ready = orjson.loads(messages[0][1])
        worker.graphs, worker.confined = ready["graphs"], ready["confined"]
    except BaseException:
        await asyncio.shield(worker.close())
        raise
    return worker


class Pool:
    """A fixed number of workers on the served release; one that is lost is replaced."""

    def __init__(self, workers: int, memory: int, turns: Turns[Worker], unconfined: bool = False) -> None:
        self._workers = workers
        self._memory = memory
        self._unconfined = unconfined
        self.turns = turns
        self.source: Source | None = None
        self.refusal = ""
        self.graphs: list[str] = []
        self.restarts = 0
        self.waits, self.evaluations = Seconds(), Seconds()
        self._alive: set[Worker] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._started = False

    # --- life ------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to keep workers; to be called in the event loop."""
        if not confine.network_can_be_denied() and not self._unconfined:
            self.refusal = (
                "Foreign queries need a kernel filter that is known to work on Linux/x86-64 only; "
                "set CCSI_SPARQL_UNCONFINED=true to run them without it."
            )
            log.error("SPARQL is not offered", reason=self.refusal)
            return
        self._started = True
        self._stopping.clear()
        self._fill()

    def switch(self, source: Source) -> None:
        """Answer from another release: queries that run may finish on the old one, the next begin on the new."""
        if source == self.source:
            return
        self.source = source
        if self._started:
            for worker in self.turns.withdraw():
                self._retire(worker)
            self._fill()

    def _fill(self) -> None:
        if self.source is not None:
            for _ in range(self._workers):
                self._spawn(self._keep(self.source))

    async def stop(self) -> None:
        """End every worker and wait until each is gone."""
        self._started = False
        self._stopping.set()
        self.turns.withdraw()
        for worker in list(self._alive):
            self._retire(worker)
        while self._tasks:
            await asyncio.gather(*list(self._tasks), return_exceptions=True)

    def processes(self) -> list[int]:
        """The process ids of the workers."""
        return [worker.process.pid for worker in self._alive]

    async def _keep(self, source: Source) -> None:
        """Bring one worker into service, trying until it works or the release is no longer the served one."""
        pause = _FIRST_RETRY
        while self._started and self.source == source:
            try:
                worker = await start_worker(source, self._memory)
            except (OSError, TimeoutError) as fault:
                log.error("SPARQL worker did not start", release=source.tag, fault=str(fault))
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), pause)
                pause = min(2 * pause, _LAST_RETRY)
                continue
            self._alive.add(worker)
            if not worker.confined and not self._unconfined:
                self.refusal = "The kernel filter that denies network access to foreign queries could not be set."
                log.error("SPARQL is not offered", reason=self.refusal)
                self._retire(worker)
            elif self._started and self.source == source:
                self.graphs = list(source.graphs) or worker.graphs
                worker.on_lost = self._lost
                self.turns.add(worker)
            else:
                self._retire(worker)
            return

    def _retire(self, worker: Worker) -> None:
        if worker in self._alive:
            self._alive.discard(worker)
            self._spawn(worker.close())

    def _replace(self, worker: Worker) -> None:
        self._retire(worker)
        if self._started and self.source == worker.source:
            self.restarts += 1
            self._spawn(self._keep(worker.source))

    def _lost(self, worker: Worker) -> None:
        """A worker that was free has gone by itself, for example because the machine was short of memory."""
        if self.turns.discard(worker):
            self._replace(worker)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- queries ---------------------------------------------------------------------------------------------------

    async def run(self, client: str, request: dict[str, Any]) -> Result:
        """Evaluate a query, for as long as it says, when it is this client's turn. Cancelling it ends it at once."""
        if self.refusal:
            raise Unavailable(self.refusal)
        if self.source is None:
            raise NotReady("No release is published yet.", headers={"retry-after": "5"})
        begun = time.perf_counter()
        with traces.span("sparql.wait"):
            worker = await self.turns.take(client)
        taken = time.perf_counter()
        self.waits.add(taken - begun)
        try:
            with traces.span("sparql.evaluate"):
                return await self._answer(worker, request)
        finally:
            self.evaluations.add(time.perf_counter() - taken)
            if not worker.usable:
                worker.kill()
                self._replace(worker)
            elif self._started and worker.source == self.source:
                self.turns.add(worker)
            else:
                self._retire(worker)
            self.turns.done(client)

    async def _answer(self, worker: Worker, request: dict[str, Any]) -> Result:
        return await self._evaluate(worker, request, request["seconds"])

    async def _evaluate(self, worker: Worker, request: dict[str, Any], seconds: float) -> Result:
        """What the worker makes of a request; afterwards `worker.usable` says whether it can take another."""
        worker.usable = False
        overdue = False

        def stop() -> None:
            nonlocal overdue
            overdue = True
            worker.kill()

        alarm = asyncio.get_running_loop().call_later(seconds, stop)
        result = Result(worker.source, {}, b"", None, 0)
        try:
            worker.send(orjson.dumps(request))
            while messages := await worker.messages():
                data = [payload for kind, payload in messages if kind == wire.DATA and payload]
                result.length += sum(map(len, data))
                await self._hold(result, data)
                kind, payload = messages[-1]
                if kind == wire.END:
                    result.end = orjson.loads(payload)
                    worker.usable = not result.end.get("retire", False) and not overdue
                    return result
        except BaseException:
            result.close()
            raise
        finally:
            alarm.cancel()
        result.close()
        result.file = None
        if overdue:
            reason = TIME
        else:
            reason = await self._why(worker)
        result.end = {"fault": reason, "message": ""}
        return result

    async def _hold(self, result: Result, data: list[bytes]) -> None:
        if result.file is None and result.length > _IN_MEMORY:
            result.file = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the result)
            data, result.body = [result.body, *data], b""
        if result.file is not None:
            if data:
                await asyncio.to_thread(result.file.write, b"".join(data))
        elif data:
            result.body = result.body + b"".join(data) if result.body else b"".join(data)

    async def _why(self, worker: Worker) -> str:
        """Why a process ended by itself: it ran out of memory, or the engine gave up."""
        code = await asyncio.to_thread(worker.process.wait)
        words = worker.last_words()
        if "memory allocation" in words or "bad_alloc" in words or "MemoryError" in words or code == -signal.SIGKILL:
            return wire.MEMORY
        if code == -signal.SIGALRM:
            return TIME
        log.warning("a SPARQL worker ended", code=code, words=words[-300:])
        return ENGINE
