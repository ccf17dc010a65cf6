"""One worker process: opens a release read-only, confines itself, and evaluates one query after another.

Started by the pool as ``python -m app.sparql.worker SOCKET LIFELINE STORE MEMORY JUDGES``; with an empty STORE it evaluates
nothing, but checks queries that go to an endpoint and reads and rewrites the answers that come from there. It may be
killed at any moment: it holds nothing but its snapshot. It ends by itself when the service goes away, even in the middle of a query.
Imports only the engine, the standard library and constants, so that a killed worker is replaced within some 50 ms.
"""

from __future__ import annotations

import functools
import gc
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pyoxigraph as ox

from app.process import confine
from app.sparql import counting, wire
from app.sparql.markup import Unwritable, Xml
from loaders.input.xml_files import CheckedXml
from ontology import PREFIXES

# Of each format how rows are counted, and what each row has once at least.
_RESULTS: dict[str, tuple[ox.QueryResultsFormat, Callable[[], Callable[[bytes], int]], bytes]] = {
    "json": (ox.QueryResultsFormat.JSON, counting.json_rows, b"{"),
    "xml": (ox.QueryResultsFormat.XML, counting.xml_rows, b"<"),
    "csv": (ox.QueryResultsFormat.CSV, counting.csv_rows, b"\n"),
    "tsv": (ox.QueryResultsFormat.TSV, counting.tsv_rows, b"\n"),
}
GRAPH_FORMATS = {
    "ttl": ox.RdfFormat.TURTLE,
    "nt": ox.RdfFormat.N_TRIPLES,
    "rdf": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
    "trig": ox.RdfFormat.TRIG,
    "nq": ox.RdfFormat.N_QUADS,
}
_XML = frozenset(["xml", "rdf"])
_PREFIXED = frozenset(["ttl", "trig", "rdf"])
_SECOND_ALARM = 2.0  # past the service's own deadline, for a service that is itself stuck
_HEAVY_SECONDS = 0.05  # a query that took less cannot have left much memory behind
# Calls inside each other: what the deepest permitted query needs, on a stack that has room for it.
_JUDGE_DEPTH = 20_000
_UNCOUNTED = 8  # pieces of an answer that are kept to be counted
_KEPT_MEMORY = 4  # a worker that keeps more than this part of what a query may take is replaced


class _Exceeded(Exception):
    """A limit was reached while the answer was written."""


class _Sink:
    """Takes the serialised answer, counts it, and sends it on in larger pieces; a small one is kept for the end."""

    def __init__(self, send: Callable[[bytes], None], max_bytes: int) -> None:
        self._send = send
        self._max_bytes = max_bytes
        self._pieces: list[bytes] = []
        self._held = 0
        self._uncounted: list[bytes] = []
        self._possible = 0
        self.count_rows: Callable[[bytes], int] | None = None
        self.mark = b""  # that stands in each row
        self.xml: Xml | None = None
        self.max_rows = 0
        self.bytes = 0
        self.rows = 0

    def write(self, piece: bytes) -> int:
        """Take a piece from the serialiser. Raises _Exceeded, which ends the evaluation."""
        self.bytes += len(piece)
        if self.bytes > self._max_bytes:
            raise _Exceeded(wire.BYTES)
        self._pieces.append(bytes(piece))
        self._held += len(piece)
        if self._held >= wire.DATA_BYTES:
            self._send(wire.pack(wire.DATA, self.rest()))
        return len(piece)

    def flush(self) -> None:
        """Nothing to do: the serialiser flushes after every answer."""

    def rest(self) -> bytes:
        """What was not sent yet. Raises _Exceeded, and Unwritable."""
        rest = b"".join(self._pieces)
        self._pieces.clear()
        if self.xml is not None:
            rest = self.xml.checked(rest)
            self.bytes += len(rest) - self._held
        self._held = 0
        if self.count_rows is not None:
            self._uncounted.append(rest)
            self._possible += rest.count(self.mark)
            # Else there cannot be too many, and most answers end before any need be counted.
            if self._possible > self.max_rows or len(self._uncounted) > _UNCOUNTED:
                self.rows += sum(map(self.count_rows, self._uncounted))
                self._possible = self.rows
                self._uncounted.clear()
                if self.rows > self.max_rows:
                    raise _Exceeded(wire.ROWS)
        return rest


