"""What a release tells of itself: which ESCO, made of what, holding what. One definition for its writer and its readers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NotRequired, cast

from pydantic import Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict  # pydantic asks for this one on Python 3.11

from releases.errors import ReleaseError

MANIFEST_FORMAT = 1
_AGAIN = "Load the ESCO files again."


class InputFile(TypedDict):
    """A file that the release was made of: its name, size in bytes and SHA-256."""

    name: str
    bytes: int
    sha256: str


class Parameters(TypedDict):
    """How the load was asked for."""

    partial: bool
    skills: bool
    routes: list[str]
    curation: str
    panels: NotRequired[list[str]]


class Dangling(TypedDict):
    """How many relations name a concept that is not in the data, and some of those concepts with their count."""

    relations: int
    concepts: dict[str, int]


class CheckResult(TypedDict):
    """A check of the load, with its outcome; one that an excerpt cannot pass is excused."""

    name: str
    passed: bool
    detail: str
    excused: bool


class Identity(TypedDict):
    """Which release it is, when and by what it was made, and what was found and repaired in its input.

    ``languages`` gives the number of texts by language and kind, ``createdAt`` a time of ISO 8601 in UTC.
    """

    id: str
    escoVersion: str
    contentHash: str
    createdAt: str
    software: dict[str, str]
    languages: dict[str, dict[str, int]]
    repairs: dict[str, int]
    withdrawn: int
    carryOver: Annotated[
        dict[str, int], Field(description="What changed since the curation was written, counted by kind.")
    ]


class Record(Identity):
    """What the release's own graph tells too, so that a service without the release's folder can read it.

    ``quads`` is the number without that graph here, and with it in a manifest; ``counts`` are those of concepts,
    relations and decisions by name.
    """

    quads: int
    inputs: list[InputFile]
    clustersMatchedTo: NotRequired[
        Annotated[str | None, Field(description="The release whose skill clusters lent their identifiers.")]
    ]
    parameters: Parameters
    counts: dict[str, int]
    missing: list[str]
    blemishes: NotRequired[
        Annotated[dict[str, int], Field(description="What ESCO got wrong and is served as it is, counted by kind.")]
    ]
    dangling: NotRequired[Dangling]
    notes: NotRequired[
        Annotated[list[str], Field(description="How the input was read, where that is not plain; what was not read.")]
    ]


class Published(Record):
    """What is told to the public: the record, its checks, and what the load took. An endpoint's release lacks the latter."""

    checks: list[CheckResult]
    seconds: NotRequired[float]
    peakMemoryMiB: NotRequired[int]


class Manifest(Published):
    """With what holds for the folder alone: checksums (SHA-256 by file). Releases of older loads lack the index of labels."""

    format: NotRequired[int]
    files: NotRequired[dict[str, str]]
    searchFiles: NotRequired[dict[str, str]]


_MANIFEST = TypeAdapter(Manifest)
_PUBLIC = Published.__annotations__.keys()


def check_manifest(data: Any, name: str) -> Manifest:
    """What was read as a manifest, if it is one; `name` says where it was. Raises ReleaseError."""
    try:
        return _MANIFEST.validate_python(data, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"])) or "manifest"
        raise ReleaseError(f"{name}: is no manifest of a release ({where}: {first['msg']}).", _AGAIN) from error


def read_manifest(folder: Path) -> Manifest:
    """The manifest in a release's folder. Raises ReleaseError when it cannot be read, or is of another format."""
    path = folder / "manifest.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReleaseError(
            f"{path}: not readable ({error}).", "Remove that folder, and load its ESCO files again."
        ) from error
    stated = data.get("format") if isinstance(data, Mapping) else None
    if stated != MANIFEST_FORMAT:
        raise ReleaseError(f"{folder.name}: made by another version of this software (format {stated}).", _AGAIN)
    return check_manifest(data, str(path))


def public(manifest: Manifest) -> Published:
    """What a manifest tells the public: everything but file checksums."""
    return cast(Published, {key: value for key, value in manifest.items() if key in _PUBLIC})
