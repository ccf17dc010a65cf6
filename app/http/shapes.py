"""What the shapes of all answers share. A shape stands beside the function that makes it, which mypy holds to it.

A shape describes JSON and costs nothing while serving: it is the type of a dictionary, which becomes a schema of the OpenAPI
description and the measure of tests. Fields are named as ESCO names them; unknown ones are forbidden, so that an answer cannot
grow a field that nobody describes.
"""

from __future__ import annotations

from typing import Annotated, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict  # pydantic asks for this one on Python 3.11

LanguageMap = Annotated[
    dict[str, str], Field(description="Language tag to text; English stands in where a language has none.")
]
_WithContext = TypedDict("_WithContext", {"@context": Annotated[str, Field(description="The JSON-LD context.")]})


@with_config(extra="forbid")
class Shape(TypedDict):
    """What all shapes share."""


class LinkedShape(_WithContext, Shape):
    """An answer of its own: JSON that is JSON-LD too."""

    language: Annotated[str, Field(description="The language of the answer; `*` for all.")]


class Counted(Shape):
    """Which part of a list an answer holds."""

    total: Annotated[int, Field(description="Items of the whole list.")]
    limit: int
    offset: int


class Listing(LinkedShape, Counted):
    """One page of a list; the Link header leads to the others."""


@with_config(extra="allow")
class Problem(TypedDict):
    """An error, as RFC 9457 shapes it. Some have more members: the known values, the successor of a concept, a limit."""

    type: str
    title: str
    status: int
    detail: str
    instance: NotRequired[str]
    field: NotRequired[Annotated[str, Field(description="The parameter at fault.")]]
