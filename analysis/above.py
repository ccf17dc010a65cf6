"""Walking up a hierarchy that may have several ways to the same concept."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def all_above(start: str, parents: Callable[[str], Iterable[str]]) -> set[str]:
    """All that stands above a concept, by any path; the concept itself only where a cycle leads back to it."""
    seen: set[str] = set()
    todo = list(parents(start))
    while todo:
        concept = todo.pop()
        if concept not in seen:
            seen.add(concept)
            todo.extend(parents(concept))
    return seen
