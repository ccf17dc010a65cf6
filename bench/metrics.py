"""What counting costs a request, and what a scrape costs the event loop.

    python -m bench.metrics

Prints nanoseconds of one count of a request that was counted before, on a path that is known and on one that is not, and
milliseconds that the loop is held by gathering the figures of a service on which every route and status was met; all of
it time of the processor.
"""

from __future__ import annotations

import asyncio
import time

from app.http import Finished
from app.main import create_app
from app.metrics.figures import Metrics
from app.settings import Limits, Settings
from app.telemetry.exposition import text

ROUNDS = 200_000
STATUSES = (200, 304, 404, 422, 503)
TARGETS = {"count_ns": 2000.0, "gather_ms": 5.0}


def main() -> None:
    """Measure and print; exit code 1 when a target is missed."""
    app = create_app(Settings(metrics_public=True, log_level="error"), Limits())
    metrics: Metrics = app.state.observer.metrics
    known = _count(metrics, ["/api/v1/domains/heritage/occupations"])
    unknown = _count(metrics, [f"/api/v1/occupations/{n}" for n in range(ROUNDS)])
    for template in {template for _, template in metrics.requests._routes._routes}:
        for status in STATUSES:
            for kept in (False, True):
                path = template.replace("{", "").replace("}", "")
                metrics.requests.finished(Finished("GET", path, "", status, 0.01, 100, kept, "", ""))
    gathered, written, size = asyncio.run(_scrape(metrics))
    print(f"count, known path {known:.0f} ns; new path {unknown:.0f} ns")
    print(f"scrape: loop held {gathered:.2f} ms, written off the loop in {written:.1f} ms, {size:,} bytes")
    raise SystemExit(known > TARGETS["count_ns"] or gathered > TARGETS["gather_ms"])


def _count(metrics: Metrics, paths: list[str]) -> float:
    finished, many = metrics.requests.finished, [paths[n % len(paths)] for n in range(ROUNDS)]
    begun = time.thread_time()
    for path in many:
        finished(Finished("GET", path, "", 200, 0.0004, 88_000, True, "", ""))
    return (time.thread_time() - begun) / ROUNDS * 1e9


async def _scrape(metrics: Metrics) -> tuple[float, float, int]:
    held: list[float] = []
    for _ in range(20):
        begun = time.thread_time()
        metrics.of_loop()
        held.append(time.thread_time() - begun)
    begun = time.process_time()
    body, _ = await asyncio.to_thread(text, {"0": await metrics.gather()})
    return sorted(held)[10] * 1000, (time.process_time() - begun) * 1000, len(body)


if __name__ == "__main__":
    main()
