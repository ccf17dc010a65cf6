"""Small files that would cost much, and texts that later formats could not hold: refused or repaired, in bounded memory."""

from __future__ import annotations

import gzip
import io
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from loaders.input.sources import FREE_BYTES, MAX_RATIO, Member, discover
from loaders.input.tables import MAX_ROW, read_csv
from loaders.input.xml_files import DEEPEST, CheckedXml
from releases.characters import UNFIT, fit
from releases.release import Releases
from tests.command import QUICK, ROOT, Command, run
from tests.loaders.refusal import BUNDLE, refused

HEAD = b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">\n'
ABOUT = b'<rdf:Description rdf:about="http://e/s">'
END = b"</rdf:Description>\n</rdf:RDF>\n"


def nested_entities(levels: int) -> bytes:
    """Each ten times the one before."""
    declared = b"".join(b'<!ENTITY a%d "%b">\n' % (n, b"&a%d;" % (n - 1) * 10 if n else b"lol") for n in range(levels))
    return b"<!DOCTYPE rdf:RDF [\n%b]>\n%b%b<e:p>&a%d;</e:p>%b" % (declared, HEAD, ABOUT, levels - 1, END)


def one_entity(length: int, times: int) -> bytes:
    declared = b'<!DOCTYPE rdf:RDF [<!ENTITY a "%b">]>\n' % (b"x" * length)
    return declared + HEAD + ABOUT + b"<e:p>" + b"&a;" * times + b"</e:p>" + END


COSTLY: dict[str, tuple[str, Callable[[], bytes], tuple[str, ...]]] = {
    "nested entities": ("a.rdf", lambda: nested_entities(12), ("line 3", "entity 'a1'")),
    "a long entity": ("a.owl", lambda: one_entity(10_000, 1000), ("line 1", "entity 'a'")),
    "a short entity very often": ("a.xml", lambda: one_entity(250, 3_000_000), ("line ", "not valid RDF/XML")),
    "an entity from elsewhere": (
        "a.rdf", lambda: b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]>\n' + HEAD + END, ("line 1", "elsewhere"),
    ),
    "many entities": (
        "a.rdf", lambda: b"<!DOCTYPE r [%b]>" % b"".join(b'<!ENTITY a%d "x">' % n for n in range(2000)), ("1000 entities",),
    ),
    "deep elements": (
        "a.rdf", lambda: HEAD + b"<rdf:Description>\n<e:p>\n" * 50_000, (f"line {DEEPEST + 1}", "inside each other"),
    ),
    "a long text of RDF/XML": ("a.rdf", lambda: HEAD + ABOUT + b"<e:p>" + b"x" * 30_000_000, ("line 2", "MiB")),
    "a long attribute": ("a.rdf", lambda: HEAD + b'<rdf:Description rdf:about="http://e/' + b"x" * 30_000_000, ("line 2", "64 KiB")),
    "a long comment": ("a.rdf", lambda: HEAD + b"<!--" + b"x" * 30_000_000, ("line 2", "64 KiB")),
    "a long literal of Turtle": ("a.ttl", lambda: b'<http://e/s> <http://e/p> "' + b"x" * 17_000_000 + b'" .\n', ("MiB",)),
    "a literal that just parses": ("a.ttl", lambda: b'<http://e/s> <http://e/p> "' + b"x" * 15_000_000 + b'" .\n', ("MiB", "http://e/s")),
    "a long line": ("a.nt", lambda: b'<http://e/s> <http://e/p> "' + b"x" * 17_000_000 + b'" .\n', ("line 1", "MiB")),
    "a long prefix, often used": (
        "a.ttl", lambda: b"@prefix a: <http://e/%b> .\n" % (b"x" * 8_000_000) + b"a: a: a: .\n" * 10_000, ("8 KiB",),
    ),
    "a long prefix of XML": (
        "a.rdf",
        lambda: HEAD.replace(b"http://e/", b"http://e/" + b"x" * 20_000) + (ABOUT + b"<e:p/></rdf:Description>") * 10_000,
        ("8 KiB",),
    ),
    "a packed file of blanks": ("a.nt.gz", lambda: gzip.compress(b"\n" * 300_000_000, 9), ("times its size",)),
    "packed twice": (
        "a.zip", lambda: zip_of({"a.nt.gz": gzip.compress(b"\n" * 300_000_000, 9)}), ("!a.nt.gz", "times its size"),
    ),
    "entries over each other": ("a.zip", lambda: overlapping(), ("a.zip",)),
    "an unusual packing": ("a.zip", lambda: zip_of({"a.nt": b"\n" * 1000}, zipfile.ZIP_LZMA), ("!a.nt", "unusual")),
    "very many entries": ("a.zip", lambda: zip_of({f"{n}.nt": b"" for n in range(10_001)}), ("10001 files",)),
}  # fmt: skip


