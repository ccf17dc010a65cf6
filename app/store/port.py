"""The one way in which the service reads its graph, whatever holds it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol, runtime_checkable

from queries import Row, Term


@runtime_checkable
class GraphStore(Protocol):
    """A SPARQL 1.1 store that answers the project's own queries (queries/*.rq)."""

    def select(
        self,
        name: str,
        values: Mapping[str, Iterable[Term]] | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Row]:
        """Rows of the named query in the order of its declared columns, parameters bound to typed terms.

        At most `limit` rows, the first `offset` passed over.
        """
        ...

    def close(self) -> None:
        """Give back what the store holds."""
        ...
