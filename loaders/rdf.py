"""RDF files of the official shape as a stream of statements; syntax faults name file, line and column."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote

import pyoxigraph as ox

from loaders.csv_bundle import Statement
from loaders.errors import SourceError
from loaders.sources import Member
from ontology import CCSID

Written = tuple[bytes, bytes, bytes]  # subject, predicate, object

BLOCK = 1 << 20
CONTROL = (
    bytes(c for c in range(32) if c != 10) + b"\x7f"
)  # these and U+FFFE, U+FFFF are escaped in canonical N-Triples
PLAIN_ESCAPES = re.compile(rb'(?:[^\\]|\\[nrt"\\])*')


def numbered(base: str, origin: str) -> Callable[[object], ox.NamedNode]:
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


def statements(member: Member, rdf_format: ox.RdfFormat) -> Iterator[Statement]:
    """Every triple of one file, without blank nodes."""
    named = numbered(member.base, member.name)
    seen = False
    iri, literal = ox.NamedNode, ox.Literal
    with member.open() as stream:
        try:
            for subject, predicate, value, _ in ox.parse(input=stream, format=rdf_format):
                seen = True
                one = subject if type(subject) is iri else named(subject)
                yield one, predicate, value if type(value) is iri or type(value) is literal else named(value)
        except SyntaxError as fault:
            raise SourceError(
                f"{member.name}, line {fault.lineno or '?'}: not valid {rdf_format.name} ({fault.msg}).",
                "Check that the file is the one from the ESCO portal and that its ending fits its content.",
            ) from fault
    if not seen:
        raise SourceError(f"{member.name}: holds no statement.", "The file is empty or cut short; download it again.")


def written(found: Iterable[Statement]) -> Iterator[Written]:
    """Statements as their terms are written in canonical N-Triples."""
    for subject, predicate, value in found:
        yield str(subject).encode(), str(predicate).encode(), str(value).encode()


def written_again(member: Member, rdf_format: ox.RdfFormat) -> Iterator[Written]:
    """The triples of a file that `statements` found to be sound, as written in canonical N-Triples."""
    if rdf_format == ox.RdfFormat.N_TRIPLES:
        return _written_lines(member)
    return written(statements(member, rdf_format))


def _written_lines(member: Member) -> Iterator[Written]:
    """The same for N-Triples, without a parser where it can be: several times as fast.

    A line that is canonical already is only cut in three; any other goes through the parser. Whether the end of a
    literal (language or datatype) is canonical is found by parsing the first line that has it.
    """
    named = numbered(member.base, member.name)
    sound_tails = {b""}

    def parsed(line: bytes) -> list[Written]:
        triples = ox.parse(input=line, format=ox.RdfFormat.N_TRIPLES)
        return list(written((named(s), p, o if isinstance(o, ox.Literal) else named(o)) for s, p, o, _ in triples))

    with member.open() as stream:
        while block := stream.read(BLOCK):
            block += stream.readline()
            odd = (
                len(block.translate(None, CONTROL)) != len(block)
                or b"\xef\xbf\xbe" in block
                or b"\xef\xbf\xbf" in block
            )
            for line in block.splitlines(keepends=True) if odd else block.split(b"\n"):
                if odd or (b"\\" in line and not PLAIN_ESCAPES.fullmatch(line)):
                    yield from parsed(line)
                    continue
                parts = line.split(b" ", 2)
                if len(parts) == 3:
                    subject, predicate, value = parts
                    if value[-2:] == b" ." and subject[:1] == predicate[:1] == b"<":
                        value = value[:-2]
                        if value[:1] == b"<" and value[-1:] == b">" and subject[-1:] == predicate[-1:] == b">":
                            yield subject, predicate, value
                            continue
                        tail = value[value.rfind(b'"') + 1 :]
                        if value[:1] == b'"' and subject[-1:] == predicate[-1:] == b">":
                            if tail in sound_tails:
                                yield subject, predicate, value
                                continue
                            (again,) = parsed(line)
                            if again == (subject, predicate, value):
                                sound_tails.add(tail)
                            yield again
                            continue
                if line:
                    yield from parsed(line)
