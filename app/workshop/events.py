"""/workshop/events: what happens, as server-sent events. Judgements and sorts are none of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.responses import StreamingResponse

from app.request import strict_parameters
from app.workshop.access import Seated, desk_of
from workshop import journal

router = APIRouter(include_in_schema=False, dependencies=[Depends(strict_parameters)])
# A stream ends after so many signs of life; the browser comes back and says what it had last. So no stream outlives a
# session by much, or holds up the end of a process.
_MOST_BEATS = 40


@router.get("/workshop/events")
async def events(
    request: Request,
    seat: Seated,
    after: Annotated[
        str, Query(max_length=20, description="The newest event that the page knew when it was made.")
    ] = "",
    last_event_id: Annotated[str, Header(max_length=20)] = "",
) -> StreamingResponse:
    """Events from the one on that the browser had last, else from the one that the page names, else from now on."""
    last_event_id = last_event_id or after
    given = last_event_id if last_event_id.isascii() and last_event_id.isdigit() else ""
    begin = int(given[:15]) if given else await desk_of(request).read(journal.last_event)
    listening = desk_of(request).listen(seat, begin)
    first = await anext(listening)  # so that a refusal is an answer of its own
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_lines(first, listening), 200, headers, "text/event-stream")


async def _lines(first: Any, listening: AsyncIterator[dict[str, Any] | None]) -> AsyncIterator[bytes]:
    yield b"retry: 1000\n\n"
    yield _line(first)
    beats = 0
    async for event in listening:
        yield _line(event)
        beats += event is None
        if beats >= _MOST_BEATS:
            return


def _line(event: dict[str, Any] | None) -> bytes:
    if event is None:
        return b": still here\n\n"
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event["id"], str(event["kind"]).encode(), orjson.dumps(event))
