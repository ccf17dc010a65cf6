"""How long a load takes, beside the engine's own loaders: python -m bench.load [--data FOLDER] [--sizes 2.5 8] [--repeat 3]

Makes N-Triples files of the official shape from full ESCO by repeating its English labels and descriptions under
further language tags, then measures in one run, each in a process of its own:

    bulk_load      pyoxigraph's bulk_load of the file into a fresh store, nothing else
    oxigraph load  the Oxigraph command line (package oxigraph)
    ccsi load      from the file to a published release: surveyed, repaired, scope derived, optimised, verified, sealed
    rdflib         its N-Triples parser into memory, on the first 500,000 triples (it needs over 1 KB a triple)

With --repeat each is measured several times in turn and the quickest run counts, for machines that do other work too.
Skill figures and clusters take the same time whatever the number of languages; --no-skills shows the load without them.
Exit code 1 when that takes more than 3 times as long as bulk_load, or more than 2 GiB.
"""

from __future__ import annotations

import argparse
import itertools
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from loaders.input.csv_bundle import CsvBundle, Statement
from loaders.input.sources import discover
from ontology import ESCO, SKOS

MAX_RATIO = 3.0
MAX_MIB = 2048
SAMPLE = 500_000  # triples for rdflib
# ESCO's 28 languages, English aside (it comes first and from the data), then made-up regional tags as far as needed.
TAGS = [
    "es", "fr", "ar", "bg", "cs", "da", "de", "el", "et", "fi", "ga", "hr", "hu", "is", "it", "lt", "lv", "mt", "nl",
    "no", "pl", "pt", "ro", "sk", "sl", "sv", "uk",
]  # fmt: skip
REGIONS = ["at", "be", "ch", "lu", "ca", "mx", "br"]

BULK_LOAD = """
import sys, time, pyoxigraph as ox
store = ox.Store(sys.argv[2])
started = time.perf_counter()
store.bulk_load(path=sys.argv[1], format=ox.RdfFormat.N_TRIPLES)
print(time.perf_counter() - started)
"""
RDFLIB = """
import sys, time, rdflib
started = time.perf_counter()
graph = rdflib.Graph().parse(sys.argv[1], format="nt")
print(time.perf_counter() - started)
"""


@dataclass(frozen=True)
class Measured:
    """One run of one loader."""

    loader: str
    triples: int
    seconds: float
    cpu: float
    peak_mib: float
    stages: str = ""


def repeated(statement: Statement, tag: str, nodes: dict[str, str]) -> Iterator[str]:
    """An English label, or one statement of an English description, under another language tag."""
    subject, predicate, value = statement
    if predicate.value.startswith(SKOS) and predicate.value.endswith("Label"):
        yield f"{subject} {predicate} {str(value).removesuffix('@en')}@{tag} .\n"
    elif subject.value in nodes:
        again = f"<{subject.value}-{tag}>"
        if predicate.value == ESCO + "language":
            yield f'{again} {predicate} "{tag}" .\n'
        else:
            if predicate.value == ESCO + "nodeLiteral":
                yield f"<{nodes[subject.value]}> <http://purl.org/dc/terms/description> {again} .\n"
            yield f"{again} {predicate} {value} .\n"


def english_nodes(bundle: CsvBundle) -> dict[str, str]:
    """Description node -> concept, for the descriptions in English."""
    owner: dict[str, str] = {}
    english: set[str] = set()
    for subject, predicate, value in bundle.statements():
        if predicate.value.endswith("description"):
            owner[value.value] = subject.value
        elif predicate.value == ESCO + "language" and value.value == "en":
            english.add(subject.value)
    return {node: concept for node, concept in owner.items() if node in english}


def write_file(data: Path, path: Path, size: int) -> tuple[int, int]:
    """Write `size` triples; returns their number and that of the languages."""
    bundle = CsvBundle(discover([data / "esco-1.2.0-csv"]))
    nodes = english_nodes(bundle)
    held = {"en", "es", "fr"}
    tags = [t for t in TAGS if t not in held] + [f"{t}-{r}" for r in REGIONS for t in ("en", *TAGS)]
    count, used = 0, len(held)
    with path.open("w", encoding="utf-8") as out:
        for s, p, o in bundle.statements():
            out.write(f"{s} {p} {o} .\n")
            count += 1
        source = [
            st
            for st in bundle.statements()
            if st[0].value in nodes or (st[1].value.endswith("Label") and getattr(st[2], "language", "") == "en")
        ]
        for tag in tags:
            if count >= size:
                break
            used += 1
            for line in itertools.islice(
                itertools.chain.from_iterable(repeated(st, tag, nodes) for st in source), size - count
            ):
                out.write(line)
                count += 1
    return count, used


