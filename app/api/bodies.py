"""Bodies of requests: each kind has its own, small bound, and so has every list, text and set of members in it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, ClassVar

from annotated_types import Le
from fastapi import Request
from fastapi.routing import APIRoute
from pydantic import BaseModel, BeforeValidator, ConfigDict, FailFast, Field, model_validator
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from app.errors import TooLarge
from app.settings import Limits

NAME_LENGTH = 100
IRI_LENGTH = 300
# Names of ours, IRIs and UUIDs; what is longer is none.
Name = Annotated[str, Field(max_length=NAME_LENGTH)]
Iri = Annotated[str, Field(max_length=IRI_LENGTH)]
FIRST_ERROR = FailFast()  # of a list


def most_of(limit: str) -> int:
    """What a limit can be raised to: above what it is, the refusal is the service's own, which names it."""
    bound: Any = next(m.le for m in Limits.model_fields[limit].metadata if isinstance(m, Le))
    return int(bound)


def few(most: int) -> BeforeValidator:
    """At most so many items or members, looked at before any of them is: each that is wrong makes an error of its own."""

    def check(value: Any) -> Any:
        if isinstance(value, list | dict) and len(value) > most:
            raise PydanticCustomError(
                "too_many", "Should have at most {most} items, not {given}", {"most": most, "given": len(value)}
            )
        return value

    return BeforeValidator(check)


class Body(BaseModel):
    """What all bodies share: unknown members are refused, as unknown parameters are."""

    model_config = ConfigDict(extra="forbid")
    bound: ClassVar[str] = ""  # the limit of its bytes, by its name in Limits; of one that is no part of another

    @model_validator(mode="before")
    @classmethod
    def _few_members(cls, value: Any) -> Any:
        if isinstance(value, dict) and len(value) > 2 * len(cls.model_fields):
            raise PydanticCustomError("too_many", "Has more members than there are")
        return value


class BoundedBody(APIRoute):
    """A route that reads no more of a body than the bound of its model allows."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The framework's handler, behind the bound."""
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle
        name: str = self.body_field.field_info.annotation.bound  # type: ignore[union-attr]

        async def bounded(request: Request) -> Response:
            most: int = getattr(request.app.state.service.limits, name)
            refusal = TooLarge(f"The body is larger than {most} bytes.", limit=most, name=name)
            if int(request.headers.get("content-length") or 0) > most:
                raise refusal
            body = bytearray()
            async for piece in request.stream():
                body += piece
                if len(body) > most:
                    raise refusal

            async def again() -> dict[str, Any]:
                return {"type": "http.request", "body": bytes(body), "more_body": False}

            return await handle(Request(request.scope, again))

        return bounded
