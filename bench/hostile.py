"""Queries that bring endpoints down, sent to ours and to a bare `oxigraph serve-read-only --timeout-s`, side by side.

    python -m bench.hostile [--store FOLDER] [--seconds 3]     the table
    python -m bench.hostile --api URL                          what a path of a running service feels of them

Without --store a small graph is made. --api sends the set to /sparql of the service at that URL, `--at-once` at a
time, and measures the latency of the URL at 8 clients before and meanwhile, from a process of its own.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from bench.endpoints import Peak, Peer, ask, listener, own_process
from bench.hostile_set import build_store, queries
from bench.latency import measured

_IDLE_SECONDS = 8


def compare(store: Path, seconds: float) -> None:
    """Print the table."""
    with ExitStack() as stack:
        port, heard = stack.enter_context(listener())
        ours, pid = stack.enter_context(own_process(store, seconds))
        peer = Peer(store, seconds)
        stack.callback(peer.stop)
        print(f"{'query':40} {'ours':>34} {'s':>6} {'MB':>6}   {'oxigraph serve':>28} {'s':>6} {'MB':>6}")
        for name, text in queries(port).items():
            before = len(heard)
            with Peak(pid) as mine:
                first = ask(ours, text, seconds + 30)
            verdict = f"{first.status} {first.limit or first.error or 'answered'}"
            verdict += " CONTACT" if len(heard) > before else ""
            before = len(heard)
            with Peak(peer.process.pid) as theirs:
                reply = ask(peer.url, text, 3 * seconds + 3)
            state = peer.revive()
            told = (
                f"{reply.status or reply.error}" + ("" if reply.whole else " broken") + (f" {state}" if state else "")
            )
            told += " CONTACT" if len(heard) > before else ""
            print(
                f"{name:40} {verdict:>34} {first.seconds:6.1f} {mine.bytes >> 20:6}   "
                f"{told:>28} {reply.seconds:6.1f} {theirs.bytes >> 20:6}"
            )


def beside(api: str, at_once: int) -> None:
    """Print the latency of a path while the hostile set runs on the same service."""
    parts = urlsplit(api)
    endpoint = f"{parts.scheme}://{parts.netloc}/sparql"
    with listener() as (port, heard):
        with measured(api) as idle:
            time.sleep(_IDLE_SECONDS)
        hostile = list(queries(port).values())
        with measured(api) as loud, ThreadPoolExecutor(at_once) as clients:
            replies = list(clients.map(lambda text: ask(endpoint, text, 60), hostile))
        longest = max(reply.seconds for reply in replies)
        statuses = sorted({reply.status for reply in replies})
        quiet, busy = _percentiles(idle), _percentiles(loud)
        print(
            f"{len(hostile)} hostile queries, {at_once} at once: longest {longest:.1f} s, statuses {statuses}, {len(heard)} contacts"
        )
        for name, found, (p50, p99) in (("idle", idle, quiet), ("meanwhile", loud, busy)):
            print(f"{name:10} {len(found):6} requests  p50 {p50:6.2f} ms  p99 {p99:6.2f} ms")
        print(f"{'ratio':10} {'':15}  p50 {busy[0] / quiet[0]:6.2f}     p99 {busy[1] / quiet[1]:6.2f}")


def _percentiles(seconds: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(seconds, n=100)
    return cuts[49] * 1000, cuts[98] * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--api", default="")
    parser.add_argument("--at-once", type=int, default=1)
    chosen = parser.parse_args()
    if chosen.api:
        beside(chosen.api, chosen.at_once)
        return
    with tempfile.TemporaryDirectory() as folder:
        store = chosen.store
        if store is None:
            store = Path(folder) / "store"
            build_store(store)
        compare(store, chosen.seconds)


if __name__ == "__main__":
    main()
