"""What can go wrong on the way from a file to a release.

LoadError                 every fault of this package; `remedy` says what the user can do
├── SourceError           a file cannot be used: not there, not RDF, wrong columns, mixed versions …
│   └── VersionUnknown    nothing says which ESCO version this is
├── ReleaseError          a release does not exist, is not sound, or is in use
│   └── VerificationFailed  a built release failed its own checks and was not published
├── Busy                  another load holds the data folder
└── NoSpace               the disk is full
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager


class LoadError(Exception):
    """A fault with a message for a person and a remedy; the served release is untouched."""

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


class SourceError(LoadError):
    """An input file cannot be used; the message names the file and, where there is one, the line."""

    exit_code = 3


class VersionUnknown(SourceError):
    """Neither the data nor a file name says which ESCO version it is."""


class ReleaseError(LoadError):
    """A release does not exist, is not sound, or is being served."""

    exit_code = 4


class VerificationFailed(ReleaseError):
    """A release was built but failed its own checks, and was therefore not published."""


class Busy(LoadError):
    """Another process is building a release in the same data folder."""

    exit_code = 5


class NoSpace(LoadError):
    """The disk filled up while a release was being built."""

    exit_code = 6


@contextmanager
def system_errors() -> Iterator[None]:
    """What the system refuses as a LoadError: a folder that is read-only, missing or a file, a full disk."""
    try:
        yield
    except OSError as error:
        place = error.filename2 or error.filename
        where, what = f"{place}: " if place else "", error.strerror or str(error)
        if error.errno == errno.ENOSPC:
            raise NoSpace(f"{where}{what}.", "Free space, or name another place.") from error
        raise LoadError(
            f"{where}{what[:1].lower()}{what[1:]}.",
            "Check that it is there and may be written to, or name another place.",
        ) from error
