"""The boxes of the words on the pages of a PDF, as a reader sees them, and which of them lie over each other."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2
import pypdfium2.raw as raw

DEEP = 1.0  # points that two boxes share each way before one word is read through the other


@dataclass(frozen=True)
class Word:
    """A word and the box around its ink."""

    text: str
    left: float
    bottom: float
    right: float
    top: float

    def over(self, other: Word) -> bool:
        """Whether the two share more than an edge."""
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.top, other.top) - max(self.bottom, other.bottom)
        return wide > DEEP and high > DEEP


def words(page: pypdfium2.PdfPage) -> Iterator[Word]:
    """Runs of characters between blanks; a jump to another line ends one too."""
    text = page.get_textpage()
    box = [ctypes.c_double() for _ in range(4)]
    letters: list[str] = []
    edges: list[tuple[float, float, float, float]] = []

    def made() -> Word:
        lefts, rights, bottoms, tops = zip(*edges, strict=True)
        return Word("".join(letters), min(lefts), min(bottoms), max(rights), max(tops))

    for n in range(text.count_chars()):
        code = raw.FPDFText_GetUnicode(text.raw, n)
        raw.FPDFText_GetCharBox(text.raw, n, *map(ctypes.byref, box))
        left, right, bottom, top = (b.value for b in box)
        if code == 0x200B:  # where a long word may break
            continue
        blank = code in (0, 2, 0xFFFE) or chr(code).isspace() or right <= left
        away = edges and (abs(bottom - edges[-1][2]) > 6 or left > edges[-1][1] + 6 or right < edges[-1][0] - 6)
        if edges and (blank or away):
            yield made()
            letters, edges = [], []
        if not blank:
            letters.append(chr(code))
            edges.append((left, right, bottom, top))
    if edges:
        yield made()


def overlaps(pdf: bytes) -> list[tuple[int, str, str]]:
    """The pairs of words that lie over each other, with the number of their page."""
    found = []
    with pypdfium2.PdfDocument(pdf) as document:
        for number, page in enumerate(document, 1):
            placed = sorted(words(page), key=lambda w: w.left)
            for n, word in enumerate(placed):
                for other in placed[n + 1 :]:
                    if other.left >= word.right:
                        break
                    if word.over(other):
                        found.append((number, word.text, other.text))
    return found


def outside(pdf: bytes) -> list[tuple[int, str]]:
    """The words that reach beyond the edge of their page."""
    found = []
    with pypdfium2.PdfDocument(pdf) as document:
        for number, page in enumerate(document, 1):
            width, height = page.get_size()
            found += [
                (number, w.text) for w in words(page) if w.left < 0 or w.right > width or w.bottom < 0 or w.top > height
            ]
    return found
