"""The base of shapes that are pydantic's models, for /search and /match; all others: app.http.shapes."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from app.http.shapes import LanguageMap as LanguageMap


class Shape(BaseModel):
    """What all shapes share."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)


class Listing(Shape):
    """One page of a list; the Link header leads to the others."""

    context: str = Field(alias="@context", description="The JSON-LD context.")
    language: str = Field(description="The language of the answer; `*` for all.")
    total: int = Field(description="Items of the whole list.")
    limit: int
    offset: int
