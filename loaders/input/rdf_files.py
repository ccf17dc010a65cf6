"""RDF files of the official shape as a stream of statements; syntax faults name file, line and column."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import IO
from urllib.parse import quote

import pyoxigraph as ox

from loaders.batches import BATCH
from loaders.input.csv_bundle import Statement
from loaders.input.sources import Member
from loaders.input.xml_files import CheckedXml
from ontology import CCSID
from releases.errors import SourceError

Written = tuple[bytes, bytes, bytes, bytes]  # subject, predicate, object, and language or datatype as @en or ^^<…>
Named = Callable[[object], ox.NamedNode]
Keep = Callable[[Iterable[ox.Quad]], Iterable[ox.Quad]]

BLOCK = 1 << 20
LONGEST = 1 << 23  # bytes of a line, or of a literal
LONGEST_IRI = 1 << 13  # bytes; a prefix makes a long one of three letters
HELD = 1 << 24  # bytes of a batch
# A line of canonical N-Triples as its four parts.
_IRI = rb'<[^\x00-\x20<>"{}|^`\\]*>'
_STRING = rb'"[^"\\\x00-\x1f\x7f]*(?:\\[nrt"\\][^"\\\x00-\x1f\x7f]*)*"'
_SUFFIX = rb"@[a-z]{1,8}(?:-[a-z0-9]{1,8})*|\^\^(?!<http://www\.w3\.org/2001/XMLSchema#string>)" + _IRI
LINE = re.compile(b'^(%b) (%b) (%b|%b)((?<=")(?:%b)|) \\.\n' % (_IRI, _IRI, _IRI, _STRING, _SUFFIX), re.MULTILINE)
_TOO_LONG = f"a text of more than {LONGEST >> 20} MiB, or an IRI of more than {LONGEST_IRI >> 10} KiB"
NOT_PLAIN = re.compile(
    b"\xef\xbf[\xbe\xbf]"
)  # characters that the canonical form escapes; the others are not in a LINE


def numbered(base: str, origin: str) -> Named:
    """A function that passes IRIs on and turns blank nodes into IRIs numbered in order of appearance.

    The engine names blank nodes at random; a rebuild must be identical. `origin` names the file in messages.
    """
    blank: dict[str, ox.NamedNode] = {}

    def named(node: object) -> ox.NamedNode:
        if isinstance(node, ox.NamedNode):
            return node
        if isinstance(node, ox.BlankNode):
            return blank.setdefault(node.value, ox.NamedNode(f"{CCSID}genid/{quote(base)}/{len(blank) + 1}"))
        raise SourceError(f"{origin}: a triple term where ESCO has a concept.", "Use the official ESCO file.")

    return named


def statements(member: Member, rdf_format: ox.RdfFormat, keep: Keep | None = None) -> Iterator[list[Written]]:
    """Every triple of one file as it is written in canonical N-Triples, without blank nodes, in batches.

    Of quads those that `keep` passes on; the graph that they are in does not matter any more.

    Of N-Triples only the outline is looked at here; the bulk loader, which reads them next, refuses what is not valid,
    and `check` then says where. Raises SourceError on anything else that is not RDF, or holds no statement.
    """
    named = numbered(member.base, member.name)
    seen = False
    with member.open() as stream:
        try:
            plain = rdf_format == ox.RdfFormat.N_TRIPLES
            for batch in lines(stream, named) if plain else _batches(_parsed(stream, rdf_format, named, keep)):
                seen = seen or bool(batch)
                yield batch
        except (SyntaxError, MemoryError) as error:
            raise _invalid(member, rdf_format, error) from error
    if not seen:
        raise SourceError(f"{member.name}: holds no statement.", "The file is empty or cut short; download it again.")


def check(member: Member, rdf_format: ox.RdfFormat) -> None:
    """Read one file with the strict parser; raises SourceError at the first fault."""
    with member.open() as stream:
        try:
            for _ in _parsed(stream, rdf_format, numbered(member.base, member.name)):
                pass
        except (SyntaxError, MemoryError) as error:
            raise _invalid(member, rdf_format, error) from error


def _invalid(member: Member, rdf_format: ox.RdfFormat, error: SyntaxError | MemoryError) -> SourceError:
    line, what = (error.lineno, error.msg) if isinstance(error, SyntaxError) else (None, _TOO_LONG)
    return SourceError(
        f"{member.name}{f', line {line}' if line else ''}: not valid {rdf_format.name} ({what}).",
        "Check that the file is the one from the ESCO portal and that its ending fits its content.",
    )


def _parsed(
    stream: IO[bytes] | bytes, rdf_format: ox.RdfFormat, named: Named, keep: Keep | None = None
) -> Iterator[Written]:
    """The triples that the engine's parser finds. Raises SyntaxError; MemoryError where a term fills its buffer."""
    literal = ox.Literal
    if rdf_format == ox.RdfFormat.RDF_XML and not isinstance(stream, bytes):
        stream = CheckedXml(stream)  # type: ignore[assignment]  # the engine only reads from it
    quads: Iterable[ox.Quad] = ox.parse(input=stream, format=rdf_format)
    for s, p, o, _ in keep(quads) if keep and rdf_format.supports_datasets else quads:
        written_terms = terms(named(s), p, o if type(o) is literal else named(o))
        subject, predicate, value, suffix = map(len, written_terms)
        if subject + predicate + suffix > LONGEST_IRI or (
            value > LONGEST_IRI and (value > LONGEST or type(o) is not literal)
        ):
            raise SyntaxError(f"{_TOO_LONG}, of <{s.value[:80]}>")
        yield written_terms


