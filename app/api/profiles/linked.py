"""A profile in the vocabularies that others read: schema.org, and the European Learning Model (ELM 3).

Both are JSON-LD that stands on its own. ELM asks for more about whoever awards or teaches than a profile can know, so what
is given is the part that a curriculum or a vacancy takes over: learning outcomes with their ESCO skills. It satisfies the
shapes of its application profiles, and names are those of the model's own context (EDC), where contentURL is elm:contentUrl.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.api.profiles.formats import ELM
from app.api.profiles.views import Profile, flat
from app.api.views import GroupRef, OccupationRef, SkillRef
from ontology import DCT, ESCO_DATA, SCHEME, SKOS, XSD

Json = dict[str, Any]
SCHEMA = "https://schema.org"
ISCO = SCHEME + "isco"
SKILLS = SCHEME + "skills"
OCCUPATIONS = SCHEME + "occupations"


def schema_org(document: Profile) -> Json:
    """An Occupation with its category codes and skills as defined terms."""
    return {
        "@context": SCHEMA,
        "@type": "Occupation",
        "@id": document["uri"],
        "name": _literal(document["title"]),
        "description": _literal(document["statement"]),
        "occupationalCategory": list(_categories(document)),
        "skills": [
            {
                "@type": "DefinedTerm",
                "@id": e["skill"]["uri"],
                "name": _literal(e["skill"]["preferredLabel"]),
                "url": e["skill"]["uri"],
                "inDefinedTermSet": SKILLS,
            }
            for _, _, e in flat(document["sections"])
        ],
        "mainEntityOfPage": document["links"]["self"],
        "subjectOf": {
            "@type": "CreativeWork",
            "creditText": document["provenance"]["attribution"],
            "isBasedOn": ESCO_DATA,
        },
    }


def _categories(document: Profile) -> Iterator[Json]:
    """The ESCO occupation and the ISCO-08 unit group of every anchor, each once."""
    seen = set()
    for anchor in document["anchors"]:
        occupation = anchor["occupation"]
        both: tuple[tuple[OccupationRef | GroupRef | None, str, str], ...] = (
            (occupation, "ESCO occupations", OCCUPATIONS), (occupation["broaderIscoGroup"], "ISCO-08", ISCO),
        )  # fmt: skip
        for concept, name, scheme in both:
            if concept and concept["uri"] not in seen:
                seen.add(concept["uri"])
                yield {
                    "@type": "CategoryCode",
                    "@id": concept["uri"],
                    "codeValue": concept["code"] or concept["uri"],
                    "name": _literal(concept["preferredLabel"]),
                    "inCodeSet": {"@type": "CategoryCodeSet", "@id": scheme, "name": name},
                }


ELM_CONTEXT: Json = {
    "id": "@id",
    "type": "@type",
    "LearningAchievementSpecification": ELM + "LearningAchievementSpecification",
    "LearningOutcome": ELM + "LearningOutcome",
    "Note": ELM + "Note",
    "Concept": SKOS + "Concept",
    "ConceptScheme": SKOS + "ConceptScheme",
    "title": {"@id": DCT + "title", "@container": "@language"},
    "description": {"@id": DCT + "description", "@container": "@language"},
    "prefLabel": {"@id": SKOS + "prefLabel", "@container": "@language"},
    "inScheme": SKOS + "inScheme",
    "learningOutcome": ELM + "learningOutcome",
    "relatedESCOSkill": ELM + "relatedESCOSkill",
    "additionalNote": ELM + "additionalNote",
    "noteLiteral": {"@id": ELM + "noteLiteral", "@container": "@language"},
    "hasPart": ELM + "hasPart",
    "WebResource": ELM + "WebResource",
    "contentURL": {"@id": ELM + "contentUrl", "@type": XSD + "anyURI"},
    "supplementaryDocument": ELM + "supplementaryDocument",
}


def learning_model(document: Profile) -> Json:
    """A LearningAchievementSpecification: one part for each section, one learning outcome for each skill in it.

    ELM knows no text without a language, so a title that its author gave is in the language of the document.
    """
    uri = document["uri"]
    parts = []
    for section in document["sections"]:
        outcomes = [
            {
                "id": f"{uri}#outcome-{e['skill']['uri'].rpartition('/')[2]}",
                "type": "LearningOutcome",
                "title": _many(e["skill"]["preferredLabel"]),
                "relatedESCOSkill": [_concept(e["skill"])],
            }
            for group in section["groups"]
            for e in group["skills"]
            if e["repeatOf"] is None
        ]
        if outcomes:
            parts.append(
                {
                    "id": f"{uri}#section-{section['id']}", "type": "LearningAchievementSpecification",
                    "title": _many(section["preferredLabel"]), "learningOutcome": outcomes,
                }
            )  # fmt: skip
    return {
        "@context": ELM_CONTEXT,
        "id": uri,
        "type": "LearningAchievementSpecification",
        "title": _many({document["language"] if t == "und" else t: text for t, text in document["title"].items()}),
        "description": _many(document["statement"]),
        "hasPart": parts,
        "additionalNote": [
            {"id": f"{uri}#attribution", "type": "Note", "noteLiteral": {"en": [document["provenance"]["attribution"]]}}
        ],
        "supplementaryDocument": [
            {"id": f"{uri}#document", "type": "WebResource", "contentURL": document["links"]["self"]}
        ],
    }


def _concept(skill: SkillRef) -> Json:
    return {
        "id": skill["uri"], "type": "Concept", "prefLabel": _many(skill["preferredLabel"]),
        "inScheme": {"id": SKILLS, "type": "ConceptScheme"},
    }  # fmt: skip


def _many(texts: dict[str, str]) -> dict[str, list[str]]:
    """ELM has a list of texts for every language."""
    return {tag: [text] for tag, text in texts.items()}


def _literal(texts: dict[str, str]) -> Any:
    """A text with its language, as JSON-LD writes it; several as a list."""
    values = [{"@language": tag, "@value": text} if tag != "und" else text for tag, text in texts.items()]
    return values[0] if len(values) == 1 else values
