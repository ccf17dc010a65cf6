"""Pictures speak the language asked for, all of it, and cut no label."""

from __future__ import annotations

import html

import pytest

from analysis.skills.tables import TransversalFigure
from app.pictures.clusters import HEAD_LINES, Box, clusters_picture, wrap
from app.pictures.overlap import overlap_picture
from app.pictures.scope import scope_svg
from app.pictures.transversal import GROUPS, NAMED, transversal_picture
from app.pictures.words import translations
from app.reports.skills import Overlaps

WORDS = translations()
ROUTES = ("isco", "nace", "curated", "skills", "label")


def pictures(language: str) -> str:
    """The text of every picture, drawn with names that are no words of any language."""
    figures = [TransversalFigure("u", a, 0.2, 0.1, 2.0, 0.5, 0.4) for a in (*GROUPS, *NAMED)]
    found = {
        "escoVersion": "1.2.0",
        "totals": {"inScope": 3},
        "byDomain": [{"domain": "x", "label": "Xx", "core": 2, "related": 1}],
        "routes": {r: {"occupations": 3, "inScope": 2} for r in ROUTES},
    }
    drawn = [
        clusters_picture("Xx", [Box("Aa", ["bb"], 4, 1, False), Box("Cc", ["dd"], 5, 2, True)], language=language),
        clusters_picture("Xx", [], language=language),
        transversal_picture("Xx", figures, {}, language=language),
        overlap_picture(Overlaps(["Xx", "Yy"], [3, 4], [[1.0, 0.2], [0.2, 1.0]]), language=language),
        scope_svg(found, language=language, domain_names={"x": "Zz"}),
    ]
    return html.unescape(b" ".join(drawn).decode())


@pytest.mark.parametrize("language", sorted(WORDS))
def test_pictures_speak_one_language(language: str) -> None:
    assert WORDS[language].keys() == WORDS["fr"].keys()
    seen = pictures(language)
    assert [p for p in WORDS[language] if len(p) > 12 and "{" not in p and p in seen] == []
    fixed = [said for said in WORDS[language].values() if "{" not in said]
    # The whole of the sectors is named by the caller; a long legend stands in two lines.
    assert len([said for said in fixed if said in seen]) >= len(fixed) - 4


@pytest.mark.long
def test_english_where_there_are_no_words() -> None:
    assert pictures("fi") == pictures("en")
    assert "Central skills below each label" in pictures("fi")
    assert "Zz" in pictures("en")


def test_long_labels_are_not_cut() -> None:
    label = " · ".join(["operar maquinaria para la extracción y la transformación de materiales de toda especie"] * 3)
    assert " ".join(wrap(label, 10.5, "bold", HEAD_LINES)) == label
