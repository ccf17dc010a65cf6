"""The way to the workshop's database: one thread that writes, some that read, a bound of what waits; and who listens.

Nothing of the database runs on the event loop. What happens is told to listeners of every process: each process looks
for new rows of the record as long as anybody listens, at once after a write of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import structlog
from sqlalchemy.orm import Session

from app.settings import Limits, Settings
from app.workshop.faults import problem_of
from app.workshop.rates import Buckets
from workshop import inbox, journal, people
from workshop.database import Database, default_url
from workshop.errors import DatabaseBusy, DatabaseFault, TooFast, WorkshopError
from workshop.people import Seat

if TYPE_CHECKING:
    from app.workshop.oidc import Issuer

log = structlog.get_logger()
T = TypeVar("T")
X = TypeVar("X")
P = ParamSpec("P")
Begin = Callable[[Database], AbstractContextManager[Session]]

_READERS = 3
_LOOK_SECONDS = 0.5
_HOUSEKEEPING_SECONDS = 3600.0
_MOST_UNREAD = 100  # events of a listener; one that falls behind further begins anew
_ARRIVALS = 60  # a minute, of one address
_LISTENERS_OF_ONE = 6  # pages of one session


def at_number(
    find: Callable[[Session, Seat, int], X], act: Callable[Concatenate[Session, Seat, X, P], T]
) -> Callable[Concatenate[Session, Seat, int, P], T]:
    """An act on what has a number in the workshop of a seat: found and acted on with one session."""

    def found(session: Session, seat: Seat, number: int, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return act(session, seat, find(session, seat, number), *args, **kwargs)

    return found


class Desk:
    """Opened with the app; `read` and `write` run a function of `workshop/` with a session."""

    def __init__(self, settings: Settings, limits: Limits) -> None:
        self.limits = limits
        self._url = settings.workshop_database or default_url(settings.data_dir)
        self._database: Database | None = None
        self._writer = ThreadPoolExecutor(1, "workshop-write")
        self._readers = ThreadPoolExecutor(_READERS, "workshop-read")
        self._waiting = 0
        self._sent = Buckets(limits.workshop_rate, 60)
        self._guests = Buckets(limits.workshop_reports, 3600)
        self._addresses = Buckets(10 * limits.workshop_reports, 3600)
        self._listeners: dict[asyncio.Queue[dict[str, Any] | None], str] = {}
        self._written = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.issuer: Issuer | None = None
        """Where facilitators may sign in, by setting."""
        self._arrivals = Buckets(_ARRIVALS, 60)

    async def start(self) -> None:
        """Open the database, and begin to look after it."""
        loop = asyncio.get_running_loop()
        try:
            self._database = await loop.run_in_executor(self._writer, Database.open, self._url)
        except WorkshopError as error:
            # The rest of the service goes on; whoever comes to the workshop is told.
            log.error("the workshop's database cannot be used", error=error.message)
        self._tasks = [asyncio.create_task(self._keep_house()), asyncio.create_task(self._tell())]

    async def stop(self) -> None:
        """End what was begun; a transaction that runs is finished."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for queue in self._listeners:
            queue.put_nowait(None)
        if self.issuer:
            await self.issuer.close()
        await asyncio.to_thread(self._writer.shutdown)
        await asyncio.to_thread(self._readers.shutdown)
        if self._database:
            self._database.close()

    async def read(self, function: Callable[..., T], *given: Any) -> T:
        """What a function answers that only reads. Raises Problem."""
        return await self._run(self._readers, Database.reading, function, given)

    async def write(self, function: Callable[..., T], *given: Any) -> T:
        """What a function answers that adds; when this returns, what it added is on the disk. Raises Problem."""
        made = await self._run(self._writer, Database.writing, function, given)
        self._written.set()
        return made

    def _opened(self) -> Database:
        if self._database is None:
            raise DatabaseFault("The workshop's database cannot be used.", "See the service's log.")
        return self._database

    async def _run(
        self, threads: ThreadPoolExecutor, begin: Begin, function: Callable[..., T], given: tuple[Any, ...]
    ) -> T:
        def call() -> T:
            with begin(self._opened()) as session:
                return function(session, *given)

        try:
            if self._waiting >= self.limits.workshop_queue:
                raise DatabaseBusy("Too many wait for the workshop's database.", "Try again in a moment.")
            self._waiting += 1
            running = asyncio.get_running_loop().run_in_executor(threads, call)
            running.add_done_callback(self._ended)
            return await asyncio.shield(running)  # whoever leaves does not end a transaction
        except WorkshopError as error:
            raise problem_of(error) from error

    def _ended(self, running: asyncio.Future[Any]) -> None:
        self._waiting -= 1
        if not running.cancelled():
            running.exception()  # looked at, also where nobody waits for it any more

    def admit(self, seat: Seat) -> None:
        """Let a session send another form, if it has not used up its share. Raises Problem."""
        if not self._sent.take(seat.participant):
            raise problem_of(TooFast("This session sends too many forms.", "Wait a moment, then send it again."))

    def admit_guest(self, session: str, address: str) -> bool:
        """Whether a guest of the public pages may send another report: by their session, and more loosely by address."""
        return self._guests.take(session) and self._addresses.take(address)

    def admit_arrival(self, address: str) -> bool:
        """Whether somebody from an address may begin another sign-in at the issuer."""
        return self._arrivals.take(address)

    async def listen(self, seat: Seat, after: int) -> AsyncIterator[dict[str, Any] | None]:
        """What happens in a workshop from an event on; None now and then while nothing does. Raises Problem.

        Which events there are is decided by `journal.events`: judgements and sorts are none.
        """
        mine = sum(owner == seat.participant for owner in self._listeners.values())
        if len(self._listeners) >= self.limits.workshop_listeners or mine >= _LISTENERS_OF_ONE:
            raise problem_of(DatabaseBusy("Too many pages listen.", "The page looks by itself."))
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(_MOST_UNREAD)
        self._listeners[queue] = seat.participant
        try:
            yield None  # the listener is heard of before anything happens
            told = after
            while missed := await self.read(journal.events, told):
                for event in missed:
                    told = event["id"]
                    if _concerns(event, seat):
                        yield event
            self._written.set()
            while True:
                try:
                    async with asyncio.timeout(15):
                        event_or_end = await queue.get()
                except TimeoutError:
                    yield None
                    continue
                if event_or_end is None:
                    return
                if event_or_end["id"] > told and _concerns(event_or_end, seat):
                    yield event_or_end
        finally:
            self._listeners.pop(queue, None)

    async def _tell(self) -> None:
        """Hand new events to those who listen, for ever."""
        last = -1
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS if self._listeners else None):
                    await self._written.wait()
            self._written.clear()
            try:
                if last < 0:
                    last = max(0, await self.read(journal.last_event) - journal.MOST_EVENTS)
                for event in await self.read(journal.events, last):
                    last = event["id"]
                    for queue in list(self._listeners):
                        self._hand(queue, event)
            except Exception as error:
                log.warning("looking for events of the workshop failed", error=str(error))
                await asyncio.sleep(_LOOK_SECONDS)

    def _hand(self, queue: asyncio.Queue[dict[str, Any] | None], event: dict[str, Any]) -> None:
        try:
            queue.put_nowait(event)
        except asyncio.QueueFull:  # it reads too slowly; its browser comes back and says what it had last
            self._listeners.pop(queue, None)
            while not queue.empty():
                queue.get_nowait()
            queue.put_nowait(None)

    async def _keep_house(self) -> None:
        """Delete who took part when the term is over, at the start and every hour."""
        while True:
            try:
                if gone := await self.write(people.purge):
                    log.info("people of workshops whose term is over were deleted", people=gone)
                if gone := await self.write(inbox.purge):
                    log.info("reports whose term is over were deleted", reports=gone)
            except Exception as error:
                log.warning("housekeeping of the workshop failed", error=str(error))
            await asyncio.sleep(_HOUSEKEEPING_SECONDS)


def _concerns(event: dict[str, Any], seat: Seat) -> bool:
    """Whether somebody is told of an event: those of a group's board are for that group and for who sits in none."""
    if event["workshop"] != seat.workshop:
        return False
    return seat.facilitates or event["group"] is None or seat.group_id in (None, event["group"])
