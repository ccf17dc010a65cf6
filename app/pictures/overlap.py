"""How much the domains overlap in what they are specialised in: a matrix."""

from __future__ import annotations

from typing import Literal

from matplotlib.figure import Figure

from app.pictures.canvas import drawing, finish, line
from app.pictures.words import translator
from app.reports.skills import Overlaps

TITLE = "Specialised skills that two domains share"


def overlap_picture(matrix: Overlaps, kind: Literal["svg", "png"] = "svg", language: str = "en") -> bytes:
    """Lower triangle: Jaccard index in per cent; diagonal: number of specialised skills."""
    say = translator(language)
    title, n = say(TITLE), len(matrix.labels)
    names = [line(label, 40) for label in matrix.labels]
    with drawing():
        figure = Figure(figsize=(2.6 + 0.72 * n, 2.2 + 0.56 * n), layout="constrained")
        axes = figure.subplots()
        figure.suptitle(title, fontweight="bold", x=0.01, ha="left")
        lower = [[100 * matrix.jaccard[r][c] if c < r else float("nan") for c in range(n)] for r in range(n)]
        top = max((v for row in lower for v in row if v == v), default=1.0) or 1.0
        if n:
            axes.imshow(lower, cmap="Blues", vmin=0, vmax=top * 1.25, aspect="auto")
        for r in range(n):
            for c in range(r):
                value = lower[r][c]
                shown, ink = f"{value:.0f}" if value >= 0.5 else "·", "white" if value > top * 0.7 else "black"
                axes.text(c, r, shown, ha="center", va="center", color=ink)
            axes.text(r, r, f"{matrix.sizes[r]}", ha="center", va="center", fontweight="bold", color="#555555")
        axes.set_yticks(range(n), names)
        axes.set_xticks(range(n), names, rotation=35, ha="right", rotation_mode="anchor")
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_xlabel(
            say("blue: shared skills as a percentage of those of either domain · bold: number of skills of the domain")
        )
        return finish(figure, title, kind)