def zip_of(files: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packing) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def overlapping() -> bytes:
    """A thousand entries of the directory name one and the same packed file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.nt", b"".join(b"%d\n" % n for n in range(300_000)))
        entry = archive.filelist[0]
        archive.filelist += [entry] * 1000
    return out.getvalue()


# Like others in what they try; a second of processor time and more each.
AGAIN = frozenset(
    [
        "a long entity",
        "a short entity very often",
        "many entities",
        "a literal that just parses",
        "a long attribute",
        "a long comment",
        "a long prefix of XML",
        "packed twice",
    ]
)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long) if name in AGAIN else name for name in COSTLY]
)
def test_costly_file_is_refused_in_bounded_time_and_memory(name: str, tmp_path: Path) -> None:
    file, content, parts = COSTLY[name]
    path = tmp_path / file
    path.write_bytes(content())
    before = processor_seconds()
    # A process of its own, so that its memory is what is bounded.
    ended = run("load", path, "--partial", "--data-dir", tmp_path / "data", prefix=limited(1_900))
    refused(ended, str(path), *parts)
    assert processor_seconds() - before < 15


def processor_seconds() -> float:
    """Of all children that have ended; whatever else the machine does takes none of it."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def limited(mebibytes: int) -> tuple[str, ...]:
    """A prefix that bounds the address space of a command."""
    assert resource.RLIMIT_AS
    return ("prlimit", f"--as={mebibytes << 20}")


def test_sound_xml_passes_whatever_the_size_of_the_reads() -> None:
    namespaces = b'<!DOCTYPE rdf:RDF [<!ENTITY e "http://e/">]>\n'
    document = namespaces + HEAD + ABOUT.replace(b"http://e/", b"&e;") + b"<e:p>&amp;&e;\xc3\xa9</e:p>" + END
    for size in (1, 7, 2048):
        stream = CheckedXml(io.BytesIO(document))
        assert b"".join(iter(lambda s=stream, n=size: s.read(n), b"")) == document  # type: ignore[misc]


@pytest.mark.parametrize("cut", [10, 100, -3])
def test_xml_that_is_cut_short_is_a_syntax_error(cut: int) -> None:
    document = HEAD + ABOUT + b"<e:p>x</e:p>" + END
    stream = CheckedXml(io.BytesIO(document[:cut]))
    with pytest.raises(SyntaxError):
        for _ in iter(lambda: stream.read(16), b""):
            pass


def test_a_packed_file_within_proportion_is_read_whole(tmp_path: Path) -> None:
    text = b"".join(b"<http://e/%d> <http://e/p> <http://e/o> .\n" % n for n in range(200_000))
    (tmp_path / "a.nt.gz").write_bytes(gzip.compress(text))
    with Member(tmp_path / "a.nt.gz").open() as stream:
        assert stream.read() == text
    (tmp_path / "small.nt.gz").write_bytes(gzip.compress(b"\n" * FREE_BYTES))
    with Member(tmp_path / "small.nt.gz").open() as stream:
        assert len(stream.read()) == FREE_BYTES  # far more than MAX_RATIO, and nothing to fear
    assert MAX_RATIO * (tmp_path / "small.nt.gz").stat().st_size < FREE_BYTES


def test_folders_inside_each_other_are_followed_to_a_bound(tmp_path: Path) -> None:
    deep = tmp_path / "/".join(["a"] * 900)
    deep.mkdir(parents=True)
    (deep / "esco.nt").write_text("")
    with pytest.raises(Exception, match="no ESCO file found"):
        discover([tmp_path])


