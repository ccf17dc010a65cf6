"""What each kind of answer costs, nothing of it at hand, and how long it keeps the event loop of a service from others.

    python -m bench.cost [--data-dir D] [--above MS]

First every request is answered by one process alone: processor milliseconds of the first answer and of the quicker of two more;
the costs at the routes (app.api.apart) are these. Then by a service with its heavy server: the most processor milliseconds
that its event loop took between two of its turns. Processor time, so that what else runs on the machine does not count. Exit
code 1 where a request blocks the loop for longer than the target.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path

from fastapi import FastAPI
from rich.console import Console
from rich.table import Table

from app.http.inprocess import ask
from app.main import create_app
from app.settings import Limits, Settings

TARGET = 30.0  # milliseconds
API = "/api/v1"
LISTS = ("json", "jsonld", "turtle", "csv")
DOCUMENTS = ("json", "jsonld", "turtle", "csv", "xlsx", "html", "pdf", "markdown", "schemaorg", "elm")
PAGES = ("html", "ttl", "jsonld", "nt", "rdf")
CONSERVATOR = "7556c748-15b4-4e44-97d9-00d885d4cd7d"
SKILL = "c1b4aa1e-bc42-49e4-952a-0cbd45f1d57b"
ESCO = "http://data.europa.eu/esco"
EVERY = "heritage,design,gaming,audiovisual,books,music,performing,visual,architecture,advertising,crafts"
PLAIN = (
    "/occupations?limit=500", "/occupations", f"/occupations/{CONSERVATOR}", f"/occupations/{CONSERVATOR}?language=*",
    f"/skills/{SKILL}", "/domains", "/domains/heritage", "/domains/heritage/occupations?limit=500",
    "/domains/heritage/occupations?limit=500&q=museum", "/isco/2", "/isco/26", "/isco/2621", "/nace/90", "/nace/01",
    "/crosswalk?domain=heritage", "/crosswalk?nace=90", "/crosswalk?isco=2", "/scope", "/scope/review-queue?limit=500",
    f"/scope/occupations/{CONSERVATOR}", f"/occupations/{CONSERVATOR}/related",
    f"/occupations/{CONSERVATOR}/related?limit=500&among=all",
    f"/occupations/{CONSERVATOR}/related?limit=500&among=all&direction=into", "/releases", "/openapi.json",
    "/domains/ccsi/occupations?limit=500", "/skills?limit=500", "/skills", "/isco?limit=500", "/nace?limit=500",
    "/skill-groups?limit=500", "/suggest?q=mus", "/suggest?q=a", "/search?q=museum", "/search?q=restaurateur%20of%20manuscripts",
    "/match?title=senior%20museum%20curator%20(m/f)",
)  # fmt: skip
SITE = (
    "/", "/find?q=museum", "/sectors/heritage", f"/occupations/{CONSERVATOR}", f"/skills/{SKILL}", "/method", "/docs", "/query",
    "/sitemap.xml",
)  # fmt: skip
PICTURES = (
    "/domains/overlap", "/domains/heritage/transversal", "/domains/heritage/clusters", "/domains/ccsi/clusters", "/scope",
)  # fmt: skip
IN_FORMATS = (
    "/domains/ccsi/skills?limit=500", "/domains/ccsi/skills?limit=50", "/domains/ccsi/transversal?",
    "/domains/ccsi/clusters?limit=500", "/domains/heritage/clusters?limit=50", f"/skills/{SKILL}/clusters?",
    f"/occupations/{CONSERVATOR}/clusters?", "/domains/compare?ids=heritage,audiovisual", f"/domains/compare?ids={EVERY}",
    "/profiles?limit=500", "/profiles?limit=50", "/domains/heritage/profiles?limit=500",
)  # fmt: skip
PROFILES = ("heritage-preservation", "compose?domain=audiovisual", f"compose?anchor={CONSERVATOR}")
DESCRIBED = (
    "/ns?", "/.well-known/void?", f"/resource?uri={ESCO}/isco/C2621&", f"/resource?uri={ESCO}/concept-scheme/skills&",
    f"/resource?uri={ESCO}/occupation/{CONSERVATOR}&", f"/resource?uri={ESCO}/skill/{SKILL}&",
)  # fmt: skip
COMPARED: tuple[tuple[str, dict[str, object]], ...] = (
    ("limit=500", {"among": "all"}),
    ("limit=50", {"among": "ccsi"}),
    ("limit=50", {"to": [{"profile": "heritage-preservation"}]}),
    ("limit=500", {"to": [{"compose": {"domain": "audiovisual"}}] * 100}),
    ("limit=500", {"to": [{"profile": "heritage-preservation"}] * 100}),
)


def targets() -> list[tuple[str, dict[str, object] | None]]:
    """Every kind of request, at its largest: the path below the host, and a body where there is one."""
    found = [API + path for path in PLAIN]
    found += [f"{API}{path}.{kind}" for path in PICTURES for kind in ("svg", "png")]
    found += [f"{API}{path}&format={form}" for path in IN_FORMATS for form in LISTS]
    found += [f"{API}/profiles/{p}{'&' if '?' in p else '?'}format={form}" for p in PROFILES for form in DOCUMENTS]
    found += [f"{path}format={form}" for path in DESCRIBED for form in PAGES]
    found += SITE
    whole: list[tuple[str, dict[str, object] | None]] = [(target, None) for target in found]
    return whole + [
        (f"{API}/profiles/compare?{query}", {"from": {"occupation": CONSERVATOR}, **body}) for query, body in COMPARED
    ]


async def alone(data_dir: Path) -> list[tuple[int, int, float, float]]:
    """Of every request: status, bytes, first and later milliseconds."""
    app = create_app(Settings(data_dir=data_dir, log_level="error"), Limits(cache_bytes=0))
    await app.state.service.refresh()
    rows = []
    for target, body in targets():
        took = []
        for _ in range(3):
            started = time.process_time()
            status, answer = await asked(app, target, body)
            took.append((time.process_time() - started) * 1000)
        rows.append((status, len(answer), took[0], min(took[1:])))
    return rows


async def served(data_dir: Path) -> list[tuple[int, float]]:
    """Of every request: status, and the most milliseconds of the loop between two turns."""
    app = create_app(Settings(data_dir=data_dir, log_level="error"), Limits(cache_bytes=0))
    worst = 0.0

    async def watch() -> None:
        nonlocal worst
        before = time.thread_time()
        while True:
            await asyncio.sleep(0.001)
            before, last = time.thread_time(), before
            worst = max(worst, (before - last) * 1000)

    rows = []
    async with app.router.lifespan_context(app):
        while (await asked(app, f"{API}/scope.svg", None))[0] != 200:
            await asyncio.sleep(0.5)
        watcher = asyncio.create_task(watch())
        for target, body in targets():
            await asyncio.sleep(0.01)
            worst = 0.0
            status, _ = await asked(app, target, body)
            await asyncio.sleep(0.003)
            rows.append((status, worst))
        watcher.cancel()
    return rows


async def asked(app: FastAPI, target: str, body: dict[str, object] | None) -> tuple[int, bytes]:
    """One request to an application of this process."""
    sent = json.dumps(body).encode() if body else b""
    return await ask(app, f"http://localhost{target}", "POST" if body else "GET", sent)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, default=Path("data"))
    parser.add_argument("--above", type=float, default=0, help="only what took so many milliseconds or more")
    options = parser.parse_args()
    table = Table("request", "status", "KB", "first, ms", "then, ms", "served", "loop, ms")
    missed = 0
    costs, blocked = asyncio.run(alone(options.data_dir)), asyncio.run(served(options.data_dir))
    for (target, body), (status, size, first, then), (answered, loop) in zip(targets(), costs, blocked, strict=True):
        missed += loop > TARGET
        if max(first, then, loop) >= options.above:
            name = f"{target} {str(body)[-40:]}" if body else target
            table.add_row(
                name, str(status), f"{size / 1000:,.0f}", f"{first:,.1f}", f"{then:,.1f}", str(answered), f"{loop:,.1f}"
            )
    Console(width=150, markup=False).print(table)
    print(f"Blocked for more than {TARGET:g} ms by {missed} of {len(blocked)} requests.")
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
