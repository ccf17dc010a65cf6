"""Which answers are made apart from the event loop: declared where the answer is made, by what it costs.

Costs are milliseconds for full ESCO, nothing of the answer at hand, as `python -m bench.cost` prints them. What costs more than
``LIGHT`` is made by a process of its own (app.heavy.client); what costs more than the published limit is refused.

One answer has one key, however a client words its request: the endpoint, its arguments after validation, and the language,
format, coding and base URL that were chosen. The process that makes it is asked in these terms too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import wraps
from hashlib import blake2b
from typing import Any, TypeVar
from urllib.parse import urlencode

import structlog
from pydantic import BaseModel
from starlette.responses import Response

from app import http
from app.api.formats import MEDIA_TYPES, choose
from app.errors import TooCostly
from app.heavy.client import HeavyAnswers, HeavyRequest
from app.heavy.wire import RequestHead
from app.http import Answer, Key
from app.http.clients import client_of
from app.request import Context, Page, content_location, known_parameters, representation_of, service_of

BEARABLE = 20.0  # made by the service itself where no other process can
LIGHT = 5.0  # what whoever has an answer ready waits for at most, once for each turn of the event loop

Endpoint = TypeVar("Endpoint", bound=Callable[..., Awaitable[Response]])
Price = float | Callable[[Mapping[str, Any]], float]
_NOTHING: Mapping[str, float] = {}


def apart(
    price: Price = 0.0,
    per_row: Mapping[str, float] = _NOTHING,
    offered: Mapping[str, str] = MEDIA_TYPES,
    lasts: Callable[[Mapping[str, Any]], bool] = lambda _: True,
    there: Callable[[Mapping[str, Any]], int] | None = None,
) -> Callable[[Endpoint], Endpoint]:
    """Declare what an answer costs: `price` (a number, or a function of the arguments), and for each format, `per_row`.

    For endpoints, and for coroutines below them, that are called by keyword and take `ctx`. Rows are those of `paging`, or
    one; `there`, of the arguments, says how many there can be. A format is that of `format`, by Accept where this is None;
    where there is no such argument, what Accept makes of JSON.
    `lasts`, of the arguments: whether the same request gets the same answer while the release is served; else it is kept for
    the same arguments only, one of which tells what else it was made of.
    """

    def declared(endpoint: Endpoint) -> Endpoint:
        @wraps(endpoint)
        async def made(**given: Any) -> Response:
            ctx: Context = given["ctx"]
            chosen = choose(ctx, given["format"], offered) if "format" in given else representation_of(ctx.request)
            paging: Page | None = given.get("paging")
            each = per_row.get(chosen, 0.0)
            rows = paging.limit if paging else 1
            if each * rows > ctx.limits.heavy_cost:
                most = max(1, int(ctx.limits.heavy_cost / each))
                raise TooCostly(f"limit: must be from 1 to {most} for {chosen}.", field="limit", maximum=most)
            cost = (price(given) if callable(price) else price) + each * rows
            if there is not None and cost > LIGHT:
                cost -= each * max(0, rows - there(given))
            heavy = service_of(ctx.request).heavy
            if heavy is None or cost <= LIGHT or (cost <= BEARABLE and not heavy.there(ctx.served.release.id)):
                return await endpoint(**given)
            spoken = given.get(
                "page_language", ""
            )  # that of a page may be another than that of the release's words in it
            form = chosen if "format" in given else ""
            return await answer_apart(heavy, ctx, form, cost, _key(endpoint, ctx, chosen, given), spoken, lasts(given))

        return made  # type: ignore[return-value]

    return declared


def _key(endpoint: Callable[..., Any], ctx: Context, chosen: str, given: Mapping[str, Any]) -> Key:
    said = [
        f"{name}={_said(value)}" for name, value in sorted(given.items()) if name not in ("ctx", "request", "format")
    ]
    return (endpoint.__module__, endpoint.__qualname__, ctx.base, ctx.language, chosen, coding_of(ctx), *said)


def _said(value: Any) -> str:
    """An argument as a part of a key; of a body, which may be long, a digest."""
    if isinstance(value, BaseModel):
        return blake2b(value.model_dump_json(by_alias=True).encode(), digest_size=32).hexdigest()
    return repr(value)


def coding_of(ctx: Context) -> str:
    """The content coding that the client wants."""
    return http.coding_of(",".join(ctx.request.headers.getlist("accept-encoding")))


async def answer_apart(
    heavy: HeavyAnswers, ctx: Context, chosen: str, cost: float, key: Key, language: str = "", lasting: bool = True
) -> Response:
    """The answer that the key stands for, kept or made by a process of its own."""
    cache = ctx.served.cache
    made: Answer | Response | None = cache.get(key)
    if made is None:
        made = await heavy.answer(ctx.served.release.id, key, await _asked(ctx, chosen, language or ctx.language))
        http.count_seconds(ctx.request.scope, cost / 1000)
    if isinstance(made, Response):
        again = Response(made.body, made.status_code)  # several may wait for one
        again.raw_headers = made.raw_headers
        return again
    current = made.etag.startswith(f'"{ctx.served.tag}-')  # if not, a release has taken the place of this request's
    if current:
        cache.put(key, made)
    if chosen not in ("", "json") and (place := content_location(ctx, chosen)):
        made = replace(made, headers=(*made.headers, *place.items()))
    return http.sent(ctx.request, ctx.served, made, keep=current and lasting)


async def _asked(ctx: Context, chosen: str, language: str) -> HeavyRequest:
    """The request as the process gets it: in the terms of its key where it has no body, else as it came."""
    request = ctx.request
    kept = (b"host", b"accept", b"accept-language", b"content-type")
    headers = [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.scope["headers"] if name in kept
    ]
    query: str = request.scope["query_string"].decode("latin-1")
    if request.method == "GET":
        known = known_parameters(request)
        chosen_by = {k: v for k, v in (("language", language), ("format", chosen)) if v and k in known}
        pairs = [(name, value) for name, value in request.query_params.multi_items() if name not in chosen_by]
        query = urlencode([*pairs, *chosen_by.items()])
    head: RequestHead = {
        "method": request.method,
        "scheme": request.scope["scheme"],
        "path": request.scope["raw_path"].decode("latin-1"),
        "query": query,
        "headers": [*headers, ("accept-encoding", coding_of(ctx))],
        "id": structlog.contextvars.get_contextvars().get("request_id", ""),
    }
    return HeavyRequest(client_of(request.scope), head, await request.body())
