"""Skills in running text: what is found, where, and what is not."""

from __future__ import annotations

import csv
import gzip
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from analysis.search.extraction import Extractor, Mention
from analysis.search.match import Matcher
from analysis.search.section import ALTERNATIVE, PREFERRED, Label, build
from app.api.match import MatchAnswer
from app.reports.extraction import extraction
from tests.api.conftest import InProcess
from tests.command import run

LABELS = [
    Label("s:java", "Java (computer programming)", PREFERRED),
    Label("s:less", "LESS", PREFERRED),
    Label("s:curation", "curate exhibitions", PREFERRED),
    Label("s:team", "work in teams", PREFERRED),
    Label("s:team", "teamwork", ALTERNATIVE),
    Label("s:solve", "solve technical problems", PREFERRED),
    Label("s:a", "museum databases", PREFERRED),
    Label("s:b", "museum databases", ALTERNATIVE),
    Label("s:b", "collections software", PREFERRED),
]
TOLD = {label.concept: "Do it in less time and with less effort, with others." for label in LABELS}


@pytest.fixture(scope="module")
def extractor() -> Extractor:
    return Extractor(Matcher(build(LABELS, TOLD, "en"), "en"))


def named(extractor: Extractor, text: str) -> dict[str, list[str]]:
    section = extractor._section
    found: dict[str, list[str]] = {}
    for mention in extractor.mentions(text):
        found.setdefault(section.iri(mention.concept), []).append(text[mention.start : mention.end])
    return found


def test_labels_are_found_where_they_stand_but_for_inflection(extractor: Extractor) -> None:
    text = "You curated exhibitions — “curating exhibition” — and worked in teams; Teamwork matters."
    found = named(extractor, text)
    assert found["s:curation"] == ["curated exhibitions", "curating exhibition"]
    assert found["s:team"] == ["worked in teams", "Teamwork"]


def test_a_name_is_found_without_its_explanation(extractor: Extractor) -> None:
    assert named(extractor, "5 years of Java.") == {"s:java": ["Java"]}


def test_a_name_that_is_also_a_word_is_found_only_as_it_is_written(extractor: Extractor) -> None:
    assert named(extractor, "in less time") == {}
    assert named(extractor, "CSS, LESS") == {"s:less": ["LESS"]}


def test_of_concepts_that_share_a_label_the_one_that_prefers_it_is_meant(extractor: Extractor) -> None:
    assert named(extractor, "experience with museum databases") == {"s:a": ["museum databases"]}


@pytest.mark.parametrize(
    ("said", "iri"), [("curate museum exhibitions", "s:curation"), ("work in technical teams", "s:team")]
)
def test_words_with_few_between_count(extractor: Extractor, said: str, iri: str) -> None:
    (mention,) = extractor.mentions(f"You, {said}; and more.")
    assert extractor._section.iri(mention.concept) == iri
    assert 0.8 <= mention.score < 1
    assert (mention.start, mention.end) == (5, 5 + len(said))


def test_a_label_is_found_without_its_verb_if_no_other_ends_so(extractor: Extractor) -> None:
    (mention,) = extractor.mentions("Technical problems arise.")
    assert extractor._section.text(mention.label) == "solve technical problems"
    assert mention.score < 1
    more = [*LABELS, Label("s:x", "describe technical problems", PREFERRED)]
    assert Extractor(Matcher(build(more, TOLD, "en"), "en")).mentions("Technical problems arise.") == []


def test_some_words_of_a_label_are_not_enough(extractor: Extractor) -> None:
    assert named(extractor, "technical people and other problems with collections") == {}
    assert named(extractor, "exhibitions curate") == {}  # nor another order
    assert named(extractor, "curate and exhibitions") == {}  # nor two things


@pytest.mark.parametrize("text", ["", " \n ", "?!", "𝄞" * 50, "a " * 3000, "(" * 500, "x" * 5000])
def test_any_text_can_be_read(extractor: Extractor, text: str) -> None:
    assert extractor.mentions(text) == []


def test_whole_labels_come_first_and_those_that_overlap_both_count() -> None:
    labels = [
        Label("s:a", "enjoy working", PREFERRED), Label("s:b", "working independently", PREFERRED), Label("s:c", "working", PREFERRED),
        Label("s:d", "apply technical writing skills", PREFERRED), Label("s:e", "writing", PREFERRED),
    ]  # fmt: skip
    made = Extractor(Matcher(build(labels, {}, "en"), "en"))
    assert named(made, "You enjoy working independently.") == {
        "s:a": ["enjoy working"],
        "s:b": ["working independently"],
    }
    assert named(made, "technical writing skills") == {"s:e": ["writing"]}
    assert named(made, "You apply technical writing skills.") == {"s:d": ["apply technical writing skills"]}


def test_mentions_do_not_overlap(extractor: Extractor) -> None:
    found: list[Mention] = extractor.mentions("Java teamwork museum databases LESS curate exhibitions " * 20)
    assert len(found) == 100
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))


VACANCY = """Museum curator (m/f/d)
We look for somebody who knows museum databases and art history.
You will supervise staff and write exhibition catalogues."""
CURATOR = "http://data.europa.eu/esco/occupation/691d30cc-6b2c-4025-89b4-3e719fe664c7"


