"""A file that many read at once through one descriptor; how many readers one client may have is bounded."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.errors import TooManyReaders

_PIECE = 64 * 1024


class Readers:
    """Who reads which file."""

    def __init__(self, per_client: int) -> None:
        self._per_client = per_client
        self._open: dict[Path, tuple[int, int]] = {}  # descriptor, readers
        self._of: Counter[str] = Counter()

    @contextmanager
    def reading(self, path: Path, client: str) -> Iterator[int]:
        """A descriptor to read from at any place. Raises TooManyReaders, OSError."""
        if self._of[client] >= self._per_client:
            detail = f"One client may read {self._per_client} downloads at once."
            raise TooManyReaders(detail, {"retry-after": "10"}, limit="client_dumps", value=self._per_client)
        descriptor, readers = self._open.get(path) or (os.open(path, os.O_RDONLY | os.O_CLOEXEC), 0)
        self._open[path] = descriptor, readers + 1
        self._of[client] += 1
        try:
            yield descriptor
        finally:
            self._of[client] -= 1
            if not self._of[client]:
                del self._of[client]
            descriptor, readers = self._open.pop(path)
            if readers > 1:
                self._open[path] = descriptor, readers - 1
            else:
                os.close(descriptor)


class FilePart(Response):
    """Bytes `start` to `end` of a file, read as the client takes them."""

    def __init__(
        self, readers: Readers, client: str, path: Path, start: int, end: int, headers: dict[str, str], status: int, media_type: str
    ) -> None:  # fmt: skip
        super().__init__(None, status, {**headers, "content-length": str(end - start)}, media_type)
        self._readers, self._client, self._path = readers, client, path
        self._start, self._end = start, end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 (as ASGI has it)
        """Send it."""
        with self._readers.reading(self._path, self._client) as descriptor:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            at = self._start
            gone = asyncio.ensure_future(_gone(receive))
            try:
                while at < self._end and not gone.done():
                    piece = await asyncio.to_thread(os.pread, descriptor, min(_PIECE, self._end - at), at)
                    if not piece:
                        raise OSError("a download has become shorter while it was read")
                    at += len(piece)
                    await send({"type": "http.response.body", "body": piece, "more_body": at < self._end})
            finally:
                gone.cancel()
            if self._start == self._end:
                await send({"type": "http.response.body", "body": b""})


async def _gone(receive: Receive) -> None:
    """Ends when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
