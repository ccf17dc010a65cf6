"""The shapes of what the service says about itself: releases, limits, health; see app.api.models."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from app.api.models import Shape


class Check(Shape):
    """A check of the release: passed, or excused because the input is an excerpt."""

    name: str
    passed: bool
    detail: str
    excused: bool = Field(
        False,
        description="Not passed, and let pass: an excerpt was asked for, or the curators know none of its occupations.",
    )


class Release(Shape):
    """A release: what was loaded, what came out."""

    id: str
    esco_version: str
    content_hash: str
    quads: int
    created_at: str
    software: dict[str, str]
    inputs: list[dict[str, Any]]
    parameters: dict[str, Any]
    counts: dict[str, int]
    languages: dict[str, dict[str, int]]
    repairs: dict[str, int]
    withdrawn: int
    missing: list[str]
    blemishes: dict[str, int] = Field(
        {}, description="What ESCO itself got wrong and is served as it is, counted by kind."
    )
    dangling: dict[str, Any] = Field(
        {}, description="Relations to concepts that are not in the data, and those concepts."
    )
    notes: list[str] = Field(
        [], description="How the input was read, where that is not plain; and what of it was not read."
    )
    checks: list[Check]
    carry_over: dict[str, int] = Field(description="What changed since the curation was written, counted by kind.")
    clusters_matched_to: str | None = Field(
        None, description="The release whose skill clusters lent their identifiers."
    )
    seconds: float | None = None  # not known of a release at an endpoint, nor is the next
    peak_memory_mi_b: int | None = Field(None, alias="peakMemoryMiB")
    served: bool


class ReleaseList(Shape):
    """The releases on this server, newest first."""

    items: list[Release]
    total: int
    limit: int
    offset: int
    attribution: str


class Limit(Shape):
    """A published limit."""

    name: str
    value: float
    default: float
    help: str
    setting: str = Field(description="Environment variable that sets it.")


class LimitList(Shape):
    """The published limits."""

    items: list[Limit]
    total: int


class Live(Shape):
    """The process answers."""

    status: Literal["alive"]


class ReadyParts(Shape):
    """What can be ready by itself."""

    api: Literal["ready"]
    sparql: Literal["ready", "not ready"]


class Ready(Shape):
    """A release is served."""

    status: Literal["ready"]
    release: str
    esco_version: str
    parts: ReadyParts
    fallback: str | None


class ReadySparql(Shape):
    """Worker processes evaluate queries."""

    status: Literal["ready"]


class JsonLdContext(Shape):
    """A JSON-LD context."""

    context: dict[str, Any] = Field(alias="@context")


# Path below /api/v1 -> what its answer is.
SERVICE_ANSWERS: dict[str, tuple[type[BaseModel], ...]] = {
    "/releases": (ReleaseList,),
    "/limits": (LimitList,),
    "/health/live": (Live,),
    "/health/ready": (Ready,),
    "/health/ready/sparql": (ReadySparql,),
    "/context.jsonld": (JsonLdContext,),
}
