"""Shapes of SKOS that the official dump has not, and a release that is exported and loaded again."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from loaders.blemishes import count as blemishes
from loaders.build import LoadRequest, _check_consistency, load
from loaders.starter import STARTER
from loaders.survey import Survey
from ontology import CCSI, GRAPH_ESCO, GRAPH_LABELS, GRAPH_OWN, SKOS
from releases import dumps
from releases.errors import SourceError
from releases.release import Release, Releases
from tests.loaders.bundles import FIXTURES, OLDEST, write
from tests.loaders.shapes_of_esco import normalised

PREFIXES = """@prefix esco: <http://data.europa.eu/esco/model#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix dct: <http://purl.org/dc/terms/> . @prefix iso: <http://purl.org/iso25964/skos-thes#> .
@prefix xl: <http://www.w3.org/2008/05/skos-xl#> . @prefix o: <http://data.europa.eu/esco/occupation/> .
@prefix s: <http://data.europa.eu/esco/skill/> .
"""
QUICK = {"curation": FIXTURES / "no-curation.ttl", "partial": True, "skills": False}


def turtle(tmp_path: Path, text: str, name: str = "esco-v1.2.0.ttl") -> Path:
    file = tmp_path / name
    file.write_text(PREFIXES + text, encoding="utf-8")
    return file


def words(release: Release, language: str) -> set[tuple[str, str]]:
    store = ox.Store.read_only(str(release.store))
    graph = ox.NamedNode(GRAPH_LABELS + language)
    return {
        (q.predicate.value.rpartition("#")[2].rpartition("/")[2], q.object.value)
        for q in store.quads_for_pattern(None, None, None, graph)
    }


def test_descriptions_as_literals(tmp_path: Path) -> None:
    text = 'o:1 a esco:Occupation ; iso:status "released" ; dct:description "Looks after."@en ; skos:scopeNote "Not so."@en .'
    lines, normaliser = normalised(turtle(tmp_path, text))
    assert normaliser.languages["en"] == {"description": 1, "note": 1}
    assert sum(f"<{GRAPH_LABELS}en>" in line for line in lines) == 2


def test_labels_in_skos_xl_alone(tmp_path: Path) -> None:
    file = turtle(
        tmp_path,
        """o:1 a esco:Occupation ; xl:prefLabel o:l1 , o:l2 ; xl:altLabel [ xl:literalForm "guard \\u200B"@en ] .
        o:l1 xl:literalForm "keeper"@en . o:l2 xl:literalForm "gardien"@fr .
        o:2 a esco:Occupation ; skos:prefLabel "officer"@en ; xl:prefLabel o:l3 . o:l3 xl:literalForm "other"@en .""",
    )
    release = load(LoadRequest([file], tmp_path / "data", **QUICK))
    assert words(release, "en") == {("prefLabel", "keeper"), ("altLabel", "guard"), ("prefLabel", "officer")}
    assert words(release, "fr") == {("prefLabel", "gardien")}
    assert release.manifest["repairs"]["label in SKOS-XL alone made plain"] == 3
    assert release.manifest["languages"]["en"] == {"altLabel": 1, "prefLabel": 2}


def test_texts_without_a_language_are_asked_for(tmp_path: Path) -> None:
    file = turtle(tmp_path, 'o:1 a esco:Occupation ; skos:prefLabel "keeper" ; dct:description "Keeps." .')
    with pytest.raises(SourceError, match=r"2 texts say no language, the first is 'keeper' of .*/1") as caught:
        load(LoadRequest([file], tmp_path / "data", **QUICK))
    assert "--language en" in caught.value.remedy
    release = load(LoadRequest([file], tmp_path / "data", language="pt-BR", **QUICK))
    assert words(release, "pt-br") == {("prefLabel", "keeper"), ("description", "Keeps.")}
    assert release.manifest["repairs"] == {"text without a language taken for pt-br": 2}
    with pytest.raises(SourceError, match="is not a language tag"):
        load(LoadRequest([file], tmp_path / "data", language="english please", **QUICK))


def test_every_successor_is_known_to_the_end_of_the_chain(tmp_path: Path) -> None:
    text = """o:1 a esco:Occupation ; iso:status "released" . o:2 a esco:Occupation ; iso:status "released" .
    o:3 a esco:Occupation ; iso:status "deprecated" ; dct:isReplacedBy o:1 , o:2 .
    o:4 a esco:Occupation ; iso:status "deprecated" ; dct:isReplacedBy o:3 .
    o:5 a esco:Occupation ; iso:status "deprecated" ; dct:isReplacedBy o:6 . o:6 iso:status "deprecated" ; dct:isReplacedBy o:5 ."""
    _, normaliser = normalised(turtle(tmp_path, text))
    base = "http://data.europa.eu/esco/occupation/"
    found = {iri.removeprefix(base): entry["replacedBy"] for iri, entry in normaliser.survey.withdrawn.items()}
    assert found == {"3": [base + "1", base + "2"], "4": [base + "1", base + "2"], "5": [], "6": []}


def test_dangling_relations_are_held_to_the_share_of_relations() -> None:
    survey = Survey(occupations={"a"}, related=4_000)
    survey.dangling["relations"] = 4
    _check_consistency(survey, partial=False)
    survey.dangling["relations"] = 5
    with pytest.raises(SourceError, match="5 relations point outside"):
        _check_consistency(survey, partial=False)
    _check_consistency(survey, partial=True)


@pytest.mark.long
def test_what_dangles_is_left_out_and_listed(tmp_path: Path) -> None:
    unlisted = "http://data.europa.eu/esco/occupation/0badc0de-0000-4000-8000-000000000000"
    skill = "http://data.europa.eu/esco/skill/000f1d3d-220f-4789-9c0a-cc742521fb02"
    extra = tmp_path / "extra.nt"
    extra.write_text(
        f"<{unlisted}> <http://data.europa.eu/esco/model#relatedEssentialSkill> <{skill}> .\n", encoding="utf-8"
    )
    release = load(LoadRequest([STARTER, extra], tmp_path / "data", skills=False))
    assert release.manifest["dangling"] == {"relations": 1, "concepts": {unlisted: 1}}
    assert release.manifest["repairs"]["relations to concepts that are not in the data left out"] == 1
    store = ox.Store.read_only(str(release.store))
    graph = ox.NamedNode(GRAPH_ESCO)
    assert not list(store.quads_for_pattern(None, None, ox.NamedNode(unlisted), graph))
    assert not list(store.quads_for_pattern(ox.NamedNode(unlisted), None, None, graph))


@pytest.mark.parametrize("form", ["nq", "trig", "per graph nt", "per graph ttl"])
def test_an_export_is_loaded_as_the_release_that_it_was(form: str, mini_dir: Path, tmp_path: Path) -> None:
    release = Releases(mini_dir).current()
    assert release is not None
    store = ox.Store.read_only(str(release.store))
    target = tmp_path / "export"
    if form.startswith("per"):
        target.mkdir()
        for graph in dumps.graphs(store):
            name = f"{graph.partition('/id/graph/')[2].replace('/', '-')}.{form[-3:].strip()}"
            with (target / name).open("wb") as out:
                dumps.write(store, out, form[-3:].strip(), graph)
    else:
        target = tmp_path / f"all.{form}.gz"
        with target.open("wb") as out:
            dumps.write(store, out, form, packed=True)
    options = {"curation": FIXTURES / "no-curation.ttl", "partial": True}
    again = load(LoadRequest([target], tmp_path / "data", **options))
    assert (again.id, again.manifest["contentHash"]) == (release.id, release.manifest["contentHash"])
    assert again.manifest["counts"] == release.manifest["counts"]
    assert again.withdrawn() == release.withdrawn()
    assert again.manifest["repairs"] == {}


@pytest.mark.long
def test_the_export_of_withdrawn_concepts_remembers_them(tmp_path: Path) -> None:
    release = load(LoadRequest([FIXTURES / "dump.ttl"], tmp_path / "one", **QUICK))
    target = tmp_path / "all.nq"
    with target.open("wb") as out:
        dumps.write(ox.Store.read_only(str(release.store)), out, "nq")
    again = load(LoadRequest([target], tmp_path / "other", **QUICK))
    assert again.manifest["contentHash"] == release.manifest["contentHash"]
    assert len(again.withdrawn()) == 2
    assert again.withdrawn() == release.withdrawn()


def test_own_concepts_are_kept_apart_and_marked(tmp_path: Path) -> None:
    bundle = write(tmp_path / "b", OLDEST)
    own = turtle(
        tmp_path,
        '<http://e.org/1> a esco:Skill ; skos:prefLabel "retouch"@en ; skos:broader <http://data.europa.eu/esco/skill/S1> .',
        "own.ttl",
    )
    plain = load(LoadRequest([bundle], tmp_path / "plain", "1.0.3", **QUICK))
    for request in (
        LoadRequest([bundle, own], tmp_path / "d", "1.0.3", **QUICK),
        LoadRequest([bundle], tmp_path / "e", "1.0.3", own=(own,), **QUICK),
    ):
        release = load(request)
        store = ox.Store.read_only(str(release.store))
        quads = list(store.quads_for_pattern(ox.NamedNode("http://e.org/1"), None, None, None))
        assert {q.graph_name.value for q in quads} == {GRAPH_OWN}
        assert any(q.object == ox.NamedNode(CCSI + "OwnConcept") for q in quads)
        assert {q.predicate.value for q in quads} >= {SKOS + "prefLabel", SKOS + "broader"}
        assert release.manifest["counts"] == plain.manifest["counts"]
        assert "own.ttl" in {i["name"] for i in release.manifest["inputs"]}


def test_own_concepts_say_nothing_of_escos(tmp_path: Path) -> None:
    own = turtle(tmp_path, 's:1 skos:altLabel "mine"@en .', "own.ttl")
    bundle = write(tmp_path / "b", OLDEST)
    with pytest.raises(SourceError, match="both RDF files and CSV tables"):
        load(LoadRequest([bundle, own], tmp_path / "d", "1.0.3", **QUICK))


def test_blemishes_are_counted(tmp_path: Path) -> None:
    text = """o:1 a esco:Occupation ; skos:prefLabel "the  keeper"@en , "keeper"@en ; skos:altLabel "keeper"@en ;
      esco:relatedEssentialSkill s:1 ; esco:relatedOptionalSkill s:1 .
    s:1 a esco:Skill ; esco:skillReuseLevel <http://data.europa.eu/esco/skill-reuse-level/transversal> ; skos:prefLabel "keep"@en .
    s:2 skos:topConceptOf <http://data.europa.eu/esco/concept-scheme/skills> ."""
    release = load(LoadRequest([turtle(tmp_path, text)], tmp_path / "data", **QUICK))
    expected = {
        "concepts with several preferred labels in a language": 1,
        "labels that are both preferred and alternative": 1,
        "labels with double blanks": 1,
        "relations that are both essential and optional": 1,
        "reuse levels and skill types without a class": 1,
        "top concepts of a scheme that are described nowhere": 1,
    }
    assert release.manifest["blemishes"] == expected
    assert blemishes(ox.Store.read_only(str(release.store)), {})["labels that are both preferred and alternative"] == 1
