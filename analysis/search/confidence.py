"""How sure a match is: the share of matches with such a score and such a lead that were right on the tuning halves."""

from __future__ import annotations

import math
from collections.abc import Sequence

from analysis.search.match import EXACT, STEM, Match

# From this confidence on a title is called cultural when its likeliest occupation is in scope.
CULTURAL = 0.35
# Logistic regression on the tuning halves of the sets in docs/search.md; `ccsi match evaluate` prints how well it holds.
# A title that is a label word for word has the greatest score and lead already, hence the sign of its tier.
_BASE, _SCORE, _LEAD, _EXACT, _STEM = -3.4, 2.57, 5.32, -0.7, 1.54


def confidence(matches: Sequence[Match], place: int) -> float:
    """The probability that the concept at this place of a ranking is the right one."""
    found = features(matches, place)
    weights = (_BASE, _SCORE, _LEAD, _EXACT, _STEM)
    return round(1 / (1 + math.exp(-sum(w * f for w, f in zip(weights, found, strict=True)))), 3)


def features(matches: Sequence[Match], place: int) -> tuple[float, ...]:
    """What confidence is estimated from: how well it fits, its lead over the best other one, and its tier."""
    match = matches[place]
    others = [worth(m) for n, m in enumerate(matches) if n != place]
    rival = max(others, default=0.0)
    same = sum(m.type == match.type for m in matches if m.type != "fuzzy")
    certain = 1.0 / same if same else 0.0
    return (
        1.0, worth(match), worth(match) - rival, certain * (match.type == "exact"), certain * (match.type == "stem"),
    )  # fmt: skip


def worth(match: Match) -> float:
    """The score of a match without what its tier added."""
    return match.score - {"exact": EXACT, "stem": STEM}.get(match.type, 0.0)
