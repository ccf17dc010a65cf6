"""N-Triples are read without a parser where it can be. What comes of it is what the strict parser makes of it, or a fault."""

from __future__ import annotations

import io
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.input import rdf_files
from releases.errors import SourceError
from releases.release import Releases
from tests.command import FIXTURES, Command
from tests.loaders.refusal import refused

# Pieces of lines, sound and unsound, and what could smuggle a second statement or another graph into one.
PIECES = [
    "<http://e/a>", "<http://e/p>", "<a>", "<http://e/a b>", "<http://e/\\u0061>", "<http://e/%zz>", "_:b", "_:c",
    '"x"', '"x"@en', '"x"@EN', '"x"@en-GB', '"x"@e_n', '"x"^^<http://e/d>', '"1"^^<d>', '"x\\"y"', '"x\\u0041"', '"\\t"',
    '"\t"', '"x\\q"', '"\u00e9\ufffe"', '"x"^^<http://www.w3.org/2001/XMLSchema#string>', '"', "<<( )>>", ".", ". .", "# c",
    '"x" . # "', '<http://e/o> . #>', "<http://e/g>", "\r", "\x00", "  ", "\u00a0", "",
]  # fmt: skip
TRIPLE = st.tuples(*[st.sampled_from(PIECES)] * 3).map(lambda terms: " ".join(terms) + " .")
SOUND = st.sampled_from(
    [f"<http://e/{n}> <http://e/p> {o} ." for n in "abc" for o in ('"x"@en', "<http://e/o>", '"é"')]
)
LINES = st.lists(SOUND | TRIPLE | st.lists(st.sampled_from(PIECES), max_size=6).map(" ".join), max_size=6)


def strict(text: bytes) -> list[str] | None:
    """The triples of the strict parser as they are written; None when it refuses."""
    named = rdf_files.numbered("x", "x")
    try:
        return [
            f"{named(s)} {p} {o if isinstance(o, ox.Literal) else named(o)}"
            for s, p, o, _ in ox.parse(input=text, format=ox.RdfFormat.N_TRIPLES)
        ]
    except (SyntaxError, SourceError):
        return None


def loaded(text: bytes) -> list[str] | None:
    """What a load takes from them; None when it, or the engine after it, refuses."""
    try:
        batches = rdf_files.lines(io.BytesIO(text), rdf_files.numbered("x", "x"))
        found = [b"%b %b %b%b".__mod__(triple).decode() for batch in batches for triple in batch]
        ox.Store().bulk_load(
            input="".join(f"{line} <http://e/graph> .\n" for line in found).encode(), format=ox.RdfFormat.N_QUADS
        )
    except (SyntaxError, SourceError):
        return None
    return found


@given(LINES, st.sampled_from(["\n", "\r\n", "\n\n"]), st.booleans())
@settings(max_examples=1500, deadline=None)
def test_what_is_read_is_what_the_strict_parser_reads(lines: list[str], end: str, ended: bool) -> None:
    text = (end.join(lines) + end * ended).encode()
    assert loaded(text) == strict(text)


def test_canonical_lines_need_no_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rdf_files, "_parsed", lambda *_: pytest.fail("the parser was called"))
    line = '<http://e/a> <http://e/p> "caf\u00e9 \\"x\\" \\n"@en-gb .\n<http://e/a> <http://e/p> "1"^^<http://e/d> .\n'
    assert sum(map(len, rdf_files.lines(io.BytesIO(line.encode() * 20_000)))) == 40_000


def test_a_line_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rdf_files, "LONGEST", 4096)
    monkeypatch.setattr(rdf_files, "BLOCK", 1024)
    text = b'<http://e/a> <http://e/p> "x" .\n<http://e/a> <http://e/p> "' + b"x" * 10_000 + b'" .\n'
    with pytest.raises(SyntaxError, match="a line of more than") as caught:
        list(rdf_files.lines(io.BytesIO(text)))
    assert caught.value.lineno == 2


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    "term", ['<relative>', '<http://example.org/%zz>', '"x"^^<relative>', '"\udcff"'], ids=["iri", "percent", "type", "utf-8"]
)  # fmt: skip
def test_what_only_the_engine_notices_names_file_and_line(
    term: str, ccsi: Command, data: Releases, tmp_path: Path
) -> None:
    file = tmp_path / "esco_1.2.0.nt"
    sound = ox.serialize((q.triple for q in ox.parse(path=FIXTURES / "dump.ttl")), format=ox.RdfFormat.N_TRIPLES)
    bad = f"<http://example.org/a> <http://example.org/p> {term} .\n".encode("utf-8", "surrogateescape")
    file.write_bytes(sound + bad + sound)
    at = sound.count(b"\n") + 1
    refused(
        ccsi("load", file, "--partial", "--data-dir", data.data_dir), str(file), f"line {at}:", "not valid N-Triples"
    )
