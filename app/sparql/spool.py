"""The files in which answers are held, within one budget: nobody fills the disk by asking for much and reading slowly."""

from __future__ import annotations

import errno
import tempfile
import threading
from collections import Counter
from pathlib import Path
from typing import Self

import structlog

from app.errors import NoRoom

log = structlog.get_logger()

_FULL = frozenset([errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EMFILE, errno.ENFILE])


class Spool:
    """Room for temporary files. A client may hold as much as stays free, so there is always some for the next."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._held: Counter[str] = Counter()
        self._lock = threading.Lock()  # files are written in other threads
        self.bytes = 0
        self.files = 0

    def open(self, client: str, named: bool = False) -> SpoolFile:
        """A file for a client, with a name in the file system if it asks for one. Raises NoRoom."""
        return SpoolFile(self, client, named)

    def take(self, client: str, size: int) -> None:
        """Count bytes that a client is about to write. Raises NoRoom."""
        with self._lock:
            if self._held[client] + size > self._room - self.bytes - size:
                raise no_room()
            self._held[client] += size
            self.bytes += size

    def give_back(self, client: str, size: int) -> None:
        """Count bytes that are gone."""
        with self._lock:
            self.bytes -= size
            self._held[client] -= size
            if not self._held[client]:
                del self._held[client]

    def count(self, files: int) -> None:
        """Count files that came (or went)."""
        with self._lock:
            self.files += files


class SpoolFile:
    """A temporary file that counts what is written to it, and gives the room back when it is closed."""

    def __init__(self, spool: Spool, client: str, named: bool) -> None:
        self._spool = spool
        self._client = client
        self._size = 0
        # Closing waits for a write in another thread: its descriptor may be another file's soon.
        self._busy = threading.Lock()
        try:
            # Without a buffer: what does not fit is found by the write, not by a later close.
            make = tempfile.NamedTemporaryFile if named else tempfile.TemporaryFile
            self._file = make(buffering=0)
        except OSError as error:
            raise _as_problem(error) from error
        self.name = str(Path(self._file.name)) if named else ""
        spool.count(1)

    def write(self, piece: bytes) -> int:
        """Write all of a piece. Raises NoRoom."""
        left = memoryview(piece)
        with self._busy:
            self._file.tell()  # raises ValueError if it is closed
            self._spool.take(self._client, len(piece))
            self._size += len(piece)
            try:
                while left:  # a disk that is nearly full takes a part
                    left = left[self._file.write(left) :]
            except OSError as error:
                raise _as_problem(error) from error
        return len(piece)

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        with self._busy:
            return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place."""
        return self._file.seek(offset, whence)

    def flush(self) -> None:
        """Nothing to do: nothing is buffered."""

    def close(self) -> None:
        """Delete the file and give its room back."""
        with self._busy:
            if self._file.closed:
                return
            self._file.close()
        self._spool.give_back(self._client, self._size)
        self._spool.count(-1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def no_room() -> NoRoom:
    """The refusal."""
    return NoRoom(
        "The files in which answers are held take all the room there is; ask for less, or try again later.",
        headers={"retry-after": "5"},
    )


def _as_problem(error: OSError) -> Exception:
    """A full disk as a refusal, with a line in the log; any other fault as it is."""
    if error.errno not in _FULL:
        return error
    log.error("no room for a SPARQL answer", error=str(error))
    return no_room()
