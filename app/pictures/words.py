"""What pictures say, in the languages that the domains have names in; any other language gets the English.

ESCO's own words for skill and occupation are used: aptitude and profession in French, capacidad and ocupación in Spanish.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

Translate = Callable[[str], str]


@cache
def translations() -> dict[str, dict[str, str]]:
    """Language -> English phrase -> what it is called."""
    words: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8"))
    return words


def translator(language: str) -> Translate:
    """A function that says an English phrase in the language; placeholders stay for the caller to fill."""
    known = translations().get(language, {})
    return lambda phrase: known.get(phrase, phrase)
