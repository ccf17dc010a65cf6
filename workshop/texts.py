"""What people write, made fit to be kept anywhere: in a database, a table, XML and Turtle."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from workshop.errors import Refused

# Control characters, halves of surrogate pairs, and what XML cannot hold.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def fit(value: str) -> str:
    """The text with one kind of line end. Raises ValueError where it has a character that no text has."""
    written = value.replace("\r\n", "\n").replace("\r", "\n")
    if _UNFIT.search(written):
        raise ValueError("has a character that no text has")
    return written


def plain(value: str, field: str, most: int, least: int = 0) -> str:
    """A text from a form, stripped. Raises Refused where it is too long, too short, or no text."""
    try:
        written = fit(value).strip()
    except ValueError as error:
        raise Refused(f"{field} {error}.", "Write it again.") from error
    if not least <= len(written) <= most:
        raise Refused(f"{field} has {least:,} to {most:,} characters.", "Write another.")
    return written


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40), AfterValidator(fit)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=80), AfterValidator(fit)]
Term = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120), AfterValidator(fit)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000), AfterValidator(fit)]
