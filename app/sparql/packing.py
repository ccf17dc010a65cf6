"""Content codings of an answer: packed before its length is announced, off the event loop."""

from __future__ import annotations

import gzip
import tempfile
from typing import IO

import zstandard

SMALL = 600  # bytes below which packing is not worth it
_PIECE = 256 * 1024
# Speed over size: an answer to a foreign query is packed once and rarely asked for again.
_GZIP_LEVEL = 2
_ZSTD_LEVEL = 3


def pack(body: bytes, coding: str) -> bytes:
    """A body in a coding."""
    if coding == "gzip":
        return gzip.compress(body, _GZIP_LEVEL, mtime=0)
    return zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(body)


def pack_file(source: IO[bytes], coding: str) -> tuple[IO[bytes], int]:
    """A file in a coding, as another temporary file and its length; the source is closed."""
    target = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the result)
    try:
        source.seek(0)
        if coding == "gzip":
            with gzip.GzipFile(fileobj=target, mode="wb", compresslevel=_GZIP_LEVEL, mtime=0) as packed:
                while piece := source.read(_PIECE):
                    packed.write(piece)
        else:
            zstandard.ZstdCompressor(level=_ZSTD_LEVEL).copy_stream(source, target)
    except BaseException:
        target.close()
        raise
    finally:
        source.close()
    return target, target.seek(0, 2)