# --- tables ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("one cell", lambda: ["x" * 20_000_000]),
        ("one line of cells", lambda: ["," * 20_000_000]),
        ("cells of lines", lambda: ['"\n",'] * 5_000_000),
        ("a cell that never ends", lambda: ['"', "x\n" * 10_000_000]),
    ],
)
def test_a_row_without_end_is_refused(name: str, row: Callable[[], list[str]], tmp_path: Path) -> None:
    table = tmp_path / "occupations_en.csv"
    table.write_text("conceptUri,preferredLabel\nhttp://e/1,one\n" + "".join(row()), encoding="utf-8")
    rows = read_csv(Member(table), {"conceptUri"})
    assert next(rows) == (2, {"conceptUri": "http://e/1", "preferredLabel": "one"})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Exception, match=rf"occupations_en\.csv, line \d+: .*{MAX_ROW:,}|{MAX_ROW}"):
        next(rows)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 * 1024, name


def test_long_cells_below_the_bound_are_read(tmp_path: Path) -> None:
    table = tmp_path / "t_en.csv"
    cell = "x" * (MAX_ROW // 2)
    table.write_text(f'a,b\n1,"{cell}"\n2,"{cell}"\n', encoding="utf-8")
    assert [(line, row["a"], len(row["b"])) for line, row in read_csv(Member(table), {"a"})] == [
        (2, "1", len(cell)), (3, "2", len(cell)),
    ]  # fmt: skip


# --- characters ------------------------------------------------------------------------------------------------------


def test_unfit_characters_are_those_outside_xml() -> None:
    """Held to the production Char of XML 1.0, fifth edition."""
    for code in range(0x11000):
        allowed = code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000
        assert bool(UNFIT.search(chr(code))) is not allowed, hex(code)
    assert fit("a\x00b\ud800", "") == "ab"


def test_characters_that_xml_cannot_hold_are_left_out_and_reported(ccsi: Command, tmp_path: Path) -> None:
    folder = tmp_path / "csv-v1.2.0"
    folder.mkdir()
    marked = 0
    for table in BUNDLE.iterdir():
        text = table.read_text(encoding="utf-8")
        if table.name == "occupations_en.csv":
            marked = text.count("bakery specialist")
            text = text.replace("bakery specialist", "bakery\x01 speci\ufffealist\x0b")
        (folder / table.name).write_text(text, encoding="utf-8")
    assert marked, "the fixture has changed"
    ended = ccsi("load", folder, "--data-dir", tmp_path / "data", *QUICK)
    assert ended.code == 0, ended.err
    release = Releases(tmp_path / "data").current()
    assert release is not None
    assert release.manifest["repairs"]["text freed of characters that XML cannot hold"] >= 1
    dumped = subprocess.run(
        [sys.executable, "-c", _ALL_TEXTS, str(release.store)], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert not UNFIT.search(dumped.replace("\n", ""))
    assert "bakery specialist" in dumped


_ALL_TEXTS = """
import sys, pyoxigraph as ox
for quad in ox.Store.read_only(sys.argv[1]):
    if isinstance(quad.object, ox.Literal):
        print(quad.object.value)
"""


@pytest.mark.parametrize("character", ["\x01", "\ufffe"])
def test_rdf_xml_that_is_no_xml_is_refused(character: str, ccsi: Command, tmp_path: Path) -> None:
    file = tmp_path / "esco.rdf"
    file.write_bytes(HEAD + ABOUT + f"<e:p>a{character}b</e:p>".encode() + END)
    refused(ccsi("load", file, "--data-dir", tmp_path / "data"), str(file), "line 2", "not valid RDF/XML")


def test_a_curation_with_such_a_character_is_refused(ccsi: Command, tmp_path: Path) -> None:
    file = tmp_path / "curation.ttl"
    file.write_text('<http://e/s> <http://e/p> "a\\u0001" .\n', encoding="utf-8")
    ended = ccsi("load", BUNDLE, "--partial", "--curation", file, "--data-dir", tmp_path / "data")
    refused(ended, str(file), "XML cannot hold")
