"""What connections and the edge share: who asks, ready answers, bytes held, and who is told of finished requests."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Container
from typing import NamedTuple, Protocol

from starlette.responses import Response
from starlette.types import Scope

from app.http.clients import Clients, Proxies
from app.http.faults import Faults
from app.http.held import Held
from app.http.pace import Pace
from app.http.ready import AnswerCache, Ready, Spoken, key_of
from app.http.responses import matches
from app.http.turns import Turns
from app.settings import Limits, Settings

# Of whoever asks whether the service lives, which takes less than a millisecond, in a round of the event loop.
_PROBES = 2


class Finished(NamedTuple):
    """A request that was answered: what its line in the log says, and what is counted."""

    method: str
    path: str
    route: str
    """The path of the route, as its module writes it; "" if none took the request."""
    status: int
    """0 if the client left before the answer began."""
    seconds: float
    bytes: int
    """Of the body, as it was sent."""
    cached: bool
    """Whether a ready answer was sent."""
    client: str
    """A keyed hash of the client's address."""
    request_id: str
    reason: str = ""
    """The slug of the problem, if it was one; page: one told on a page."""


class Early(Protocol):
    """Who is asked for an answer before ASGI is."""

    paths: Container[str]

    def begin(self, scope: Scope, reply: Callable[[bytes, bytes], None], go_on: Callable[[], bool]) -> bool:
        """Begin with a plain GET of one of the paths; false, with nothing under way, if ASGI is to have it.

        Else one of the two is called, once, maybe at once: `reply` with the head and the body of an answer that is
        whole (200), or `go_on`, so that ASGI has the request, with what was put into its scope. That gives false, and ASGI has
        nothing, if the client has gone.
        """


class Front:
    """One for each application: shared by its edge and by the connections to it."""

    def __init__(
        self, settings: Settings, limits: Limits, cache: Callable[[], AnswerCache | None] = lambda: None
    ) -> None:
        self.limits = limits
        self.clients = Clients(limits, settings.client_salt)
        self.proxies = Proxies(settings.trusted_proxies)
        self.held = Held(limits.held_bytes)
        self.pace = Pace()
        # Of those who ask whether the service lives: not behind the crowd, and no crowd themselves.
        self.probes = Pace(_PROBES)
        self.pieces = Pace()  # of long answers
        self.turns = Turns()
        self.on_finished: list[Callable[[Finished], None]] = []
        self.told: Callable[[Scope, Response], Response] = lambda _, answer: answer
        """How a problem is told to whoever asked: as a page to a browser, if there are pages."""
        self.refusals: Counter[str] = Counter()
        """Connections and requests that were refused or cut off before there was an answer, by reason."""
        self.faults = Faults(self.refusals)
        self.early: Early | None = None
        """Who answers requests of some paths before ASGI has them."""
        self._cache = cache
        self._headers: list[tuple[bytes, bytes]] = []  # of the server, of which the line below was made
        self._date = b""

    def date(self, headers: list[tuple[bytes, bytes]]) -> bytes:
        """The line of the date among what the server has for every answer: it makes a new list each second."""
        if headers is not self._headers:
            self._headers = headers
            self._date = b"".join(b"date: %b\r\n" % value for name, value in headers if name == b"date")
        return self._date

    def ready(self, scope: Scope) -> tuple[Ready, bool] | None:
        """The ready answer to a GET or HEAD, and whether the client holds it already."""
        cache = self._cache()
        if cache is None or b"if-match" in dict(scope["headers"]):  # which the edge looks at
            return None
        key, none_match = key_of(scope)
        kept = cache.find(key)
        if kept is None:
            return None
        return kept, bool(none_match) and matches(none_match, kept.answer.etag)

    def spoken(self, text: bytes) -> Spoken | None:
        """What a request of these bytes was found to ask for before."""
        cache = self._cache()
        return cache.spoken(text) if cache is not None else None

    def remember(self, text: bytes, spoken: Spoken) -> None:
        """Keep it; a release that is served no longer has no use for it."""
        cache = self._cache()
        if cache is not None:
            cache.remember(text, spoken)

    def tell(self, finished: Finished) -> None:
        """Tell whoever listens that a request was answered."""
        for listener in self.on_finished:
            listener(finished)


def request_id_of(given: bytes) -> str:
    """The id of a request: the client's own if it is 8 to 64 letters, digits, dots, dashes or underscores, else a new one."""
    if 8 <= len(given) <= 64 and given.translate(None, _OF_IDS) == b"":
        return given.decode()
    return f"{random.getrandbits(64):016x}"  # no secret, and the system's own randomness costs a call of the kernel


_OF_IDS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
