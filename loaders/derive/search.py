"""The search index of a release: read the labels, build the sections, write each to a file that is mapped when served.

A file is a line of JSON that names its arrays, and the arrays, each at a multiple of 64 bytes. It holds numbers and text
only, nothing that is run when it is read; the manifest has its checksum.
"""

from __future__ import annotations

import json
import mmap
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyoxigraph import NamedNode

from analysis.search import section
from analysis.search.section import ALTERNATIVE, FEMALE, HIDDEN, MALE, NEUTRAL, PREFERRED, Label, Section
from ontology import DCT, ESCO, GRAPH_LABELS, SKOS
from queries import Row, Term
from queries.rows import as_text
from releases.errors import ReleaseError
from releases.release import Release, digests, read

FOLDER = "search"
KINDS = ("occupation", "skill", "group", "ccsi")
_ROLES = {SKOS + "prefLabel": PREFERRED, SKOS + "altLabel": ALTERNATIVE, SKOS + "hiddenLabel": HIDDEN}
_FORMS = {"female": FEMALE, "male": MALE, "neutral": NEUTRAL}
_ALIGNED = 64
_LONGEST_HEAD = 65_536
_ARRAYS = {f.name: f for f in fields(Section)}
_TYPES = frozenset({"|u1", "<i4", "<f4", "<u8", "|S40"})

Forms = dict[tuple[str, str, str], int]
Select = Callable[[str, Mapping[str, Iterable[Term]] | None], list[Row]]


def write_index(select: Select, languages: Iterable[str], folder: Path) -> None:
    """Build the sections of ESCO's concepts in a new folder.

    `select` answers the project's own queries: the store of a release being built, or that of one which has no index.
    """
    folder.mkdir()
    kinds, forms = kinds_of(select), forms_of(select)
    for language in sorted(languages):
        labels, told = labels_of(select, language, kinds, forms)
        for kind in ("occupation", "skill", "group"):
            _write(folder, kind, language, labels[kind], told)


def write_own(select: Select, folder: Path) -> None:
    """Build the sections of our domains, skill areas, clusters and profiles, when they have been derived."""
    ours, descriptions = _ours(select)
    for language, labels in sorted(ours.items()):
        _write(folder, "ccsi", language, labels, descriptions[language])


def read_index(release: Release) -> dict[tuple[str, str], Section]:
    """(kind, language) -> section, mapped from the files of a release; empty where it has none. Raises ReleaseError.

    Of a release that an endpoint holds, the folder may be here too; it counts if it is what its own manifest says.
    """
    if not (release.path / "manifest.json").is_file() or not release.search.is_dir():
        return {}
    recorded = read(release.path).manifest.get("searchFiles")
    return read_sections(release.search) if recorded == digests(release.search.iterdir()) else {}


def read_sections(folder: Path) -> dict[tuple[str, str], Section]:
    """The sections of a folder. Raises ReleaseError."""
    found = {}
    for path in sorted(folder.glob("*.bin")):
        kind, _, language = path.stem.partition(".")
        found[kind, language] = _read(path)
    return found


# --- labels out of a store ----------------------------------------------------------------------------------------


def kinds_of(select: Select) -> dict[str, str]:
    """IRI of a concept of ESCO -> its kind."""
    found = {as_text(row[0]): "group" for row in select("api/groups", None)}
    for kind, name in (("skill", "Skill"), ("occupation", "Occupation")):
        rows = select("search/concepts", {"type": [NamedNode(ESCO + name)]})
        found |= dict.fromkeys((as_text(concept) for (concept,) in rows), kind)
    return found


def forms_of(select: Select) -> Forms:
    """(concept, text, language) -> which gendered forms ESCO says that the label is."""
    forms: Forms = defaultdict(int)
    for concept, text, role in select("search/roles", None):
        form = _FORMS.get(as_text(role).rpartition("/")[2].rpartition("-")[2], 0)
        forms[as_text(concept), as_text(text), text.language or ""] |= form  # type: ignore[union-attr]
    return forms


