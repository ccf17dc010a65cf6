"""What ESCO itself got wrong, counted: served as it is, because it is ESCO's, and told in `/releases`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pyoxigraph as ox

import queries


def count(store: ox.Store, seen: Mapping[str, int]) -> dict[str, int]:
    """The blemishes of a release by what they are; `seen` are those that were counted while it was read."""
    counts = Counter(seen)
    for name, count in queries.select(store, "materialise/blemishes"):
        counts[name.value] += int(count.value)  # type: ignore[union-attr]
    return dict(sorted((+counts).items()))
