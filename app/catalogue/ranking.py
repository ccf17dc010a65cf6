"""How titles are read: as they are, with abbreviations spelt out, with typos mended, as codes, and in English."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.search.abbreviations import spelt_out
from analysis.search.match import EXACT, STEM, Match
from analysis.search.text import title

if TYPE_CHECKING:
    from app.catalogue.search import Matched, Part, Search

BASE = "en"
_KNOWN = 0.5  # of the letters of a title, those of words that labels have; below it the title seems to be in another language
_UNSURE = 0.35  # and so does one whose likeliest occupation is less sure than this
_DIGIT = re.compile(r"[0-9]")


def ranked(index: Search, part: Part, titles: Sequence[str], most: int) -> list[tuple[Part, list[Match]]]:
    """The best matches of each title, and of which part they are.

    A title is read in several ways, and the best reading counts. One that is no label in its own language but one in English
    is taken for English: many titles are.
    """
    found = [(part, matches) for matches in _read(index, part, titles, most)]
    base = index.part("occupation", BASE)
    if base is None or base is part:
        return found
    foreign = [n for n, (_, matches) in enumerate(found) if not matches or matches[0].type == "fuzzy"]
    same = base.matcher.same([title(titles[n]) for n in foreign])
    foreign = [n for n, labels in zip(foreign, same, strict=True) if labels]
    for n, matches in zip(foreign, _read(index, base, [titles[n] for n in foreign], most), strict=True):
        found[n] = (base, matches)
    return found


def _read(index: Search, part: Part, titles: Sequence[str], most: int) -> list[list[Match]]:
    """The best reading of each title in one language."""
    said = [title(one) for one in titles]
    part.matcher.lexicon.alike_all([word for text in said for word in text.split()])  # all at once, remembered
    full = [spelt_out(text, part.language) for text in said]
    readings = [(n, False, text) for n, text in enumerate(full) if text]  # which title, whether typos were mended, text
    mended = part.matcher.lexicon.corrected([a or b for a, b in zip(full, said, strict=True)])
    some = [(n, True, text) for n, text in enumerate(mended) if text]  # which count only where they are labels
    labels = part.matcher.same([text for *_, text in some])
    readings += [reading for reading, found in zip(some, labels, strict=True) if found]
    every = part.matcher.match([*titles, *(text for *_, text in readings)], most)
    found = every[: len(titles)]
    for (n, is_mended, _), matches in zip(readings, every[len(titles) :], strict=True):
        if is_mended:
            matches = _less_sure(matches)
        found[n] = max(found[n], matches, key=lambda ranking: ranking[0].score if ranking else 0.0)
    for n, one in enumerate(titles):
        for iri in index.by_code(one) if _DIGIT.search(one) else ():
            if (concept := part.places.get(iri)) is not None:
                others = [match for match in found[n] if match.concept != concept]
                found[n] = [Match(concept, part.section.labels(concept)[0], "exact", EXACT + 1), *others][:most]
    return found


def _less_sure(matches: list[Match]) -> list[Match]:
    """Matches of a text whose typos were mended, none of them exact."""
    return sorted(
        (replace(m, type="stem", score=m.score - EXACT + STEM) if m.type == "exact" else m for m in matches),
        key=lambda m: (-m.score, m.concept),
    )


def is_strange(found: Matched, said: str, told: bool) -> bool:
    """Whether a title is in a language that has no labels: `told` so, or most of it is in no label and what was found unsure.

    What is a label or a code is not, whatever was told.
    """
    words = title(said).split()
    if not words or (found.matches and found.matches[0].type != "fuzzy"):
        return False
    unsure = max(found.confidences, default=0.0) < _UNSURE
    return told or (unsure and found.part.matcher.lexicon.known(words) < _KNOWN)
