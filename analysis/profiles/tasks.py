"""The tasks of an ISCO-08 unit group, read off its text.

The classification writes them all in one way: "Tasks include –", then items lettered (a), (b), … that end with a semicolon,
the last with a full stop. A text that is not written so has no tasks here.
"""

from __future__ import annotations

import re

_BEGIN = re.compile(r"\bTasks\s+(?:\(?[^.:()]{0,80}\)?\s*)?include\s*[-–—:]?\s*(?=\(a\))", re.IGNORECASE)
_END = re.compile(r"\n\s*(?:Examples of|Some related|Note\b|Notes\b|In some cases|Occupations? in )", re.IGNORECASE)
_ITEM = re.compile(r"(?:^|\n\s*|;\s*(?:and\s+)?)\(([a-z])\)\s*")  # at the beginning of a line, or after a semicolon
MOST = 26  # a letter each


def tasks(text: str) -> tuple[str, ...]:
    """The tasks in their order, without letters and closing marks; none where the text tells none."""
    begin = _BEGIN.search(text)
    if begin is None:
        return ()
    rest = text[begin.end() :]
    if end := _END.search(rest):
        rest = rest[: end.start()]
    # Only the letters that come next: a letter out of turn opens none.
    cuts: list[tuple[int, int]] = []
    for bullet in _ITEM.finditer(rest):
        if len(cuts) < MOST and bullet[1] == chr(ord("a") + len(cuts)):
            cuts.append((bullet.start(), bullet.end()))
    ends = [start for start, _ in cuts[1:]] + [len(rest)]
    items = (" ".join(rest[start:end].split()) for (_, start), end in zip(cuts, ends, strict=True))
    return tuple(item for text in items if (item := re.sub(r"[;.,\s]+(?:and)?[;.,\s]*$", "", text)))
