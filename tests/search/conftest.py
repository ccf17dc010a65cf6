"""Sections of a few labels, and the API on the bundled sample with its index."""

from __future__ import annotations

import pytest

from analysis.search.match import Matcher
from analysis.search.section import ALTERNATIVE, FEMALE, HIDDEN, MALE, PREFERRED, Label, build
from tests.api.conftest import InProcess

LABELS = [
    Label("o:curator", "museum curator", PREFERRED),
    Label("o:curator", "curator of exhibitions", ALTERNATIVE),
    Label("o:designer", "graphic designer", PREFERRED),
    Label("o:designer", "UX/UI designer", ALTERNATIVE),
    Label("o:designer", "grafic artist", HIDDEN),
    Label("o:developer", "digital games developer", PREFERRED),
    Label("o:developer", "C++ developer", ALTERNATIVE),
    Label("o:director", "réalisateur/réalisatrice", PREFERRED),
    Label("o:director", "réalisatrice", ALTERNATIVE + FEMALE),
    Label("o:director", "réalisateur", ALTERNATIVE + MALE),
    Label("o:manager", "A&R manager", PREFERRED),
]
TOLD = {"o:developer": "Writes engines for Kubernetes clusters.", "o:curator": "Looks after collections."}


@pytest.fixture(scope="session")
def matcher() -> Matcher:
    """Five concepts with eleven labels."""
    return Matcher(build(LABELS, TOLD, "en"), "en")


@pytest.fixture(scope="session")
def found_api(starter_api: InProcess) -> InProcess:
    """The API on the bundled sample."""
    return starter_api
