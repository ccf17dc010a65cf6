"""The bundled sample: real ESCO occupations of the workshop domains, for a first look and for the tests."""

from __future__ import annotations

from pathlib import Path

from loaders.build import load
from loaders.progress import Progress
from loaders.request import LoadRequest
from releases.release import Release

STARTER = Path(__file__).parent / "esco-starter-v1.2.0.ttl.gz"


def load_starter(data_dir: Path, progress: Progress | None = None) -> Release:
    """Load and publish the bundled sample."""
    return load(LoadRequest([STARTER], data_dir), progress)
