"""What is sent to the workshop, checked by a model; bodies of JSON within its bound, and answers that nobody keeps."""

from __future__ import annotations

from typing import Any, TypeVar

import orjson
from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.responses import Response

from app.workshop.access import read_body, sent_json
from app.workshop.faults import Refused

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


def sends(model: type[BaseModel], required: bool = True) -> dict[str, Any]:
    """What a route says of a body that a session sends, with its token and within its rate."""
    return {"dependencies": [Depends(sent_json)], "openapi_extra": takes(model, required)}


async def read(request: Request, model: type[M]) -> M:
    """A body of JSON, within the bound. Raises TooLarge, Refused."""
    return checked(model, await read_body(request) or b"{}")


def checked(model: type[M], sent: dict[str, Any] | bytes) -> M:
    """What was sent, the fields of a form or JSON, as a model has it. Raises Refused, which names the field."""
    try:
        return model.model_validate_json(sent) if isinstance(sent, bytes) else model.model_validate(sent)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part)[:80] for part in first["loc"]) or "body"
        raise Refused(f"{field}: {first['msg'][:200]}.", field=field) from error


def answer(payload: Any, status: int = 200) -> Response:
    """An answer for one session."""
    headers = {"cache-control": "no-store", "vary": "Cookie"}
    return Response(orjson.dumps(payload), status, headers, "application/json")