def matched(api: InProcess, **body: Any) -> Any:
    answer = api.request("POST", "/api/v1/match", json=body)
    assert answer.status_code == 200, answer.text
    TypeAdapter(MatchAnswer).validate_json(answer.content)
    return answer.json()["items"]


def test_a_vacancy_has_skills_with_places_and_ranked_occupations(found_api: InProcess) -> None:
    (item,) = matched(found_api, texts=[VACANCY], limit=3)
    assert item["occupations"][0]["uri"] == CURATOR
    assert item["cultural"] is True
    assert {"domain": "heritage", "degree": "core"} in item["domains"]
    skill = next(s for s in item["skills"] if s["preferredLabel"] == {"en": "museum databases"})
    assert (skill["matchType"], skill["score"]) == ("label", 1.0)
    assert [VACANCY[a:b] for a, b in skill["spans"]] == ["museum databases"]
    starts = [s["spans"][0][0] for s in item["skills"]]
    assert starts == sorted(starts)


def test_skills_alone_lead_to_occupations(found_api: InProcess) -> None:
    catalogue = found_api.app.state.service.served.catalogue
    labels = [next(iter(catalogue.label(iri, "en").values())) for iri in catalogue.occupations[CURATOR].essential]
    (item,) = matched(found_api, texts=["Zzz qqq.\n\n\n" + ".\n".join(["-"] * 5 + labels)], limit=5)
    assert len(item["skills"]) > len(labels) / 2
    assert CURATOR in [o["uri"] for o in item["occupations"]]


def test_texts_are_answered_in_order_each_alone(found_api: InProcess) -> None:
    texts = [VACANCY, "", "?"]
    assert matched(found_api, texts=texts) == [matched(found_api, texts=[text])[0] for text in texts]
    assert matched(found_api, texts=[]) == []


@pytest.mark.parametrize(
    "body", [{"texts": ["a"] * 11}, {"texts": ["a" * 20_001]}, {"texts": ["a"], "titles": ["a"]}, {"texts": "a"}]
)  # fmt: skip
def test_what_is_too_much_is_refused(found_api: InProcess, body: Any) -> None:
    answer = found_api.request("POST", "/api/v1/match", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def annotations(folder: Path, rows: list[tuple[str, str]]) -> None:
    folder.mkdir(parents=True)
    with gzip.open(folder / "trial_annotations.csv.gz", "wt", encoding="utf-8", newline="") as out:
        table = csv.writer(out)
        table.writerow(["sentence", "span", "sub_span", "label"])
        table.writerows([sentence, "", "", label] for sentence, label in rows)


def test_extraction_is_counted_by_concept_and_sentence(tmp_path: Path) -> None:
    rows = [
        ("Java and teamwork", "Java (computer programming)"), ("Java and teamwork", "work in teams"),
        ("in less time", "LABEL NOT PRESENT"), ("nothing is here", "work in teams"), ("of old", "a label of another ESCO"),
    ]  # fmt: skip
    annotations(tmp_path / "sets", rows)
    section = build(LABELS, TOLD, "en")
    halves = [list(extraction(section, "en", tmp_path / "sets", tuned)) for tuned in (False, True)]
    assert {one.way for one in halves[0]} == {"ccsi", "all labels, word for word", "preferred labels, word for word"}
    both = [{way: [half[n] for half in halves] for n, way in enumerate(one.way for one in halves[0])}]
    ours = both[0]["ccsi"]
    assert sum(one.sentences for one in ours) == 4
    assert sum(one.skills for one in ours) == 3
    assert sum(one.recall * one.skills for one in ours) == pytest.approx(2)
    assert {one.unknown for one in ours} == {1}


def test_the_command_prints_skills_and_targets(starter_dir: Path, tmp_path: Path) -> None:
    annotations(tmp_path / "skill-extraction", [(f"{n} museum databases", "museum databases") for n in range(20)])
    ended = run("match", "evaluate", "--data", tmp_path, "--json", "--data-dir", starter_dir)
    assert ended.code == 0, ended.err
    said = json.loads(ended.out)
    ours = next(row for row in said["skills"] if row["way"] == "ccsi")
    assert (ours["precision"], ours["recall"]) == (1.0, 1.0)
    assert {t["holds"] for t in said["targets"] if t["what"].startswith("skills")} == {False}  # not above, but the same


@pytest.mark.long
def test_queries_are_judged_by_a_file(starter_dir: Path, tmp_path: Path) -> None:
    head = "query,language,kind,expected\n"
    (tmp_path / "q.csv").write_text(
        head
        + "museum curators,en,plural,exhibition curator\n2621.3,en,code,conservator\nconservator,en,plain,exhibition curator\n"
        "Kuratorin,xx,plain,exhibition curator\nastronaut,en,plain,no such occupation\n",
        encoding="utf-8",
    )
    ended = run("match", "queries", tmp_path / "q.csv", "--json", "--data-dir", starter_dir)
    assert ended.code == 0, ended.err
    said = json.loads(ended.out)
    assert (said["asked"], said["leftOut"]) == (3, 2)
    assert [row["found"] == row["expected"][0] for row in said["queries"]] == [True, True, False]
    shown = run("match", "queries", tmp_path / "q.csv", "--data-dir", starter_dir)
    assert "0.667" in shown.out
    (tmp_path / "bad.csv").write_text("query\nx\n", encoding="utf-8")
    assert run("match", "queries", tmp_path / "bad.csv", "--data-dir", starter_dir).code == 3
