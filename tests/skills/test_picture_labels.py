"""Whatever a label holds is drawn as it stands, in every picture, and the SVG is XML for any parser."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Literal
from xml.etree import ElementTree

import pytest

from analysis.skills.tables import TransversalFigure
from app.pictures.canvas import LONGEST
from app.pictures.clusters import Box, clusters_picture
from app.pictures.overlap import overlap_picture
from app.pictures.scope import scope_svg
from app.pictures.transversal import transversal_picture
from app.reports.skills import Overlaps

Kind = Literal["svg", "png"]
# What is drawn, and what is to be seen of it.
LABELS = {
    "one dollar": ("costs 5$", "costs 5$"),
    "what mathtext refuses": ("a $\\frac{$ b", "a $\\frac{$ b"),
    "what mathtext would set": ("$x_1^2$", "$x_1^2$"),
    "escaped": ("\\$5\\_%", "\\$5\\_%"),
    "signs": ("50% of a_b^c {d} #e & <f> \"g\" 'h'", "50% of a_b^c {d} #e & <f> \"g\" 'h'"),
    "leading underscore": ("_nolegend_", "_nolegend_"),
    "a line break": ("two\nlines\r\n\tor three", "two lines or three"),
    "control characters": ("a\x00b\x1bc\ufffed\ud800e", "a\ufffdb\ufffdc\ufffdd\ufffde"),
    "right to left": ("שלום עולם العربية", "שלום עולם العربية"),
    "no glyph": ("博物館 \U0001f600", "博物館 \U0001f600"),
    "very long": ("word " * 2000, "word word"),
    "very long, one word": ("x" * 10_000, "x" * 20),
    "nothing": ("", ""),
    "a number": ("2024", "2024"),
}
# Whose signs are drawn in every run, and not in the long one alone.
DRAWN = frozenset(["what mathtext refuses", "control characters", "no glyph", "right to left", "very long"])


def clusters(label: str, kind: Kind) -> bytes:
    return clusters_picture(label, [Box(label, [label, label], 4, 1, False), Box("b", ["c"], 5, 2, True)], kind)


def transversal(label: str, kind: Kind) -> bytes:
    figures = [TransversalFigure("heritage", aspect, 0.5, 0.2, 2.5, 0.4, 0.3) for aspect in ("T1", "T2", "digital")]
    return transversal_picture(label, figures, {"T1": label}, kind)


def overlap(label: str, kind: Kind) -> bytes:
    return overlap_picture(
        Overlaps([label, "b", label], [3, 4, 5], [[1.0, 0.2, 0.1], [0.2, 1.0, 0], [0.1, 0, 1.0]]), kind
    )


def scope(label: str, kind: Kind) -> bytes:
    routes = {r: {"occupations": 5, "inScope": 3} for r in ("isco", "nace", "curated", "skills", "label")}
    domains = [{"domain": d, "label": label, "core": 3, "related": n} for n, d in enumerate("ab")]
    found = {"byDomain": domains, "routes": routes, "totals": {"inScope": 4}, "escoVersion": "1.2.0"}
    return scope_svg(found, kind)


PICTURES: dict[str, Callable[[str, Kind], bytes]] = {
    "clusters": clusters, "transversal": transversal, "overlap": overlap, "scope": scope,
}  # fmt: skip


@pytest.mark.parametrize("picture", PICTURES)
@pytest.mark.parametrize(
    "name", [name if name in DRAWN else pytest.param(name, marks=pytest.mark.long) for name in LABELS]
)
def test_labels_are_drawn_as_pixels_too(picture: str, name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message="Glyph|Matplotlib currently does not support")  # of fonts
        assert PICTURES[picture](LABELS[name][0], "png").startswith(b"\x89PNG")


@pytest.mark.parametrize("picture", PICTURES)
@pytest.mark.parametrize("name", LABELS)
def test_labels_are_drawn_as_they_stand(picture: str, name: str) -> None:
    label, seen = LABELS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message="Glyph|Matplotlib currently does not support")  # of fonts
        svg = PICTURES[picture](label, "svg")
    texts = [
        " ".join("".join(e.itertext()).split()) for e in ElementTree.fromstring(svg).iter() if e.tag.endswith("text")
    ]
    assert any(seen[:40] in text for text in texts) or not seen, texts
    assert max(map(len, texts)) < 2 * LONGEST


def test_domains_of_one_name_keep_bars_of_their_own() -> None:
    texts = [e.text for e in ElementTree.fromstring(scope("same", "svg")).iter() if e.tag.endswith("text")]
    assert (texts.count("same"), "3 + 0" in texts, "3 + 1" in texts) == (2, True, True)
