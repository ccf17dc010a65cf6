"""Content codings of an answer: packed before its length is announced, off the event loop."""

from __future__ import annotations

import gzip
from typing import IO, cast

import zstandard

from app.sparql.spool import SpoolFile

SMALL = 600  # bytes below which packing is not worth it
QUICKLY = 32 * 1024  # bytes that are packed faster than handed to another thread
_PIECE = 256 * 1024
# Speed over size: an answer to an untrusted query is packed once and rarely asked for again.
_GZIP_LEVEL = 2
_ZSTD_LEVEL = 3


def pack(body: bytes, coding: str) -> bytes:
    """A body in a coding."""
    if coding == "gzip":
        return gzip.compress(body, _GZIP_LEVEL, mtime=0)
    return zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(body)


def pack_file(source: SpoolFile, target: SpoolFile, coding: str) -> int:
    """Write a file in a coding to another; its length. The source is closed, and the target too if that fails."""
    try:
        source.seek(0)
        reader, writer = cast(IO[bytes], source), cast(IO[bytes], target)  # as much of files as is used here
        if coding == "gzip":
            with gzip.GzipFile(fileobj=writer, mode="wb", compresslevel=_GZIP_LEVEL, mtime=0) as packed:
                while piece := reader.read(_PIECE):
                    packed.write(piece)
        else:
            zstandard.ZstdCompressor(level=_ZSTD_LEVEL).copy_stream(reader, writer)
    except BaseException:
        target.close()
        raise
    finally:
        source.close()
    return target.seek(0, 2)