def answer(store: ox.Store, request: wire.Request, sink: _Sink) -> wire.End:
    """Evaluate and serialise one query here and now: the engine ties a result to the thread that made it."""
    if "file" in request:
        return _write(_received(request), request, sink)
    if request.get("check"):
        store = ox.Store()  # what is only parsed reads nothing
    dataset: dict[str, Any] = {}
    if request["default"] is not None:
        # A dataset given by the protocol replaces the one in the query; what it does not name is empty.
        dataset["default_graph"] = [ox.NamedNode(iri) for iri in request["default"]]
        dataset["named_graphs"] = [ox.NamedNode(iri) for iri in request["named"]]
    elif not request["dataset"]:
        # The engine would let the union win over FROM, so it is asked for only when there is none.
        dataset["use_default_graph_as_union"] = True
    result = store.query(request["query"], base_iri=request["base"], **dataset)
    if leaving := request.get("leaving"):
        store.query(leaving)  # a fault in what was written around the query is no fault of the query
        if reason := _judge()(leaving):
            return {"error": wire.OBJECTION, "message": reason}
    return _write(result, request, sink)


def _judge() -> Callable[[str], str]:
    """The second judge, which takes half a second to load and is asked only for what leaves."""
    from app.sparql.judge import objection

    return objection


_Answer = ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples | Iterator[ox.Triple]


def _write(result: _Answer, request: wire.Request, sink: _Sink) -> wire.End:
    """Serialise an answer in the format asked for, or (`check`) only say of which kind it would be."""
    kind = _kind(result)
    name = request[kind]
    if name is None:
        return {"error": wire.FORM, "message": kind}
    if request.get("check"):
        return {"kind": kind, "format": name}
    if name in _XML:
        sink.xml = Xml()
    if isinstance(result, ox.QueryBoolean):
        sink.write(result.serialize(format=_RESULTS[name][0]) or b"")
    elif isinstance(result, ox.QuerySolutions) and name == "values":
        _write_values(result, sink, request["rows"])
    elif isinstance(result, ox.QuerySolutions):
        form, counter, sink.mark = _RESULTS[name]
        sink.max_rows, sink.count_rows = request["rows"], counter()
        result.serialize(sink, form)  # type: ignore[arg-type]
    else:
        prefixes = PREFIXES if name in _PREFIXED else None
        triples = _counted(result, sink, request["rows"])
        if name == "jsonld":
            triples = _without_terms(triples)
        ox.serialize(triples, sink, GRAPH_FORMATS[name], prefixes=prefixes)  # type: ignore[arg-type]
    return {"kind": kind, "format": name}


def _kind(result: _Answer) -> wire.Kind:
    if isinstance(result, ox.QuerySolutions):
        return "bindings"
    return "boolean" if isinstance(result, ox.QueryBoolean) else "graph"


def _received(request: wire.Request) -> _Answer:
    """The answer of an endpoint, in a file. Raises SyntaxError, here or while it is read, for one that is not whole."""
    path = request["file"]
    if request["kind"] == "graph":
        form = ox.RdfFormat.from_media_type(request["media_type"])
        if form == ox.RdfFormat.RDF_XML:
            return _received_xml(path, request)
        return (quad.triple for quad in ox.parse(path=path, format=form, base_iri=request["base"]))
    with open(path, "rb") as stream:  # noqa: PTH123 (as cheap as it goes)
        stream.seek(-min(16, os.fstat(stream.fileno()).st_size), os.SEEK_END)
        if not stream.read().rstrip().endswith(b"}"):  # the engine reads no further than the boolean of an ASK
            raise SyntaxError("the answer has no end")
    results = ox.parse_query_results(path=path, format=ox.QueryResultsFormat.JSON)
    if isinstance(results, ox.QueryBoolean) != (request["kind"] == "boolean"):
        raise SyntaxError("the answer is of another kind than the query")
    return results


def _received_xml(path: str, request: wire.Request) -> Iterator[ox.Triple]:
    """RDF/XML of an endpoint, which may be made to cost more than a worker has."""
    with open(path, "rb") as stream:  # noqa: PTH123 (as cheap as it goes)
        source: Any = CheckedXml(stream)
        for quad in ox.parse(input=source, format=ox.RdfFormat.RDF_XML, base_iri=request["base"]):
            yield quad.triple


def _write_values(solutions: ox.QuerySolutions, sink: _Sink, most: int) -> None:
    """Write solutions as they stand in a query. Counts terms, not rows."""
    variables = solutions.variables
    sink.write(f"VALUES ({' '.join(map(str, variables))}) {{".encode())
    for solution in solutions:
        sink.rows += max(1, len(variables))
        if sink.rows > most:
            raise _Exceeded(wire.ROWS)
        sink.write(f" ({' '.join(map(_value, solution))})".encode())
    sink.write(b" }")


