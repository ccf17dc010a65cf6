"""Which language an answer is in, and that a label says so itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.request import accepted, lookup
from app.settings import Limits
from loaders.build import load
from loaders.request import LoadRequest
from tests.api.conftest import InProcess, running


@pytest.fixture(scope="module")
def several(mini_dir: Path) -> Iterator[InProcess]:
    """The fixture bundle: English complete, other languages in parts."""
    with running(mini_dir) as client:
        yield client


def tags(client: InProcess) -> list[str]:
    found: list[str] = client.app.state.service.served.catalogue.languages
    return found


def test_header_and_parameter(several: InProcess) -> None:
    other = next(tag for tag in tags(several) if tag != "en")
    for options in (
        {"headers": {"Accept-Language": other}},
        {"headers": {"Accept-Language": f"{other}-BE, en;q=0.2"}},
        {"headers": {"Accept-Language": f"xx, en;q=0.1, {other};q=0.9"}},
        {"headers": {"Accept-Language": "en"}, "params": {"language": other}},
        {"params": {"language": f"{other}-BE"}},
    ):
        answer = several.get("occupations", **options)
        assert answer.headers["content-language"] == other, options
        assert answer.json()["language"] == other
        found = [set(item["preferredLabel"]) for item in answer.json()["items"]]
        assert {other} in found, "labels are in the language asked for"
        assert all(label in ({other}, {"en"}) for label in found), "English stands in, and says so"


def test_fallback_is_visible(several: InProcess) -> None:
    other = next(tag for tag in tags(several) if tag != "en")
    catalogue = several.app.state.service.served.catalogue
    skill = next(s for s in catalogue.skills if catalogue.label(s, "en"))
    shown = several.json(f"skills/{skill.rpartition('/')[2]}?language={other}")
    assert shown["language"] == other
    assert list(shown["preferredLabel"]) in ([other], ["en"])
    assert several.get("domains", headers={"Accept-Language": "tlh"}).headers["content-language"] == "en"


def test_all_languages(several: InProcess) -> None:
    occupation = next(iter(several.app.state.service.served.catalogue.occupations))
    answer = several.get(f"occupations/{occupation.rpartition('/')[2]}?language=*")
    assert set(answer.json()["preferredLabel"]) == set(tags(several))
    assert "content-language" not in answer.headers
    assert answer.json()["language"] == "*"


@pytest.mark.parametrize("tag", ["e", "english-", "1", "en_GB", "fr\n", "é", "a" * 300, ""])
def test_bad_tag(several: InProcess, tag: str) -> None:
    answer = several.get("domains", params={"language": tag})
    assert answer.status_code == 422
    assert answer.json()["field"] == "language"
    assert answer.json()["available"] == tags(several)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("fr-BE, fr;q=0.9, en;q=0.8", ["fr-be", "fr", "en"]),
        ("en;q=0.1, de ;q=0.5, fr", ["fr", "de", "en"]),
        ("de;q=0, fr;q=nan, es;q=x, it; q=0.3, *", ["it"]),
        ("", []),
        (", ,;;,;q=1", []),
    ],
)
def test_header_order(header: str, found: list[str]) -> None:
    assert accepted(header) == found


def test_lookup() -> None:
    available = ["de", "en", "fr", "zh-hant"]
    assert lookup(["fr-BE"], available) == "fr"
    assert lookup(["FR"], available) == "fr"
    assert lookup(["zh-Hant-TW"], available) == "zh-hant"
    assert lookup(["tlh", "de-AT-1996"], available) == "de"
    assert lookup(["tlh"], available) == "en"


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        ("nb", "no"),
        ("nn-NO", "no"),
        ("no", "no"),
        ("ger", "de"),
        ("deu-AT", "de"),
        ("ell", "el"),
        ("en-GB", "en"),
        ("da", "x"),
    ],
)
def test_lookup_by_other_names(tag: str, found: str) -> None:
    assert lookup([tag], ["de", "el", "en", "no"], "x") == found


@pytest.mark.long
def test_a_release_without_english(tmp_path: Path) -> None:
    """What stands in is a language that the release has, tagged with it; lists are in its order."""
    folder = tmp_path / "bundle"
    folder.mkdir()
    base = "http://data.europa.eu/esco/occupation/0000000{}-0000-4000-8000-000000000000"
    rows = [f"{base.format(n)},2621,{name}" for n, name in ((1, "Zeugwart"), (2, "Prüfhüter"), (3, "Äpfelkundler"))]
    text = "\n".join(["conceptUri,iscoGroup,preferredLabel", *rows])
    (folder / "occupations_de.csv").write_text(text, encoding="utf-8")
    load(LoadRequest([folder], tmp_path / "data", "1.2.0", partial=True, skills=False))
    with running(tmp_path / "data") as client:
        for query in ("", "?language=en", "?language=fr-BE", "?language=ger"):
            listed = client.json(f"occupations{query}")
            assert listed["language"] == "de"
            labels = [item["preferredLabel"] for item in listed["items"]]
            assert labels == [{"de": name} for name in ("Äpfelkundler", "Prüfhüter", "Zeugwart")]
        one = client.json(f"occupations/{base.format(1).rpartition('/')[2]}?language=sv")
        assert one["preferredLabel"] == {"de": "Zeugwart"}


def test_more_languages_than_memory_has_room_for(mini_dir: Path) -> None:
    """The language of an answer does not depend on what other requests asked for."""
    import asyncio

    with running(mini_dir, Limits(languages_in_memory=1, cache_bytes=0)) as client:
        wanted = tags(client)
        expected = {tag: client.json(f"occupations?language={tag}") for tag in wanted}

        async def many() -> list[tuple[str, object]]:
            async def one(tag: str) -> tuple[str, object]:
                answer = await client._http.get(f"/api/v1/occupations?language={tag}")
                return tag, answer.json()

            return await asyncio.gather(*(one(tag) for _ in range(20) for tag in wanted))

        for tag, found in client.run(many()):
            assert found == expected[tag]


def test_all_languages_reach_lists_and_nested_labels(several: InProcess) -> None:
    other = next(tag for tag in tags(several) if tag != "en")
    catalogue = several.app.state.service.served.catalogue
    whole = several.json("occupations?language=*")
    alone = {item["uri"]: item["preferredLabel"] for item in several.json(f"occupations?language={other}")["items"]}
    both = [item for item in whole["items"] if {"en", other} <= item["preferredLabel"].keys()]
    assert both
    for item in both:
        assert item["preferredLabel"][other] == alone[item["uri"]][other]
    shown = several.json(f"occupations/{both[0]['uri'].rpartition('/')[2]}?language=*")
    assert {"en", other} <= shown["broaderIscoGroup"]["preferredLabel"].keys()
    assert [item["uri"] for item in whole["items"]] == [item["uri"] for item in several.json("occupations")["items"]]
    assert whole["total"] == len(catalogue.occupations)
