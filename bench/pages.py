"""How long a page takes beside the JSON answer that it shows, at 8 clients, in the same run.

    python -m bench.pages [--data-dir D] [--seconds S] [--clients N]

Without --data-dir full ESCO is loaded from CCSI_ESCO_DATA into a temporary folder first. Two servers run: one with the cache of
ready answers off, so that everything is worked out anew, and one as it comes, whose answers are kept after the first. The
target: p95 of a page under 3 times that of its answer, as it comes. Exit code 1 when missed; worked out anew is told beside it.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

import pyoxigraph as ox

import queries
from bench.serve import BIN, free_port, measure, published, running, warm

TARGET = 3.0
DRAWN = 60  # concepts of each kind: few enough that a first round has asked for all
API = "/api/v1"


def main() -> None:
    """Measure, print, and say whether the target is met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data-dir", type=Path, help="folder with a published release of full ESCO")
    parser.add_argument("--seconds", type=float, default=5, help="duration of each measurement")
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    missed = False
    with tempfile.TemporaryDirectory(prefix="bench-pages-") as folder:
        data_dir, release = published(options.data_dir, work := Path(folder))
        kinds = targets(release.store)
        print(f"{'p95 in ms':28}{'page':>10}{'answer':>10}{'ratio':>8}")
        for way, cache in (("anew", {"CCSI_LIMIT_CACHE_BYTES": "0"}), ("as it comes", {})):
            port = free_port()
            env = {"CCSI_LOG_FORMAT": "json", "CCSI_LIMIT_CLIENT_REQUESTS": "0", **cache}
            command = [BIN / "ccsi", "serve", "--data-dir", data_dir, "--no-starter", "--port", str(port)]
            with running(command, env, port, work / f"{way}.log"):
                for kind, sides in kinds.items():
                    p95 = []
                    for side, lines in zip(("page", "answer"), sides, strict=True):
                        file = work / f"{kind}-{side}.txt"
                        file.write_text("\n".join(lines) + "\n")
                        warm(port, file)
                        p95.append(measure(port, file, options.clients, options.seconds)["p95"])
                    ratio = p95[0] / p95[1]
                    missed |= bool(not cache and ratio >= TARGET)
                    print(f"{way:14}{kind:14}{p95[0]:10.2f}{p95[1]:10.2f}{ratio:8.2f}")
    sys.exit(1 if missed else 0)


def targets(store: Path) -> dict[str, tuple[list[str], list[str]]]:
    """Kind -> addresses of pages, and of the answers that they show."""
    graph = ox.Store.read_only(str(store))
    draw = random.Random(16)

    def keys(name: str) -> list[str]:
        found = sorted(
            {str(row[0].value).rpartition("/")[2] for row in queries.select(graph, name) if row[0] is not None}
        )
        return draw.sample(found, min(DRAWN, len(found)))

    occupations, skills = keys("api/occupations"), keys("api/skills")
    return {
        "occupations": (
            [f"/occupations/{o}?language=en" for o in occupations], [f"{API}/occupations/{o}?language=en" for o in occupations],
        ),
        "skills": ([f"/skills/{s}?language=en" for s in skills], [f"{API}/skills/{s}?language=en" for s in skills]),
        "search": (["/find?q=museum&language=en"], [f"{API}/search?q=museum&limit=20&language=en"]),
        "composer": (
            [f"/composer?anchor={o}&language=en" for o in occupations],
            [f"{API}/profiles/compose?anchor={o}&language=en" for o in occupations],
        ),
        "sector": (["/sectors/heritage?language=en"], [f"{API}/domains/heritage/occupations?limit=500&language=en"]),
        "statistics": (["/statistics?language=en"], [f"{API}/scope"]),
    }  # fmt: skip


if __name__ == "__main__":
    main()
