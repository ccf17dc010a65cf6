"""Which of the languages at hand is meant by the tags that people and browsers send.

RFC 4647 lookup first (fr-BE finds fr), then the other names of the same language: nb and nn are no, ger is de.
"""

from __future__ import annotations

from functools import lru_cache

import langcodes
from langcodes.data_dicts import MACROLANGUAGES

# Of CLDR's distances: the same language in another region, or by another name; not one that is only understood.
SAME = 5

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur", "yi"})


def lookup(wanted: list[str], available: list[str], otherwise: str = "en") -> str:
    """The first wanted language that is available; `otherwise` where none is."""
    return _found(tuple(wanted), tuple(available)) or otherwise


@lru_cache(4096)
def _found(wanted: tuple[str, ...], available: tuple[str, ...]) -> str:
    for tag in wanted:
        parts = tag.lower().split("-")
        while parts:
            if (candidate := "-".join(parts)) in available:
                return candidate
            parts.pop()
        if other := _by_another_name(tag, available):
            return other
    return ""


def _by_another_name(tag: str, available: tuple[str, ...]) -> str:
    try:
        asked = langcodes.Language.get(tag)
        for name in (str(asked), MACROLANGUAGES.get(asked.language or "", "")):
            closest, distance = langcodes.closest_match(name, available, max_distance=SAME) if name else ("", SAME + 1)
            if distance <= SAME:
                return closest
    except ValueError:  # no tag of any language
        pass
    return ""