def labels_of(
    select: Select, language: str, kinds: Mapping[str, str], forms: Forms
) -> tuple[dict[str, list[Label]], dict[str, str]]:
    """Labels by kind, and descriptions."""

    def texts(name: str) -> Iterable[tuple[str, str]]:
        values = {"labels": [NamedNode(GRAPH_LABELS + language)], "property": [NamedNode(name)]}
        return ((concept.value, text.value) for concept, text in select("search/texts", values))  # type: ignore[union-attr]

    labels: dict[str, list[Label]] = defaultdict(list)
    for name, role in _ROLES.items():
        for iri, words in texts(name):
            if kind := kinds.get(iri):
                labels[kind].append(Label(iri, words, role + forms.get((iri, words, language), 0)))
    descriptions: dict[str, str] = {}
    for iri, words in texts(DCT + "description"):
        descriptions[iri] = max(words, descriptions.get(iri, ""))
    return labels, descriptions


def _ours(select: Select) -> tuple[dict[str, list[Label]], dict[str, dict[str, str]]]:
    """Labels and descriptions of domains, skill areas, clusters and profiles by language."""
    labels: dict[str, list[Label]] = defaultdict(list)
    told: dict[str, dict[str, str]] = defaultdict(dict)
    names: dict[str, dict[str, str]] = defaultdict(dict)  # of domains and functions, by IRI and language

    def add(iri: str, text: Any, property_: str) -> None:
        if property_ in ("description", "definition"):
            told[text.language][iri] = text.value
        elif property_ == "prefLabel":
            labels[text.language].append(Label(iri, text.value, PREFERRED))

    for domain, _, _, name, meaning in select("api/domains", None):
        add(as_text(domain), name, "prefLabel")
        names[as_text(domain)][name.language] = as_text(name)  # type: ignore[union-attr,index]
        if meaning is not None:
            add(as_text(domain), meaning, "description")
    for query in ("api/skill_areas", "api/cluster_words"):
        for concept, prop, text in select(query, None):
            add(as_text(concept), text, as_text(prop).removeprefix(SKOS).removeprefix(DCT))
    for concept, prop, text in select("api/profile_words", None):
        if as_text(prop) == SKOS + "prefLabel":
            names[as_text(concept)][text.language] = as_text(text)  # type: ignore[union-attr,index]
    for profile, kind, domain, _, function, _, _, charter, sub_domain in select("api/profile_templates", None):
        if as_text(kind) == "cell":  # those of an occupation are found as the occupation is
            of_domain, inside = names[as_text(domain)], function or charter or sub_domain
            of_inside = names[as_text(inside)] if inside else dict.fromkeys(of_domain, "")
            for language in of_domain.keys() & of_inside.keys():
                said = ": ".join(filter(None, [of_domain[language], of_inside[language]]))
                labels[language].append(Label(as_text(profile), said, PREFERRED))
    return labels, told


# --- files ----------------------------------------------------------------------------------------------------------


def _write(folder: Path, kind: str, language: str, labels: list[Label], told: Mapping[str, str]) -> None:
    """Build a section and write it, if there is anything in it."""
    made = section.build(labels, told, language)
    if not made.size:
        return
    arrays = {name: np.ascontiguousarray(array) for name, array in made.arrays().items()}
    head = json.dumps({name: [array.dtype.str, len(array)] for name, array in arrays.items()}).encode() + b"\n"
    with (folder / f"{kind}.{language}.bin").open("wb") as out:
        out.write(head)
        for array in arrays.values():
            out.write(bytes(-out.tell() % _ALIGNED))
            out.write(array.tobytes())


def _read(path: Path) -> Section:
    """A section mapped from its file. Raises ReleaseError for what is none."""
    try:
        with path.open("rb") as stream:
            head = json.loads(stream.readline(_LONGEST_HEAD))
            at = stream.tell()
            mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        if {*head} != {*_ARRAYS}:
            raise ValueError("it has other arrays")
        arrays: dict[str, NDArray[Any]] = {}
        for name, (dtype, length) in head.items():
            if dtype not in _TYPES or not isinstance(length, int) or length < 0:
                raise ValueError(f"{name} is no array")
            at += -at % _ALIGNED
            arrays[name] = np.frombuffer(mapped, np.dtype(dtype), length, at) if length else np.zeros(0, dtype)
            at += arrays[name].nbytes
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ReleaseError(f"{path}: not a part of a search index ({error}).", "Load the ESCO files again.") from error
    return Section(**arrays)
