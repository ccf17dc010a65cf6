"""When an answer is adopted: fixed before the first judgement, and never changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from workshop.errors import Refused

Status = Literal["adopted", "open", "deferred"]
Rating = Literal["in", "partly", "out"]
RATINGS: tuple[Rating, ...] = get_args(Rating)
# What a rating makes of an occupation in a sector.
DEGREES = {"in": "core", "partly": "related", "out": "excluded"}


@dataclass(frozen=True, slots=True)
class Rule:
    """The decision rule of a workshop.

    An answer is adopted when at least `quorum` people rated and at least `threshold` per cent of them say the same.
    After `rounds` rounds, what is not adopted is deferred. `readers` is how many should rate each item.
    """

    quorum: int = 5
    threshold: int = 80
    rounds: int = 3
    readers: int = 5

    def __post_init__(self) -> None:
        bounds = {"quorum": (1, 1000), "threshold": (51, 100), "rounds": (1, 10), "readers": (1, 1000)}
        for name, (least, most) in bounds.items():
            if not least <= getattr(self, name) <= most:
                raise Refused(f"{name}: {getattr(self, name)} is not from {least} to {most}.", "Give another.")
        if self.readers < self.quorum:
            raise Refused(
                "With fewer readers than the quorum nothing could be adopted.", "Raise the number of readers."
            )

    @classmethod
    def of(cls, written: dict[str, Any]) -> Rule:
        """As it was kept."""
        return cls(**written)

    def as_dict(self) -> dict[str, Any]:
        """To be kept."""
        return asdict(self)

    def outcome(self, votes: Iterable[str], round_number: int) -> Outcome:
        """What the votes of a round come to. More than half is needed, so at most one answer can be adopted."""
        tally = Counter(votes)
        n = sum(tally.values())
        answer, most = min(tally.items(), key=lambda e: (-e[1], e[0])) if tally else ("", 0)
        adopted = n >= self.quorum and most * 100 >= self.threshold * n
        status: Status = "adopted" if adopted else "deferred" if round_number >= self.rounds else "open"
        return Outcome(answer, status, n, most, dict(sorted(tally.items())))


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer that most gave, and whether the rule adopts it."""

    answer: str
    status: Status
    n: int
    most: int
    tally: dict[str, int]

    @property
    def share(self) -> float:
        """The part of those who rated that gave this answer."""
        return round(self.most / self.n, 4) if self.n else 0.0

    def as_dict(self) -> dict[str, Any]:
        """To be kept and shown."""
        return {**asdict(self), "share": self.share}
