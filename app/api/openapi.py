"""/api/v1/openapi.json: FastAPI's description, completed with the shapes, errors, headers and real examples of answers."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from app.api.answers import ANSWERS
from app.api.formats import MEDIA_TYPES
from app.api.openapi_sparql import PROBLEM, sparql_paths
from app.api.profiles.formats import MEDIA_TYPES as PROFILE_MEDIA_TYPES
from app.api.profiles.views import Profile
from app.api.routing import PREFIX
from app.http.shapes import Problem
from app.pictures.canvas import PICTURE_TYPES
from app.settings import Limits

EXAMPLES = Path(__file__).with_name("examples.json")
# Answers that no request makes small: of each list in their examples, the first SHOWN are kept.
ABRIDGED = (
    "/domains/{id}/transversal", "/domains/{id}/transversal/skills", "/domains/transversal", "/domains/{id}/areas",
    "/domains/{id}/blocks", "/domains/{id}/clusters", "/domains/compare", "/clusters/{id}", "/profiles/{id}", "/profiles/compose",
    "/occupations/{uuid}/related", "/profiles/compare", "/scope", "/limits", "/search",
)  # fmt: skip
SHOWN = 2
SERVICE = ("/limits", "/health/live", "/health/ready", "/health/ready/sparql", "/context.jsonld")  # need no release
WORKSHOP = "/workshop"  # what people write; with a session, and kept by nobody
_REF = "#/components/schemas/"
_HEADERS = {
    "ETag": "Strong validator of release and bytes, for If-None-Match.",
    "Content-Language": "The language asked for, after RFC 4647 lookup.",
    "X-Request-ID": "Identifier of the request in the log; taken over from the request if it sends one.",
}
_ERRORS = {
    "401": "Nobody is signed in.",
    "403": "Not for this role, not revealed yet, or without the token of the session (X-CSRF-Token).",
    "404": "Nothing at this identifier.",
    "406": "No representation that the client accepts.",
    "408": "The body did not arrive in time.",
    "413": "The body is larger than it may be.",
    "414": "The address is longer than it may be.",
    "429": "This client has used up what it may ask for; Retry-After.",
    "500": "An error of the service.",
    "502": "The store behind the service failed.",
    "504": "The store did not answer in time, or making the answer took too long.",
    "409": "The state has moved on: the round has ended, or the item is closed.",
    "507": "The disk is full; what was sent was not kept.",
    "410": "ESCO has withdrawn the concept; names its successor where known.",
    "422": "A parameter cannot be used, or is not known here.",
    "503": "No release is loaded yet.",
}


_ALWAYS = ("414", "429", "500")


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI description; made once and kept by the app."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            servers=app.servers or None,
            license_info=app.license_info,
        )
        shapes = {shape.__name__: shape for answers in (*ANSWERS.values(), (Problem,)) for shape in answers}
        _, definitions = TypeAdapter.json_schemas(
            [(name, "serialization", TypeAdapter(shape)) for name, shape in shapes.items()],
            ref_template=_REF + "{model}",
        )
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        schemas |= definitions["$defs"]
        linked = {name for name in shapes if {"@context", "language"} <= schemas[name]["properties"].keys()}
        for name in linked:
            schemas[name]["x-jsonld-context"] = f"{PREFIX}/context.jsonld"
        made["security"] = []  # nobody has to say who he is
        for path, item in made["paths"].items():
            for method, operation in item.items():
                _bound(operation, app.state.service.limits)
                if path.startswith(PREFIX):
                    _complete(path.removeprefix(PREFIX), operation, linked)
                elif method == "get":
                    _complete_document(operation)
        made["paths"] |= sparql_paths(app.state.service.limits)
        app.openapi_schema = made
    return app.openapi_schema


def _bound(operation: dict[str, Any], limits: Limits) -> None:
    """The published limits as bounds of the parameters that they bound."""
    bounds = {
        "limit": {"minimum": 1, "maximum": limits.rows, "default": limits.rows_default},
        "offset": {"minimum": 0, "maximum": limits.offset},
        "q": {"maxLength": limits.query_text},
    }
    for parameter in operation.get("parameters", ()):
        if parameter["name"] in bounds and "maximum" not in parameter["schema"]:
            parameter["schema"] |= bounds[parameter["name"]]


@cache
def examples() -> dict[str, dict[str, Any]]:
    """Path -> request (method and target) and answer, as the bundled sample gives it; written by tools.examples."""
    stored: dict[str, dict[str, Any]] = json.loads(EXAMPLES.read_text(encoding="utf-8")) if EXAMPLES.is_file() else {}
    return stored


def _complete_document(operation: dict[str, Any]) -> None:
    """Linked data: the routes say what they answer, here is what they have in common."""
    responses = operation["responses"]
    responses["200"]["headers"] = {
        name: {"description": text, "schema": {"type": "string"}} for name, text in _HEADERS.items()
    }
    responses["304"] = {"description": "The client holds this answer already."}
    for status in sorted({"404", "422", "503", *_ALWAYS, "502", "504"} | {s for s in responses if s >= "400"}):
        text = _ERRORS.get(status) or responses[status]["description"]
        responses[status] = {"description": text, "content": PROBLEM}


def _complete(path: str, operation: dict[str, Any], linked: set[str]) -> None:
    responses = operation["responses"]
    good = responses["200"]
    media_type = "application/ld+json" if path.endswith(".jsonld") else "application/json"
    if path in ANSWERS:
        refs = [{"$ref": _REF + shape.__name__} for shape in ANSWERS[path]]
        good["content"] = {media_type: {"schema": refs[0] if len(refs) == 1 else {"anyOf": refs}}}
    if path in examples():
        example = examples()[path]
        cut = ", long lists cut" if path in ABRIDGED else ""
        good["description"] = f"For example `{example['request']}`, answered from the bundled sample{cut}."
        good.setdefault("content", {}).setdefault(media_type, {})["example"] = example["answer"]
    parameters = {p["name"] for p in operation.get("parameters", ())}
    if "format" in parameters:
        schema = good["content"][media_type]["schema"]
        of_profiles = ANSWERS.get(path) == (Profile,)
        good["content"]["application/ld+json"] = {"schema": {"type": "array"} if of_profiles else schema}
        for media in (PROFILE_MEDIA_TYPES if of_profiles else MEDIA_TYPES).values():
            good["content"].setdefault(media, {"schema": {"type": "string"}})
    elif any(shape.__name__ in linked for shape in ANSWERS.get(path, ())) and "parameters" in operation:
        good["content"]["application/ld+json"] = {"schema": {"type": "object"}}
        good["content"]["text/turtle"] = {"schema": {"type": "string"}}
    if "{suffix}" in path:
        good["content"] = {media: {"schema": {"type": "string"}} for media in PROFILE_MEDIA_TYPES.values()}
    if "{kind}" in path:
        good["content"] = {media: {"schema": {"type": "string"}} for media in PICTURE_TYPES.values()}
    kept = path not in SERVICE and not path.startswith(WORKSHOP)  # with a validator, as long as the release is served
    names = list(_HEADERS) if kept else ["X-Request-ID"]
    good["headers"] = {name: {"description": _HEADERS[name], "schema": {"type": "string"}} for name in names}
    if "offset" in parameters:
        good["headers"]["Link"] = {"description": "First, previous, next and last page.", "schema": {"type": "string"}}
    if kept:
        responses["304"] = {"description": "The client holds this answer already."}
    errors = {"422", *_ALWAYS}
    if path not in SERVICE or path.startswith("/health/ready"):
        errors.add("503")
    if kept:
        errors |= {"502", "504"}
    if path.startswith(WORKSHOP):
        errors |= {"401", "403", "404", "409", "507"}
    if "requestBody" in operation:
        errors |= {"408", "413"}
    if "{" in path or parameters & {"domain", "uri"}:
        errors.add("404")
    if "{uuid}" in path or "uri" in parameters or path.startswith("/profiles/"):
        errors.add("410")
    if "format" in parameters:
        errors.add("406")
    for status in sorted(errors):
        responses[status] = {"description": _ERRORS[status], "content": PROBLEM}
