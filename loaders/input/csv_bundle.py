"""The official CSV bundle as the statements of the official dump, so that either input gives the same graph.

A bundle holds for every language a copy of each table; codes, types and relations are the same in all of them. They are
taken from the first language (English where it is there), words from every language. What the dump says and a table does not,
because its version is older or another project publishes it, is what the table, the row's IRI or its type says.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pyoxigraph import Literal, NamedNode

from loaders.input.cells import error, esco_code, iri, iris, isco_code, labels, nace_codes, one_label, unit_group
from loaders.input.names import COLLECTIONS
from loaders.input.sources import Member, Source
from loaders.input.tables import read_csv, separator_name
from ontology import DCT, ESCO, ESCO_DATA, ISO_THES, RDF, SCHEME, SKOS, XSD
from releases.errors import SourceError

Row = dict[str, str]
Statement = tuple[NamedNode, NamedNode, NamedNode | Literal]
_Facts = Callable[[NamedNode, Row, Member, int], Iterator[Statement]]

REQUIRED = (
    "occupations", "skills", "occupationSkillRelations", "ISCOGroups", "broaderRelationsOccPillar", "skillGroups",
    "broaderRelationsSkillPillar",
)  # fmt: skip
RELATIONS = frozenset(["occupationSkillRelations", "broaderRelationsOccPillar", "broaderRelationsSkillPillar"])
EXPECTED = ("skillSkillRelations", "conceptSchemes")
CONCEPTS = ("occupations", "skills", "ISCOGroups", "skillGroups")
# The schemes of what a table holds, for versions whose tables do not say.
SCHEMES = {
    "occupations": ("occupations", "member-occupations"),
    "skills": ("skills", "member-skills"),
    "ISCOGroups": ("isco", "occupations"),
    "skillGroups": ("skills-hierarchy", "skills"),
}
SKILL_TYPES = {"skill/competence": "skill", "skill": "skill", "knowledge": "knowledge"}

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
    notes: list[str] = field(default_factory=list)  # what the user should know of how the tables were read
    repairs: Counter[str] = field(default_factory=Counter)
    _known: dict[str, set[str]] = field(default_factory=dict)  # table -> its concepts, by the file that has the facts
    _ids: dict[str, str] = field(default_factory=dict)  # row id -> IRI, where tables refer to rows
    _codes: dict[str, str] = field(default_factory=dict)  # code -> occupation
    _groups_of: dict[str, str] = field(default_factory=dict)  # occupation -> unit group, by its own row
    _placed: set[str] = field(default_factory=set)  # occupations that the hierarchy has
    _types: Counter[str] = field(default_factory=Counter)  # skill types that are blank or not understood

    def check(self, partial: bool) -> None:
        """Refuse a bundle that lacks a table the service cannot do without, unless `partial` says it is wanted."""
        tables = self.source.tables
        absent = [t for t in REQUIRED if t not in tables]
        if absent and not partial:
            where = ", ".join(map(str, self.source.paths))
            remedy = "Add the file from the same ESCO download, or pass --partial to load what is there."
            if set(absent) & RELATIONS:
                remedy = (
                    "Relations are a second download on the ESCO portal, independent of language: load both, ccsi load WORDS.zip "
                    "RELATIONS.zip. Or pass --partial to load what is there."
                )
            raise SourceError(f"{where}: {', '.join(f'{t}_<language>.csv' for t in absent)} missing.", remedy)
        self.missing = [f"table {t}" for t in (*REQUIRED, *EXPECTED) if t not in tables]
        self.missing += [
            "SKOS-XL labels and label roles (not in the CSV bundle)",
            "reified associations (not in the CSV bundle)",
        ]
        languages = sorted({lang for t in ("occupations", "skills") for lang in tables.get(t, {}) if lang})
        for table in CONCEPTS:
            lacking = [lang for lang in languages if lang not in tables.get(table, {})]
            if lacking and table in tables:
                self.missing.append(f"{table} in {', '.join(lacking)}")
        for by_language in tables.values():
            for member in by_language.values():
                if name := separator_name(member):
                    self.notes.append(f"{member.base}: cells are separated by {name}")

    def statements(self) -> Iterator[Statement]:
        """Every statement of the bundle, table by table."""
        self._refer()
        yield from self._concepts("occupations", self._occupation)
        yield from self._concepts("skills", self._skill)
        yield from self._concepts("ISCOGroups", self._isco_group)
        yield from self._concepts("skillGroups", self._skill_group)
        yield from self._schemes()
        yield from self._collections()
        yield from self._hierarchy("broaderRelationsOccPillar")
        yield from self._places()
        yield from self._hierarchy("broaderRelationsSkillPillar")
        yield from self._relations()
        self._report()

    def files(self, table: str) -> Iterator[tuple[Member, str, bool]]:
        """(file, language, whether this file supplies the facts) for each language of a table, English first."""
        by_language = self.source.tables.get(table, {})
        for n, lang in enumerate(sorted(by_language, key=lambda x: (x != "en", x))):
            yield by_language[lang], lang or "en", n == 0

    def _refer(self) -> None:
        """Learn which row an id means: Tabiya's tables refer to rows, not to IRIs."""
        for table in CONCEPTS:
            for member, _, facts in self.files(table):
                for _, row in read_csv(member, set()) if facts else ():
                    if "rowId" not in row:
                        break
                    self._ids[row["rowId"].strip()] = row.get("conceptUri", "").strip()

    def _iri(self, cell: str, member: Member, line: int) -> NamedNode | None:
        """The concept that a cell means, by its IRI or by the id of its row; None for one without an IRI."""
        text = cell.strip()
        text = self._ids.get(text, text)
        if not text and self._ids:
            self.repairs["rows of concepts without an IRI left out"] += 1
            return None
        return iri(text, member, line, self.repairs)

    def _concepts(self, table: str, facts_of: _Facts) -> Iterator[Statement]:
        """The rows of a table of concepts; each concept has one row in a language."""
        for member, lang, facts in self.files(table):
            seen: dict[str, tuple[int, bytes]] = {}
            needed = {"conceptUri", "preferredLabel"} | ({"skillType"} if facts and table == "skills" else set())
            for line, row in read_csv(member, needed):
                concept = self._iri(row["conceptUri"], member, line)
                if concept is None:
                    continue
                if not facts and concept.value not in self._known[table]:
                    self.repairs[f"words of concepts that are in no table left out ({member.base})"] += 1
                    continue
                told = (text for name, text in row.items() if name != "modifiedDate")
                said = hashlib.blake2b("\0".join(told).encode(), digest_size=16).digest()
                first = seen.setdefault(concept.value, (line, said))
                if first[0] != line:
                    if first[1] != said:
                        raise error(
                            member, line, f"a second row for {concept.value}, which says something else than line {first[0]}.",
                            "Take out the row that is wrong.",
                        )  # fmt: skip
                    self.repairs["rows given twice"] += 1
                    continue
                if facts:
                    yield from facts_of(concept, row, member, line)
                    yield from self._facts(table, concept, row, member, line)
                yield from self._words(concept, row, lang)
            if facts:
                self._known[table] = set(seen)

    def _occupation(self, concept: NamedNode, row: Row, member: Member, line: int) -> Iterator[Statement]:
        for kind in (ESCO + "Occupation", ESCO + "MemberConcept", SKOS + "Concept"):
            yield concept, A, NamedNode(kind)
        if group := unit_group(row.get("iscoGroup", ""), member, line, self.repairs):
            self._groups_of[concept.value] = group
        if code := esco_code(row.get("code", ""), group, member, line, self.repairs):
            if (other := self._codes.setdefault(code, concept.value)) != concept.value:
                raise error(
                    member, line, f"the code {code} is that of {other} too.",
                    "Write codes as text, so that a spreadsheet does not cut their zeros: 2166.10.",
                )  # fmt: skip
            yield concept, NOTATION, Literal(code)
        if (note := row.get("regulatedProfessionNote", "").strip()).startswith("http"):
            yield concept, NamedNode(ESCO + "regulatedProfessionNote"), iri(note, member, line, self.repairs)
        for nace in nace_codes(row.get("naceCode", ""), member, line, self.repairs):
            yield concept, NamedNode(ESCO + "hasNACECode"), nace

    def _skill(self, concept: NamedNode, row: Row, member: Member, line: int) -> Iterator[Statement]:
        for kind in (ESCO + "Skill", ESCO + "MemberConcept", SKOS + "Concept"):
            yield concept, A, NamedNode(kind)
        kinds = set(row["skillType"].replace("|", " ").replace(",", " ").split())
        for name in sorted({SKILL_TYPES[kind] for kind in kinds & SKILL_TYPES.keys()}):
            yield concept, NamedNode(ESCO + "skillType"), NamedNode(f"{ESCO_DATA}skill-type/{name}")
        self._types.update(sorted(kinds - SKILL_TYPES.keys()) or ([""] if not kinds else []))
        if level := row.get("reuseLevel", "").strip():
            level = level.removeprefix(f"{ESCO_DATA}skill-reuse-level/")
            node = iri(f"{ESCO_DATA}skill-reuse-level/{level}", member, line)
            yield concept, NamedNode(ESCO + "skillReuseLevel"), node

    def _isco_group(self, concept: NamedNode, row: Row, _member: Member, _line: int) -> Iterator[Statement]:
        yield concept, A, CONCEPT
        if code := isco_code(concept, row.get("code", ""), self.repairs):
            yield concept, NOTATION, Literal(code)

    def _skill_group(self, concept: NamedNode, row: Row, _member: Member, _line: int) -> Iterator[Statement]:
        yield concept, A, CONCEPT
        code = row.get("code", "").strip()
        tail = concept.value.rpartition("/")[2]
        if code := code or (tail if len(tail) < len("S10.10.10") else ""):  # the others have a UUID
            yield concept, NOTATION, Literal(code)

    def _facts(self, table: str, concept: NamedNode, row: Row, member: Member, line: int) -> Iterator[Statement]:
        if status := row.get("status", "").strip():
            yield concept, STATUS, Literal(status)
        if modified := row.get("modifiedDate", "").strip():
            yield concept, NamedNode(DCT + "modified"), Literal(modified, datatype=NamedNode(XSD + "dateTime"))
        schemes = [iri(scheme, member, line, self.repairs) for scheme in iris(row.get("inScheme", ""))]
        if not schemes:
            self.repairs["concept schemes that the table or the IRI says"] += 1
            names = [*SCHEMES[table], *(["isced-f"] if "/isced-f/" in concept.value else [])]
            schemes = [NamedNode(SCHEME + name) for name in names]
        for scheme in schemes:
            yield concept, IN_SCHEME, scheme

    def _words(self, concept: NamedNode, row: Row, lang: str) -> Iterator[Statement]:
        if label := one_label(row["preferredLabel"], self.repairs):
            yield concept, PREF, Literal(label, language=lang)
        for column, predicate in (("altLabels", ALT), ("hiddenLabels", HIDDEN)):
            for label in labels(row.get(column, ""), self.repairs):
                yield concept, predicate, Literal(label, language=lang)
        for column, predicate in NOTES.items():
            if (text := row.get(column, "")).strip():
                yield concept, predicate, Literal(text, language=lang)

    def _schemes(self) -> Iterator[Statement]:
        for member, lang, facts in self.files("conceptSchemes"):
            for line, row in read_csv(member, {"conceptSchemeUri", "hasTopConcept"} if facts else {"conceptSchemeUri"}):
                scheme = iri(row["conceptSchemeUri"], member, line, self.repairs)
                if label := one_label(row.get("preferredLabel") or row.get("title", ""), self.repairs):
                    yield scheme, PREF, Literal(label, language=lang)
                if facts:
                    yield scheme, A, CONCEPT_SCHEME
                    for top in iris(row["hasTopConcept"]):
                        concept = iri(top, member, line, self.repairs)
                        yield scheme, HAS_TOP, concept
                        yield concept, TOP_OF, scheme

    def _collections(self) -> Iterator[Statement]:
        for table, scheme in COLLECTIONS.items():
            for member, _, facts in self.files(table):
                for line, row in read_csv(member, {"conceptUri"}) if facts else ():
                    yield iri(row["conceptUri"], member, line, self.repairs), IN_SCHEME, NamedNode(SCHEME + scheme)

    def _hierarchy(self, table: str) -> Iterator[Statement]:
        for member, _, facts in self.files(table):
            for line, row in read_csv(member, {"conceptUri", "broaderUri"}) if facts else ():
                child, parent = (self._iri(row[column], member, line) for column in ("conceptUri", "broaderUri"))
                if child and parent:
                    self._placed.add(child.value)
                    yield child, BROADER, parent

    def _places(self) -> Iterator[Statement]:
        """Where the hierarchy has no place for an occupation: the group that its row names; of groups, that their codes say."""
        groups = self._known.get("ISCOGroups", set())
        if "broaderRelationsOccPillar" not in self.source.tables:
            for group in sorted(groups):
                if (above := group[:-1]) in groups:
                    yield NamedNode(group), BROADER, NamedNode(above)
        nowhere = 0
        for occupation in sorted(self._known.get("occupations", set()) - self._placed):
            group = f"{ESCO_DATA}isco/C{self._groups_of.get(occupation, '')}"
            if group in groups:
                self.repairs["place of an occupation taken from the column iscoGroup"] += 1
                yield NamedNode(occupation), BROADER, NamedNode(group)
            else:
                nowhere += 1
        if nowhere:
            self.missing.append(
                f"ISCO group of {nowhere:,} occupations (neither hierarchy nor a listed group in iscoGroup)"
            )

    def _relations(self) -> Iterator[Statement]:
        for table, subject, target in (
            ("occupationSkillRelations", "occupationUri", "skillUri"),
            ("skillSkillRelations", "originalSkillUri", "relatedSkillUri"),
        ):
            for member, _, facts in self.files(table):
                for line, row in read_csv(member, {subject, target, "relationType"}) if facts else ():
                    kind = row["relationType"].strip().lower()
                    if kind not in RELATED:
                        if not kind and self._ids:  # Tabiya's own relations may have a value in place of a type
                            self.repairs["relations without a type left out"] += 1
                            continue
                        what = f"relation type '{row['relationType'][:40]}' is neither essential nor optional."
                        raise error(member, line, what)
                    one, other = (self._iri(row[column], member, line) for column in (subject, target))
                    if one and other:
                        yield one, RELATED[kind], other

    def _report(self) -> None:
        """What of the tables did not become a statement."""
        for kind, count in sorted(self._types.items()):
            what = f"'{kind[:40]}' is not understood" if kind else "the cell is blank"
            self.missing.append(f"skill type of {count:,} skills ({what})")


def nace_links(path: Member, repairs: Counter[str] | None = None) -> dict[NamedNode, set[NamedNode]]:
    """Occupation -> NACE codes from a two-column table (occupationUri, naceCodeUri)."""
    links: dict[NamedNode, set[NamedNode]] = defaultdict(set)
    repairs = Counter() if repairs is None else repairs
    for line, row in read_csv(path, {"occupationUri", "naceCodeUri"}):
        links[iri(row["occupationUri"], path, line, repairs)].update(
            nace_codes(row["naceCodeUri"], path, line, repairs)
        )
    return dict(links)