def _batches(statements: Iterator[Written]) -> Iterator[list[Written]]:
    """Statements in batches that are bounded in bytes too: the texts of a file may be of any length."""
    batch: list[Written] = []
    held = 0
    for statement in statements:
        batch.append(statement)
        held += len(statement[2])
        if held > HELD or len(batch) >= BATCH:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def written(statements: Iterable[Statement]) -> Iterator[list[Written]]:
    """Statements as their terms are written in canonical N-Triples."""
    return _batches(terms(*statement) for statement in statements)


def terms(s: object, p: object, o: object) -> Written:
    """One statement as its terms are written in canonical N-Triples."""
    term = str(o).encode()
    end = term.rfind(b'"') + 1 or len(term)
    return str(s).encode(), str(p).encode(), term[:end], term[end:]


def lines(stream: IO[bytes], named: Named | None = None) -> Iterator[list[Written]]:
    """The triples of N-Triples, without a parser where it can be: several times as fast.

    Lines that are canonical already are only cut into their terms; others go through the parser, whose SyntaxError is given the
    number of the line.
    """
    named = named or numbered("", "")
    before = 0
    while block := stream.read(BLOCK):
        block += stream.readline(LONGEST)
        if len(block) >= LONGEST and not block.endswith(b"\n"):
            raise _at(before + block.count(b"\n") + 1, SyntaxError(f"a line of more than {LONGEST >> 20} MiB"))
        count = block.count(b"\n")
        statements: list[Written] = LINE.findall(block)
        if len(statements) == count and block.endswith(b"\n") and not NOT_PLAIN.search(block):
            yield statements
        else:
            yield _mixed_lines(block, before, named)
        before += count


def _mixed_lines(block: bytes, before: int, named: Named) -> list[Written]:
    """The triples of lines of which some are not canonical; `before` counts the lines ahead of them."""
    statements: list[Written] = []
    for number, line in enumerate(block.splitlines(keepends=True), before + 1):
        if (match := LINE.fullmatch(line)) and not NOT_PLAIN.search(line):
            statements.append((match[1], match[2], match[3], match[4]))
            continue
        if line.isspace():
            continue
        try:
            statements += _parsed(line, ox.RdfFormat.N_TRIPLES, named)
        except SyntaxError as error:
            raise _at(number, error) from None
        except MemoryError:
            raise _at(number, SyntaxError(_TOO_LONG)) from None
    return statements


def _at(line: int, error: SyntaxError) -> SyntaxError:
    error.lineno = line
    return error
