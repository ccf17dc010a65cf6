"""A profile laid out as a sheet, which all documents for people are drawn from."""

from __future__ import annotations

from app.api.profiles import layout_role
from app.api.profiles.provenance import ProfileGap, ProfileWarning
from app.api.profiles.sections import ProfileEntry, ProfileSection
from app.api.profiles.views import Profile, ProfileAnchor, with_repeats
from app.documents.sheet import (
    AnchorRow,
    GapRow,
    Section,
    Sheet,
    SkillRow,
    Text,
    all_words,
    hush,
    said,
    texts,
)
from app.http.languages import RIGHT_TO_LEFT

DECIMAL_POINT = frozenset({"ar", "en", "ga", "he", "mt"})  # of the languages of ESCO; the others have a comma
UNGROUPED = "none"


def lay_out(document: Profile) -> Sheet:
    """The profile in its language: texts with a tag only where English or another language stands in for it."""
    language = document["language"] if document["language"] != "*" else "en"
    words = all_words()
    chrome = {**words["en"], **words.get(language.partition("-")[0], {})}
    labels = {e["skill"]["uri"]: e["skill"]["preferredLabel"] for _, _, e in with_repeats(document["sections"])}
    anchors = {a["occupation"]["uri"]: a["occupation"]["preferredLabel"] for a in document["anchors"]}
    provenance = document["provenance"]
    made = chrome["made"].format(
        version=provenance["escoVersion"], release=provenance["release"], guidelines=provenance["guidelines"]
    )
    single = len(document["anchors"]) == 1
    filled = [s for s in document["sections"] if s["skillCount"]]
    names = {s["id"]: said(s["preferredLabel"], language) for s in filled}
    domain = document["domain"]
    shown: Sheet = {
        "language": language,
        "direction": "rtl" if language.partition("-")[0] in RIGHT_TO_LEFT else "ltr",
        "words": chrome,
        "title": said(document["title"], language),
        "statement": said(document["statement"], language),
        "headings": {h["id"]: said(h["preferredLabel"], language) for h in document["headings"]},
        "domain": said(domain["preferredLabel"] if domain else {}, language),
        "functions": [said(f["preferredLabel"], language) for f in document.get("functions", ())],
        "charterFunctions": [said(f["preferredLabel"], language) for f in document.get("charterFunctions", ())],
        "single": single,
        "occupations": layout_role.occupations(document, language),
        "tasks": layout_role.tasks(document, language),
        "facts": list(layout_role.facts(document, language, chrome)),
        "legend": layout_role.legend(chrome, single),
        "items": document["items"],
        "anchors": [_anchor(a, language) for a in document["anchors"]],
        "sections": [_section(s, language, single, names) for s in filled],
        "gaps": [_gap(g, language) for g in document.get("gaps", ())],
        "notes": [_note(w, language, {**anchors, **labels}) for w in document["warnings"]],
        "leftOut": document["leftOut"],
        "rules": [{"id": r["id"], "definition": said(r["definition"], language)} for r in provenance["rules"]],
        "made": made,
        "attribution": provenance["attribution"],
        "self": document["links"]["self"],
        "unsaid": [],
        "standIns": [],
    }
    shown["unsaid"] = _unsaid(shown, chrome)
    shown["standIns"] = sorted({t["tag"] for t in texts(shown) if t["tag"] and not t["quiet"]})
    return shown


def _unsaid(shown: Sheet, words: dict[str, str]) -> list[str]:
    """A sentence for each kind of text that the language lacks as a whole, in place of a mark behind each of them."""
    kinds: dict[str, list[Text]] = {
        "skills": [
            skill["label"] for section in shown["sections"] for group in section["groups"] for skill in group["skills"]
        ],
        "rules": [rule["definition"] for rule in shown["rules"]],
        "gaps": [text for gap in shown["gaps"] for text in (gap["label"], gap["definition"])],
    }
    tags = ((words[f"all-{name}"], hush(kind)) for name, kind in kinds.items())
    return [words["unsaid"].format(what=what, tag=tag) for what, tag in tags if tag]


def _anchor(anchor: ProfileAnchor, language: str) -> AnchorRow:
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
        "uri": occupation["uri"],
    }


def _section(section: ProfileSection, language: str, single: bool, names: dict[str, Text]) -> Section:
    return {
        "id": section["id"],
        "label": names[section["id"]],
        "count": section["skillCount"],
        "groups": [
            {
                "label": said(group["group"]["preferredLabel"], language) if group["group"] else None,
                "other": group["group"] is None and section["groupedBy"] != UNGROUPED,
                "skills": [_skill(e, language, single, names) for e in group["skills"]],
            }
            for group in section["groups"]
        ],
    }


def _skill(entry: ProfileEntry, language: str, single: bool, names: dict[str, Text]) -> SkillRow:
    """A skill as a line; of one occupation the relation says all, and a share would be no more than a code for it."""
    skill, figures, repeat = entry["skill"], entry["specialisation"], entry["repeatOf"]
    return {
        "label": said(skill["preferredLabel"], language),
        "uri": skill["uri"],
        "type": "knowledge" if skill["skillType"] == "knowledge" else "skill",
        "relation": entry["relation"],
        "share": _percent(entry["share"]) if entry["relation"] != "none" and not single else "",
        "quotient": _times(figures["locationQuotient"], language)
        if figures and figures["specialisationEvidence"] != "none"
        else "",
        "repeat": names.get(repeat) if repeat else None,
    }


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", "\N{NO-BREAK SPACE}%")


def _times(quotient: float, language: str) -> str:
    """A location quotient, with the decimal sign of the language."""
    text = f"×{quotient:.1f}"
    return text.replace(".", ",") if language.partition("-")[0] not in DECIMAL_POINT else text


def _note(warning: ProfileWarning, language: str, labels: dict[str, dict[str, str]]) -> str:
    """A warning with the names of the concepts that it is about; their IRIs where the profile has no name for them."""
    names = [said(labels[iri], language)["text"] if iri in labels else iri for iri in warning["about"]]
    if language.partition("-")[0] in RIGHT_TO_LEFT:  # the names run their own way within the English sentence
        names = [f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}" for name in names]
    return f"{warning['detail']} ({', '.join(names)})" if names else warning["detail"]


def _gap(gap: ProfileGap, language: str) -> GapRow:
    return {
        "label": said(gap["preferredLabel"], language),
        "definition": said(gap["definition"], language),
        "sources": "; ".join(s["title"] for s in gap["sources"] if s["title"]),
    }