def run(loader: str, command: list[str], triples: int, timed_inside: bool = False) -> Measured:
    """Run a command; its time (or the one it prints) and the highest memory of its process tree."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    peak = 0
    ended = threading.Event()

    def watch() -> None:
        nonlocal peak
        root = psutil.Process(process.pid)
        while not ended.wait(0.05):
            try:
                tree = [root, *root.children(recursive=True)]
                peak = max(peak, sum(p.memory_info().rss for p in tree))
            except psutil.Error:
                continue

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    stdout, stderr = process.communicate()
    seconds = time.perf_counter() - started
    ended.set()
    watcher.join()
    if process.returncode:
        sys.exit(f"{loader} failed:\n{stderr}")
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
    stages = stderr if "ccsi" in command[0] else ""
    return Measured(loader, triples, float(stdout) if timed_inside else seconds, cpu, peak / 2**20, stages)


def compare(file: Path, triples: int, folder: Path, repeat: int, with_rdflib: bool) -> list[Measured]:
    """The quickest run of every loader on one file."""
    binaries = Path(sys.executable).parent
    python = [sys.executable, "-c"]
    runs: list[list[Measured]] = []
    for n in range(repeat):
        at = folder / str(n)
        at.mkdir()
        load = [str(binaries / "ccsi"), "load", str(file), "--esco-version", "1.2.0", "--data-dir", str(at / "ccsi")]
        cli = [str(binaries / "oxigraph"), "load", "--location", str(at / "cli"), "--file", str(file)]
        found = [
            run("bulk_load", [*python, BULK_LOAD, str(file), str(at / "bare")], triples, timed_inside=True),
            run("ccsi load", load, triples),
            run("… --no-skills", [*load[:-1], str(at / "plain"), "--no-skills"], triples),
            run("oxigraph load", cli, triples),
        ]
        shutil.rmtree(at)
        runs.append(found)
    quickest = [min(same, key=lambda m: m.seconds) for same in zip(*runs, strict=True)]
    if with_rdflib:
        sample = folder / "sample.nt"
        with file.open("rb") as lines, sample.open("wb") as out:
            out.writelines(itertools.islice(lines, SAMPLE))
        quickest.append(run("rdflib", [*python, RDFLIB, str(sample)], min(SAMPLE, triples), timed_inside=True))
    return quickest


def arguments() -> argparse.Namespace:
    """The options of the command."""
    options = argparse.ArgumentParser(
        prog="bench.load", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    data = Path(os.environ.get("CCSI_ESCO_DATA", "../shared/data"))
    options.add_argument("--data", type=Path, default=data, help="folder that holds esco-1.2.0-csv")
    options.add_argument("--sizes", type=float, nargs="+", default=[2.5, 8.0], help="millions of triples")
    options.add_argument("--repeat", type=int, default=1, help="runs of each loader, the quickest counts")
    options.add_argument("--no-rdflib", action="store_true", help="leave rdflib out (the slowest)")
    options.add_argument("--temp", type=Path, help="where the files go; several GB at 8 million triples")
    return options.parse_args()


def main() -> int:
    """Measure, print one table, say whether the targets hold."""
    chosen = arguments()
    console = Console(width=110)
    table = Table(
        "triples", "languages", "loader", "seconds", "triples/s", "ratio", "CPU s", "peak MiB",
        title="From an N-Triples file to a store (ratio: time a triple, to bulk_load)",
    )  # fmt: skip
    held = True
    paces: list[tuple[int, float]] = []
    for size in chosen.sizes:
        with tempfile.TemporaryDirectory(prefix="ccsi-bench-", dir=chosen.temp) as name:
            file = Path(name) / "esco.nt"
            triples, languages = write_file(chosen.data, file, round(size * 1e6))
            found = compare(file, triples, Path(name), chosen.repeat, not chosen.no_rdflib)
        bare = found[0].seconds / found[0].triples
        for m in found:
            ratio = m.seconds / m.triples / bare
            table.add_row(
                f"{m.triples:,}", str(languages), m.loader, f"{m.seconds:.1f}", f"{m.triples / m.seconds:,.0f}",
                f"{ratio:.2f}", f"{m.cpu:.1f}", f"{m.peak_mib:,.0f}",
            )  # fmt: skip
            if m.loader.endswith("--no-skills"):
                held = held and ratio <= MAX_RATIO and m.peak_mib < MAX_MIB
                paces.append((m.triples, m.seconds))
                console.print(f"{m.loader}, {m.triples:,} triples:\n{m.stages}", highlight=False)
        table.add_section()
    console.print(table)
    if len(paces) > 1:
        (small, short), (large, long) = paces[0], paces[-1]
        console.print(f"growth: {large / small:.2f} times the triples take {long / short:.2f} times as long")
    console.print(f"at most {MAX_RATIO:.0f} times bulk_load and under {MAX_MIB} MiB: {'held' if held else 'NOT HELD'}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
