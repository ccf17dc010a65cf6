"""A profile as people read it: what HTML, PDF and Markdown have in common, laid out but not yet drawn.

Every text is a pair of the text and the tag of its language where that is not the document's own, so that whatever stands
in for a missing translation can be marked.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

Json = dict[str, Any]
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur", "yi"})
UNMARKED = ("und", "mul", "zxx")  # a language that nobody said, or none
DECIMAL_POINT = frozenset({"ar", "en", "ga", "he", "mt"})  # of the languages of ESCO; the others have a comma
UNGROUPED = "none"


@cache
def _all_words() -> dict[str, dict[str, str]]:
    return tomllib.loads((files("app.documents") / "words.toml").read_text(encoding="utf-8"))


def sheet(document: Json) -> Json:
    """The document laid out.

    ``document`` is the JSON of a profile. The result holds plain strings, numbers, lists and dictionaries only: texts as
    ``{"text": …, "tag": …}``, with a tag only where English or another language stands in.
    """
    language = document["language"] if document["language"] != "*" else "en"
    words = _all_words()
    spoken = words.get(language.partition("-")[0])
    chrome = {**words["en"], **(spoken or {})}
    labels = {e["skill"]["uri"]: e["skill"]["preferredLabel"] for e in _entries(document)}
    anchors = {a["occupation"]["uri"]: a["occupation"]["preferredLabel"] for a in document["anchors"]}
    provenance = document["provenance"]
    made = chrome["made"].format(
        version=provenance["escoVersion"], release=provenance["release"], guidelines=provenance["guidelines"]
    )
    found: Json = {
        "language": language,
        "chromeLanguage": language if spoken else "en",
        "direction": "rtl" if language.partition("-")[0] in RIGHT_TO_LEFT else "ltr",
        "words": chrome,
        "title": _said(document["title"], language),
        "statement": _said(document["statement"], language),
        "headings": {h["id"]: _said(h["preferredLabel"], language) for h in document["headings"]},
        "domain": _said((document["domain"] or {}).get("preferredLabel", {}), language),
        "functions": [_said(f["preferredLabel"], language) for f in document.get("functions", ())],
        "charterFunctions": [_said(f["preferredLabel"], language) for f in document.get("charterFunctions", ())],
        "anchors": [_anchor(a, language) for a in document["anchors"]],
        "sections": [_section(s, language, labels) for s in document["sections"] if s["skillCount"] or s["also"]],
        "gaps": [_gap(g, language) for g in document.get("gaps", ())],
        "notes": [_note(w, language, {**anchors, **labels}) for w in document["warnings"]],
        "leftOut": document["leftOut"],
        "skillCount": document["skillCount"],
        "rules": [_rule(r, language) for r in provenance["rules"]],
        "made": made,
        "attribution": provenance["attribution"],
        "self": document["links"]["self"],
    }
    found["standIns"] = sorted({t["tag"] for t in _texts(found) if t["tag"]})
    return found


def _said(texts: dict[str, str], language: str) -> Json:
    """A text, with the tag of its language where it is another than the document's."""
    tag, text = next(iter(texts.items()), ("", ""))
    for wanted in ("en", language):
        if wanted in texts:
            tag, text = wanted, texts[wanted]
    return {"text": text, "tag": "" if tag in ("", language, *UNMARKED) else tag}


def _anchor(anchor: Json, language: str) -> Json:
    occupation = anchor["occupation"]
    group = occupation["broaderIscoGroup"]
    return {
        "label": _said(occupation["preferredLabel"], language),
        "code": occupation["code"],
        "isco": _said(group["preferredLabel"], language) if group else None,
        "iscoCode": group["code"] if group else "",
        "nace": ", ".join(code["code"] for code in occupation["naceCode"]),
        "weight": _percent(anchor["weight"]),
        "degree": anchor["degree"] or "",
        "uri": occupation["uri"],
    }


def _section(section: Json, language: str, labels: dict[str, dict[str, str]]) -> Json:
    return {
        "id": section["id"],
        "label": _said(section["preferredLabel"], language),
        "count": section["skillCount"],
        "groups": [
            {
                "label": _said(group["group"]["preferredLabel"], language) if group["group"] else None,
                "other": group["group"] is None and section["groupedBy"] != UNGROUPED,
                "skills": [_skill(e, language) for e in group["skills"]],
            }
            for group in section["groups"]
        ],
        "also": [_said(labels[uri], language) for uri in section["also"] if uri in labels],
    }


def _skill(entry: Json, language: str) -> Json:
    skill, known = entry["skill"], entry["specialisation"] or {}
    specialised = known.get("specialisationEvidence", "none") != "none"
    return {
        "label": _said(skill["preferredLabel"], language),
        "uri": skill["uri"],
        "type": "knowledge" if skill["skillType"] == "knowledge" else "skill",
        "relation": entry["relation"],
        "share": _percent(entry["share"]) if entry["relation"] != "none" else "",
        "quotient": _times(known["locationQuotient"], language) if specialised else "",
        "rule": entry["rule"],
    }


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", "\N{NO-BREAK SPACE}%")


def _times(quotient: float, language: str) -> str:
    """A location quotient, with the decimal sign of the language."""
    text = f"×{quotient:.1f}"
    return text.replace(".", ",") if language.partition("-")[0] not in DECIMAL_POINT else text


def _note(warning: Json, language: str, labels: dict[str, dict[str, str]]) -> str:
    """A warning with the names of the concepts that it is about; their IRIs where the profile has no name for them."""
    names = [_said(labels[iri], language)["text"] if iri in labels else iri for iri in warning["about"]]
    if language.partition("-")[0] in RIGHT_TO_LEFT:  # the names run their own way within the English sentence
        names = [f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}" for name in names]
    return f"{warning['detail']} ({', '.join(names)})" if names else str(warning["detail"])


def _gap(gap: Json, language: str) -> Json:
    return {
        "label": _said(gap["preferredLabel"], language),
        "definition": _said(gap["definition"], language),
        "sources": "; ".join(s["title"] for s in gap["sources"] if s["title"]),
    }


def _rule(rule: Json, language: str) -> Json:
    return {"id": rule["id"], "definition": _said(rule["definition"], language)}


def _entries(document: Json) -> Iterator[Json]:
    for section in document["sections"]:
        for group in section["groups"]:
            yield from group["skills"]


def _texts(value: Any) -> Iterator[Json]:
    """Every text of the sheet, wherever it stands."""
    if isinstance(value, dict):
        if value.keys() == {"text", "tag"}:
            yield value
        else:
            for part in value.values():
                yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
