"""Mappings between ESCO and other classifications, as the employment services publish them, or as SSSOM.

The official tables have some lines of preamble that name both classifications, then a row for each pair: identifier and label
of the one, of the other, and how the one relates to the other in SKOS. SSSOM is a table of its own with a preamble of comments.
Each pair is kept with its relation, in both directions, and with its source; pairs whose ESCO concept this release does not
have are left out and counted.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode

from loaders.input.cells import error, iri
from loaders.input.sources import Member
from loaders.input.tables import lines_of
from ontology import CCSID, DCT, ESCO_DATA, GRAPH_MAPPINGS, OWL, RDF, SKOS, SSSOM, XSD
from releases.errors import SourceError

MOST = 200_000  # pairs of one file
LONGEST = 20_000  # characters of a cell that is read
LONGEST_LINE = 1 << 20  # characters
PREAMBLE = 200  # lines in which the head of the table must come
INVERSE = {
    "exactMatch": "exactMatch", "closeMatch": "closeMatch", "relatedMatch": "relatedMatch",
    "broadMatch": "narrowMatch", "narrowMatch": "broadMatch",
}  # fmt: skip
_RELATION_HEADS = ("mapping relation", "type of match", "predicate_id")
_CURIE = re.compile(r"#\s+([A-Za-z][\w.-]*):\s*[\"']?(https?://[^\s\"']+)[\"']?")
_SAID = re.compile(r"#\s*(mapping_set_title|mapping_set_id|mapping_set_version):\s*[\"']?(.+?)[\"']?")
_RELATION = re.compile(r"(?:skos:|" + re.escape(SKOS) + r")?(\w+)(?:Match|ISCO)")  # O*NET's table writes exactISCO
_NONE = ("", "no relation")  # what a row says that maps nothing
_REMEDY = "Give the official mapping table as downloaded, or SSSOM with subject_id, predicate_id and object_id."


@dataclass
class Table:
    """One file of mappings: the other classification, and how many of its pairs this release can hold."""

    source: str
    slug: str = ""
    name: str = ""
    version: str = ""
    language: str = ""
    kept: int = 0
    unrelated: int = 0  # rows that say of a concept that it maps to nothing
    unknown: set[str] = field(default_factory=set)  # ESCO concepts that the release does not have

    def note(self) -> str:
        """What became of the file, for people."""
        left = (
            f"; ESCO concepts that this release lacks: {len(self.unknown):,}, the first {min(self.unknown, default='')}"
        )
        none = f"; rows that map nothing: {self.unrelated:,}" if self.unrelated else ""
        return f"{self.source}: {self.kept:,} mappings of {self.name} kept{left if self.unknown else ''}{none}"


@dataclass(frozen=True, slots=True)
class Pair:
    """A concept of another classification and how it relates to one of ESCO."""

    code: str
    iri: str  # "" where the table has only a code
    label: str
    relation: str  # of the other concept to ESCO's
    esco: str
    confidence: str = ""


def read(member: Member, known: Callable[[str], bool], notes: list[str]) -> Iterator[str]:
    """The quads of one file, and a note on what became of it. Raises SourceError."""
    table = Table(member.path.name)
    schemed = False
    seen: set[tuple[str, str, str]] = set()
    for pair in _pairs(member, table):
        if not schemed:
            yield from _scheme(table)
            schemed = True
        if not known(pair.esco):
            table.unknown.add(pair.esco)
            continue
        key = (pair.code, pair.relation, pair.esco)
        if key not in seen:
            seen.add(key)
            yield from _quads(table, pair)
    table.kept = len(seen)
    if not schemed:
        raise SourceError(f"{member.name}: holds no mapping.", _REMEDY)
    notes.append(table.note())


def _pairs(member: Member, table: Table) -> Iterator[Pair]:
    with member.open() as raw:
        text = io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
        try:
            yield from _parsed(member, table, text)
        except UnicodeDecodeError as wrong:
            raise SourceError(f"{member.name}: not UTF-8 text ({wrong.reason}).", _REMEDY) from wrong
        except csv.Error as wrong:
            raise SourceError(f"{member.name}: {wrong}.", _REMEDY) from wrong


def _parsed(member: Member, table: Table, text: io.TextIOWrapper) -> Iterator[Pair]:
    prefixes: dict[str, str] = {"skos": SKOS}
    lines = lines_of(text, LONGEST_LINE)
    first = next(lines, "")
    sssom = first.startswith("#") or "subject_id" in first
    while sssom and first.startswith("#"):
        if match := _CURIE.fullmatch(first.strip()):
            prefixes[match[1]] = match[2]
        if match := _SAID.fullmatch(first.strip()):
            table.name = match[2] if match[1] == "mapping_set_title" or not table.name else table.name
            table.version = match[2] if match[1] == "mapping_set_version" else table.version
        first = next(lines, "")
    reader = csv.reader(itertools.chain([first], lines), delimiter="\t" if sssom else ",")
    head = _head(member, table, reader)
    relation = next(head.index(name) for name in _RELATION_HEADS if name in head)
    read = _sssom(member, head, prefixes) if sssom else _official(member, relation)
    table.name = table.name or member.base.rpartition(".")[0]
    table.slug = slug(table.name)
    for count, row in enumerate(reader):
        if count >= MOST:
            raise SourceError(f"{member.name}: more than {MOST:,} mappings.", "Divide the file.")
        if any(row):
            if len(row) < len(head) or any(len(cell) > LONGEST for cell in row):
                raise error(member, reader.line_num, "a row that is cut short, or a cell that is too long.", _REMEDY)
            if row[relation].strip().lower() in _NONE:
                table.unrelated += 1
            else:
                yield read(row, reader.line_num)


def _head(member: Member, table: Table, reader: Iterator[list[str]]) -> list[str]:
    """The headings, small; what is said before them of the two classifications is taken down by their number."""
    said: dict[str, dict[str, str]] = {"1": {}, "2": {}}
    for _, row in zip(range(PREAMBLE), reader, strict=False):
        small = [cell.strip().lower() for cell in row]
        if any(name in small for name in _RELATION_HEADS):
            for number in said:
                if not said[number].get("name", "").lower().startswith(("esco", "ocupaciones esco")):
                    _describe(table, said[number])
            return small
        if match := re.fullmatch(r"classification ([12]) (name|version|language)", small[0] if small else ""):
            said[match[1]][match[2]] = row[1].strip()[:LONGEST] if len(row) > 1 else ""
    raise SourceError(f"{member.name}: has no column 'Mapping relation', 'Type of Match' or 'predicate_id'.", _REMEDY)


def _describe(table: Table, said: dict[str, str]) -> None:
    table.name = said.get("name", "") or table.name
    table.version = said.get("version", "") or table.version
    language = said.get("language", "").lower()
    table.language = language if re.fullmatch(r"[a-z]{2}", language) else ""


def _official(member: Member, relation: int) -> Callable[[list[str], int], Pair]:
    width = relation // 2  # the columns of one side: identifier, label, and in some tables a page or a description

    def pair(row: list[str], line: int) -> Pair:
        first_is_esco = row[0].strip().startswith(ESCO_DATA)
        esco, other = (0, width) if first_is_esco else (width, 0)
        said = _relation(member, line, row[relation])
        code = row[other].strip()
        concept = code if code.startswith("http") else ""
        return Pair(
            code.rpartition("/")[2] if concept else code,
            iri(concept, member, line).value if concept else "",
            row[other + 1].strip(),
            INVERSE[said] if first_is_esco else said,
            iri(row[esco], member, line).value,
        )

    return pair


def _sssom(member: Member, head: list[str], prefixes: dict[str, str]) -> Callable[[list[str], int], Pair]:
    if missing := {"subject_id", "predicate_id", "object_id"} - set(head):
        raise SourceError(f"{member.name}: column {', '.join(sorted(missing))} is missing.", _REMEDY)

    def pair(row: list[str], line: int) -> Pair:
        cells = dict(zip(head, row, strict=False))
        subject, target = (_expanded(cells[name].strip(), prefixes) for name in ("subject_id", "object_id"))
        first_is_esco = subject.startswith(ESCO_DATA)
        esco, other, side = (subject, target, "object") if first_is_esco else (target, subject, "subject")
        said = _relation(member, line, cells["predicate_id"])
        confidence = cells.get("confidence", "").strip()
        if confidence and not re.fullmatch(r"0(\.\d{1,10})?|1(\.0{1,10})?", confidence):
            raise error(member, line, f"'{confidence[:20]}' is no confidence from 0 to 1.", _REMEDY)
        return Pair(
            re.split(r"[/#:]", other)[-1],
            iri(other, member, line).value if other.startswith("http") else "",
            cells.get(f"{side}_label", "").strip(),
            INVERSE[said] if first_is_esco else said,
            iri(esco, member, line).value,
            confidence,
        )

    return pair


def _expanded(curie: str, prefixes: dict[str, str]) -> str:
    prefix, sign, local = curie.partition(":")
    return prefixes[prefix] + local if sign and prefix in prefixes else curie


def _relation(member: Member, line: int, text: str) -> str:
    match = _RELATION.fullmatch(text.strip())
    if match is None or f"{match[1]}Match" not in INVERSE:
        raise error(member, line, f"'{text[:40]}' is not a mapping relation of SKOS.", _REMEDY)
    return f"{match[1]}Match"


def slug(name: str) -> str:
    """A name as the last part of an IRI."""
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "mapping"


def _scheme(table: Table) -> Iterator[str]:
    node = f"<{CCSID}scheme/{table.slug}>"
    yield _quad(node, f"{RDF}type", f"<{SKOS}ConceptScheme>")
    yield _quad(node, f"{SKOS}prefLabel", str(Literal(table.name, language=table.language or None)))
    yield _quad(node, f"{SKOS}notation", str(Literal(table.slug)))
    yield _quad(node, f"{DCT}source", str(Literal(table.source)))
    if table.version:
        yield _quad(node, f"{OWL}versionInfo", str(Literal(table.version)))


def _quads(table: Table, pair: Pair) -> Iterator[str]:
    concept = str(NamedNode(pair.iri or f"{CCSID}national/{table.slug}/{quote(pair.code, safe='')}"))
    esco = str(NamedNode(pair.esco))
    yield _quad(concept, f"{RDF}type", f"<{SKOS}Concept>")
    yield _quad(concept, f"{SKOS}inScheme", f"<{CCSID}scheme/{table.slug}>")
    yield _quad(concept, f"{SKOS}notation", str(Literal(pair.code)))
    if pair.label:
        yield _quad(concept, f"{SKOS}prefLabel", str(Literal(pair.label, language=table.language or None)))
    yield _quad(concept, SKOS + pair.relation, esco)
    yield _quad(esco, SKOS + INVERSE[pair.relation], concept)
    if pair.confidence:  # as SSSOM writes it in RDF
        key = f"{quote(pair.code, safe='')}-{pair.esco.rpartition('/')[2]}-{pair.relation}"
        axiom = f"<{CCSID}national/{table.slug}/mapping/{key}>"
        yield _quad(axiom, f"{RDF}type", f"<{OWL}Axiom>")
        yield _quad(axiom, f"{OWL}annotatedSource", concept)
        yield _quad(axiom, f"{OWL}annotatedProperty", f"<{SKOS}{pair.relation}>")
        yield _quad(axiom, f"{OWL}annotatedTarget", esco)
        yield _quad(axiom, f"{SSSOM}confidence", str(Literal(pair.confidence, datatype=NamedNode(f"{XSD}decimal"))))


def _quad(subject: str, predicate: str, obj: str) -> str:
    return f"{subject} <{predicate}> {obj} <{GRAPH_MAPPINGS}> .\n"
