"""No text over text in any PDF: the boxes of the words, with the worst that ESCO holds and in several scripts."""

from __future__ import annotations

import copy
from typing import Any

import pypdfium2
import pytest
import typst

from app.documents.pdf import bundle_pdf, profile_pdf
from tests.api.conftest import InProcess
from tests.profiles.boxes import outside, overlaps, words
from tests.profiles.conftest import HERITAGE, sheet

NACE = [f"{n}.{n + 7}" for n in range(10, 35)]
# Sixty characters and more each: many words, and one word that is longer than any column.
LABELS = {
    "en": "coordinate preventive conservation of mixed collections abroad",
    "de": "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamter",
    "el": "συντήρηση και αποκατάσταση έργων τέχνης και πολιτιστικών αγαθών",
    "bg": "опазване и реставрация на недвижимо и движимо културно наследство",
    "ar": "صيانة المقتنيات الأثرية وترميم الأعمال الفنية والمباني التاريخية القديمة",
}


def worst(document: dict[str, Any], language: str) -> dict[str, Any]:
    """The document with every name as long as names get, in one language, and 25 NACE codes at each anchor."""
    found = copy.deepcopy(document)

    def lengthen(value: Any) -> None:
        if isinstance(value, dict):
            if "preferredLabel" in value:
                value["preferredLabel"] = {language: LABELS[language]}
            for part in value.values():
                lengthen(part)
        elif isinstance(value, list):
            for part in value:
                lengthen(part)

    lengthen(found)
    for anchor in found["anchors"]:
        anchor["occupation"]["naceCode"] = [{"code": code} for code in NACE]
        anchor["parts"] = ["design/graphics-editor-software", "S1.12"]
    found["title"] = {language: LABELS[language]}
    found["items"] = [LABELS[language], "interactive and adaptive music"]
    return {**found, "language": language}


@pytest.mark.parametrize("language", LABELS)
def test_no_word_lies_over_another_in_the_worst_case(client: InProcess, language: str) -> None:
    for path in (HERITAGE, "/api/v1/profiles/gaming-production"):
        made = profile_pdf(sheet(worst(client.get(path).json(), language)))
        assert overlaps(made) == []
        assert outside(made) == []
        with pypdfium2.PdfDocument(made) as document:
            text = "".join(w.text for page in document for w in words(page))
        assert "12.19" in text, "every NACE code is there"
        assert "\N{REPLACEMENT CHARACTER}" not in text


def test_a_bundle_has_none_either(client: InProcess) -> None:
    documents = [client.get(f"/api/v1/profiles/{name}").json() for name in ("gaming-production", "gaming-creation")]
    made = bundle_pdf([sheet(d) for d in documents], "gaming")
    assert overlaps(made) == []
    with pypdfium2.PdfDocument(made) as document:
        first = "".join(w.text for w in words(document[0]))
        assert len(document) > 2
    assert "video" in first.lower() or "gam" in first.lower()


def test_words_over_each_other_are_found() -> None:
    """What the layout did before its columns had widths of their own: one box ran into the next column."""
    source = b"#set page(width: 60mm, height: 20mm)\n#place(dx: 0mm)[alphabet]\n#place(dx: 4mm)[soup]\n#place(dx: 30mm)[alone]"
    made = typst.compile(source, format="pdf", timestamp=0)
    assert isinstance(made, bytes)
    assert [(one, other) for _, one, other in overlaps(made)] == [("alphabet", "soup")]
