"""Titles in languages without labels: by a model, where the extra is installed; and by words alone where it is not."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from analysis.search import meaning
from analysis.search.match import Matcher
from analysis.search.meaning import Meaning, Model
from analysis.search.section import ALTERNATIVE, PREFERRED, Label, build
from app.catalogue.concepts import Occupation
from app.catalogue.search import Search
from loaders.derive.search import read_index
from loaders.derive.vectors import read_meaning, write_vectors
from releases.errors import LoadError, ReleaseError
from releases.release import Release, Releases
from tests.api.conftest import InProcess, running

needs_model = pytest.mark.skipif(not meaning.installed(), reason="the extra `semantic` is not installed (91 MB)")
CURATOR = "http://data.europa.eu/esco/occupation/691d30cc-6b2c-4025-89b4-3e719fe664c7"
# What the model of these tests understands: German words, and the English ones that they mean.
MEANS = {"Konditor": "baker", "Spielleiter": "stage director", "Ausstellungsmacher": "exhibition curator"}


class Dictionary(Model):
    """A model that knows a few words: each of their meanings is a direction of its own."""

    def __init__(self, threads: int = 0) -> None:
        super().__init__(threads)
        self.name = "dictionary 1"
        self.asked: list[str] = []

    def vectors(self, texts: Sequence[str]) -> Any:
        self.asked += texts
        found = np.zeros((len(texts), len(MEANS) + 1), np.float32)
        for row, text in zip(found, texts, strict=True):
            said = MEANS.get(text, text)
            row[[*MEANS.values()].index(said) if said in MEANS.values() else -1] = 1
        return found


LABELS = [
    Label("o:1", "baker", PREFERRED), Label("o:1", "bread maker", ALTERNATIVE), Label("o:2", "stage director", PREFERRED),
    Label("o:3", "Spielzeug seller", PREFERRED), Label("o:4", "lorry driver", PREFERRED),
    Label("o:3", "toy seller", ALTERNATIVE), Label("o:4", "Spielzeug driver", ALTERNATIVE),
]  # fmt: skip


@pytest.fixture
def model() -> Dictionary:
    return Dictionary()


@pytest.fixture
def searches(model: Dictionary) -> tuple[Search, Search]:
    """Four occupations in English, two of them in French too: by words alone, and by meaning as well."""
    english, french = build(LABELS, {}, "en"), build([Label("o:1", "boulanger", PREFERRED)], {}, "fr")
    sections = {("occupation", "en"): english, ("occupation", "fr"): french}
    catalogue: Any = SimpleNamespace(
        occupations={f"o:{n}": Occupation(f"o:{n}", f"1.{n}") for n in range(1, 5)}, skills={}, groups={}, by_domain={}
    )
    vectors = model.vectors(meaning.said_of(english))
    model.asked.clear()
    return Search(sections, catalogue), Search(sections, catalogue, Meaning(vectors, model))


def first(search: Search, title: str, language: str = "") -> tuple[str, str, str]:
    (found,) = search.match([title], language, 3)
    best = found.matches[0]
    return found.part.iris[best.concept], best.type, found.part.section.text(best.label)


def _said(search: Search, titles: Sequence[str], language: str) -> list[Any]:
    return [(one.part.language, one.matches, one.confidences) for one in search.match(titles, language, 3)]


@pytest.mark.parametrize("language", ["", "de"])
def test_a_title_without_words_in_common_is_found_by_what_it_means(
    searches: tuple[Search, Search], language: str
) -> None:
    words, both = searches
    assert first(both, "Konditor", language) == ("o:1", "meaning", "baker")
    assert first(words, "Konditor", language)[:2] == ("o:2", "fuzzy")  # which only looks like it


def test_what_a_language_is_said_to_be_counts_more_than_words_that_look_alike(
    searches: tuple[Search, Search],
) -> None:
    assert first(searches[1], "Spielleiter")[:2] == ("o:3", "fuzzy")
    assert first(searches[1], "Spielleiter", "de") == ("o:2", "meaning", "stage director")


def test_where_words_are_known_the_model_is_not_asked_and_the_answers_are_the_same(
    searches: tuple[Search, Search], model: Dictionary
) -> None:
    words, both = searches
    titles = ["baker", "bread makers", "boulangers", "senior stage director", "lorry drivers and bakers"]
    assert _said(both, titles, "") == _said(words, titles, "")
    assert _said(both, ["Konditor"], "fr") == _said(words, ["Konditor"], "fr")  # a language that is loaded
    assert model.asked == []


def test_a_label_word_for_word_stays_first_in_a_language_that_is_not_loaded(searches: tuple[Search, Search]) -> None:
    assert first(searches[1], "Baker", "de") == ("o:1", "exact", "baker")
    assert first(searches[1], "1.4", "de")[:2] == ("o:4", "exact")  # and a code
    assert [one.matches for one in searches[1].match(["", "???"], "de", 1)] == [[], []]


def test_a_batch_of_both_keeps_its_order(searches: tuple[Search, Search], model: Dictionary) -> None:
    found = searches[1].match(["baker", "Konditor", "boulangers", "Konditor"], "", 1)
    assert [one.part.iris[one.matches[0].concept] for one in found] == ["o:1"] * 4
    assert [one.matches[0].type for one in found] == ["exact", "meaning", "stem", "meaning"]
    assert model.asked == ["Konditor", "Konditor"]
    assert all(0 < one.confidences[0] <= 1 for one in found)


def test_a_service_without_english_labels_answers_all_the_same() -> None:
    sections = {("occupation", "fr"): build([Label("o:1", "boulanger", PREFERRED)], {}, "fr")}
    catalogue: Any = SimpleNamespace(occupations={"o:1": Occupation("o:1", "1.1")}, skills={}, groups={}, by_domain={})
    search = Search(sections, catalogue)
    assert [len(one.matches) for one in search.match(["qqq", "boulangers"], "", 1)] == [0, 1]
    assert first(search, "boulanger", "de")[:2] == ("o:1", "exact")


def test_what_is_evaluated_is_what_is_answered(model: Dictionary) -> None:
    matcher = Matcher(build(LABELS, {}, "en"), "en")
    meant = Meaning(model.vectors(meaning.said_of(matcher.section)), model).worth(["Konditor"])
    (_, scores), found = next(matcher.scored(["Konditor"], meant)), matcher.match(["Konditor"], 4, meant)[0]
    assert [float(scores[m.concept]) for m in found] == pytest.approx([m.score for m in found], abs=1e-5)


def test_titles_are_normalised_before_the_model_reads_them() -> None:
    assert meaning._plain("\ufdfa" * 300).isprintable()
    assert "\ufdfa" not in meaning._plain("\ufdfa" * 300)
    assert len(meaning._plain("\ufdfa" * 300)) <= 120
    assert meaning._plain("Schauspieler/Schauspielerin (m/w/d)\x00") == "Schauspieler"
    assert meaning._plain("Konditor \ud800") == "Konditor"


# --- the file ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def copied(starter_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Release:
    """The sample in a folder of its own, beside the model of these tests."""
    shutil.copytree(starter_dir, tmp_path / "data", symlinks=True)
    monkeypatch.setattr(meaning, "installed", lambda: True)
    monkeypatch.setattr("loaders.derive.vectors.Model", Dictionary)
    release = Releases(tmp_path / "data").current()
    assert release is not None
    return release


def test_vectors_are_written_beside_the_release_and_read_back(copied: Release) -> None:
    assert read_meaning(copied) is None
    section = read_index(copied)["occupation", "en"]
    assert write_vectors(copied) == section.size
    assert Releases(copied.path.parent.parent).verify(copied) == []
    found = read_meaning(copied)
    assert found is not None
    (worth,) = found.worth(["Ausstellungsmacher"])
    assert section.iri(int(worth.argmax())) == CURATOR
    assert [path.name for path in copied.vectors.parent.iterdir()] == [copied.id]


def test_what_does_not_fit_is_refused(copied: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    write_vectors(copied)
    whole = copied.vectors.read_bytes()
    for damaged in (whole[:-1], whole[:-1] + bytes([whole[-1] ^ 1]), b"", b"[]\n", b"\xff\n"):
        copied.vectors.write_bytes(damaged)
        with pytest.raises(ReleaseError, match="cannot be used"):
            read_meaning(copied)
    copied.vectors.write_bytes(whole.replace(b"dictionary 1", b"dictionary 2"))
    with pytest.raises(ReleaseError, match="another model"):
        read_meaning(copied)
    copied.vectors.write_bytes(whole)
    monkeypatch.setattr(meaning, "installed", lambda: False)
    assert read_meaning(copied) is None  # without the extra it is not looked at


def test_they_go_with_the_release(copied: Release) -> None:
    write_vectors(copied)
    releases = Releases(copied.path.parent.parent)
    releases.pointer.unlink()
    releases.remove(copied)
    assert not copied.vectors.exists()


def test_without_the_extra_the_command_says_what_to_install(starter: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meaning, "installed", lambda: False)
    with pytest.raises(LoadError, match="semantic") as refused:
        write_vectors(starter)
    assert "pip install" in refused.value.remedy


# --- the service ------------------------------------------------------------------------------------------------------


def _answers(api: InProcess, *titles: str, **more: Any) -> Any:
    answer = api.request("POST", "/api/v1/match", json={"titles": titles, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def test_the_service_takes_what_it_finds_beside_the_release(copied: Release, found_api: InProcess) -> None:
    titles = ["museum curators", "grafic designer", "Ausstellungsmacher"]
    write_vectors(copied)
    with running(copied.path.parent.parent) as api:
        items, plain = _answers(api, *titles, limit=1), _answers(found_api, *titles, limit=1)
        one = api.json("match", params={"title": "Ausstellungsmacher", "language": "de", "limit": "1"})["items"]
    assert items[:2] == plain[:2]
    assert one == items[2:]
    (best,) = items[2]["occupations"]
    assert (best["uri"], best["matchType"], items[2]["language"]) == (CURATOR, "meaning", "en")
    assert not plain[2]["occupations"] or plain[2]["occupations"][0]["matchType"] == "fuzzy"


@pytest.mark.long
def test_a_damaged_file_keeps_nothing_from_being_served(copied: Release, found_api: InProcess) -> None:
    copied.vectors.parent.mkdir()
    copied.vectors.write_bytes(b"{}\n")
    with running(copied.path.parent.parent) as api:
        assert _answers(api, "museum curators") == _answers(found_api, "museum curators")


@needs_model
def test_the_model_itself_understands_other_languages() -> None:
    section = build(
        [Label(f"o:{n}", text, PREFERRED) for n, text in enumerate(("baker", "museum guide", "nurse"))], {}, "en"
    )
    model = Model(threads=1)
    found = Meaning(model.vectors(meaning.said_of(section)), model)
    asked = ["Bäckerin", "guía de museo", "infirmier/infirmière", "pielęgniarka"]
    assert [section.text(int(row.argmax())) for row in found.worth(asked)] == [
        "baker",
        "museum guide",
        "nurse",
        "nurse",
    ]
    assert model.vectors(asked) == pytest.approx(np.stack([model.vectors([one])[0] for one in asked]), abs=1e-5)


@needs_model
def test_the_model_bears_any_text() -> None:
    model = Model(threads=1)
    assert model.vectors([]).shape[0] == 0
    odd = ["", "\0", "\ud800", "\ufdfa" * 300, "x" * 300, "\u0301" * 300, "🎭" * 300, "\n" * 300]
    assert np.isfinite(model.vectors(odd)).all()
