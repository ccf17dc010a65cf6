"""What the matcher has to reach on the reported half, checked by `ccsi match evaluate`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.reports.extraction import Extracted
from app.reports.match import MEANING, Line

# (set, figure) -> the least that is asked for.
LEAST = {
    ("held-out labels, en", "at_1"): 0.63, ("held-out labels, en", "at_5"): 0.87, ("held-out labels, es", "at_5"): 0.95,
    ("held-out labels, fr", "at_5"): 0.97, ("MELO usa_q_en_c_en, concepts", "at_5"): 0.75,
    ("MELO fra_q_fr_c_fr, concepts", "at_5"): 0.87, ("MELO esp_q_es_c_es, concepts", "at_5"): 0.60,
    ("JobBERT titles", "at_5"): 0.41,
}  # fmt: skip
LEAST_MEANT = {"MELO fra_q_fr_c_en, concepts": 0.42}  # hit@5 with the extra
MOST_FALSE = 0.03  # share of the titles outside the scope that may be called cultural


def targets(
    lines: Sequence[Line], domains: Sequence[dict[str, Any]], skills: Sequence[Extracted]
) -> list[dict[str, Any]]:
    """Each target of which the figure is at hand: what, the least, the value, and whether it holds."""
    rows = []

    def add(what: str, least: float, value: float, holds: bool) -> None:
        rows.append({"what": what, "least": least, "value": value, "holds": holds})

    for line in lines:
        for figure in ("at_1", "at_5"):
            if line.way == "ccsi" and (least := LEAST.get((line.set, figure))):
                value = getattr(line.rates, figure)
                add(f"{line.set}, hit@{figure[3:]}", least, value, value >= least)
        if line.way == MEANING and (least := LEAST_MEANT.get(line.set)):
            add(f"{line.set}, {line.way}, hit@5", least, line.rates.at_5, line.rates.at_5 >= least)
    for row in domains:
        add(f"{row['set']}, not falsely called cultural", 1 - MOST_FALSE, 1 - row["false"], row["false"] < MOST_FALSE)
    ours = {one.set: one for one in skills if one.way == "ccsi"}
    for plain in skills:
        if plain.way != "ccsi":
            for figure in ("precision", "recall"):
                least, value = getattr(plain, figure), getattr(ours[plain.set], figure)
                add(f"skills, {plain.set}: {figure} above {plain.way}", least, value, value > least)
    return rows
