"""The vectors of a release's labels, for titles in languages that it has no labels in; made by a command, where the extra is.

They stand beside the release, which never changes, in one file: a line of JSON that says what they were made of and by, and
the SHA-256 of the numbers that follow. What does not fit the release or the model that is installed is not used.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.search import meaning
from analysis.search.meaning import Meaning, Model
from loaders.derive.search import read_index
from releases.errors import LoadError, ReleaseError
from releases.release import Release, sync_folder

KIND, LANGUAGE = "occupation", "en"  # what is compared with; English stands in for languages everywhere
_SECTION = f"{KIND}.{LANGUAGE}.bin"
_LONGEST_HEAD = 4096


def write_vectors(release: Release) -> int:
    """Make them anew, and say how many. Raises LoadError without the extra, ReleaseError without an index."""
    if not meaning.installed():
        raise LoadError("The extra `semantic` is not installed.", "pip install 'ccsi-esco[semantic]'")
    section = read_index(release).get((KIND, LANGUAGE))
    if section is None:
        raise ReleaseError(f"{release.id}: has no index of labels in English.", "Load the ESCO files again.")
    model = Model()
    vectors = model.vectors(meaning.said_of(section)).astype("<f4")
    body = vectors.tobytes()
    head = {**_made_of(release, model), "shape": vectors.shape, "sha256": hashlib.sha256(body).hexdigest()}
    folder = release.vectors.parent
    folder.mkdir(exist_ok=True)
    temporary = folder / f".{release.id}-{os.getpid()}"
    try:
        with temporary.open("wb") as out:
            out.write(json.dumps(head).encode() + b"\n" + body)
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(release.vectors)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(folder)
    return len(vectors)


def read_meaning(release: Release) -> Meaning | None:
    """What titles are compared with, if it was made and the extra is installed. Raises ReleaseError for what does not fit."""
    if not release.vectors.is_file() or not meaning.installed():
        return None
    model = Model(threads=1)  # the service has threads of its own
    try:
        with release.vectors.open("rb") as stream:
            head = json.loads(stream.readline(_LONGEST_HEAD))
            vectors = _checked(head, stream.read(), _made_of(release, model))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ReleaseError(
            f"{release.vectors}: cannot be used ({error}).", "Make it again: ccsi match embed"
        ) from error
    return Meaning(vectors, model)


def _made_of(release: Release, model: Model) -> dict[str, Any]:
    """By which model, and of which labels."""
    return {"model": model.name, "labels": release.manifest.get("searchFiles", {}).get(_SECTION, "")}


def _checked(head: dict[str, Any], body: bytes, wanted: dict[str, Any]) -> NDArray[np.float32]:
    """The vectors. Raises ValueError, KeyError or TypeError when they are not what they have to be."""
    if {name: head[name] for name in wanted} != wanted:
        raise ValueError("it was made of other labels or by another model")
    if head["sha256"] != hashlib.sha256(body).hexdigest():
        raise ValueError("it has changed")
    rows, width = head["shape"]
    return np.frombuffer(body, "<f4").reshape(rows, width)
