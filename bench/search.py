"""How fast words are found, beside an empty FastAPI route and beside SPARQL's FILTER(CONTAINS), in one run.

    python -m bench.search --data-dir D [--more FOLDER] [--seconds S]

On a published release of full ESCO: the index built anew (seconds, beside those of the load in the manifest; size), what it
adds to the memory of the service, /suggest at 8 clients and POST /match of 100 titles at one. Answers are worked out anew
(CCSI_LIMIT_CACHE_BYTES=0). Typed words are beginnings of labels, so nothing is asked twice in a row. With --more, a
folder of occupations_LANGUAGE.csv.gz with preferred and alternative labels, sections are built of these too and asked in process.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
import urllib.parse
from contextlib import ExitStack
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psutil
import pyoxigraph as ox

import queries
from analysis.search import find, section
from analysis.search.match import Matcher
from app.reports.queries import labels_of_file
from bench.serve import BIN, HERE, free_port, measure, running, warm
from loaders.derive.search import read_index, write_index, write_own
from releases.gc_pause import no_garbage
from releases.release import Release, Releases

TITLES, CLIENTS = 100, 8
SUGGEST_TARGET, MATCH_TARGET, CONTAINS_TARGET, BUILD_TARGET = 15, 100, 100, 0.15


def main() -> None:
    """Measure, print, and leave with 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--more", type=Path)
    parser.add_argument("--seconds", type=float, default=8)
    options = parser.parse_args()
    release = Releases(options.data_dir).current() or sys.exit("no published release")
    missed = _build(release) + _serve(options.data_dir, release, options.seconds)
    if options.more:
        _many(options.more)
    print("\n".join(missed) or "all targets reached")
    sys.exit(bool(missed))


def _build(release: Release) -> list[str]:
    ask = partial(queries.select, ox.Store.read_only(str(release.store)))
    with tempfile.TemporaryDirectory() as folder, no_garbage():  # as in a load
        started, worked = time.perf_counter(), time.process_time()
        write_index(ask, release.manifest["languages"], Path(folder) / "index")
        write_own(ask, Path(folder) / "index")
        took, worked = time.perf_counter() - started, time.process_time() - worked
        size = sum(path.stat().st_size for path in (Path(folder) / "index").iterdir())
    share = took / release.manifest["seconds"]
    print(
        f"index of {', '.join(release.manifest['languages'])}: {took:.1f} s ({worked:.1f} s of processor time) alone, "
        f"{share:.1%} of the {release.manifest['seconds']} s of the load; {size / 1e6:.0f} MB"
    )
    return [f"building takes {share:.1%} of the load"] if share > BUILD_TARGET else []


def _serve(data_dir: Path, release: Release, seconds: float) -> list[str]:
    labels = _labels(release)
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ours, empty = free_port(), free_port()
        serve = [BIN / "ccsi", "serve", "--data-dir", data_dir, "--no-starter", "--port", ours]
        env = {"CCSI_LOG_FORMAT": "json", "CCSI_LIMIT_CACHE_BYTES": "0", "CCSI_LIMIT_CLIENT_REQUESTS": "0"}
        pid = stack.enter_context(running(serve, env, ours, work / "ours.log"))
        stack.enter_context(running([sys.executable, HERE / "empty_route.py", empty], {}, empty, work / "empty.log"))
        (work / "empty.txt").write_text("/empty\n")
        (work / "typed.txt").write_text(
            "".join(f"/api/v1/suggest?{_typed(label, n)}\n" for n, label in enumerate(labels))
        )
        before = psutil.Process(pid).memory_full_info().uss
        for name, port in (("typed", ours), ("empty", empty)):
            warm(port, work / f"{name}.txt")
        suggest = measure(ours, work / "typed.txt", CLIENTS, seconds)
        floor = measure(empty, work / "empty.txt", CLIENTS, seconds)
        match, route = _titles(ours, empty, [label for label, language in labels if language == "en"])
        after = psutil.Process(pid).memory_full_info()
    contains, direct = _contains(release, labels)
    memory = (after.uss - before) / 1e6
    ratio, times, ahead = suggest["p99"] / floor["p99"], match / route, contains / direct
    print(
        f"/suggest at {CLIENTS} clients: p99 {suggest['p99']:.1f} ms, p50 {suggest['p50']:.1f}; empty route {floor['p99']:.1f} "
        f"and {floor['p50']:.1f}: {ratio:.1f} times\n"
        f"POST /match of {TITLES} titles: {match * 1000:.1f} ms; empty route {route * 1000:.2f} ms: {times:.0f} times\n"
        f"FILTER(CONTAINS) over one language {contains * 1000:.0f} ms, the same words in the index {direct * 1000:.2f} ms: "
        f"{ahead:.0f} times\n"
        f"memory of the service's own, after all of this: {memory:+.0f} MB"
    )
    targets = ((ratio, SUGGEST_TARGET, "suggest"), (times, MATCH_TARGET, "match"), (CONTAINS_TARGET, ahead, "FILTER"))
    return [f"{name}: {a:.1f} where {b:.1f} is allowed" for a, b, name in targets if a > b]


