"""The checks a release must pass before it is published."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

import queries
from loaders.errors import VerificationFailed
from ontology import FOLDER, GRAPH_ONTOLOGY, GRAPH_SCOPE

# Of what is derived about skills, these classes are validated node by node, of the others every so-manieth node.
VALIDATED_WHOLE = frozenset(
    {"DerivationActivity", "AnalysisUnit", "SkillCluster", "ClusterLineage", "ClusteringQuality"}
)
SAMPLE_EVERY = 97


@dataclass(frozen=True)
class Check:
    """One check with its outcome."""

    name: str
    passed: bool
    detail: str

    def as_dict(self) -> dict[str, object]:
        """For the manifest."""
        return {"name": self.name, "passed": self.passed, "detail": self.detail}


def counts(store: ox.Store) -> dict[str, int]:
    """How many concepts and relations of each kind the store holds."""
    query = queries.load("materialise/counts")
    row = queries.select(store, query.name)[0]
    return {column: int(value.value) for column, value in zip(query.columns, row, strict=True) if value is not None}


def checks(store: ox.Store, found: Mapping[str, int], quads: int, partial: bool) -> list[Check]:
    """All checks but SHACL."""
    held = len(store)
    placed = len(queries.select(store, "materialise/isco_groups"))
    relations = found["essential"] + found["optional"]
    return [
        Check("every quad written is held", held == quads, f"{held:,} of {quads:,}"),
        Check("occupations are there", found["occupations"] > 0, f"{found['occupations']:,}"),
        Check("skills are there", partial or found["skills"] > 0, f"{found['skills']:,}"),
        Check("occupations have skills", partial or relations > 0, f"{relations:,} relations"),
        Check(
            "every occupation has an ISCO-08 unit group",
            partial or placed == found["occupations"],
            f"{placed:,} of {found['occupations']:,}",
        ),
        Check("the scope is decided", partial or found["inScope"] > 0, f"{found['inScope']:,} occupations in scope"),
        _competency(store, partial),
    ]


def _competency(store: ox.Store, partial: bool) -> Check:
    names = [n for n in queries.names() if n.startswith("competency/")]
    silent = [n for n in names if not queries.select(store, n)]
    wrong = [] if partial else [n for n in silent if queries.load(n).always_answers]
    detail = f"{len(names) - len(silent)} of {len(names)} give rows" + (
        f"; none from {', '.join(wrong)}" if wrong else ""
    )
    return Check("competency queries are answered", not wrong, detail)


@contextmanager
def shacl(store: ox.Store) -> Iterator[Callable[[], Check]]:
    """Validate ontology and scope against the shapes in a process of its own; call the yielded function for the result."""
    with tempfile.NamedTemporaryFile(suffix=".nt") as data:
        for graph in (GRAPH_ONTOLOGY, GRAPH_SCOPE):
            store.dump(data, format=ox.RdfFormat.N_TRIPLES, from_graph=ox.NamedNode(graph))
        data.flush()
        with _validating(Path(data.name), "ontology and scope satisfy the SHACL shapes") as result:
            yield result


@contextmanager
def shacl_file(data: Path) -> Iterator[Callable[[], Check]]:
    """The same for what was derived about skills, given as N-Triples.

    All units, clusters and figures of quality are in it, and of the classes with thousands of nodes, each written by one
    function, every ``SAMPLE_EVERY``-th node: the validator would need minutes for all.
    """
    with _validating(data, "skills and clusters satisfy the SHACL shapes") as result:
        yield result


@contextmanager
def _validating(data: Path, name: str) -> Iterator[Callable[[], Check]]:
    process = subprocess.Popen(  # noqa: S603  # our own module, our own file
        [sys.executable, "-m", "loaders.verify", str(data)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        cwd=FOLDER.parent, start_new_session=True,
    )  # fmt: skip

    def result() -> Check:
        out, err = process.communicate()
        try:
            report = json.loads(out)
        except json.JSONDecodeError:
            return Check(name, False, err.decode(errors="replace")[-2000:])
        return Check(name, report["conforms"], report["detail"])

    try:
        yield result
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def require(found: list[Check]) -> None:
    """Raise VerificationFailed when a check did not pass."""
    if failed := [c for c in found if not c.passed]:
        raise VerificationFailed(
            "The release failed its checks: " + "; ".join(f"{c.name} ({c.detail})" for c in failed),
            "Nothing was published. Check that the input is a complete ESCO download.",
        )


def missing(found: Mapping[str, int], languages: Mapping[str, Counter[str]]) -> list[str]:
    """What the data lacks, in words: reported, never made up."""
    lacking = []
    if found["withoutReuseLevel"]:
        lacking.append(f"reuse level of {found['withoutReuseLevel']:,} skills")
    if found["withoutNace"]:
        lacking.append(f"NACE codes of {found['withoutNace']:,} occupations")
    if not found.get("clusters"):
        lacking.append("skill figures and clusters (nothing to derive them from, or left out on request)")
    concepts = found["occupations"] + found["skills"] + found["iscoGroups"] + found["skillGroups"]
    for language, words in sorted(languages.items()):
        if (labels := words["prefLabel"]) < concepts:
            lacking.append(f"{concepts - labels:,} preferred labels in {language}")
        if words["description"] == 0:
            lacking.append(f"all descriptions in {language}")
    return lacking


def _validate(data: Path) -> dict[str, object]:
    """Run pyshacl over one N-Triples file; executed in the child process."""
    import pyshacl
    import rdflib

    graph = rdflib.Graph().parse(data, format="nt")
    shapes = rdflib.Graph()
    for path in sorted(FOLDER.glob("shapes*.ttl")):
        shapes.parse(path, format="turtle")
    conforms, report, _ = pyshacl.validate(graph, shacl_graph=shapes, inference="none", advanced=False)
    sh = rdflib.Namespace("http://www.w3.org/ns/shacl#")
    results = list(report.subjects(rdflib.RDF.type, sh.ValidationResult))
    shown = [f"{report.value(r, sh.focusNode)}: {report.value(r, sh.resultMessage)}" for r in results[:5]]
    return {"conforms": conforms, "detail": "; ".join(shown) if shown else f"{len(graph):,} statements"}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_validate(Path(sys.argv[1]))))
