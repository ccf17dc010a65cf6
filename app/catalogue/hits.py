"""The best of what several sections of the index have for the same words, in one order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.search.find import Hits
from analysis.search.match import Matcher

if TYPE_CHECKING:
    from app.catalogue.search import Filter, Part

_BOOST = 0.12  # what a concept of the sectors gains where that is asked for: a step between two kinds of match


class Row(NamedTuple):
    """A hit: the part and the concept by their numbers, how well it fits, as what, and the label that does (-1: none)."""

    part: int
    concept: int
    score: float
    type: int
    label: int


class Rows(list[Row]):
    """The best hits of all parts, the best first, and how many there were."""

    total = 0


def ordered(parts: Sequence[Part], wanted: Filter, ask: Callable[[Matcher], Hits], but: set[str], most: int) -> Rows:
    """The best hits of all parts that pass the filters; equal ones in the order of parts and concepts."""
    columns: list[tuple[NDArray[Any], ...]] = []
    for number, part in enumerate(parts):
        hits = ask(part.matcher)
        keep = np.ones(len(hits), bool)
        if len(part.stand_in):
            keep &= part.stand_in[hits.concepts]
        if but or wanted.types or wanted.among is not None:
            named = map(part.iris.__getitem__, hits.concepts.tolist())
            keep &= np.fromiter((iri not in but and wanted.takes(iri) for iri in named), bool, len(hits))
        scores = hits.scores.astype(np.float64)
        if wanted.boosted:
            named = map(part.iris.__getitem__, hits.concepts.tolist())
            scores += _BOOST * np.fromiter((iri in wanted.boosted for iri in named), bool, len(hits))
        of = np.full(len(hits), number, np.int32)
        columns.append(tuple(c[keep] for c in (of, hits.concepts, scores, hits.types, hits.labels)))
    found = Rows()
    if columns:
        joined = [np.concatenate(column) for column in zip(*columns, strict=True)]
        found.total = len(joined[0])
        order = _first(joined[2], most)
        found += map(Row._make, zip(*(column[order].tolist() for column in joined), strict=True))
    return found


def _first(scores: NDArray[np.float64], most: int) -> NDArray[np.intp]:
    """The places of the best scores, the best first, equal ones as they come; no more of them are sorted than it takes."""
    if len(scores) > most:
        able = np.flatnonzero(scores >= np.partition(scores, len(scores) - most)[len(scores) - most])
    else:
        able = np.arange(len(scores))
    return able[np.argsort(-scores[able], kind="stable")][:most]
