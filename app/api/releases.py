"""/releases, /limits, /health and the JSON-LD context: the service about itself."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

import orjson
import structlog
from fastapi import FastAPI, Request
from pydantic import Field
from starlette.responses import Response
from typing_extensions import TypedDict

from app import http
from app.api.routing import api_router
from app.html.assets import Asset
from app.http.problems import problem_response
from app.http.shapes import Counted, Shape
from app.request import Context, Ctx, counted, service_of
from app.settings import Limits
from ontology import ATTRIBUTION
from ontology.jsonld_context import CONTEXT, TYPED_CONTEXT
from releases.errors import ReleaseError
from releases.manifest import Published, public
from releases.release import Release as Loaded

log = structlog.get_logger()
router = api_router("service")
TYPED_FILE = Asset.document(orjson.dumps(TYPED_CONTEXT), "application/ld+json")
CONTEXT_FILE = Asset.document(orjson.dumps(CONTEXT), "application/ld+json")


_Context = TypedDict("_Context", {"@context": dict[str, Any]})


class Release(Published, Shape):
    """A release: what was loaded, what came out."""

    served: bool


class ReleaseList(Counted, Shape):
    """The releases on this server, newest first."""

    items: list[Release]
    attribution: str


class Limit(Shape):
    """A published limit."""

    name: str
    value: float
    default: float
    help: str
    setting: Annotated[str, Field(description="Environment variable that sets it.")]


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
    escoVersion: str
    parts: ReadyParts
    fallback: str | None


class ReadySparql(Shape):
    """Worker processes evaluate queries."""

    status: Literal["ready"]


class JsonLdContext(_Context, Shape):
    """A JSON-LD context."""


@router.get("/releases", summary="The releases on this server, and which one is served")
async def releases(ctx: Ctx) -> Response:
    """Versions, content hashes, counts, repairs and what is missing, newest first."""
    items: list[Release] = [
        {**public(r.manifest), "served": r.id == ctx.served.release.id} for r in await releases_here(ctx)
    ]
    payload: ReleaseList = {"items": items, **counted(len(items)), "attribution": ATTRIBUTION}
    return ctx.json(payload, keep=False)  # loads and removals change it without a new release being served


async def releases_here(ctx: Context) -> list[Loaded]:
    """The releases on this server, the newest first."""
    try:
        return await asyncio.to_thread(service_of(ctx.request).backend.releases)
    except ReleaseError as error:  # one that cannot be read must not hide the one that is served
        log.warning("releases cannot be listed", error=str(error))
        return [ctx.served.release]


@router.get("/limits", summary="Every published limit")
async def limits(request: Request) -> Response:
    """Name, value, default, meaning and the environment variable that sets it."""
    service = service_of(request)
    items: list[Limit] = [
        {
            "name": name,
            "value": getattr(service.limits, name),
            "default": info.default,
            "help": info.description or "",
            "setting": f"CCSI_LIMIT_{name.upper()}",
        }
        for name, info in Limits.model_fields.items()
    ]
    payload: LimitList = {"items": items, "total": len(items)}
    return http.uncached_json(payload)


@router.get("/health/live", summary="Is the process alive?")
async def live() -> Response:
    """Always 200 while the process answers."""
    return http.uncached_json({"status": "alive"})


@router.get("/health/ready", summary="Can it answer questions?")
async def ready(request: Request) -> Response:
    """200 with the served release, or 503. SPARQL has a readiness of its own, which is told here and decides nothing.

    `fallback` says why the served release is not the published one.
    """
    service = service_of(request)
    if (error := service.error) is not None:  # what is in memory is still answered, but not all is in memory
        return problem_response(503, error.slug, error.title, error.detail, {"retry-after": "5"})
    if not service.ready:
        return problem_response(
            503, "not-ready", "No release is loaded", "Load ESCO with: ccsi load PATH", {"retry-after": "5"}
        )
    release = service.served.release
    payload: Ready = {
        "status": "ready",
        "release": release.id,
        "escoVersion": release.manifest["escoVersion"],
        "parts": {"api": "ready", "sparql": "ready" if _sparql_is_ready(request) else "not ready"},
        "fallback": service.fallback or None,
    }
    return http.uncached_json(payload)


@router.get("/health/ready/sparql", summary="Can it answer SPARQL queries?")
async def ready_sparql(request: Request) -> Response:
    """200 while a worker process is there to evaluate a query, or 503."""
    if not _sparql_is_ready(request):
        detail = "No worker process is there to evaluate a query."
        return problem_response(503, "sparql-not-ready", "SPARQL is not ready", detail, {"retry-after": "5"})
    return http.uncached_json({"status": "ready"})


def _sparql_is_ready(request: Request) -> bool:
    ready: bool = request.app.state.gateway.stats().ready
    return ready


@router.get("/context.jsonld", summary="The JSON-LD context of every answer")
async def context(request: Request) -> Response:
    """Makes the JSON of this API linked data."""
    return CONTEXT_FILE.respond(request)


@router.get("/openapi.json", include_in_schema=False)
async def description(request: Request) -> Response:
    """The description of the API in OpenAPI."""
    return openapi_file(request.app).respond(request, "public, max-age=60")


def openapi_file(app: FastAPI) -> Asset:
    """The description as it is sent, made once for an application."""
    made: Asset | None = getattr(app.state, "openapi_file", None)
    if made is None:
        made = app.state.openapi_file = Asset.document(orjson.dumps(app.openapi()), "application/json")
    return made