def _value(term: object) -> str:
    if term is None:
        return "UNDEF"
    if isinstance(term, ox.NamedNode | ox.Literal):
        return str(term)
    raise ValueError("a blank node or a triple, which means nothing outside the answer; select IRIs or literals.")


def _counted(triples: ox.QueryTriples | Iterator[ox.Triple], sink: _Sink, most: int) -> Iterator[ox.Triple]:
    for triple in triples:
        sink.rows += 1
        if sink.rows > most:
            raise _Exceeded(wire.ROWS)
        yield triple


def _without_terms(triples: Iterator[ox.Triple]) -> Iterator[ox.Triple]:
    """The same, for JSON-LD, which knows no triple terms."""
    for triple in triples:
        if isinstance(triple.object, ox.Triple):
            raise Unwritable("JSON-LD has no way to write the triple terms of this answer")
        yield triple


def outcome(store: ox.Store, request: wire.Request, sink: _Sink) -> tuple[wire.End, bytes]:
    """What became of one query, faults of every kind included, and the last piece of its answer."""
    try:
        end = answer(store, request, sink)
        return end, sink.rest()
    except _Exceeded as error:
        end = {"error": str(error), "message": ""}
    except Unwritable as error:
        end = {"error": wire.FORMAT, "message": str(error)}
    except SyntaxError as error:
        end = {"error": wire.UPSTREAM if "file" in request else wire.SYNTAX, "message": str(error)}
    except MemoryError:
        end = {"error": wire.MEMORY, "message": "", "retire": True}
    except PermissionError as error:  # the kernel refused a socket
        end = {"error": wire.NETWORK, "message": str(error)}
    except OSError as error:
        end = {"error": wire.STORAGE, "message": str(error)}
    except (RuntimeError, ValueError) as error:
        end = {"error": wire.EVALUATION, "message": str(error)}
    return end, b""


def serve(store: ox.Store, channel: socket.socket, memory: int) -> None:
    """Answer queries until the service closes the channel."""
    splitter = wire.Splitter()
    at_rest = confine.memory()[1]
    while data := channel.recv(1 << 16):
        for _, payload in splitter.feed(data):
            request = wire.read_request(payload)
            signal.setitimer(signal.ITIMER_REAL, request["seconds"] + _SECOND_ALARM)
            started = time.perf_counter()
            sink = _Sink(channel.sendall, request["bytes"])
            end, rest = outcome(store, request, sink)
            signal.setitimer(signal.ITIMER_REAL, 0)
            seconds = time.perf_counter() - started
            if sink.rows:
                end["rows"] = sink.rows  # of a SELECT, those that had to be counted
            if seconds > _HEAVY_SECONDS:
                gc.collect()
                confine.trim_memory()
                end["retire"] = end.get("retire", False) or confine.memory()[1] - at_rest > memory // _KEPT_MEMORY
            channel.sendall(wire.pack(wire.DATA, rest) + _last(*end.items()))


@functools.lru_cache(16)  # of most queries it is the same
def _last(*end: tuple[str, Any]) -> bytes:
    """The message that ends an answer."""
    return wire.pack(wire.END, json.dumps(dict(end)).encode())


def _end_with(lifeline: int) -> None:
    """End this process as soon as the service does, whatever it is doing."""

    def wait() -> None:
        while os.read(lifeline, 1):
            pass
        os._exit(0)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()


def main(arguments: list[str]) -> None:
    """Open, confine, report, serve."""
    channel, lifeline = socket.socket(fileno=int(arguments[0])), int(arguments[1])
    path, memory, judges = arguments[2], int(arguments[3]), bool(arguments[4])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the service, which then closes the channel
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    confine.lower_priority()
    confine.deepen_stack()
    confined = confine.deny_network()  # before any thread is started: a filter holds for the threads that follow
    _end_with(lifeline)
    store = ox.Store.read_only(path) if path else ox.Store()
    graphs = [graph.value for graph in store.named_graphs() if isinstance(graph, ox.NamedNode)]
    if judges:  # a query's time is not for loading it
        _judge()
        sys.setrecursionlimit(_JUDGE_DEPTH)
    ready = {"confined": confined, "graphs": sorted(graphs)}
    # A small query leaves nothing to collect; looking costs as much as a part of one.
    gc.freeze()
    gc.set_threshold(50_000)
    channel.sendall(wire.pack(wire.READY, json.dumps(ready).encode()))
    confine.limit_memory(memory)
    try:
        serve(store, channel, memory)
    except (BrokenPipeError, ConnectionResetError):
        return


if __name__ == "__main__":
    main(sys.argv[1:])
