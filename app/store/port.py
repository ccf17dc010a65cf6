"""The one way in which the service reads its graph, whatever holds it: adapters are in embedded.py and remote.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol, runtime_checkable

from queries import Row, Term
from releases.release import Release

Values = Mapping[str, Iterable[Term]] | None  # of a query's parameters, by name


@runtime_checkable
class GraphStore(Protocol):
    """A SPARQL 1.1 store that answers the project's own queries (queries/*.rq)."""

    local: bool
    """Whether `select` is answered in this process; if not, it waits for a network and is kept off the event loop."""

    @property
    def graphs(self) -> list[str]:
        """The IRIs of the release's named graphs, sorted; whatever else holds them may have others."""

    def select(self, name: str, values: Values = None, limit: int | None = None, offset: int = 0) -> list[Row]:
        """Rows of the named query in the order of its declared columns, parameters bound to typed terms.

        At most `limit` rows, the first `offset` passed over.
        """

    def detach(self) -> None:
        """Let go of what does not survive a fork; whoever asks next, parent or child, opens it anew."""

    def close(self) -> None:
        """Give back what the store holds."""


class Backend(Protocol):
    """Where releases come from."""

    def current(self) -> Release | None:
        """The release to serve. Raises ReleaseError, or a Problem when what holds it cannot be asked; may take its time."""

    def releases(self) -> list[Release]:
        """All releases, newest first. Raises ReleaseError."""

    def open(self, release: Release) -> GraphStore:
        """The store of a release, checked as far as it can be. Raises ReleaseError."""

    def close(self) -> None:
        """Give back what is held to ask for releases; what was opened is of no more use then."""
