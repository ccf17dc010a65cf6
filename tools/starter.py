"""Write the starter from a full release: python -m tools.starter DATA_DIR

Facts only (IRIs, codes, English labels, relations, skill types, reuse levels): ESCO's descriptions stay with ESCO.
The result is sorted and packed without a time stamp, so that the same release gives the same file.
"""

from __future__ import annotations

import gzip
import sys
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox

from loaders.starter import STARTER
from ontology import DCT, ESCO, ESCO_DATA, GRAPH_ESCO, GRAPH_LABELS, ISO_THES, NACE, OWL, RDF, SCHEME, SKOS
from queries import select
from releases.release import Releases

UP = [SKOS + "broader", SKOS + "broaderTransitive"]
RELATED = [ESCO + "relatedEssentialSkill", ESCO + "relatedOptionalSkill"]
KEPT = {
    SKOS + "broader", *RELATED, RDF + "type", SKOS + "notation", SKOS + "inScheme", ISO_THES + "status",
    ESCO + "skillType", ESCO + "skillReuseLevel", ESCO + "hasNACECode",
}  # fmt: skip
PREFIXES = {
    "rdf": RDF, "skos": SKOS, "esco": ESCO, "dct": DCT, "owl": OWL, "iso-thes": ISO_THES, "scheme": SCHEME, "nace": NACE,
    "occupation": ESCO_DATA + "occupation/", "skill": ESCO_DATA + "skill/", "isco": ESCO_DATA + "isco/", "isced-f": ESCO_DATA + "isced-f/",
    "skill-type": ESCO_DATA + "skill-type/", "reuse-level": ESCO_DATA + "skill-reuse-level/",
}  # fmt: skip


def chosen_codes() -> set[str]:
    """The ESCO codes of occupations.txt."""
    lines = STARTER.with_name("occupations.txt").read_text(encoding="utf-8").splitlines()
    return {code for line in lines if not line.startswith("#") for code in line.split()}


def triples(store: ox.Store, esco_version: str) -> Iterator[ox.Triple]:
    """The statements of the starter."""
    codes = chosen_codes()
    concepts = {iri.value for iri, code in select(store, "api/occupations") if iri and code and code.value in codes}
    concepts = _above(store, concepts)
    skills = {o for c in concepts for p in RELATED for o in _objects(store, c, p)}
    concepts |= _above(store, skills)
    scheme = ox.NamedNode(SCHEME + "occupations")
    yield ox.Triple(scheme, ox.NamedNode(OWL + "versionInfo"), ox.Literal(esco_version))
    graph, labels = ox.NamedNode(GRAPH_ESCO), ox.NamedNode(GRAPH_LABELS + "en")
    for concept in sorted(concepts):
        node = ox.NamedNode(concept)
        is_occupation = concept.startswith(ESCO_DATA + "occupation/")
        for quad in store.quads_for_pattern(node, None, None, graph):
            value = quad.object
            inside = not isinstance(value, ox.NamedNode) or value.value in concepts or not _is_concept(value.value)
            if quad.predicate.value in KEPT and inside:
                yield quad.triple
        for quad in store.quads_for_pattern(node, None, None, labels):
            if quad.predicate.value == SKOS + "prefLabel" or (
                is_occupation and quad.predicate.value == SKOS + "altLabel"
            ):
                yield quad.triple


def _above(store: ox.Store, concepts: set[str]) -> set[str]:
    return concepts | {o for c in concepts for p in UP for o in _objects(store, c, p)}


def _objects(store: ox.Store, subject: str, predicate: str) -> list[str]:
    pattern = store.quads_for_pattern(ox.NamedNode(subject), ox.NamedNode(predicate), None, ox.NamedNode(GRAPH_ESCO))
    return [quad.object.value for quad in pattern]  # type: ignore[union-attr]


def _is_concept(iri: str) -> bool:
    return iri.startswith(tuple(ESCO_DATA + kind for kind in ("occupation/", "skill/", "isco/", "isced-f/")))


def main(data_dir: Path) -> None:
    """Write the starter file from the published release of a data folder."""
    release = Releases(data_dir).current()
    if release is None:
        sys.exit(f"{data_dir}: no release is published")
    store = ox.Store.read_only(str(release.store))
    ordered = sorted(
        triples(store, release.manifest["escoVersion"]), key=lambda t: (str(t.subject), str(t.predicate), str(t.object))
    )
    text = ox.serialize(ordered, format=ox.RdfFormat.TURTLE, prefixes=PREFIXES) or b""
    with STARTER.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write(text)
    sys.stdout.write(f"{len(ordered):,} statements, {STARTER.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
