"""The W3C SPARQL 1.1 Protocol tests, run over HTTP: ``python -m tools.conformance [FOLDER]``.

FOLDER holds manifest.ttl and its three data files; without it, $CCSI_ESCO_DATA/w3c-sparql11-protocol. The endpoint is
read-only: a query test must answer as the manifest says, an update test passes when every update in it is refused.
Behind them run the tests of syntax where they are: w3c-sparql-syntax beside FOLDER.
"""

from __future__ import annotations

import csv
import io
import json
import os
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox
from rdflib import Graph, Namespace
from rdflib.collection import Collection
from rdflib.term import Node

from tools.conformance_syntax import EXCUSED, LENIENT, syntax_results
from tools.endpoint import Endpoint, endpoint

MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
HT = Namespace("http://www.w3.org/2011/http#")
CNT = Namespace("http://www.w3.org/2011/content#")
DATA = "http://kasei.us/2009/09/sparql/data/"
REFUSED = frozenset([400, 403, 405, 415])


@dataclass(frozen=True, slots=True)
class Call:
    """One request of a test and what must come back."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None
    statuses: tuple[str, ...]
    boolean: bool | None
    form: str


@dataclass(frozen=True, slots=True)
class Test:
    """One test of the manifest."""

    name: str
    calls: tuple[Call, ...]

    @property
    def updates(self) -> bool:
        """Whether it tests the update operation, which a read-only endpoint refuses."""
        return "update" in self.name


def default_folder() -> Path | None:
    """Where the tests are, when $CCSI_ESCO_DATA says so."""
    data = os.environ.get("CCSI_ESCO_DATA")
    folder = Path(data) / "w3c-sparql11-protocol" if data else None
    return folder if folder and (folder / "manifest.ttl").is_file() else None


def read_manifest(folder: Path) -> list[Test]:
    """The tests in the order of the manifest."""
    graph = Graph().parse(folder / "manifest.ttl", format="turtle")
    entries = next(graph.objects(None, MF.entries))
    return [_test(graph, node) for node in Collection(graph, entries)]


def build_store(folder: Path, target: Path) -> None:
    """A store with the data files as the named graphs that the manifest says."""
    store = ox.Store(str(target))
    for number in (1, 2, 3):
        name = ox.NamedNode(f"{DATA}data{number}.rdf")
        store.bulk_load(path=str(folder / f"data{number}.nt"), format=ox.RdfFormat.N_TRIPLES, to_graph=name)
    store.flush()


def run(test: Test, target: Endpoint) -> str:
    """Run one test; "" when it passes, else what is wrong."""
    for call in test.calls:
        status, media_type, body = target.ask(call.method, call.path, call.body, call.headers)
        if test.updates:
            # Only the update itself counts: a query that follows a refused one has nothing to see.
            if call is test.calls[0] and status not in REFUSED:
                return f"the update was answered with {status}"
            continue
        if not any(_covers(expected, status) for expected in call.statuses):
            return f"status {status}, not {' or '.join(call.statuses)}"
        if status < 300 and (wrong := _wrong_body(call, body, media_type)):
            return wrong
    return ""


def _test(graph: Graph, node: Node) -> Test:
    action = graph.value(node, MF.action)
    requests = graph.value(action, HT.requests)
    assert requests is not None  # noqa: S101 (the manifest is W3C's)
    calls = tuple(_call(graph, request) for request in Collection(graph, requests))
    return Test(str(node).rpartition("#")[2], calls)


def _call(graph: Graph, node: Node) -> Call:
    headers = {}
    if (listed := graph.value(node, HT.headers)) is not None:
        for header in Collection(graph, listed):
            headers[str(graph.value(header, HT.fieldName))] = str(graph.value(header, HT.fieldValue))
    body = None
    if (content := graph.value(node, HT.body)) is not None:
        encoding = str(graph.value(content, CNT.characterEncoding))
        body = str(graph.value(content, CNT.chars)).encode(encoding)
    reply = graph.value(node, HT.resp)
    boolean, form = graph.value(reply, MF.expectedBoolean), graph.value(reply, MF.expectedFormat)
    return Call(
        method=str(graph.value(node, HT.methodName)),
        path=str(graph.value(node, HT.absolutePath)),
        headers=headers,
        body=body,
        statuses=tuple(sorted(str(s).rpartition("StatusCode")[2] for s in graph.objects(reply, MF.expectedStatus))),
        boolean=None if boolean is None else str(boolean) == "true",
        form="" if form is None else str(form),
    )


def _covers(pattern: str, status: int) -> bool:
    return all(expected in ("x", actual) for expected, actual in zip(pattern, str(status), strict=True))


def _wrong_body(call: Call, body: bytes, media_type: str) -> str:
    if call.form == "RDF":
        form = ox.RdfFormat.from_media_type(media_type)
        if form is None:
            return f"{media_type} is not an RDF format"
        list(ox.parse(body, format=form, base_iri="http://example.org/"))
        return ""
    if media_type not in ("application/sparql-results+json", "application/sparql-results+xml"):
        if call.form == "tabular" and media_type in ("text/csv", "text/tab-separated-values"):
            return "" if list(csv.reader(io.StringIO(body.decode()))) else "no rows"
        return f"{media_type} is not a result format"
    if media_type.endswith("json"):
        actual = json.loads(body).get("boolean")
    else:
        text = ET.fromstring(body).findtext("{http://www.w3.org/2005/sparql-results#}boolean")  # noqa: S314 (our own)
        actual = None if text is None else text == "true"
    if call.boolean is not None and actual is not call.boolean:
        return f"answered {actual}"
    return ""


def results(folder: Path) -> Iterator[tuple[Test, str]]:
    """Every test with what is wrong, on an endpoint of its own."""
    with tempfile.TemporaryDirectory() as temporary:
        store = Path(temporary) / "store"
        build_store(folder, store)
        with endpoint(store) as target:
            for test in read_manifest(folder):
                yield test, run(test, target)


def main(arguments: list[str]) -> int:
    """Print one line per test and the score."""
    folder = Path(arguments[0]) if arguments else default_folder()
    if folder is None or not (folder / "manifest.ttl").is_file():
        sys.stderr.write("The W3C tests are not here: name their folder or set CCSI_ESCO_DATA.\n")
        return 2
    passed = {False: [0, 0], True: [0, 0]}
    for test, wrong in results(folder):
        passed[test.updates][0] += not wrong
        passed[test.updates][1] += 1
        sys.stdout.write(f"{'FAIL' if wrong else 'pass'}  {test.name}{'  ' + wrong if wrong else ''}\n")
    (queries, all_queries), (updates, all_updates) = passed[False], passed[True]
    sys.stdout.write(
        f"W3C SPARQL 1.1 Protocol: {queries}/{all_queries} query tests pass, "
        f"{updates}/{all_updates} update tests are refused as a read-only endpoint must.\n"
    )
    sound = (queries, updates) == (all_queries, all_updates)
    syntax = folder.parent / "w3c-sparql-syntax"
    return 0 if (not syntax.is_dir() or _syntax(folder, syntax)) and sound else 1


def _syntax(folder: Path, syntax: Path) -> bool:
    """Print what fails and the score of the tests of syntax."""
    score: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as temporary:
        build_store(folder, Path(temporary) / "store")
        with endpoint(Path(temporary) / "store") as target:
            for test, wrong in syntax_results(syntax, target):
                kind = "positive" if test.positive else "negative"
                score[kind] += 1
                score[wrong if wrong in EXCUSED else f"{kind} failed" if wrong else f"{kind} passed"] += 1
                if wrong:
                    sys.stdout.write(f"{wrong if wrong in EXCUSED else 'FAIL'}  {test.name}  {wrong}\n")
    sys.stdout.write(
        f"W3C SPARQL 1.0 and 1.1 syntax: {score['positive passed']}/{score['positive']} positive tests are taken, "
        f"{score['policy']} refused for SERVICE, {score['function']} for functions that the engine lacks; "
        f"{score['negative passed'] - len(LENIENT)}/{score['negative']} negative tests are refused, {len(LENIENT)} is taken on purpose.\n"
    )
    return not score["positive failed"] and not score["negative failed"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
