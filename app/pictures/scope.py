"""The scope at a glance: domains by degree, and what the official routes see of it."""

from __future__ import annotations

from typing import Any, Literal

from matplotlib.figure import Figure

from app.pictures.canvas import CORE, GREY, RELATED, drawing, finish


def scope_svg(found: dict[str, Any], kind: Literal["svg", "png"] = "svg") -> bytes:
    """Two panels from a scope report: occupations by domain and degree; by route, inside and outside the scope."""
    domains = sorted(found["byDomain"], key=lambda d: d["core"] + d["related"])
    routes = [(r, found["routes"][r]) for r in ("isco", "nace", "curated", "skills", "label")][::-1]
    names = {"isco": "ISCO-08", "nace": "NACE Rev. 2.1", "curated": "curation", "skills": "skills", "label": "labels"}
    title = f"Cultural and creative occupations in ESCO {found['escoVersion']}"
    with drawing():
        figure = Figure(figsize=(10, 4.6), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1.25, 1))
        figure.suptitle(title, fontweight="bold", x=0.01, ha="left")

        labels = [d["label"] for d in domains]
        core, related = [d["core"] for d in domains], [d["related"] for d in domains]
        left.barh(labels, core, color=CORE, label="core")
        left.barh(labels, related, left=core, color=RELATED, label="related")
        for y, (c, r) in enumerate(zip(core, related, strict=True)):
            left.text(c + r + 1, y, f"{c} + {r}", va="center", fontsize=9)
        left.set_title("by domain", loc="left")
        left.legend(frameon=False, loc="lower right")
        left.set_xlabel("occupations (one may be in several domains)")
        left.margins(x=0.15)

        inside = [n["inScope"] for _, n in routes]
        outside = [n["occupations"] - n["inScope"] for _, n in routes]
        where = [names[r] for r, _ in routes]
        right.barh(where, inside, color=CORE, label="in scope")
        right.barh(where, outside, left=inside, color=GREY, label="not in scope")
        right.axvline(found["totals"]["inScope"], color="black", linewidth=1, linestyle=":")
        right.text(
            found["totals"]["inScope"], len(routes) - 0.45, f" all in scope: {found['totals']['inScope']}", fontsize=9
        )
        right.set_title("named by evidence route", loc="left")
        right.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.4, -0.14), ncols=2)
        right.set_xlabel("occupations")
        right.margins(x=0.2)
        return finish(figure, title, kind)
