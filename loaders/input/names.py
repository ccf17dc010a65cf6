"""What a table is by the name of its file or sheet, and what a column is by its heading, however either is written.

ESCO has renamed little in ten years; what people do to names is more: a browser's `(1)`, capitals, `-` for `_`, a version in
front. Tabiya's Open Taxonomy publishes ESCO with other names for the same tables and columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# Collections whose file name says which concept scheme its rows belong to.
COLLECTIONS = {
    "transversalSkillsCollection": "skill-transversal-groups",
    "languageSkillsCollection": "skill-language-groups",
    "digitalSkillsCollection": "6c930acd-c104-4ece-acf7-f44fd7333036",
    "ictSkillsCollection": "skill-ict-groups",
    "greenSkillsCollection": "green",
    "digCompSkillsCollection": "digcomp",
    "researchSkillsCollection": "research",
    "researchOccupationsCollection": "8ae4b9f3-507e-4057-a145-2f96f0132613",
}
TABLES = (
    "occupations", "skills", "ISCOGroups", "skillGroups", "occupationSkillRelations", "skillSkillRelations",
    "broaderRelationsOccPillar", "broaderRelationsSkillPillar", "skillsHierarchy", "conceptSchemes", *COLLECTIONS,
)  # fmt: skip
COLUMNS = (
    "conceptType", "conceptUri", "iscoGroup", "preferredLabel", "altLabels", "hiddenLabels", "status", "modifiedDate",
    "regulatedProfessionNote", "scopeNote", "definition", "inScheme", "description", "code", "naceCode", "skillType",
    "reuseLevel", "conceptSchemeUri", "title", "hasTopConcept", "broaderType", "broaderUri", "occupationUri", "skillUri",
    "relationType", "originalSkillUri", "relatedSkillUri", "naceCodeUri", "rowId",
)  # fmt: skip


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


_TABLES = {_key(name): name for name in TABLES} | {
    "occupationgroups": "ISCOGroups",
    "occupationhierarchy": "broaderRelationsOccPillar",
    "skillhierarchy": "broaderRelationsSkillPillar",
    "occupationtoskillrelations": "occupationSkillRelations",
    "skilltoskillrelations": "skillSkillRelations",
}
_COLUMNS = {_key(name): name for name in COLUMNS} | {
    "originuri": "conceptUri",
    "occupationgroupcode": "iscoGroup",
    "iscogroupcode": "iscoGroup",
    "updatedat": "modifiedDate",
    "id": "rowId",
    "childid": "conceptUri",
    "parentid": "broaderUri",
    "occupationid": "occupationUri",
    "skillid": "skillUri",
    "requiringid": "originalSkillUri",
    "requiredid": "relatedSkillUri",
}
_COPY = re.compile(r"[\s_\-]*(?:\(\d+\)|\bcop(?:y|ie|ia|ia de)\b|\bkopie\b)", re.IGNORECASE)
_VERSION = re.compile(r"[\s_\-]*\bv?\d+\.\d+(?:\.\d+)?(?=$|[\s_\-])", re.IGNORECASE)
_LANGUAGE = re.compile(r"^(?P<table>.+?)[\s_\-.]+(?P<lang>[A-Za-z]{2}(?:[\-_][A-Za-z]{2})?)$")


def table_of(stem: str) -> tuple[str, str] | None:
    """(table, language or "") of a file or sheet of this name, without its ending; None for one that is not known."""
    plain = _VERSION.sub("", _COPY.sub("", stem.replace("_v", " v"))).strip(" _-")
    for candidate in (plain, re.split(r"\s-\s", plain)[-1]):
        if name := _TABLES.get(_key(candidate)):
            return name, ""
        match = _LANGUAGE.match(candidate)
        if match and (name := _TABLES.get(_key(match["table"]))):
            return name, match["lang"].lower().replace("_", "-")
    return None


def columns_of(header: Iterable[str]) -> list[str]:
    """The headings as this project knows them; one that is not known stays as it is."""
    return [_COLUMNS.get(_key(name), name.strip()) for name in header]
