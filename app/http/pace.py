"""Turns on the event loop for requests that are not kept ready, and for the pieces of long answers."""

from __future__ import annotations

import asyncio
from collections import deque


class Pace:
    """Lets one request begin, or one piece be written, each time the event loop goes round; `most` of what is quicker.

    A crowd of them is then no pause for whom something is ready, and clients take turns however many requests each has:
    what 300 requests cost together was seen to stop all others for two seconds. Waiting are at most as many as there are
    connections.
    """

    def __init__(self, most: int = 1) -> None:
        self._most = most
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}  # in the order of their turns
        self._begun = 0  # since the loop went round last

    async def turn(self, client: str) -> None:
        """Wait until a request of this client may begin."""
        loop = asyncio.get_running_loop()
        if not self._begun:
            loop.call_soon(self._next, loop)
        if self._begun < self._most and not self._waiting:
            self._begun += 1
            return
        turn = loop.create_future()
        self._waiting.setdefault(client, deque()).append(turn)
        await turn

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        self._begun = 0
        while self._waiting and self._begun < self._most:
            client = next(iter(self._waiting))
            line = self._waiting.pop(client)
            turn = line.popleft()
            if line:
                self._waiting[client] = line  # behind all others
            if not turn.done():  # else its client has gone
                turn.set_result(None)
                self._begun += 1
        if self._begun:
            loop.call_soon(self._next, loop)  # when the loop has gone round, behind what begins now
