"""The W3C tests of SPARQL's syntax, run over HTTP: what is SPARQL must be taken, what is none refused.

FOLDER holds sparql10 and sparql11 as the W3C publishes them. Two refusals are none of syntax and are told apart: SERVICE, which
policy refuses, and functions by IRI, which the engine does not have.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from tools.endpoint import Endpoint

_MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_ACTION = ox.NamedNode(_MF + "action")
# Kinds of tests -> whether the text is SPARQL.
_KINDS = {
    _MF + "PositiveSyntaxTest": True,
    _MF + "PositiveSyntaxTest11": True,
    _MF + "NegativeSyntaxTest": False,
    _MF + "NegativeSyntaxTest11": False,
}
# Taken on purpose, as docs/linked-data.md says: `(?x<?a&&?b>?y)`, where the longest token would be an IRI.
LENIENT = frozenset(["syntax-sparql3/syn-bad-26"])
EXCUSED = ("policy", "function")


@dataclass(frozen=True, slots=True)
class SyntaxTest:
    """A text, and whether it is SPARQL."""

    name: str
    text: str
    positive: bool


def read_syntax_tests(folder: Path) -> list[SyntaxTest]:
    """The tests of all manifests below a folder, by name."""
    tests: dict[str, SyntaxTest] = {}
    for manifest in sorted(folder.rglob("manifest.ttl")):
        base = manifest.as_uri()
        triples = list(ox.parse(path=manifest, format=ox.RdfFormat.TURTLE, base_iri=base))
        kinds = {t.subject: t.object.value for t in triples if t.predicate == _TYPE and t.object.value in _KINDS}
        for t in triples:
            if t.predicate == _ACTION and t.subject in kinds and isinstance(t.object, ox.NamedNode):
                path = manifest.parent / t.object.value.rpartition("/")[2]
                name = f"{manifest.parent.name}/{path.stem}"
                tests[name] = SyntaxTest(name, path.read_text(encoding="utf-8"), _KINDS[kinds[t.subject]])
    return [tests[name] for name in sorted(tests)]


def run_syntax(test: SyntaxTest, target: Endpoint) -> str:
    """Run one test; "" when it passes, one of EXCUSED, else what is wrong."""
    headers = {"content-type": "application/sparql-query"}
    status, _, body = target.ask("POST", "/sparql", test.text.encode(), headers)
    if not test.positive:
        return "" if status == 400 or test.name in LENIENT else f"answered with {status}"
    if status == 200:
        return ""
    error = json.loads(body)
    if error["type"].endswith("/sparql-federation"):
        return "policy"
    return "function" if "custom function" in error["detail"] else f"{status} {error['detail']}"


def syntax_results(folder: Path, target: Endpoint) -> Iterator[tuple[SyntaxTest, str]]:
    """Every test with what is wrong."""
    for test in read_syntax_tests(folder):
        yield test, run_syntax(test, target)
