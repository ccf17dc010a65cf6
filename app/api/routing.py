"""Where routes stand: each under its whole path in one list, which the framework goes through once.

Routers that are included in others are gone through again for each level, twice for the one that has the route.
"""

from __future__ import annotations

from enum import Enum

from fastapi import APIRouter, Depends
from fastapi.routing import APIRoute
from starlette.requests import Request

from app.api.turtle import turtle_apart
from app.request import strict_parameters

PREFIX = "/api/v1"


async def _checked(request: Request) -> None:
    await strict_parameters(request)
    await turtle_apart(request)


def route_name(route: APIRoute) -> str:
    """What an operation is called in OpenAPI: a name that a generated client can live with."""
    return route.name


def api_router(tag: str = "", prefix: str = "", route_class: type[APIRoute] = APIRoute) -> APIRouter:
    """A router of the API, with the checks that all its routes share."""
    tags: list[str | Enum] = [tag] if tag else []
    return APIRouter(
        prefix=PREFIX + prefix, tags=tags, dependencies=[Depends(_checked)], route_class=route_class,
        generate_unique_id_function=route_name,
    )  # fmt: skip
