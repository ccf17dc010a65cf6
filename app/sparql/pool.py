"""The worker processes as the service sees them: started, timed, killed, replaced, and switched to a new release.

An answer is taken from its worker as fast as it comes, held in memory up to a bound and in an unlinked temporary file
beyond it, and handed on only when it is complete. So a query that is stopped has sent nothing, a length can be
announced before the first byte, and a slow reader holds a file but no worker.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
import structlog

from app.errors import NotReady, Unavailable
from app.process import confine
from app.process.fair_queue import FairQueue
from app.settings import Limits, Settings
from app.sparql import wire
from app.sparql.process import Source, Worker, start_worker
from app.sparql.spool import Spool, SpoolFile
from app.telemetry import traces

log = structlog.get_logger()

_IN_MEMORY = 1 << 20
_PIECE = 256 * 1024
_FIRST_RETRY, _LAST_RETRY = 0.1, 5.0

TIME = "time"
ENGINE = "engine"


@dataclass(slots=True)
class Result:
    """A complete answer, or why there is none; `close` gives its file back."""

    source: Source
    end: wire.End
    body: bytes
    file: SpoolFile | None
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


class Pool:
    """A fixed number of workers on the served release; one that is lost is replaced."""

    def __init__(self, settings: Settings, limits: Limits, turns: FairQueue[Worker], spool: Spool) -> None:
        self._workers = settings.sparql_workers
        self._memory = limits.sparql_memory
        self._unconfined = settings.sparql_unconfined
        self._judges = bool(settings.sparql_endpoint or settings.services)
        self.turns = turns
        self.spool = spool
        self.source: Source | None = None
        self.refusal = ""
        self.graphs: list[str] = []
        self.restarts = 0
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

    @property
    def ready(self) -> bool:
        """Whether a worker lives that may evaluate queries on the served release."""
        return not self.refusal and any(worker.source == self.source and not worker.lost for worker in self._alive)

    def processes(self) -> list[int]:
        """The process ids of the workers."""
        return [worker.process.pid for worker in self._alive]

    async def _keep(self, source: Source) -> None:
        """Bring one worker into service, trying until it works or the release is no longer the served one."""
        pause = _FIRST_RETRY
        while self._started and self.source == source:
            try:
                worker = await start_worker(source, self._memory, self._judges)
            except OSError as error:
                log.error("SPARQL worker did not start", release=source.tag, error=str(error))
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), pause)
                pause = min(2 * pause, _LAST_RETRY)
                continue
            self._alive.add(worker)
            if not worker.confined and not self._unconfined:
                self.refusal = "The kernel filter that denies network access to untrusted queries could not be set."
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

    def begin(self, client: str, request: wire.Request) -> Worker | None:
        """Have a query evaluated by a worker that is free for this client; None where there is none, and nothing is done.

        Who gets one listens to it, and gives it to `run` or to `end`; until then its request has its slot.
        """
        if self.refusal or self.source is None or (worker := self.turns.take_free(client)) is None:
            return None
        worker.client = client
        worker.send(request)
        return worker

    def end(self, worker: Worker) -> None:
        """A query that was begun has ended; if it has not, it does so now, with the process."""
        self._give_back(worker)
        self.turns.leave(worker.client)

    def _give_back(self, worker: Worker) -> None:
        self.turns.done(worker)
        if not worker.usable:
            worker.kill()
            self._replace(worker)
        elif self._started and worker.source == self.source:
            self.turns.add(worker)
        else:
            self._retire(worker)

    async def run(self, client: str, request: wire.Request, begun: Worker | None = None) -> Result:
        """Evaluate a query, for as long as it says, when it is this client's turn. Cancelling it ends it at once.

        `begun` is the worker that evaluates it already.
        """
        if begun is not None:
            self.turns.leave(client)  # who calls this has a slot of its own
        elif self.refusal:
            raise Unavailable(self.refusal)
        elif self.source is None:
            raise NotReady("No release is published yet.", headers={"retry-after": "5"})
        if (result := await self._attempt(client, request, begun, may_give_way=True)) is None:
            result = await self._attempt(client, request, None, may_give_way=False)
        assert result is not None  # noqa: S101 (it did not give way)
        return result

    async def _attempt(
        self, client: str, request: wire.Request, begun: Worker | None, may_give_way: bool
    ) -> Result | None:
        """Evaluate a query; None for one that gave way to others."""
        if (worker := begun) is None:
            with traces.span("sparql.wait"):
                worker = await self.turns.take(client)
            worker.client = client
        try:
            async with asyncio.timeout(None) as time_given:
                if may_give_way:
                    self.turns.may_give_way(worker, partial(time_given.reschedule, 0))
                with traces.span("sparql.evaluate"):
                    return await self._answer(worker, request, begun is not None)
        except TimeoutError:
            if time_given.expired():
                return None
            raise
        finally:
            self._give_back(worker)

    async def _answer(self, worker: Worker, request: wire.Request, sent: bool) -> Result:
        return await self._evaluate(worker, request, request["seconds"], sent)

    async def _evaluate(self, worker: Worker, request: wire.Request, seconds: float, sent: bool = False) -> Result:
        """What the worker makes of a request; afterwards `worker.usable` says whether it can take another."""
        overdue = False

        def stop() -> None:
            nonlocal overdue
            overdue = True
            worker.kill()

        if sent:
            seconds -= time.monotonic() - worker.asked
        else:
            worker.send(request)
        alarm = asyncio.get_running_loop().call_later(seconds, stop)
        result = Result(worker.source, {}, b"", None, 0)
        try:
            while messages := await worker.messages():
                data = [payload for kind, payload in messages if kind == wire.DATA and payload]
                if len(data) == 1 and not result.length and len(data[0]) <= _IN_MEMORY:  # as most answers are
                    result.body, result.length = data[0], len(data[0])
                elif data:
                    result.length += sum(map(len, data))
                    await self._hold(worker.client, result, data)
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
        result.end = {"error": TIME if overdue else await self._why(worker), "message": ""}
        return result

    async def _hold(self, client: str, result: Result, data: list[bytes]) -> None:
        if result.file is None and result.length > _IN_MEMORY:
            result.file = self.spool.open(client)
            data, result.body = [result.body, *data], b""
        if result.file is not None:
            await asyncio.to_thread(result.file.write, b"".join(data))
        else:
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
