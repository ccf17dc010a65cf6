"""What the pages themselves say, in the languages of app/html/words; content is in the languages of the release."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parents[1] / "html" / "words"
INTERFACES = tuple(sorted(path.stem for path in _FOLDER.glob("??.toml")))  # languages that a page can speak


class PageWords:
    """The words of one language; English stands in for a language without a file of its own."""

    def __init__(self, tag: str) -> None:
        self.tag = tag if tag in INTERFACES else "en"
        self._texts = _texts(self.tag)

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key with its blanks filled. Raises KeyError for a key that no catalogue has."""
        return self._texts[key].format(**values) if values else self._texts[key]

    def count(self, key: str, n: int) -> str:
        """A number of things in words."""
        return self._texts[f"{key}-one"] if n == 1 else self(key, n=self.number(n))

    def number(self, n: int) -> str:
        """A number as this language groups its digits."""
        return f"{n:,}".replace(",", {"en": ",", "fr": "\u202f"}.get(self.tag, "."))

    def decimal(self, value: float, places: int = 1) -> str:
        """A figure with the decimal sign of this language."""
        text = f"{value:.{places}f}"
        return text if self.tag == "en" else text.replace(".", ",")

    def percent(self, share: float) -> str:
        """A share in per cent."""
        return f"{self.decimal(100 * share)}{'' if self.tag == 'en' else chr(0xA0)}%"


@cache
def words(tag: str) -> PageWords:
    """The words for a reader of this language."""
    return PageWords(tag)


def own_name(tag: str) -> str:
    """What a language calls itself."""
    return _texts("languages").get(tag, tag)


@cache
def _texts(name: str) -> dict[str, str]:
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text("utf-8"))
