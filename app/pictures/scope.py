"""The scope at a glance: domains by degree, and what the official routes see of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from matplotlib.figure import Figure

from analysis.tables import ROUTES
from app.pictures.canvas import CORE, GREY, RELATED, drawing, finish, line
from app.pictures.words import translator
from app.reports.scope import ScopeReport


def scope_svg(
    figures: ScopeReport,
    kind: Literal["svg", "png"] = "svg",
    language: str = "en",
    domain_names: Mapping[str, str] | None = None,
) -> bytes:
    """Two panels from a scope report: occupations by domain and degree; by route, inside and outside the scope.

    Domains are called as the report calls them, or by `domain_names` in another language.
    """
    say, called = translator(language), domain_names or {}
    domains = sorted(figures["byDomain"], key=lambda d: d["core"] + d["related"])
    routes = [(r, figures["routes"][r]) for r in ROUTES][::-1]
    names = {"isco": "ISCO-08", "nace": "NACE Rev. 2.1", "curated": "curation", "skills": "skills", "label": "labels"}
    title = line(say("Cultural and creative occupations in ESCO {version}").format(version=figures["escoVersion"]))
    with drawing():
        figure = Figure(figsize=(10, 4.6), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1.25, 1))
        figure.suptitle(title, fontweight="bold", x=0.01, ha="left")

        places = range(len(domains))
        left.set_yticks(places, [line(called.get(d["domain"], d["label"]), 48) for d in domains])
        core, related = [d["core"] for d in domains], [d["related"] for d in domains]
        left.barh(places, core, color=CORE, label=say("core"))
        left.barh(places, related, left=core, color=RELATED, label=say("related"))
        for y, (c, r) in enumerate(zip(core, related, strict=True)):
            left.text(c + r + 1, y, f"{c} + {r}", va="center", fontsize=9)
        left.set_title(say("by domain"), loc="left")
        left.legend(frameon=False, loc="lower right")
        left.set_xlabel(say("occupations (one may be in several domains)"))
        left.margins(x=0.15)

        inside = [n["inScope"] for _, n in routes]
        outside = [n["occupations"] - n["inScope"] for _, n in routes]
        where = [say(names[r]) for r, _ in routes]
        right.barh(where, inside, color=CORE, label=say("in scope"))
        right.barh(where, outside, left=inside, color=GREY, label=say("not in scope"))
        right.axvline(figures["totals"]["inScope"], color="black", linewidth=1, linestyle=":")
        whole = figures["totals"]["inScope"]
        right.text(whole, len(routes) - 0.45, " " + say("all in scope: {n}").format(n=whole), fontsize=9)
        right.set_title(say("named by evidence route"), loc="left")
        right.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.4, -0.14), ncols=2)
        right.set_xlabel(say("occupations"))
        right.margins(x=0.2)
        return finish(figure, title, kind)
