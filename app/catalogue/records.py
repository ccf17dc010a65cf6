"""Rows of a query as the attributes of derived records, by the one definition of these (ontology.derived)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from app.store.port import GraphStore
from ontology.derived import Record
from queries import load
from queries.rows import as_texts


def records(store: GraphStore, query: str, record: Record, *others: str) -> Iterator[dict[str, Any]]:
    """Attribute -> value for each row of a query that names its columns as the properties are named, in a fixed order.

    `others` are columns that the record does not have, given as text.
    """
    columns = load(query).columns
    parts: list[tuple[int, str, Callable[[str], Any]]] = [
        (columns.index(p.name), p.attribute, p.parsed) for p in record.properties
    ]
    parts += [(columns.index(name), name, str) for name in others]
    for row in sorted(as_texts(store.select(query))):
        yield {attribute: parse(row[n]) for n, attribute, parse in parts}
