"""The transversal profile of a domain against the average of ESCO."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.skills.tables import TransversalFigure
from app.pictures.canvas import CORE, GREY, RELATED, drawing, finish, line
from app.pictures.words import translator

GROUPS = ("T1", "T2", "T3", "T4", "T5", "T6")
NAMED = ("creative thinking", "cultural", "entrepreneurial and financial", "digital", "green", "digcomp", "language")
NAMES = {
    "creative thinking": "creative thinking (T2.4)", "cultural": "cultural (T6.4)", "digcomp": "DigComp",
    "entrepreneurial and financial": "entrepreneurial and financial (T6.5)", "digital": "digital collection",
    "green": "green collection", "language": "language collection",
}  # fmt: skip


def transversal_picture(
    title: str,
    figures: Sequence[TransversalFigure],
    names: Mapping[str, str],
    kind: Literal["svg", "png"] = "svg",
    language: str = "en",
) -> bytes:
    """Two dots a line, the domain's and ESCO's: by share of skill use, and by share of occupations with such a skill."""
    say = translator(language)
    known = {f.aspect: f for f in figures}
    shown = [a for a in (*GROUPS, *NAMED) if a in known][::-1]
    title = line(title, 60)
    labels = [textwrap.fill(line(say(NAMES[a]) if a in NAMES else f"{a} {names.get(a, '')}"), 36) for a in shown]
    head = say("{title}: transversal characteristics beside all of ESCO").format(title=title[:1].upper() + title[1:])
    with drawing():
        figure = Figure(figsize=(11.5, 1.9 + 0.42 * len(shown)), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        figure.suptitle(head, fontweight="bold", x=0.01, ha="left")
        for axes, mine, other, what in (
            (left, [known[a].share for a in shown], [known[a].overall for a in shown], "share of skill use, %"),
            (right, [known[a].reach for a in shown], [known[a].reach_overall for a in shown], "occupations with such a skill, %"),
        ):  # fmt: skip
            for y, (m, o) in enumerate(zip(mine, other, strict=True)):
                colour = CORE if m >= o else RELATED
                axes.plot((100 * o, 100 * m), (y, y), color=colour, linewidth=2.2, alpha=0.55, zorder=1)
            average = axes.scatter([100 * v for v in other], range(len(shown)), s=46, color=GREY, zorder=2)
            own = axes.scatter([100 * v for v in mine], range(len(shown)), s=58, color=CORE, zorder=3)
            axes.set_xlabel(say(what))
            axes.set_yticks(range(len(shown)), labels)
            axes.grid(axis="x", color="#e4e4e4")
            axes.set_axisbelow(True)
            axes.margins(x=0.08, y=0.03)
            axes.set_xlim(left=0)
        if shown:
            _ratios(left, shown, known)
            told = [say("ESCO average"), title]
            figure.legend([average, own], told, frameon=False, loc="outside lower right", ncols=2)
        return finish(figure, head, kind)


def _ratios(axes: Axes, shown: Sequence[str], known: Mapping[str, TransversalFigure]) -> None:
    """How many times the average, at the right margin of the panel, clear of the dots."""
    far = axes.get_xlim()[1]
    axes.set_xticks([t for t in axes.get_xticks() if t <= far])
    axes.set_xlim(0, far * 1.16)
    for y, a in enumerate(shown):
        if known[a].overall > 0:
            axes.text(far * 1.15, y, f"× {known[a].ratio:.1f}", va="center", ha="right", fontsize=9, color="#444444")
