"""Bodies of JSON that programs send to the workshop, within its bound, and answers that nobody keeps."""

from __future__ import annotations

from typing import Any, TypeVar

import orjson
from fastapi import Request
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.responses import Response

from app.workshop.access import read_body
from app.workshop.joining import refusal

M = TypeVar("M", bound=BaseModel)


class ResolutionBody(BaseModel):
    """What the facilitator writes when something is settled."""

    model_config = ConfigDict(extra="forbid")
    rationale: str = ""
    minority: str = ""


def takes(model: type[BaseModel], required: bool = True) -> dict[str, Any]:
    """The description of a body; it is read within its bound by the route itself."""
    return {
        "requestBody": {"required": required, "content": {"application/json": {"schema": model.model_json_schema()}}}
    }


async def read(request: Request, model: type[M]) -> M:
    """A body of JSON, within the bound. Raises TooLarge, Refused."""
    body = await read_body(request)
    try:
        return model.model_validate_json(body or b"{}")
    except ValidationError as error:
        raise refusal(error) from error


def answer(payload: Any, status: int = 200) -> Response:
    """An answer for one session."""
    headers = {"cache-control": "no-store", "vary": "Cookie"}
    return Response(orjson.dumps(payload), status, headers, "application/json")
