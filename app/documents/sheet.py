"""A profile as people read it: what HTML, PDF and Markdown have in common, laid out but not yet drawn.

Every text is a pair of the text and the tag of its language where that is not the document's own, so that whatever stands
in for a missing translation can be marked.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from app.documents import about
from app.documents.texts import Json, hush, said, texts

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur", "yi"})
DECIMAL_POINT = frozenset({"ar", "en", "ga", "he", "mt"})  # of the languages of ESCO; the others have a comma
UNGROUPED = "none"


@cache
def _all_words() -> dict[str, dict[str, str]]:
    return tomllib.loads((files("app.documents") / "words.toml").read_text(encoding="utf-8"))


def sheet(document: Json) -> Json:
    """The document laid out.

    ``document`` is the JSON of a profile. The result holds plain strings, numbers, lists and dictionaries only: texts as
    ``{"text": …, "tag": …, "quiet": …}``, with a tag only where English or another language stands in; quiet where one
    sentence says so for all texts of the kind.
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
    single = len(document["anchors"]) == 1
    sections = [_section(s, language, single) for s in document["sections"] if s["skillCount"]]
    names = {s["id"]: s["label"] for s in sections}
    for section in sections:
        for group in section["groups"]:
            for skill in group["skills"]:
                skill["repeat"] = names.get(skill["repeat"])
    shown: Json = {
        "language": language,
        "chromeLanguage": language if spoken else "en",
        "direction": "rtl" if language.partition("-")[0] in RIGHT_TO_LEFT else "ltr",
        "words": chrome,
        "title": said(document["title"], language),
        "statement": said(document["statement"], language),
        "headings": {h["id"]: said(h["preferredLabel"], language) for h in document["headings"]},
        "domain": said((document["domain"] or {}).get("preferredLabel", {}), language),
        "functions": [said(f["preferredLabel"], language) for f in document.get("functions", ())],
        "charterFunctions": [said(f["preferredLabel"], language) for f in document.get("charterFunctions", ())],
        "single": single,
        "occupations": about.occupations(document, language),
        "tasks": about.tasks(document, language),
        "facts": list(about.facts(document, language, chrome)),
        "legend": about.legend(chrome, single),
        "items": document["items"],
        "anchors": [_anchor(a, language) for a in document["anchors"]],
        "sections": sections,
        "gaps": [_gap(g, language) for g in document.get("gaps", ())],
        "notes": [_note(w, language, {**anchors, **labels}) for w in document["warnings"]],
        "leftOut": document["leftOut"],
        "skillCount": document["skillCount"],
        "rules": [_rule(r, language) for r in provenance["rules"]],
        "made": made,
        "attribution": provenance["attribution"],
        "self": document["links"]["self"],
    }
    shown["unsaid"] = _unsaid(shown, chrome)
    shown["standIns"] = sorted({t["tag"] for t in texts(shown) if t["tag"] and not t["quiet"]})
    return shown


def _unsaid(shown: Json, words: dict[str, str]) -> list[str]:
    """A sentence for each kind of text that the language lacks as a whole, in place of a mark behind each of them."""
    kinds = {
        "skills": [
            skill["label"] for section in shown["sections"] for group in section["groups"] for skill in group["skills"]
        ],
        "rules": [rule["definition"] for rule in shown["rules"]],
        "gaps": [text for gap in shown["gaps"] for text in (gap["label"], gap["definition"])],
    }
    tags = ((words[f"all-{name}"], hush(kind)) for name, kind in kinds.items())
    return [words["unsaid"].format(what=what, tag=tag) for what, tag in tags if tag]


def _anchor(anchor: Json, language: str) -> Json:
    occupation = anchor["occupation"]
    group = occupation["broaderIscoGroup"]
    return {
        "label": said(occupation["preferredLabel"], language),
        "code": occupation["code"],
        "isco": said(group["preferredLabel"], language) if group else None,
        "iscoCode": group["code"] if group else "",
        "nace": ", ".join(code["code"] for code in occupation["naceCode"]),
        "weight": _percent(anchor["weight"]),
        "parts": ", ".join(anchor["parts"]),
        "degree": anchor["degree"] or "",
        "uri": occupation["uri"],
    }


def _section(section: Json, language: str, single: bool) -> Json:
    return {
        "id": section["id"],
        "label": said(section["preferredLabel"], language),
        "count": section["skillCount"],
        "groups": [
            {
                "label": said(group["group"]["preferredLabel"], language) if group["group"] else None,
                "other": group["group"] is None and section["groupedBy"] != UNGROUPED,
                "skills": [_skill(e, language, single) for e in group["skills"]],
            }
            for group in section["groups"]
        ],
    }


def _skill(entry: Json, language: str, single: bool) -> Json:
    """A skill as a line; of one occupation the relation says all, and a share would be no more than a code for it."""
    skill, known = entry["skill"], entry["specialisation"] or {}
    specialised = known.get("specialisationEvidence", "none") != "none"
    return {
        "label": said(skill["preferredLabel"], language),
        "uri": skill["uri"],
        "type": "knowledge" if skill["skillType"] == "knowledge" else "skill",
        "relation": entry["relation"],
        "share": _percent(entry["share"]) if entry["relation"] != "none" and not single else "",
        "quotient": _times(known["locationQuotient"], language) if specialised else "",
        "rule": entry["rule"],
        "repeat": entry["repeatOf"],
    }


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", "\N{NO-BREAK SPACE}%")


def _times(quotient: float, language: str) -> str:
    """A location quotient, with the decimal sign of the language."""
    text = f"×{quotient:.1f}"
    return text.replace(".", ",") if language.partition("-")[0] not in DECIMAL_POINT else text


def _note(warning: Json, language: str, labels: dict[str, dict[str, str]]) -> str:
    """A warning with the names of the concepts that it is about; their IRIs where the profile has no name for them."""
    names = [said(labels[iri], language)["text"] if iri in labels else iri for iri in warning["about"]]
    if language.partition("-")[0] in RIGHT_TO_LEFT:  # the names run their own way within the English sentence
        names = [f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}" for name in names]
    return f"{warning['detail']} ({', '.join(names)})" if names else str(warning["detail"])


def _gap(gap: Json, language: str) -> Json:
    return {
        "label": said(gap["preferredLabel"], language),
        "definition": said(gap["definition"], language),
        "sources": "; ".join(s["title"] for s in gap["sources"] if s["title"]),
    }


def _rule(rule: Json, language: str) -> Json:
    return {"id": rule["id"], "definition": said(rule["definition"], language)}


def _entries(document: Json) -> Iterator[Json]:
    for section in document["sections"]:
        for group in section["groups"]:
            yield from group["skills"]
