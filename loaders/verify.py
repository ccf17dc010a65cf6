"""The checks a release must pass before it is published."""

from __future__ import annotations

import gc
import itertools
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import IO, Any

import pyoxigraph as ox

import queries
from ontology import FOLDER
from releases import child
from releases.errors import VerificationFailed
from releases.manifest import CheckResult

# Of what is derived about skills, these classes are validated node by node, of the others every n-th node.
VALIDATED_WHOLE = frozenset([
    "DerivationActivity", "AnalysisUnit", "SkillCluster", "SkillFamily", "ClusterLineage", "ClusteringQuality",
    "ProfileTemplate",
])  # fmt: skip
SAMPLE_EVERY = 97


@dataclass(frozen=True)
class Check:
    """One check with its outcome; what an excerpt cannot pass is excused."""

    name: str
    passed: bool
    detail: str
    excused: bool = False

    def as_dict(self) -> CheckResult:
        """For the manifest."""
        return {"name": self.name, "passed": self.passed, "detail": self.detail, "excused": self.excused}


def counts(store: ox.Store) -> dict[str, int]:
    """How many concepts and relations of each kind the store holds."""
    query = queries.load("materialise/counts")
    row = queries.select(store, query.name)[0]
    return {column: int(value.value) for column, value in zip(query.columns, row, strict=True) if value is not None}


def checks(store: ox.Store, counts: Mapping[str, int], quads: int, partial: bool, known: bool = True) -> list[Check]:
    """All checks but SHACL; `known`: whether the data holds an occupation that the curators have read.

    Where it holds none, and where an excerpt was asked for, an empty scope is no fault.
    """
    held = len(store)
    placed = len(queries.select(store, "materialise/isco_groups"))
    relations = counts["essential"] + counts["optional"]
    whole = [
        Check("skills are there", counts["skills"] > 0, f"{counts['skills']:,}"),
        Check("occupations have skills", relations > 0, f"{relations:,} relations"),
        Check(
            "every occupation has an ISCO-08 unit group",
            placed == counts["occupations"],
            f"{placed:,} of {counts['occupations']:,}",
        ),
    ]
    decided = [
        Check("the scope is decided", counts["inScope"] > 0, f"{counts['inScope']:,} occupations in scope"),
        _competency(store),
    ]
    return [
        Check("every quad written is held", held == quads, f"{held:,} of {quads:,}"),
        Check("occupations are there", counts["occupations"] > 0, f"{counts['occupations']:,}"),
        *(replace(check, excused=partial and not check.passed) for check in whole),
        *(replace(check, excused=(partial or not known) and not check.passed) for check in decided),
    ]


def _competency(store: ox.Store) -> Check:
    names = [n for n in queries.names() if n.startswith("competency/")]
    silent = [n for n in names if not queries.select(store, n)]
    wrong = [n for n in silent if queries.load(n).always_answers]
    detail = f"{len(names) - len(silent)} of {len(names)} give rows" + (
        f"; none from {', '.join(wrong)}" if wrong else ""
    )
    return Check("competency queries are answered", not wrong, detail)


