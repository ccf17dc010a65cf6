"""The facts of all of ESCO v1.2.0, bundled: so that a newcomer sees more than a sample, and anybody can reproduce a figure.

An adapted excerpt: identifiers, codes, types, schemes, reuse levels, hierarchies, relations, NACE codes, preferred labels, and
alternative labels of occupations. Descriptions and all that ESCO says beyond are in its own download, which replaces this.

The file is a zip archive of columns, one value a concept in the order of `iris.txt`, which any program can read:

    facts.json             the version, what is not in it, and the kinds: sets of statements that many concepts share
    iris.txt, uuids.bin    the end of each IRI; where that is a kind of concept and a slash, the next 16 bytes are its UUID
    kinds.txt, codes.txt, nace.txt, broader.txt    a kind by its number; a notation; NACE codes; broader concepts by number
    essential.bin, optional.bin    how many skills, and each as its distance from the one before, as variable-length integers
    labels-en.txt, alternative-en.txt, …    the preferred label; alternative ones between tabs
"""

from __future__ import annotations

import json
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyoxigraph import Literal, NamedNode

from loaders.input.csv_bundle import Statement
from ontology import ESCO, ESCO_DATA, NACE, SKOS
from releases.errors import SourceError
from releases.release import FACTS

FILE = Path(__file__).parent / FACTS
RELATED = {"essential": ESCO + "relatedEssentialSkill", "optional": ESCO + "relatedOptionalSkill"}
LABELS = {"labels": SKOS + "prefLabel", "alternative": SKOS + "altLabel"}


@dataclass(frozen=True)
class Facts:
    """The bundled facts, read one column after another."""

    path: Path = FILE

    def about(self) -> dict[str, Any]:
        """Version, what is not in it, and kinds."""
        facts: dict[str, Any] = json.loads(self._read("facts.json"))
        return facts

    @property
    def version(self) -> str:
        """The version of ESCO."""
        return str(self.about()["escoVersion"])

    @property
    def missing(self) -> list[str]:
        """What ESCO has beyond."""
        return list(self.about()["missing"])

    def statements(self) -> Iterator[Statement]:
        """Every statement, in the shape of the official dump. Raises SourceError for a file that is damaged."""
        try:
            yield from self._statements()
        except (OSError, zipfile.BadZipFile, KeyError, ValueError, IndexError) as error:
            raise SourceError(
                f"{self.path}: the bundled facts are damaged ({error}).",
                "Restore the file: git checkout loaders/facts.",
            ) from error

    def _statements(self) -> Iterator[Statement]:
        concepts = self._concepts()
        about = self.about()
        kinds = [[(NamedNode(p), _term(o)) for p, o in kind] for kind in about["kinds"]]
        for concept, kind in zip(concepts, self._lines("kinds.txt"), strict=True):
            for shared, value in kinds[int(kind)]:
                yield concept, shared, value
                if shared.value == SKOS + "topConceptOf" and isinstance(value, NamedNode):
                    yield value, NamedNode(SKOS + "hasTopConcept"), concept
        for concept, code in zip(concepts, self._lines("codes.txt"), strict=True):
            if code:
                yield concept, NamedNode(SKOS + "notation"), Literal(code)
        for name, predicate in (("broader", SKOS + "broader"), ("nace", ESCO + "hasNACECode")):
            node = NamedNode(predicate)
            for concept, values in zip(concepts, self._lines(f"{name}.txt"), strict=True):
                for text in values.split():
                    yield concept, node, concepts[int(text)] if name == "broader" else NamedNode(NACE + text)
        for name, predicate in RELATED.items():
            node = NamedNode(predicate)
            for concept, skills in zip(concepts, _lists(self._read(f"{name}.bin")), strict=True):
                for skill in skills:
                    yield concept, node, concepts[skill]
        for language in about["languages"]:
            for name, predicate in LABELS.items():
                node = NamedNode(predicate)
                for concept, labels in zip(concepts, self._lines(f"{name}-{language}.txt"), strict=True):
                    for label in labels.split("\t") if labels else ():
                        yield concept, node, Literal(label, language=language)

    def _concepts(self) -> list[NamedNode]:
        uuids = self._read("uuids.bin")
        concepts, at = [], 0
        for end in self._lines("iris.txt"):
            if end.endswith("/"):
                end += str(uuid.UUID(bytes=uuids[at : at + 16]))
                at += 16
            concepts.append(NamedNode(ESCO_DATA + end))
        return concepts

    def _lines(self, name: str) -> list[str]:
        return self._read(name).decode().split("\n")

    def _read(self, name: str) -> bytes:
        with zipfile.ZipFile(self.path) as archive:
            return archive.read(name)


def _term(text: str) -> NamedNode | Literal:
    return NamedNode(text) if text.startswith("http") else Literal(text)


def _lists(data: bytes) -> Iterator[list[int]]:
    """Lists of rising numbers, as `make` packs them."""
    numbers = _numbers(data)
    for count in numbers:
        part, number = [], 0
        for _ in range(count):
            number += next(numbers)
            part.append(number)
        yield part


def _numbers(data: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in data:
        number |= (byte & 127) << shift
        if byte & 128:
            shift += 7
        else:
            yield number
            number = shift = 0
