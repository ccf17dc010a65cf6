"""Content coding: what a client wants most of what is offered."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(256)
def coding_of(accepted: str) -> str:
    """The content coding that an Accept-Encoding header wants most, the cheaper of equals; "" for an answer as it is."""
    offered: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _, parameter = part.partition(";")
        try:
            offered[name.strip()] = float(parameter.replace(" ", "").removeprefix("q=") or 1)
        except ValueError:
            continue
    best = max(("zstd", "gzip"), key=lambda coding: offered.get(coding, 0.0))
    return best if offered.get(best, 0.0) > 0 else ""
