"""Counting while requests run. It happens once a request on the way that ready answers take, so it is a few plain numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from re import Pattern
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from app.telemetry.seconds import Seconds
from ontology import VOCABULARIES

if TYPE_CHECKING:
    from app.http import Finished

UNMATCHED = "none"
METHODS = frozenset(["GET", "HEAD", "POST", "OPTIONS", "other"])
# Which the application does not know when it is asked for its routes.
_UNROUTED = frozenset(["/sparql", *(f"/sparql/{name}" for name in VOCABULARIES), "/metrics"])
_MOST_PATHS = 4096
_LONGEST_PATH = 200


class Routes:
    """The template of the route that a path belongs to: what a request is counted under, so there are as many as routes."""

    def __init__(self, routes: Iterable[tuple[Pattern[str], str]]) -> None:
        self._routes = [*routes]
        self._known: dict[str, str] = {}

    @classmethod
    def of(cls, app: FastAPI) -> Routes:
        """Those of an application, in the order in which it tries them."""
        routes = iter_route_contexts(app.routes)
        return cls((r.path_regex, r.path_format) for r in routes if r.path_regex and r.path_format)

    def name(self, path: str) -> str:
        """The template; `none` for a path that no route has."""
        if (name := self._known.get(path)) is None:
            name = next((template for pattern, template in self._routes if pattern.match(path)), "")
            if not name:
                name = path.rstrip("/") if path.rstrip("/") in _UNROUTED else UNMATCHED
            if len(path) <= _LONGEST_PATH:
                if len(self._known) >= _MOST_PATHS:  # a stranger's many paths; what is asked for often is soon back
                    self._known.clear()
                self._known[path] = name
        return name


class Row:
    """All requests that were alike."""

    __slots__ = ("bytes", "seconds")

    def __init__(self) -> None:
        self.seconds = Seconds()
        self.bytes = 0

    def copy(self) -> Row:
        """As it is now."""
        row = Row()
        row.seconds, row.bytes = self.seconds.copy(), self.bytes
        return row


class Requests:
    """The requests that were answered, and why others were refused."""

    def __init__(self, routes: Routes) -> None:
        self._routes = routes
        self.rows: dict[tuple[str, str, int, bool], Row] = {}
        self.refusals: Counter[str] = Counter()

    def copy(self) -> dict[tuple[str, str, int, bool], Row]:
        """The rows as they are now."""
        return {key: row.copy() for key, row in self.rows.items()}

    def finished(self, done: Finished) -> None:
        """Count a request."""
        method = done.method if done.method in METHODS else "other"
        key = (method, self._routes.name(done.path), done.status, done.cached)
        if (row := self.rows.get(key)) is None:
            row = self.rows[key] = Row()
        row.seconds.add(done.seconds)
        row.bytes += done.bytes
        if done.reason:
            self.refusals[done.reason] += 1