def _labels(release: Release) -> list[tuple[str, str]]:
    """Labels of occupations and skills with their language, in an order of chance that is always the same."""
    found = [
        (made.text(n), language)
        for (kind, language), made in read_index(release).items()
        if kind in ("occupation", "skill")
        for n in range(0, len(made.roles), 40)
    ]
    random.Random(7).shuffle(found)
    return found[:3000]


def _typed(label: tuple[str, str], n: int) -> str:
    text, language = label
    return urllib.parse.urlencode({"q": text[: 2 + n % 14].strip() or text, "language": language})


def _titles(ours: int, empty: int, labels: list[str]) -> tuple[float, float]:
    """Median seconds of 100 titles in one request, and of an empty route, by the same client in turn."""
    one, other = HTTPConnection("127.0.0.1", ours), HTTPConnection("127.0.0.1", empty)
    took: dict[str, list[float]] = {"match": [], "empty": []}
    for turn in range(25):
        titles = [f"senior {labels[(turn * 37 + n) % len(labels)]}"[:120] for n in range(TITLES)]
        took["match"].append(_ask(one, "POST", "/api/v1/match", json.dumps({"titles": titles, "limit": 1})))
        took["empty"] += [_ask(other, "GET", "/empty", None) for _ in range(4)]
    return statistics.median(took["match"][5:]), statistics.median(took["empty"])


def _ask(connection: HTTPConnection, method: str, target: str, body: str | None) -> float:
    started = time.perf_counter()
    connection.request(method, target, body, {"content-type": "application/json"} if body else {})
    answer = connection.getresponse()
    said = answer.read()
    if answer.status != 200:
        sys.exit(f"{target} answered {answer.status}: {said[:300]!r}")
    return time.perf_counter() - started


def _contains(release: Release, labels: list[tuple[str, str]]) -> tuple[float, float]:
    """Median seconds of SPARQL over the labels of English, and of the index, for the same words."""
    store = ox.Store.read_only(str(release.store))
    matchers = [Matcher(made, tag) for (_, tag), made in read_index(release).items() if tag == "en"]
    words = [w for w in dict.fromkeys(label.split()[0].lower() for label, tag in labels if tag == "en") if w.isalpha()][
        :15
    ]
    sparql, index = [], []
    for word in words:
        text = (HERE / "contains.rq").read_text().replace("WORD", word)
        started = time.perf_counter()
        list(store.query(text))  # type: ignore[arg-type]
        sparql.append(time.perf_counter() - started)
        started = time.perf_counter()
        for matcher in matchers:
            find.find(matcher, word, True)
        index.append(time.perf_counter() - started)
    return statistics.median(sparql), statistics.median(index)


def _many(folder: Path) -> None:
    """Sections of many languages: how long they take to build, how large they are, and how fast words are found in each."""
    before, started, size, took = psutil.Process().memory_full_info().uss, time.perf_counter(), 0, []
    matchers: list[tuple[Matcher, list[str]]] = []
    for path in sorted(folder.glob("occupations_*.csv.gz")):
        language = path.name.removesuffix(".csv.gz").rpartition("_")[2]
        labels = list(labels_of_file(path))
        made = section.build(labels, {}, language)
        size += sum(array.nbytes for array in made.arrays().values())
        matchers.append((Matcher(made, language), [label.text for label in labels[::97]]))
    built = time.perf_counter() - started
    for matcher, texts in matchers:
        for n, text in enumerate(texts):
            begun = time.perf_counter()
            find.find(matcher, text[: 2 + n % 14], True)
            took.append(time.perf_counter() - begun)
    cuts: Any = statistics.quantiles(took, n=100)
    count = sum(len(m.section.roles) for m, _ in matchers)
    memory = (psutil.Process().memory_full_info().uss - before) / 1e6
    print(
        f"{len(matchers)} languages, {count:,} labels: built in {built:.0f} s, {size / 1e6:.0f} MB, {memory:.0f} MB of memory held "
        f"unmapped; words in one language p50 {cuts[49] * 1000:.2f} ms, p99 {cuts[98] * 1000:.2f} ms"
    )


if __name__ == "__main__":
    main()
