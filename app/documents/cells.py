"""What may stand in a cell of a table that people open in a spreadsheet."""

from __future__ import annotations

from typing import Any

from releases.characters import fit

# A spreadsheet takes a text that begins so for a formula, some of them after dropping a blank or with wide characters.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def cell(value: Any) -> Any:
    """The value; a text that would be taken for a formula behind an apostrophe, and without what no XML can hold."""
    if not isinstance(value, str):
        return value
    text = fit(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