class Validation:
    """A process of its own that validates statements against the shapes; a context, so that it never outlives the load.

    It starts with reading its libraries and shapes, and validates what it has while the rest is still being made.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        pipe = subprocess.PIPE
        self._process = child.start("loaders.verify", stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
        stdin, stdout, stderr = self._process.stdin, self._process.stdout, self._process.stderr
        assert stdin and stdout and stderr  # noqa: S101, PT018  # all are pipes
        self._statements, self._outcome, self._complaints = stdin, stdout, stderr
        self._hand_over = ThreadPoolExecutor(1)  # the process reads more slowly than statements are made
        self._handed: list[Future[None]] = []

    def __enter__(self) -> Validation:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._hand_over.shutdown()
        self._close()
        self._outcome.close()
        self._complaints.close()

    def write(self, lines: Iterable[str]) -> None:
        """Hand over a part: N-Quads lines as the writers of this project make them; their graphs do not matter.

        It is validated together with the parts before it, to whose nodes it must not add.
        """
        self._handed.append(self._hand_over.submit(self._write, lines))

    def _write(self, lines: Iterable[str]) -> None:
        with suppress(BrokenPipeError):  # the result tells why the process ended
            for line in lines:
                self._statements.write(f"{line.rpartition(' <')[0]} .\n".encode())
            self._statements.write(b"\n")
            self._statements.flush()

    def end(self) -> None:
        """There are no more statements."""
        self._hand_over.submit(self._close)

    def _close(self) -> None:
        with suppress(BrokenPipeError):
            self._statements.close()

    def result(self) -> Check:
        """Wait for the outcome, after `end`. Raises what kept a part from being handed over: the rest of it would pass."""
        for part in self._handed:
            part.result()
        out, err = self._outcome.read(), self._complaints.read()
        try:
            report = json.loads(out)
        except json.JSONDecodeError:
            return Check(self.name, False, err.decode(errors="replace")[-2000:])
        return Check(self.name, report["conforms"], report["detail"])


def require(checks: list[Check]) -> None:
    """Raise VerificationFailed when a check did not pass."""
    if failed := [c for c in checks if not (c.passed or c.excused)]:
        raise VerificationFailed(
            "The release failed its checks: " + "; ".join(f"{c.name} ({c.detail})" for c in failed),
            "Nothing was published. Check that the input is a complete ESCO download.",
        )


def missing(counts: Mapping[str, int], languages: Mapping[str, Counter[str]]) -> list[str]:
    """What the data lacks, in words: reported, never made up."""
    lacking = []
    if counts["withoutReuseLevel"]:
        lacking.append(f"reuse level of {counts['withoutReuseLevel']:,} skills")
    if counts["withoutNace"]:
        lacking.append(f"NACE codes of {counts['withoutNace']:,} occupations")
    if not counts.get("clusters"):
        lacking.append("skill figures and clusters (nothing to derive them from, or left out on request)")
    concepts = counts["occupations"] + counts["skills"] + counts["iscoGroups"] + counts["skillGroups"]
    for language, words in sorted(languages.items()):
        if (labels := words["prefLabel"]) < concepts:
            lacking.append(f"{concepts - labels:,} preferred labels in {language}")
        if words["description"] == 0:
            lacking.append(f"all descriptions in {language}")
    return lacking


def _validate(statements: IO[bytes]) -> dict[str, object]:
    """Run pyshacl over parts of N-Triples, each ended by an empty line; executed in the child process.

    Each part is validated as soon as it is there, together with those before it, to whose nodes it adds nothing.
    """
    import pyshacl
    import rdflib
    from rdflib import SH

    every = _shapes()
    graph = rdflib.Graph()
    shown: list[str] = []
    while part := b"".join(itertools.takewhile(lambda line: line != b"\n", statements)):
        new = rdflib.Graph().parse(data=part, format="nt")
        classes = set(new.objects(None, rdflib.RDF.type))
        graph += new
        shapes = rdflib.Graph() + every
        for shape, target in every.subject_objects(SH.targetClass):
            if target not in classes:
                shapes.remove((shape, SH.targetClass, target))
        _, report, _ = pyshacl.validate(graph, shacl_graph=shapes, inference="none", advanced=False, inplace=True)
        results = report.subjects(rdflib.RDF.type, SH.ValidationResult)
        shown += [f"{report.value(r, SH.focusNode)}: {report.value(r, SH.resultMessage)}" for r in results]
    return {"conforms": not shown, "detail": "; ".join(shown[:5]) if shown else f"{len(graph):,} statements"}


def _shapes() -> Any:
    """The shapes of the project as a graph of rdflib."""
    import rdflib
    from rdflib import SH

    shapes = rdflib.Graph()
    for path in sorted(FOLDER.glob("shapes*.ttl")):
        shapes.parse(path, format="turtle")
    # The validator takes the parts of a shape for one node after another, but a shape with a target for all its nodes
    # at once, which is twice as quick; so the parts of a shape with a target get the target itself.
    for shape in set(shapes.subjects(SH.targetClass)) - set(shapes.objects(None, SH.node)):
        for kind in (SH.property, SH.node):
            for part in list(shapes.objects(shape, kind)):
                shapes.remove((shape, kind, part))
                for target in list(shapes.objects(shape, SH.targetClass)):
                    shapes.add((part, SH.targetClass, target))
    return shapes


if __name__ == "__main__":
    gc.disable()  # as releases.gc_pause says
    sys.stdout.write(json.dumps(_validate(sys.stdin.buffer)))
