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
# The first three where meaning counts too, whose scores are larger: on the tuning half of MELO's French titles.
_MEANT = -4.38, 1.64, 2.80


def confidences(matches: Sequence[Match], most: int) -> list[float]:
    """For each of the first of a ranking the probability that it is the right one."""
    worths = [worth(match) for match in matches]
    best, second = ([*sorted(worths, reverse=True), 0.0, 0.0])[:2]
    found = []
    for match, value in zip(matches[:most], worths, strict=False):
        rival = second if value == best else best
        exact, stem = (_certain(matches, match, kind) for kind in ("exact", "stem"))
        base, score, ahead = _MEANT if match.type == "meaning" else (_BASE, _SCORE, _LEAD)
        sure = base + score * value + ahead * (value - max(rival, 0.0)) + _EXACT * exact + _STEM * stem
        found.append(round(1 / (1 + math.exp(-sure)), 3))
    return found


def _certain(matches: Sequence[Match], match: Match, kind: str) -> float:
    """How much a tier says of a match: the less, the more there are in it."""
    return 1.0 / sum(m.type == kind for m in matches) if match.type == kind else 0.0


def worth(match: Match) -> float:
    """The score of a match without what its tier added."""
    return match.score - {"exact": EXACT, "stem": STEM}.get(match.type, 0.0)
