"""What a sheet says of a role beside its skills: descriptions, tasks, facts, and a legend of its figures."""

from __future__ import annotations

from collections.abc import Iterator

from app.api.profiles.views import Profile
from app.documents.sheet import Described, Fact, Tasks, said

EUROPEAN_DATABASE = "https://ec.europa.eu/growth/tools-databases/regprof/"


def occupations(document: Profile, language: str) -> list[Described]:
    """The anchors in ESCO's words; those of which it says nothing but the name are left out."""
    rows = []
    for item in document["occupations"]:
        names = {tag: ", ".join(labels) for tag, labels in item["alternativeLabel"].items()}
        laid_out: Described = {
            "label": said(item["preferredLabel"], language),
            "description": said(item["description"], language),
            "scopeNote": said(item["scopeNote"], language),
            "names": said(names, language),
        }
        if any(text["text"] for text in (laid_out["description"], laid_out["scopeNote"], laid_out["names"])):
            rows.append(laid_out)
    return rows


def tasks(document: Profile, language: str) -> list[Tasks]:
    """The tasks of the unit groups, in one language each."""
    rows: list[Tasks] = []
    for item in document["tasks"]:
        tag = language if language in item["tasks"] else next(iter(item["tasks"]))
        rows.append(
            {
                "label": said(item["group"]["preferredLabel"], language),
                "code": item["group"]["code"],
                "tag": "" if tag == language else tag,
                "items": item["tasks"][tag],
            }
        )
    return rows


def facts(document: Profile, language: str, words: dict[str, str]) -> Iterator[Fact]:
    """What is known of the role in a few words, each with its name; what nobody has said is told as that."""
    if regulated := [said(o["preferredLabel"], language) for o in document["regulatedProfessions"]]:
        note = f"{words['regulated-note']} {EUROPEAN_DATABASE}"
        # Which of several; of one there is no doubt.
        yield {"name": words["regulated"], "texts": regulated if len(document["anchors"]) > 1 else [], "note": note}
    if fields := [said(f["field"]["preferredLabel"], language) for f in document["fieldsOfEducation"]]:
        yield {"name": words["education"], "texts": fields, "note": words["education-note"]}
    level = document["eqfLevel"]
    yield {
        "name": words["eqf"],
        "texts": [said({"und": str(level)}, language)] if level else [],
        "note": "" if level else words["eqf-none"],
    }
    if near := [said(n["occupation"]["preferredLabel"], language) for n in document["near"]]:
        yield {"name": words["near"], "texts": near, "note": words["near-note"]}
    above = {o["uri"]: o for d in document["occupations"] for o in d["broaderOccupation"]}
    below = {o["uri"]: o for d in document["occupations"] for o in d["narrowerOccupation"]}
    for name, others in (("broader", above), ("narrower", below)):
        if others:
            yield {
                "name": words[name],
                "texts": [said(o["preferredLabel"], language) for o in others.values()],
                "note": "",
            }
    status = said(document["validation"]["status"]["preferredLabel"], language)
    yield {"name": words["validation"], "texts": [status], "note": ""}


def legend(words: dict[str, str], single: bool) -> list[list[str]]:
    """What each figure and mark means; a profile of one occupation has no shares to explain."""
    names = ["relation", *([] if single else ["share"]), "specialisation", "repeat"]
    return [[words[n], words[f"legend-{n}"]] for n in names]
