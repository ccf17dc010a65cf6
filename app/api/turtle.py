"""Turtle of an answer that is JSON: made apart from the event loop, because reading JSON-LD takes the engine long."""

from __future__ import annotations

from fastapi import FastAPI, Request
from starlette.responses import Response

from app.api.apart import answer_apart, coding_of
from app.request import context, known_parameters, representation_of, service_of

_COST = 100.0  # milliseconds; of 50 skills, 90


class AnsweredApart(Exception):
    """The answer is there: the endpoint need not run."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


async def turtle_apart(request: Request) -> None:
    """Where Turtle is asked for of a route without formats of its own, have a process of its own answer. Raises AnsweredApart."""
    heavy = service_of(request).heavy
    if heavy is None or request.method != "GET" or representation_of(request) != "turtle":
        return
    known = known_parameters(request)
    # A list whose other form is CSV ("view" tells it from routes that make Turtle themselves) is JSON-LD all the same.
    if ("format" in known and "view" not in known) or "format" in request.query_params or "language" not in known:
        return
    ctx = await context(request, request.query_params.get("language"))
    said = sorted(f"{name}={value}" for name, value in request.query_params.multi_items() if name != "language")
    key = ("turtle", request.scope["path"], ctx.base, ctx.language, coding_of(ctx), *said)
    raise AnsweredApart(await answer_apart(heavy, ctx, "", _COST, key))


def install(app: FastAPI) -> None:
    """Let the app send what is made so."""

    @app.exception_handler(AnsweredApart)
    async def sent(_: Request, made: AnsweredApart) -> Response:
        return made.response
