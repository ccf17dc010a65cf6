"""The official ESCO CSV bundle as the RDF statements of the official Turtle dump.

One pass per table, one language for the facts (English where present) and every language for the words. What the
bundle does not carry (SKOS-XL label nodes, label roles, reified associations) is left out and reported, never made up.
Descriptions are nodes in the dump; the bundle has no IRI for them, so they get one of ours under ``node-literal/``.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from pyoxigraph import Literal, NamedNode

from loaders.input.sources import Member, Source, read_csv
from ontology import CCSID, DCT, ESCO, ESCO_DATA, ISO_THES, RDF, SCHEME, SKOS, XSD
from releases.errors import SourceError

Statement = tuple[NamedNode, NamedNode, NamedNode | Literal]

REQUIRED = (
    "occupations", "skills", "occupationSkillRelations", "ISCOGroups", "broaderRelationsOccPillar", "skillGroups",
    "broaderRelationsSkillPillar",
)  # fmt: skip
EXPECTED = ("skillSkillRelations", "conceptSchemes")
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
# Columns that say the same in every language of a table.
AGREED = ("code", "iscoGroup", "modifiedDate", "status", "skillType", "reuseLevel", "naceCode")
SKILL_TYPES = {"skill/competence": "skill", "skill": "skill", "knowledge": "knowledge"}
LIST_BREAK = re.compile(r"\s*\n\s*|,\s+(?=http)|\s+\|\s+")

A = NamedNode(RDF + "type")
PREF, ALT, HIDDEN = (NamedNode(SKOS + n) for n in ("prefLabel", "altLabel", "hiddenLabel"))
NOTATION, IN_SCHEME, BROADER = (NamedNode(SKOS + n) for n in ("notation", "inScheme", "broader"))
CONCEPT, CONCEPT_SCHEME = NamedNode(SKOS + "Concept"), NamedNode(SKOS + "ConceptScheme")
HAS_TOP, TOP_OF = NamedNode(SKOS + "hasTopConcept"), NamedNode(SKOS + "topConceptOf")
STATUS = NamedNode(ISO_THES + "status")
RELATED = {
    "essential": NamedNode(ESCO + "relatedEssentialSkill"),
    "optional": NamedNode(ESCO + "relatedOptionalSkill"),
}
NOTES = {
    "description": NamedNode(DCT + "description"),
    "scopeNote": NamedNode(SKOS + "scopeNote"),
    "definition": NamedNode(SKOS + "definition"),
}


@dataclass
class CsvBundle:
    """The tables of one bundle; iterate `statements()` once per pass."""

    source: Source
    missing: list[str] = field(default_factory=list)

    def check(self, partial: bool) -> None:
        """Refuse a bundle that lacks a table the service cannot do without, unless `partial` says it is wanted."""
        tables = self.source.tables
        absent = [t for t in REQUIRED if t not in tables]
        if absent and not partial:
            where = ", ".join(map(str, self.source.paths))
            raise SourceError(
                f"{where}: {', '.join(f'{t}_<language>.csv' for t in absent)} missing.",
                "Add the file from the same ESCO download, or pass --partial to load what is there.",
            )
        self.missing = [f"table {t}" for t in (*REQUIRED, *EXPECTED) if t not in tables]
        self.missing += [
            "SKOS-XL labels and label roles (not in the CSV bundle)",
            "reified associations (not in the CSV bundle)",
        ]
        languages = sorted({lang for t in ("occupations", "skills") for lang in tables.get(t, {}) if lang})
        for table in ("occupations", "skills", "ISCOGroups", "skillGroups"):
            lacking = [lang for lang in languages if lang not in tables.get(table, {})]
            if lacking and table in tables:
                self.missing.append(f"{table} in {', '.join(lacking)}")
        if not partial:
            self._check_versions()

    def _check_versions(self) -> None:
        """Refuse tables that contradict each other, as those of two ESCO versions do even when they hold the same concepts."""
        for table in ("occupations", "skills", "ISCOGroups", "skillGroups"):
            first: tuple[Member, dict[str, dict[str, str]]] | None = None
            by_language = self._tables(table) if len(self.source.tables.get(table, {})) > 1 else iter(())
            for member, _, _ in by_language:
                facts = {
                    iri(row["conceptUri"], member, line).value: {
                        column: row[column].strip() for column in AGREED if column in row
                    }
                    for line, row in read_csv(member, {"conceptUri"})
                }
                if first is None:
                    first = member, facts
                elif found := _contradiction(first[1], facts):
                    raise _mixed(f"{member.name} and {first[0].name} disagree on {found}")
        parents: dict[str, set[str]] = defaultdict(set)
        for member, _, _ in self._tables("broaderRelationsOccPillar"):
            for _, row in read_csv(member, {"conceptUri", "broaderUri"}):
                parents[row["conceptUri"].strip()].add(row["broaderUri"].strip())
        for member, _, facts_here in self._tables("occupations"):
            for line, row in read_csv(member, {"conceptUri", "iscoGroup"}) if facts_here else ():
                group, concept = row["iscoGroup"].strip().removeprefix("C"), row["conceptUri"].strip()
                above = _above(concept, parents)
                if group and above and f"{ESCO_DATA}isco/C{group}" not in above:
                    raise _mixed(
                        f"{member.name}, line {line}: {concept} is in ISCO group {group}, but not in the hierarchy"
                    )

    def statements(self) -> Iterator[Statement]:
        """Every statement of the bundle, table by table."""
        yield from self._occupations()
        yield from self._skills()
        yield from self._groups("ISCOGroups", {"conceptUri", "preferredLabel"})
        yield from self._groups("skillGroups", {"conceptUri", "preferredLabel"})
        yield from self._schemes()
        yield from self._collections()
        yield from self._hierarchy("broaderRelationsOccPillar")
        yield from self._hierarchy("broaderRelationsSkillPillar")
        yield from self._relations()

    def _tables(self, table: str) -> Iterator[tuple[Member, str, bool]]:
        """(file, language, whether this file supplies the facts) for each language of a table, English first."""
        by_language = self.source.tables.get(table, {})
        for n, lang in enumerate(sorted(by_language, key=lambda x: (x != "en", x))):
            yield by_language[lang], lang or "en", n == 0

    def _occupations(self) -> Iterator[Statement]:
        types = [NamedNode(ESCO + "Occupation"), NamedNode(ESCO + "MemberConcept"), CONCEPT]
        for member, lang, facts in self._tables("occupations"):
            for line, row in read_csv(member, {"conceptUri", "preferredLabel", "iscoGroup"}):
                concept = iri(row["conceptUri"], member, line)
                if facts:
                    for kind in types:
                        yield concept, A, kind
                    yield from _facts(concept, row, member, line)
                    if note := row.get("regulatedProfessionNote", ""):
                        yield concept, NamedNode(ESCO + "regulatedProfessionNote"), iri(note, member, line)
                    for code in _split(row.get("naceCode", "")):
                        yield concept, NamedNode(ESCO + "hasNACECode"), iri(code, member, line)
                yield from _words(concept, row, lang)

    def _skills(self) -> Iterator[Statement]:
        types = [NamedNode(ESCO + "Skill"), NamedNode(ESCO + "MemberConcept"), CONCEPT]
        skill_type, reuse = NamedNode(ESCO + "skillType"), NamedNode(ESCO + "skillReuseLevel")
        for member, lang, facts in self._tables("skills"):
            for line, row in read_csv(member, {"conceptUri", "preferredLabel", "skillType"}):
                concept = iri(row["conceptUri"], member, line)
                if facts:
                    for kind in types:
                        yield concept, A, kind
                    yield from _facts(concept, row, member, line)
                    if kind_name := SKILL_TYPES.get(row["skillType"]):
                        yield concept, skill_type, NamedNode(f"{ESCO_DATA}skill-type/{kind_name}")
                    if level := row.get("reuseLevel", ""):
                        yield concept, reuse, iri(f"{ESCO_DATA}skill-reuse-level/{level}", member, line)
                yield from _words(concept, row, lang)

    def _groups(self, table: str, required: set[str]) -> Iterator[Statement]:
        for member, lang, facts in self._tables(table):
            for line, row in read_csv(member, required):
                concept = iri(row["conceptUri"], member, line)
                if facts:
                    yield concept, A, CONCEPT
                    yield from _facts(concept, row, member, line)
                yield from _words(concept, row, lang)

    def _schemes(self) -> Iterator[Statement]:
        for member, lang, facts in self._tables("conceptSchemes"):
            for line, row in read_csv(member, {"conceptSchemeUri", "hasTopConcept"}):
                scheme = iri(row["conceptSchemeUri"], member, line)
                if label := row.get("preferredLabel") or row.get("title"):
                    yield scheme, PREF, Literal(label.strip(), language=lang)
                if facts:
                    yield scheme, A, CONCEPT_SCHEME
                    for top in _split(row["hasTopConcept"]):
                        concept = iri(top, member, line)
                        yield scheme, HAS_TOP, concept
                        yield concept, TOP_OF, scheme

    def _collections(self) -> Iterator[Statement]:
        for table, scheme in COLLECTIONS.items():
            for member, _, facts in self._tables(table):
                if facts:
                    for line, row in read_csv(member, {"conceptUri"}):
                        yield iri(row["conceptUri"], member, line), IN_SCHEME, NamedNode(SCHEME + scheme)

    def _hierarchy(self, table: str) -> Iterator[Statement]:
        for member, _, facts in self._tables(table):
            if not facts:
                continue
            for line, row in read_csv(member, {"conceptUri", "broaderUri"}):
                child, parent = iri(row["conceptUri"], member, line), iri(row["broaderUri"], member, line)
                yield child, BROADER, parent

    def _relations(self) -> Iterator[Statement]:
        for table, subject, target in (
            ("occupationSkillRelations", "occupationUri", "skillUri"),
            ("skillSkillRelations", "originalSkillUri", "relatedSkillUri"),
        ):
            for member, _, facts in self._tables(table):
                if not facts:
                    continue
                for line, row in read_csv(member, {subject, target, "relationType"}):
                    try:
                        relation = RELATED[row["relationType"].strip().lower()]
                    except KeyError:
                        raise SourceError(
                            f"{member.name}, line {line}: relation type '{row['relationType'][:40]}' is neither essential nor optional.",
                            "Use the official ESCO CSV file.",
                        ) from None
                    yield iri(row[subject], member, line), relation, iri(row[target], member, line)


def _contradiction(one: dict[str, dict[str, str]], other: dict[str, dict[str, str]]) -> str:
    """What two language versions of a table say differently, "" when they agree."""
    if alone := sorted(one.keys() ^ other.keys()):
        return f"whether there is {alone[0]} (and on {len(alone) - 1} more concepts)"
    differ = sorted(
        (c, column) for c in one for column in one[c].keys() & other[c].keys() if one[c][column] != other[c][column]
    )
    return f"the {differ[0][1]} of {differ[0][0]} (and on {len(differ) - 1} more)" if differ else ""


def _above(concept: str, parents: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    todo = [concept]
    while todo:
        new = parents.get(todo.pop(), set()) - found
        found |= new
        todo += new
    return found


def _mixed(what: str) -> SourceError:
    return SourceError(
        f"{what}: files of different ESCO versions seem to be mixed.",
        "Use the files of one download, or pass --partial to load them as they are.",
    )


def iri(text: str, member: Member, line: int) -> NamedNode:
    """A cell as an IRI; raises SourceError naming file and line when it is not one."""
    text = text.strip()
    if not text.startswith(("http://", "https://")):
        raise SourceError(
            f"{member.name}, line {line}: '{text[:80]}' is not an IRI.", "Use the official ESCO CSV file."
        )
    try:
        return NamedNode(text)
    except ValueError as error:
        raise SourceError(
            f"{member.name}, line {line}: '{text[:80]}' is not an IRI ({error}).", "Use the file as downloaded."
        ) from error


def nace_links(path: Member) -> dict[NamedNode, set[NamedNode]]:
    """Occupation -> NACE codes from a two-column table (occupationUri, naceCodeUri)."""
    links: dict[NamedNode, set[NamedNode]] = defaultdict(set)
    for line, row in read_csv(path, {"occupationUri", "naceCodeUri"}):
        links[iri(row["occupationUri"], path, line)].add(iri(row["naceCodeUri"], path, line))
    return dict(links)


def _split(cell: str) -> list[str]:
    return [part.strip(" ,") for part in LIST_BREAK.split(cell) if part.strip(" ,")]


def _facts(concept: NamedNode, row: dict[str, str], member: Member, line: int) -> Iterator[Statement]:
    if status := row.get("status", "").strip():
        yield concept, STATUS, Literal(status)
    if code := row.get("code", "").strip():
        yield concept, NOTATION, Literal(code)
    if modified := row.get("modifiedDate", "").strip():
        yield concept, NamedNode(DCT + "modified"), Literal(modified, datatype=NamedNode(XSD + "dateTime"))
    for scheme in _split(row.get("inScheme", "")):
        yield concept, IN_SCHEME, iri(scheme, member, line)


def _words(concept: NamedNode, row: dict[str, str], lang: str) -> Iterator[Statement]:
    if label := row["preferredLabel"].strip():
        yield concept, PREF, Literal(label, language=lang)
    for column, predicate in (("altLabels", ALT), ("hiddenLabels", HIDDEN)):
        for label in _split(row.get(column, "")):
            yield concept, predicate, Literal(label, language=lang)
    for column, predicate in NOTES.items():
        if text := row.get(column, "").strip():
            name = hashlib.blake2b(f"{concept.value} {column} {lang}".encode(), digest_size=16).hexdigest()
            node = NamedNode(f"{CCSID}node-literal/{name}")
            yield concept, predicate, node
            yield node, A, NamedNode(ESCO + "NodeLiteral")
            yield node, NamedNode(ESCO + "language"), Literal(lang)
            yield node, NamedNode(ESCO + "nodeLiteral"), Literal(text)
