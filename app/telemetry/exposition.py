"""Figures of one or more processes as the text that Prometheus reads.

Several serving processes are told apart by the label `worker` and not added up here: a process that was replaced begins
at nought, which Prometheus takes for what it is in a series of its own, and for an arbitrary jump in a sum. Queries add up
(`sum without (worker)`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, choose_encoder, generate_latest
from prometheus_client.registry import Collector

from app.telemetry.seconds import BOUNDS, Seconds

Labels = dict[str, str]


@dataclass(slots=True)
class Family:
    """One metric with all its samples: the end of the name, labels, value."""

    name: str
    kind: str
    help: str
    samples: list[tuple[str, Labels, float]] = field(default_factory=list)

    @classmethod
    def of(cls, metric: Metric) -> Family:
        """What one of the library's own collectors found."""
        samples = [(s.name.removeprefix(metric.name), s.labels, s.value) for s in metric.samples]
        return cls(metric.name, metric.type, metric.documentation, samples)


def counter(name: str, text: str, *samples: tuple[Labels, float]) -> Family:
    """A number that only grows; its name is given without `_total`."""
    return Family(name, "counter", text, [("_total", labels, value) for labels, value in samples])


def gauge(name: str, text: str, *samples: tuple[Labels, float]) -> Family:
    """A number that goes up and down."""
    return Family(name, "gauge", text, [("", labels, value) for labels, value in samples])


def histogram(name: str, text: str, *samples: tuple[Labels, Seconds]) -> Family:
    """Durations, in buckets that each hold the ones before."""
    family = Family(name, "histogram", text)
    for labels, seconds in samples:
        below = 0
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), seconds.counts, strict=True):
            below += count
            family.samples.append(("_bucket", {**labels, "le": bound}, below))
        family.samples += (("_count", labels, below), ("_sum", labels, seconds.seconds))
    return family


def exported(families: Iterable[Family]) -> bytes:
    """The figures of a process, for another one that serves them."""
    return orjson.dumps([*families])


def received(body: bytes) -> list[Family]:
    """What `exported` made. Raises ValueError, TypeError or KeyError for anything else."""
    families = [Family(**family) for family in orjson.loads(body)]
    for family in families:
        family.samples = [(str(end), dict(labels), float(value)) for end, labels, value in family.samples]
    return families


class _Merged(Collector):
    def __init__(self, workers: Mapping[str, Iterable[Family]]) -> None:
        self._workers = workers

    def collect(self) -> Iterator[Metric]:
        merged: dict[str, Metric] = {}
        for worker, families in self._workers.items():
            for family in families:
                metric = merged.setdefault(family.name, Metric(family.name, family.help, family.kind))
                for end, labels, value in family.samples:
                    metric.add_sample(family.name + end, {**labels, "worker": worker}, value)
        yield from merged.values()


def text(workers: Mapping[str, Iterable[Family]], accept: str = "") -> tuple[bytes, str]:
    """The figures of all processes, by name of the process, in the format that the reader takes; and its media type."""
    encode: Any
    try:
        encode, media_type = choose_encoder(accept)
    except (TypeError, ValueError):  # a version that is none
        encode, media_type = generate_latest, CONTENT_TYPE_PLAIN_0_0_4
    return encode(_Merged(workers)), media_type
