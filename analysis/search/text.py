"""How texts are read: words without accents and case, each with its place in the text as it was written."""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache
from typing import NamedTuple

import Stemmer  # type: ignore[import-not-found]

# R&D, A&R, C++ and C# are words of their own.
_WORD = re.compile(r"[^\W_]+(?:&[^\W_]+)*[+#]*")
# (m/f/d), H/F, w|m|d: to whom a vacancy is addressed, and no word of its title.
_FORMS = re.compile(r"\(?(?<!\w)[mwfhdxk](?:\s?[/|*]\s?[mwfhdxk])+(?!\w)\)?", re.IGNORECASE)
_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i"})
# ASCII as words have it: letters in lower case, digits, and space for all else.
_PLAIN = "".join(chr(code).lower() if chr(code).isalnum() else " " for code in range(128))
_STEMMERS = {
    "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish", "et": "estonian", "fi": "finnish",
    "fr": "french", "ga": "irish", "hu": "hungarian", "it": "italian", "lt": "lithuanian", "nl": "dutch", "no": "norwegian",
    "pl": "polish", "pt": "portuguese", "ro": "romanian", "sv": "swedish", "cs": "czech",
}  # fmt: skip
# The female ending that the German stemmer leaves: Kuratorin, Kuratorinnen.
_FEMALE = re.compile(r"(?<=\w{4})in(?:nen)?$")
_ENDING = 3  # letters of an ending that stands alone: Lehrer/in, técnico/a
_ALIKE = 3  # letters with which two forms of a word begin
LONGEST_WORD = 40  # bytes; what is longer is cut, on both sides alike


class Word(NamedTuple):
    """A word of a text: folded, and from where to where it stands."""

    text: str
    start: int
    end: int


def words(text: str) -> list[Word]:
    """The words of a text in their order."""
    found = (Word(fold_word(m[0]), m.start(), m.end()) for m in _WORD.finditer(text))
    return [word for word in found if word.text]


@lru_cache(4096)
def title(text: str) -> str:
    """A title of a job by its words, without the forms of address that vacancies add."""
    return fold(without_address(text))


def without_address(text: str) -> str:
    """A title without (m/f) and the like."""
    return _FORMS.sub(" ", text)


def fold(text: str) -> str:
    """A text by its words alone: "Réalisateur/réalisatrice" and "realisateur, realisatrice" are the same."""
    if text.isascii() and not ("&" in text or "+" in text or "#" in text):  # most labels, in a fifth of the time
        return " ".join([word[:LONGEST_WORD] for word in text.translate(_PLAIN).split()])
    return " ".join(filter(None, map(fold_word, _WORD.findall(text))))


@lru_cache(65_536)
def fold_word(word: str) -> str:
    """Lower case without accents, ligatures as two letters."""
    folded = word.lower()
    if not word.isascii():
        plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", word).casefold())
        folded = "".join(c for c in plain if c.isalnum() or c in "&+#").translate(_LETTERS)
    if len(folded) <= LONGEST_WORD and folded.isascii():
        return folded
    return folded.encode()[:LONGEST_WORD].decode(errors="ignore")


def forms(text: str) -> list[str]:
    """The forms that a label holds beside each other: both of "actor/actress" and "técnico/técnica de sonido".

    Of an ending alone, "Musiklehrer/in", it is the first; none where the label holds one form only.
    """
    left, _, right = text.rstrip("/ ").partition("/")
    one, other = left.split(), right.split()
    if not one or not other or "/" in right:
        return []
    whole = [*one, *other[len(one) :]]  # what stands behind the second form belongs to the first as well
    first, second = fold(one[0]), fold(other[0])
    if len(one[-1]) > _ENDING >= len(second):
        return [" ".join([*one, *other[1:]])]
    if len(first) < _ALIKE or first[:_ALIKE] != second[:_ALIKE]:
        return []
    return [" ".join(whole)] if len(one) > len(other) == 1 else [" ".join(whole), " ".join(other)]


def typos(word: str) -> int:
    """How many typos a word bears: none in short words and codes, one from 4 letters, two from 8."""
    if len(word) < 4 or not word.isalpha():
        return 0
    return 1 if len(word) < 8 else 2


@lru_cache(65_536)
def stem(word: str, language: str) -> str:
    """A word without its inflection, in a language that has a stemmer; else the word."""
    name = _STEMMERS.get(language)
    if language == "de":
        word = _FEMALE.sub("", word)
    return fold_word(_stemmer(name, threading.get_ident()).stemWord(word)) if name else word


@lru_cache
def _stemmer(name: str, _thread: int) -> Stemmer.Stemmer:
    """A stemmer of this thread's own: no two may use one."""
    return Stemmer.Stemmer(name)
