"""Abbreviations in titles, and codes as titles."""

from __future__ import annotations

import csv
from importlib import resources
from pathlib import Path

import pytest

from analysis.search.abbreviations import spelt_out
from tests.api.conftest import InProcess

CONSERVATOR = "http://data.europa.eu/esco/occupation/7556c748-15b4-4e44-97d9-00d885d4cd7d"


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("ux designer", "en", "user experience designer"), ("a&r manager", "en", "artists and repertoire manager"),
        ("drh", "fr", "directeur des ressources humaines"), ("drh", "en", ""), ("chef op", "fr", "chef operateur"),
        ("chef", "fr", ""), ("tecnico de rrpp", "es", "tecnico de relaciones publicas"), ("", "en", ""),
    ],
)  # fmt: skip
def test_an_abbreviation_is_spelt_out_in_its_language(text: str, language: str, said: str) -> None:
    assert spelt_out(text, language) == said


def test_each_entry_has_a_source_and_stands_once() -> None:
    text = resources.files("analysis.search").joinpath("abbreviations.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) > 40
    assert all(row["source"].startswith("https://") for row in rows)
    keys = [(row["abbreviation"], row["language"]) for row in rows]
    assert len(keys) == len(set(keys))


def test_the_vocabulary_is_no_list_of_the_judged_queries() -> None:
    """Most of what it knows was not asked for."""
    text = resources.files("analysis.search").joinpath("abbreviations.csv").read_text("utf-8")
    known = {row["abbreviation"] for row in csv.DictReader(text.splitlines())}
    with (Path(__file__).parents[2] / "docs" / "search" / "queries.csv").open(encoding="utf-8") as lines:
        asked = {row["query"].lower() for row in csv.DictReader(lines) if row["kind"] == "abbreviation"}
    used = {
        short for short in known if any(short in query.replace("-", " ").split() or short == query for query in asked)
    }
    assert len(used) < len(known) / 2


def test_a_title_may_be_a_code(found_api: InProcess) -> None:
    body = {"titles": ["2621.3", "ESCO 2621.3", CONSERVATOR, "2621.99"], "limit": 1}
    items = found_api.request("POST", "/api/v1/match", json=body).json()["items"]
    assert [[o["uri"] for o in item["occupations"]] for item in items[:3]] == [[CONSERVATOR]] * 3
    assert items[0]["occupations"][0]["matchType"] == "exact"
    assert items[0]["occupations"][0]["confidence"] > 0.9
    assert not items[3]["occupations"]


def test_an_abbreviation_finds_what_its_words_find(found_api: InProcess) -> None:
    index = found_api.app.state.service.served.search
    short, long = index.match(["vfx artist", "visual effects artist"], "en", 3)
    assert [m.concept for m in short.matches] == [m.concept for m in long.matches]
    asked = found_api.json("search?q=vfx artist&type=occupation&limit=50")
    assert {i["uri"] for i in asked["items"]} >= {
        i["uri"] for i in found_api.json("search?q=visual effects artist&type=occupation&limit=3")["items"]
    }
