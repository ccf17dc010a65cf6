"""The formats of a profile: their names, media types and suffixes, and the way from a document to bytes."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query

SCHEMA_ORG = "https://schema.org/"
ELM = "http://data.europa.eu/snb/model/elm/"
FormatName = Literal[
    "json", "jsonld", "turtle", "csv", "xlsx", "html", "pdf", "markdown", "schemaorg", "elm"
]  # fmt: skip
MEDIA_TYPES: dict[str, str] = {
    "json": "application/json",
    "jsonld": "application/ld+json",
    "turtle": "text/turtle",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html",
    "pdf": "application/pdf",
    "markdown": "text/markdown",
    "schemaorg": f'application/ld+json;profile="{SCHEMA_ORG}"',
    "elm": f'application/ld+json;profile="{ELM}"',
}
# What a profile of some hundred skills costs in each, in milliseconds; see app.api.apart. JSON is made at once.
COSTS: dict[str, float] = {
    "jsonld": 35, "turtle": 30, "csv": 30, "xlsx": 70, "html": 40, "pdf": 65, "markdown": 30, "schemaorg": 30, "elm": 30,
}  # fmt: skip
SUFFIXES: dict[str, str] = {
    "json": "json", "jsonld": "jsonld", "ttl": "turtle", "csv": "csv", "xlsx": "xlsx", "html": "html", "pdf": "pdf",
    "md": "markdown", "schemaorg": "schemaorg", "elm": "elm",
}  # fmt: skip

ProfileFormat = Annotated[
    FormatName | None,
    Query(
        alias="format",
        description="json, jsonld, turtle, csv (a row for each skill), xlsx, html, pdf, markdown, schemaorg or elm; "
        "without it the Accept header decides.",
    ),
]
