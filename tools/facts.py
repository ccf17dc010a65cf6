"""Write the bundled facts from a full release: python -m tools.facts DATA_DIR

The release is that of the files of ESCO v1.2.0 with `--nace` of v1.2.1. The same release gives the same file, byte for byte.
"""

from __future__ import annotations

import io
import json
import sys
import uuid
import zipfile
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pyoxigraph as ox

from loaders.facts import FILE, LABELS, RELATED
from ontology import ESCO, ESCO_DATA, GRAPH_ESCO, GRAPH_LABELS, ISO_THES, NACE, RDF, SKOS
from releases import dumps
from releases.release import Releases

# What many concepts share.
SHARED = (
    RDF + "type", SKOS + "inScheme", SKOS + "topConceptOf", ISO_THES + "status", ESCO + "skillType", ESCO + "skillReuseLevel",
    ESCO + "regulatedProfessionNote",
)  # fmt: skip
MISSING = [
    "descriptions, scope notes, definitions, alternative labels of skills, hidden labels and dates of change: not among the "
    "bundled facts; the download of ESCO has them",
    "NACE codes are of ESCO v1.2.1, reuse levels partly older than v1.2.0",
]


class Columns:
    """The columns of the facts of one store."""

    def __init__(self, store: ox.Store) -> None:
        self._store = store
        self.languages = [g.removeprefix(GRAPH_LABELS) for g in dumps.graphs(store) if g.startswith(GRAPH_LABELS)]
        self.preferred = {lang: self._texts("labels", lang) for lang in self.languages}
        shared = {p: self._objects(p) for p in SHARED}
        typed = [c for c in shared[RDF + "type"] if c.startswith(ESCO_DATA)]
        self.codes = {c: values[0] for c, values in self._objects(SKOS + "notation").items()}
        self.nace = self._objects(ESCO + "hasNACECode")
        self.broader = self._objects(SKOS + "broader")
        self.related = {name: self._objects(p) for name, p in RELATED.items()}
        self.concepts = self._ordered(typed)
        self.number = {c: n for n, c in enumerate(self.concepts)}
        self.kinds = {c: tuple((p, o) for p in SHARED for o in shared[p].get(c, ())) for c in self.concepts}

    def _objects(self, predicate: str, graph: str = GRAPH_ESCO) -> dict[str, list[str]]:
        by_subject: dict[str, list[str]] = defaultdict(list)
        for quad in self._store.quads_for_pattern(None, ox.NamedNode(predicate), None, ox.NamedNode(graph)):
            by_subject[quad.subject.value].append(quad.object.value)  # type: ignore[union-attr]
        return {subject: sorted(values) for subject, values in sorted(by_subject.items())}

    def _texts(self, kind: str, language: str) -> dict[str, list[str]]:
        by_concept = self._objects(LABELS[kind], GRAPH_LABELS + language)
        return {c: [" ".join(text.split("\t")) for text in texts] for c, texts in by_concept.items()}

    def _ordered(self, concepts: Iterable[str]) -> list[str]:
        """Concepts so that those which go together are near each other, which packs better by a third."""
        english = self.preferred["en"]
        place = {
            c: (0, n) for n, c in enumerate(sorted(c for c in concepts if "/skill/" not in c and c not in self.codes))
        }
        codes = {
            c: [int(n) if n.isdigit() else 0 for n in self.codes[c].split(".")] for c in concepts if c in self.codes
        }
        for n, c in enumerate(sorted(codes, key=lambda c: (c.rpartition("/")[0], codes[c], c))):
            place[c] = (1, n)
        for c in sorted(place, key=place.__getitem__):
            skills = [
                s for name in RELATED for s in sorted(self.related[name].get(c, ()), key=lambda s: (english.get(s), s))
            ]
            for s in skills:
                place.setdefault(s, (2, len(place)))
        return sorted(concepts, key=lambda c: (place.get(c, (3, 0)), english.get(c, [""]), c))

    def files(self, version: str) -> dict[str, bytes]:
        """The files of the archive."""
        kinds = sorted(set(self.kinds.values()))
        index = {kind: n for n, kind in enumerate(kinds)}
        about = {"escoVersion": version, "languages": self.languages, "missing": MISSING, "kinds": kinds}
        ends = [c.removeprefix(ESCO_DATA) for c in self.concepts]
        packed = [_uuid(end.rpartition("/")[2]) for end in ends]
        files = {
            "facts.json": json.dumps(about, indent=1).encode(),
            "iris.txt": _lines(end[: end.rindex("/") + 1] if p else end for end, p in zip(ends, packed, strict=True)),
            "uuids.bin": b"".join(packed),
            "kinds.txt": _lines(str(index[self.kinds[c]]) for c in self.concepts),
            "codes.txt": _lines(self.codes.get(c, "") for c in self.concepts),
            "nace.txt": _lines(" ".join(n.removeprefix(NACE) for n in self.nace.get(c, ())) for c in self.concepts),
            "broader.txt": _lines(
                " ".join(str(self.number[b]) for b in self.broader.get(c, ()) if b in self.number)
                for c in self.concepts
            ),
        }
        for name, related in self.related.items():
            files[f"{name}.bin"] = b"".join(
                _list(sorted(self.number[s] for s in related.get(c, ()) if s in self.number)) for c in self.concepts
            )
        for language in self.languages:
            others = self._texts("alternative", language)
            files[f"labels-{language}.txt"] = _lines(
                "\t".join(self.preferred[language].get(c, ())) for c in self.concepts
            )
            files[f"alternative-{language}.txt"] = _lines(
                "\t".join(others.get(c, ())) if "/occupation/" in c else "" for c in self.concepts
            )
        return files


def _uuid(text: str) -> bytes:
    """The bytes of a UUID in its canonical form; nothing for any other text."""
    try:
        parsed = uuid.UUID(text)
    except ValueError:
        return b""
    return parsed.bytes if str(parsed) == text else b""


def _lines(values: Iterable[str]) -> bytes:
    return "\n".join(values).encode()


def _list(numbers: list[int]) -> bytes:
    steps = (number - before for before, number in pairwise([0, *numbers]))
    return b"".join(map(_varint, [len(numbers), *steps]))


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def archive(files: dict[str, bytes]) -> bytes:
    """A zip archive of them, each packed as small as it gets, without any time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = min(
                (zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA), key=lambda method: _size(content, method)
            )
            packed.writestr(entry, content)
    return out.getvalue()


def _size(content: bytes, method: int) -> int:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as packed:
        packed.writestr("x", content)
    return len(out.getvalue())


def main(data_dir: Path) -> None:
    """Write the file from the published release of a data folder."""
    release = Releases(data_dir).current()
    if release is None:
        sys.exit(f"{data_dir}: no release is published")
    columns = Columns(ox.Store.read_only(str(release.store)))
    files = columns.files(release.manifest["escoVersion"])
    FILE.write_bytes(archive(files))
    sys.stdout.write(f"{len(columns.concepts):,} concepts, {FILE.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
