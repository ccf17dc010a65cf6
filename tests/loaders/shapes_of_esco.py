"""Helpers of the loader tests: read any source as the quads a load would write, and write a store as an official dump."""

from __future__ import annotations

import gzip
import hashlib
import io
import itertools
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox

from loaders.input import rdf_files
from loaders.input.csv_bundle import CsvBundle, nace_links
from loaders.input.sources import Member, discover
from loaders.normalise import Normaliser
from ontology import CCSID, DCT, ESCO, GRAPH_ESCO, GRAPH_LABELS, RDF, SKOS

NOTES = {DCT + "description", SKOS + "scopeNote", SKOS + "definition"}


def statements(*paths: Path) -> Iterator[list[rdf_files.Written]]:
    """The statements of some input as the loader sees them."""
    source = discover(list(paths))
    if source.kind == "csv":
        return rdf_files.written(CsvBundle(source).statements())
    return itertools.chain.from_iterable(rdf_files.statements(m, f) for m, f in source.rdf)


def normalised(*paths: Path, nace: Path | None = None) -> tuple[set[str], Normaliser]:
    """The quads that a load of some input writes, with what was learnt and counted on the way."""
    normaliser = Normaliser(nace=nace_links(Member(nace)) if nace else {})
    undecided = io.BytesIO()
    lines = list(itertools.chain.from_iterable(normaliser.first_pass(statements(*paths), undecided)))
    undecided.seek(0)
    lines += itertools.chain.from_iterable(normaliser.second_pass(rdf_files.lines(undecided)))
    return {line.decode() for line in lines}, normaliser


def quads(*paths: Path) -> set[str]:
    """The quads that a load of some input writes."""
    return normalised(*paths)[0]


def official(store: ox.Store) -> list[ox.Triple]:
    """The ESCO part of a release in the shape of the official dump: one graph, descriptions as nodes."""
    triples = [q.triple for q in store.quads_for_pattern(None, None, None, ox.NamedNode(GRAPH_ESCO))]
    for graph in store.named_graphs():
        if not graph.value.startswith(GRAPH_LABELS):
            continue
        for subject, predicate, value, _ in store.quads_for_pattern(None, None, None, graph):
            if predicate.value not in NOTES:
                triples.append(ox.Triple(subject, predicate, value))
                continue
            name = hashlib.sha256(f"{subject} {predicate} {value}".encode()).hexdigest()[:32]
            node = ox.NamedNode(f"{CCSID}test-node/{name}")
            triples += [
                ox.Triple(subject, predicate, node),
                ox.Triple(node, ox.NamedNode(RDF + "type"), ox.NamedNode(ESCO + "NodeLiteral")),
                ox.Triple(node, ox.NamedNode(ESCO + "language"), ox.Literal(value.language)),
                ox.Triple(node, ox.NamedNode(ESCO + "nodeLiteral"), ox.Literal(value.value)),
            ]
    return triples


def convert(source: Path, target: Path, to: ox.RdfFormat) -> Path:
    """A Turtle file in another RDF format."""
    with target.open("wb") as out:
        ox.serialize((q.triple for q in ox.parse(path=source, format=ox.RdfFormat.TURTLE)), output=out, format=to)
    return target


def packed(source: Path, target: Path) -> Path:
    """A file as .gz."""
    target.write_bytes(gzip.compress(source.read_bytes(), mtime=0))
    return target


def zipped(source: Path, target: Path, inner: str = "") -> Path:
    """A file, or a folder's files, in a .zip below the folder `inner`."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(source.iterdir()) if source.is_dir() else [source]:
            archive.write(file, f"{inner}{file.name}")
    return target
