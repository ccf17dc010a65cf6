"""The guard against the engine's own parser: no text may pass in which anybody but the guard sees a SERVICE.

python -m bench.guard_fuzz [--texts 200000] [--seed 0] [--servers] [--data FOLDER]

Of each of four generators (bench/guard_texts.py; W3C's queries are read from FOLDER or CCSI_ESCO_DATA). For every text that
the guard passes, as an embedded service and as one before an endpoint, what it wrote is looked at in ways of which none
rests on the guard's reading: the engine must read it the same when another word stands for each ``service`` in it, it is
evaluated beside a listener that must hear nothing, and it must read as itself. ``--servers`` also sends what would leave,
as far as rdflib agrees, to an Oxigraph and a Virtuoso server.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pyoxigraph as ox

from app.errors import Problem
from app.settings import Limits
from app.sparql import judge
from app.sparql.complexity import Bounds
from app.sparql.guard import check
from app.store import upstream
from bench.endpoints import listener
from bench.guard_texts import OWN_SEEDS, TRAP, Generator, grammar, mutations, noise, spliced, w3c_seeds

EMBEDDED = Bounds.of(Limits())
STANDARD = Bounds.of(Limits(), standard=True)
_TO_SERVERS = 25  # every n-th text that passes goes to the servers, and all that name the trap outside a string


@dataclass
class Seen:
    """What became of the texts of a generator."""

    texts: int = 0
    passed: int = 0
    read: int = 0
    """Texts that passed and that the engine reads."""
    services: int = 0
    """Texts in which the engine, asked for the text as it came, sees a SERVICE."""
    sent: int = 0
    bypasses: int = 0


def engine_reads(store: ox.Store, text: str) -> bool:
    """Whether the engine's parser takes a query, be it that its evaluation fails."""
    try:
        store.query(text, base_iri="http://localhost/sparql")
    except SyntaxError:
        return False
    except (OSError, RuntimeError, ValueError):
        return True
    return True


def engine_sees_service(text: str) -> bool:
    """Were SERVICE a word to the engine, it could not read the text with another word; in names and strings it is none."""
    other = re.sub("service", "servixe", text, flags=re.IGNORECASE)
    empty = ox.Store()
    return other != text and engine_reads(empty, text) != engine_reads(empty, other)


def evaluate(store: ox.Store, text: str) -> None:
    """Evaluate a query for what it contacts; its answer, cut off, means nothing."""
    try:
        result = store.query(text, use_default_graph_as_union=True)
        if not isinstance(result, ox.QueryBoolean):
            for _, _ in zip(range(20), result, strict=False):
                pass
    except (SyntaxError, OSError, RuntimeError, ValueError):
        return


class Fuzz:
    """One run: a store with something to match, a listener, and the servers behind which the guard stands."""

    def __init__(self, port: int, servers: list[str]) -> None:
        self.url = f"http://127.0.0.1:{port}/trap"
        self.servers = servers
        self.store = ox.Store()
        for name in "abcx":
            self.store.add(
                ox.Quad(ox.NamedNode(f"a:{name}"), ox.NamedNode("a:b"), ox.NamedNode("a:b"), ox.NamedNode("a:g"))
            )
        self.client = httpx2.Client(**upstream.CLIENT, timeout=10)

    def run(self, generator: Generator, texts: int, seed: int) -> Seen:
        """Try this many texts. Prints each that gets by."""
        seen, chance = Seen(), random.Random(seed)
        for _ in range(texts):
            made = generator(chance)
            text = made.replace(TRAP, self.url)
            seen.texts += 1
            seen.services += engine_sees_service(made)  # which nobody hears
            for bounds in (EMBEDDED, STANDARD):
                try:
                    written = check(text, bounds).text
                except Problem:
                    continue
                seen.passed += 1
                seen.read += engine_reads(self.store, written)
                if engine_sees_service(written) or check(written, bounds).text != written:
                    seen.bypasses += 1
                    sys.stdout.write(f"BYPASS {text!r}\n    as {written!r}\n")
                if self.url in written:
                    evaluate(self.store, written)
                if bounds is STANDARD and self.servers and (self.url in written or seen.passed % _TO_SERVERS == 0):
                    seen.sent += self._send(written)
        return seen

    def _send(self, written: str) -> bool:
        """Send to the servers what would leave for them."""
        if judge.objection(written) or not engine_reads(ox.Store(), written):
            return False
        for server in self.servers:
            try:
                self.client.post(server, data=upstream.fields(written), headers={"accept": "*/*"})
            except httpx2.HTTPError as error:
                sys.stdout.write(f"{server} {type(error).__name__}: {written[:300]!r}\n")
        return True


@contextmanager
def _servers(wanted: bool) -> Iterator[list[str]]:
    """Query URLs of the servers that can be started."""
    if not wanted:
        yield []
        return
    from tests.servers import VIRTUOSO, oxigraph, virtuoso

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store = ox.Store(str(folder / "store"))
        store.add(ox.Quad(ox.NamedNode("a:a"), ox.NamedNode("a:b"), ox.NamedNode("a:b"), ox.NamedNode("a:g")))
        store.flush()
        del store
        urls = [stack.enter_context(oxigraph(folder / "store", "--timeout-s", "2")) + "/query"]
        if VIRTUOSO:
            (folder / "virtuoso").mkdir()
            urls.append(stack.enter_context(virtuoso(folder / "virtuoso")) + "/sparql")
        else:
            sys.stdout.write("No virtuoso-t is installed: only Oxigraph is asked.\n")
        yield urls


def generators(data: Path | None) -> dict[str, Generator]:
    """The four, by name."""
    seeds = w3c_seeds(data) if data else []
    name = "mutated W3C tests" if seeds else "mutated queries (no W3C tests given)"
    return {"grammar": grammar, name: mutations(seeds or OWN_SEEDS), "spliced tokens": spliced, "noise": noise}


def fuzz(texts: int, seed: int, servers: bool = False, data: Path | None = None) -> int:
    """Run all generators, print a line for each, and give the number of bypasses, contacts included."""
    bypasses = 0
    with listener() as (port, heard), _servers(servers) as urls:
        run = Fuzz(port, urls)
        for number, (name, generator) in enumerate(generators(data).items()):
            started = time.perf_counter()
            seen = run.run(generator, texts, seed + number)
            bypasses += seen.bypasses
            print(
                f"{name}: {seen.texts:,} texts, in {seen.services:,} the engine sees a SERVICE; passed {seen.passed:,} "
                f"(of twice), read {seen.read:,}, sent {seen.sent:,}; bypasses {seen.bypasses}, heard {len(heard)}, "
                f"{time.perf_counter() - started:.0f} s",
                flush=True,
            )
        return bypasses + len(heard)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--servers", action="store_true")
    parser.add_argument("--data", type=Path, default=os.environ.get("CCSI_ESCO_DATA"))
    chosen = parser.parse_args()
    found = fuzz(chosen.texts, chosen.seed, chosen.servers, Path(chosen.data) if chosen.data else None)
    print(f"{found} bypasses in {chosen.texts:,} texts of each of four generators")
    sys.exit(found > 0)


if __name__ == "__main__":
    main()
