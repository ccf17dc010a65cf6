"""The derivation of skills in child processes, beside the other stages of a load.

The clusters are the longest computation of a load, so they are made beside its other stages: child processes start as
soon as the scope is decided, each takes one unit (a domain, or the whole) at a time, the largest first, and what they
found is put together in the order of the units. What all units share is made once and handed to them. The outcome does
not depend on how many processes there are.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace

import pyoxigraph as ox

from analysis import skills
from analysis.skills.names import BASE_LANGUAGE, label
from analysis.skills.panel import Overlaid, SkillDecision, overlay
from analysis.skills.tables import PreviousCluster, SkillsResult, SkillTables
from analysis.tables import Decision, Occupation
from loaders.derive.skill_tables import can_derive, previous_clusters, skill_tables
from releases import child
from releases.errors import LoadError
from releases.release import Release

PROCESSES = 2
SMALL_SCOPE = 40  # (occupation, domain) pairs below which the work takes a second or two


@contextmanager
def deriving_skills(
    store: ox.Store,
    occupations: Mapping[str, Occupation],
    decisions: Sequence[Decision],
    languages: Sequence[str],
    matched: Release | None,
    adopted: Sequence[SkillDecision] = (),
) -> Iterator[Callable[[], Overlaid | None]]:
    """Start deriving for a release being built; the result is None where the release has nothing to derive from.

    ``matched`` is the release whose clusters hand on their identifiers. What panels ``adopted`` is laid over the result.
    """
    tables = skill_tables(store, occupations, decisions, languages) if decisions else None
    if tables is None or not can_derive(tables):
        yield lambda: None
        return
    previous = previous_clusters(ox.Store.read_only(str(matched.store))) if matched else ()
    with deriving(tables, previous) as result:
        yield lambda: overlay(result(), tables, adopted)


@contextmanager
def deriving(tables: SkillTables, previous: Sequence[PreviousCluster] = ()) -> Iterator[Callable[[], SkillsResult]]:
    """Start deriving; call the yielded function for the result. Leaving early ends the child processes."""
    if len(tables.scope) < SMALL_SCOPE:  # starting processes would take longer than the work
        yield lambda: skills.derive(tables, previous)
        return
    stage = skills.prepare(base_language_only(tables))
    waiting = deque(
        u.id for u in sorted(stage.units, key=lambda u: (not skills.is_clustered(u), -len(u.weights), u.id))
    )
    features = skills.features(stage.tables, stage.use, stage.hierarchy)
    settings = skills.Settings()
    start = pickle.dumps((stage, features, tuple(previous), settings))
    del features  # the children have it
    children = [_Child() for _ in range(min(PROCESSES, len(waiting)))]
    with ThreadPoolExecutor(len(children)) as threads:
        running = [threads.submit(child.work, start, waiting) for child in children]

        def result() -> SkillsResult:
            results = {unit: made for r in running for unit, made in r.result().items()}
            # Clusters are named here, in every language.
            return skills.assemble(replace(stage, tables=tables), [results[u.id] for u in stage.units], settings)

        try:
            yield result
        finally:
            waiting.clear()
            for child in children:
                child.end()


def base_language_only(tables: SkillTables) -> SkillTables:
    """The tables with one language of labels only, which is all that is derived from; names are given afterwards."""

    def one(labels: Mapping[str, str]) -> dict[str, str]:
        return {BASE_LANGUAGE: text} if (text := label(labels, BASE_LANGUAGE)) else {}

    used = {s for o, _ in tables.scope for s in tables.occupations[o].skills}
    return replace(
        tables,
        skills={
            iri: replace(s, labels=one(s.labels), descriptions=one(s.descriptions) if iri in used else {})
            for iri, s in tables.skills.items()
        },
        occupations={iri: replace(o, labels={}) for iri, o in tables.occupations.items()},
        groups={iri: replace(g, labels=one(g.labels)) for iri, g in tables.groups.items()},
    )


class _Child:
    """A process that derives one unit after the other: identifiers in, pickled results out.

    A plain process rather than multiprocessing: the parent runs threads of the engine, which do not survive a fork, and a
    child that reads its orders from a pipe ends by itself when the parent is killed.
    """

    def __init__(self) -> None:
        self._process = child.start(
            "loaders.derive.skills", environment=child.inherited(**child.ONE_THREAD),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    def work(self, start: bytes, waiting: deque[str]) -> dict[str, skills.UnitResult]:
        """Feed the process until nothing waits; runs in a thread. Raises LoadError when the process dies."""
        orders, answers = self._process.stdin, self._process.stdout
        assert orders is not None and answers is not None  # noqa: S101, PT018  # both are pipes
        results: dict[str, skills.UnitResult] = {}
        try:
            orders.write(start)
            while True:
                try:
                    unit = waiting.popleft()
                except IndexError:
                    return results
                orders.write(f"{unit}\n".encode())
                orders.flush()
                results[unit] = pickle.load(answers)  # noqa: S301  # our own process
        except (OSError, EOFError) as error:
            raise LoadError("A process that makes the skill clusters ended unexpectedly.", "Try again.") from error

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what could not be delivered any more
                    pipe.close()


def _serve() -> None:
    """What a child process does: read the stage, then answer one unit after the other until the parent is gone."""
    orders, answers = sys.stdin.buffer, sys.stdout.buffer
    stage, features, previous, settings = pickle.load(orders)  # noqa: S301  # from the parent
    units = {u.id: u for u in stage.units}
    while line := orders.readline():
        unit = units[line.decode().strip()]
        pickle.dump(skills.derive_unit(stage, features, unit, settings, previous), answers)
        answers.flush()


if __name__ == "__main__":
    try:
        _serve()
    except BrokenPipeError:  # the parent is gone, and nobody reads
        os._exit(1)
