"""What abbreviations in titles of jobs stand for: a short list by hand, each entry with the page that it was taken from.

Labels of ESCO mostly spell out what people abbreviate. A text is searched as it is and spelt out, and the better one counts,
so an abbreviation that is also a word does no harm.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources

from analysis.search.text import fold

_LONGEST = 2  # words of an abbreviation


def spelt_out(text: str, language: str) -> str:
    """A folded text with its abbreviations spelt out; "" if it has none."""
    (known, begin), words = _known(language), text.split()
    if begin.isdisjoint(words):  # most texts
        return ""
    found: list[str] = []
    at, changed = 0, False
    while at < len(words):
        for length in range(_LONGEST, 0, -1):
            if full := known.get(" ".join(words[at : at + length])):
                changed, at = True, at + length
                found.append(full)
                break
        else:
            found.append(words[at])
            at += 1
    return " ".join(found) if changed else ""


@cache
def _known(language: str) -> tuple[dict[str, str], frozenset[str]]:
    """Abbreviation -> what it stands for in a language, in its own words or in those that are used everywhere; and the words
    with which abbreviations begin.
    """
    lines = resources.files(__package__).joinpath("abbreviations.csv").read_text("utf-8").splitlines()
    rows = sorted(csv.DictReader(lines), key=lambda row: row["language"])
    known = {fold(row["abbreviation"]): fold(row["expansion"]) for row in rows if row["language"] in ("", language)}
    return known, frozenset(abbreviation.split()[0] for abbreviation in known)
