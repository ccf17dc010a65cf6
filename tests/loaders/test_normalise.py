"""What the dump gets wrong is repaired on load, and every repair is counted. The file is fixtures/dump.ttl."""

from __future__ import annotations

import random
from pathlib import Path

import pyoxigraph as ox
import pytest

from loaders.build import load
from loaders.normalise import Normaliser
from loaders.request import LoadRequest
from ontology import CCSI
from releases.release import Release
from tests.loaders.shapes_of_esco import convert, normalised, quads

OCC, SKILL = "http://data.europa.eu/esco/occupation/", "http://data.europa.eu/esco/skill/"
KEEPER, FILM, SLIDES = (f"{OCC}00000000-0000-4000-8000-00000000000{n}" for n in (1, 2, 8))
DESCRIBE, FILE = f"{SKILL}00000000-0000-4000-8000-000000000011", f"{SKILL}00000000-0000-4000-8000-000000000019"
GRAPH = "https://w3id.org/ccsi/id/graph/"
MODEL, SKOS = "http://data.europa.eu/esco/model#", "http://www.w3.org/2004/02/skos/core#"


@pytest.fixture(scope="module")
def found(fixtures: Path) -> tuple[set[str], Normaliser]:
    return normalised(fixtures / "dump.ttl")


@pytest.fixture(scope="module")
def release(fixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> Release:
    folder = tmp_path_factory.mktemp("dump")
    return load(LoadRequest([fixtures / "dump.ttl"], folder, curation=fixtures / "no-curation.ttl", partial=True))


def objects(lines: set[str], subject: str, predicate: str) -> set[str]:
    start = f"<{subject}> <{predicate}> "
    return {line.removeprefix(start).rpartition(" <")[0] for line in lines if line.startswith(start)}


def test_every_repair_is_counted(release: Release) -> None:
    assert release.manifest["repairs"] == {
        "broaderTransitive completed": 17,
        "inverse relations completed": 8,
        "label freed of invisible characters, or of blanks and commas around it": 5,
        "label role as string made an IRI": 1,
        "link that closes a cycle in the hierarchy left out": 1,
        "statements of withdrawn concepts set aside": 39,
        "typed language made plain": 1,
        "typed notation beside or instead of a plain one": 2,
    }
    assert release.manifest["withdrawn"] == 2
    assert release.manifest["languages"] == {
        "de": {"prefLabel": 1},
        "en": {"altLabel": 1, "description": 1, "prefLabel": 9},
        "en-us": {"description": 1},
        "fr": {"prefLabel": 1},
    }


def test_labels_are_clean_and_sorted_by_language(found: tuple[set[str], Normaliser]) -> None:
    lines = found[0]
    assert objects(lines, KEEPER, SKOS + "prefLabel") == {
        '"keeper of records"@en',
        '"gardien des archives"@fr',
        '"Archivar"@de',
    }
    assert objects(lines, KEEPER, SKOS + "altLabel") == {'"records keeper"@en'}
    assert all(f"<{GRAPH}labels/" in line for line in lines if f"<{SKOS}prefLabel>" in line)


def test_label_roles_are_iris(found: tuple[set[str], Normaliser]) -> None:
    role = "http://data.europa.eu/esco/label-role/"
    assert objects(found[0], "http://data.europa.eu/esco/label/1", MODEL + "hasLabelRole") == {
        f"<{role}male>",
        f"<{role}female>",
    }


def test_descriptions_are_one_literal_a_language(found: tuple[set[str], Normaliser]) -> None:
    lines = found[0]
    description = "http://purl.org/dc/terms/description"
    assert objects(lines, KEEPER, description) == {'"Keeps records."@en', '"Keeps records, over there."@en-us'}
    assert not any("node-literal" in line or "NodeLiteral" in line for line in lines)


def test_a_concept_has_one_plain_notation(found: tuple[set[str], Normaliser]) -> None:
    for code in ("2", "26", "262", "2621"):
        assert objects(found[0], f"http://data.europa.eu/esco/isco/C{code}", SKOS + "notation") == {f'"{code}"'}


def test_both_directions_of_a_relation_are_served(found: tuple[set[str], Normaliser]) -> None:
    lines = found[0]
    assert objects(lines, FILM, MODEL + "relatedOptionalSkill") == {f"<{DESCRIBE}>"}
    assert objects(lines, DESCRIBE, MODEL + "isEssentialSkillFor") == {f"<{KEEPER}>"}
    assert objects(lines, KEEPER, SKOS + "narrower") == {f"<{FILM}>"}


def test_the_hierarchy_is_complete_and_free_of_cycles(found: tuple[set[str], Normaliser]) -> None:
    lines = found[0]
    above = {x.rpartition("/")[2] for x in objects(lines, FILM, SKOS + "broaderTransitive")}
    assert above == {"C2>", "C26>", "C262>", "C2621>", KEEPER.rpartition("/")[2] + ">"}
    one, other = (f"{SKILL}00000000-0000-4000-8000-00000000002{n}" for n in (1, 2))
    assert objects(lines, one, SKOS + "broaderTransitive") == {f"<{other}>"}
    assert objects(lines, one, SKOS + "broader") == {f"<{other}>"}
    assert objects(lines, other, SKOS + "narrower") == {f"<{one}>"}
    for predicate in ("broader", "broaderTransitive"):
        assert objects(lines, other, SKOS + predicate) == set()
    assert objects(lines, one, SKOS + "narrower") == {f"<{DESCRIBE}>"}
    assert objects(lines, DESCRIBE, SKOS + "broaderTransitive") == {f"<{one}>", f"<{other}>"}


def test_nothing_of_a_withdrawn_concept_is_in_the_store(release: Release) -> None:
    store = ox.Store.read_only(str(release.store))
    for concept in (SLIDES, FILE):
        node = ox.NamedNode(concept)
        assert not list(store.quads_for_pattern(node, None, None, None))
        assert not list(store.quads_for_pattern(None, None, node, None))
    record = ox.NamedNode(CCSI + "releaseRecord")  # which names what was withdrawn, for the answer 410
    words = {str(q.object) for q in store if q.predicate != record}
    assert not [w for w in words if "slides" in w or "diapositives" in w]
    for resource in ("label/8", "label/9", "relation/8", "relation/9", "node-literal/8"):
        node = ox.NamedNode(f"http://data.europa.eu/esco/{resource}")
        assert not list(store.quads_for_pattern(node, None, None, None)), resource
        assert not list(store.quads_for_pattern(None, None, node, None)), resource
    shared = ox.NamedNode("http://data.europa.eu/esco/label/1")  # a label node that a released concept uses too
    assert list(store.quads_for_pattern(None, None, shared, None))
    assert list(store.quads_for_pattern(shared, None, None, None))
    kept = ox.NamedNode("http://data.europa.eu/esco/relation/1")
    assert len(list(store.quads_for_pattern(kept, None, None, None))) == 4


def test_withdrawn_concepts_are_remembered_with_their_successors(release: Release) -> None:
    assert release.withdrawn() == {
        SLIDES: {"status": "obsolete", "label": "keeper of slides", "replacedBy": [KEEPER]},
        FILE: {"status": "obsolete", "label": "file slides", "replacedBy": [DESCRIBE]},
    }


def test_missing_words_are_reported_not_invented(release: Release) -> None:
    missing = release.manifest["missing"]
    assert "8 preferred labels in fr" in missing
    assert "all descriptions in de" in missing
    assert "NACE codes of 1 occupations" in missing


@pytest.mark.parametrize(
    ("links", "kept"),
    [
        ("a-a", ""),  # itself
        ("a-b b-a", "a-b"),
        ("a-b b-c c-a", "a-b b-c"),
        ("a-b a-c b-d c-d", "a-b a-c b-d c-d"),  # two ways to the same concept are no cycle
        ("a-b b-c c-b d-a", "a-b b-c d-a"),
        ("x-b b-a a-b b-c c-d", "a-b b-c c-d x-b"),
    ],
)
def test_cycles_lose_one_link_each(links: str, kept: str, tmp_path: Path) -> None:
    file = tmp_path / "esco.nt"
    for predicate in ("broader", "narrower"):
        pairs = [pair.split("-") for pair in links.split()]
        ordered = pairs if predicate == "broader" else [(b, a) for a, b in pairs]
        text = "".join(f"<http://e/{a}> <{SKOS}{predicate}> <http://e/{b}> .\n" for a, b in ordered)
        file.write_text(text, encoding="utf-8")
        broader = {x for x in quads(file) if f"<{SKOS}broader>" in x}
        assert " ".join(sorted(f"{x[10]}-{x.split()[2][-2]}" for x in broader)) == kept


def test_order_of_statements_changes_nothing(fixtures: Path, tmp_path: Path) -> None:
    file = convert(fixtures / "dump.ttl", tmp_path / "esco.nt", ox.RdfFormat.N_TRIPLES)
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    expected = quads(file)
    for seed in range(5):
        random.Random(seed).shuffle(lines)
        file.write_text("".join(lines), encoding="utf-8")
        assert quads(file) == expected


def test_repetitions_change_nothing(release: Release, fixtures: Path, tmp_path: Path) -> None:
    file = convert(fixtures / "dump.ttl", tmp_path / "esco.nt", ox.RdfFormat.N_TRIPLES)
    again = load(
        LoadRequest(
            [file, fixtures / "dump.ttl"], tmp_path / "data", curation=fixtures / "no-curation.ttl", partial=True
        )
    )
    assert again.manifest["contentHash"] == release.manifest["contentHash"]


def test_a_description_without_its_language_or_text_is_counted(tmp_path: Path) -> None:
    file = tmp_path / "esco.ttl"
    file.write_text(
        """@prefix esco: <http://data.europa.eu/esco/model#> . @prefix dct: <http://purl.org/dc/terms/> .
        <http://example.org/a> dct:description <http://example.org/1> , <http://example.org/2> .
        <http://example.org/1> esco:nodeLiteral "text only" .
        <http://example.org/2> esco:language "en" .""",
        encoding="utf-8",
    )
    lines, normaliser = normalised(file)
    assert lines == set()
    assert normaliser.repairs == {"description without text or language left out": 2}


@pytest.mark.parametrize("tag", ["", "e n", "en> <http://example.org/g", "toolonglanguage", "\u0435n"])
def test_a_description_in_no_language_is_left_out(tag: str, tmp_path: Path) -> None:
    file = tmp_path / "esco.ttl"
    file.write_text(
        f"""@prefix esco: <http://data.europa.eu/esco/model#> . @prefix dct: <http://purl.org/dc/terms/> .
        <http://example.org/a> dct:description <http://example.org/1> .
        <http://example.org/1> esco:nodeLiteral "text" ; esco:language "{tag}" .""",
        encoding="utf-8",
    )
    lines, normaliser = normalised(file)
    assert lines == set()
    assert normaliser.repairs == {"description without text or language left out": 1}


def test_a_label_role_that_is_no_iri_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "esco.nt"
    file.write_text(f'<http://example.org/a> <{MODEL}hasLabelRole> "no> <iri" .\n', encoding="utf-8")
    lines, normaliser = normalised(file)
    assert lines == set()
    assert normaliser.repairs == {"label role that is no IRI left out": 1}


@pytest.mark.long
def test_a_concept_withdrawn_by_a_later_file_is_withdrawn(fixtures: Path, tmp_path: Path) -> None:
    later = tmp_path / "later.nt"
    status = "http://purl.org/iso25964/skos-thes#status"
    later.write_text(f'<{DESCRIBE}> <{status}> "obsolete" .\n', encoding="utf-8")
    earlier = convert(fixtures / "dump.ttl", tmp_path / "earlier.nt", ox.RdfFormat.N_TRIPLES)
    lines = earlier.read_text(encoding="utf-8").splitlines(keepends=True)
    lines.sort(key=lambda line: status not in line)  # so that labels are written before the other file is read
    earlier.write_text("".join(lines), encoding="utf-8")
    options = {"curation": fixtures / "no-curation.ttl", "partial": True, "skills": False}
    loaded = [
        load(LoadRequest(paths, tmp_path / str(n), **options))
        for n, paths in enumerate(([earlier, later], [later, earlier]))
    ]
    one, other = (r.manifest for r in loaded)
    assert one["contentHash"] == other["contentHash"]
    assert one["repairs"] == other["repairs"]
    assert one["languages"] == other["languages"]
    assert loaded[0].withdrawn() == loaded[1].withdrawn()
    assert loaded[0].withdrawn()[DESCRIBE]["label"]
    assert not list(ox.Store.read_only(str(loaded[0].store)).quads_for_pattern(ox.NamedNode(DESCRIBE), None, None))


def test_nace_codes_from_a_file(fixtures: Path, tmp_path: Path) -> None:
    options = {"curation": fixtures / "no-curation.ttl", "nace": fixtures / "nace.csv", "partial": True}
    supplied = load(LoadRequest([fixtures / "csv-v1.2.0"], tmp_path, **options))
    assert supplied.manifest["counts"]["naceLinks"] == 6
    assert supplied.manifest["repairs"]["NACE links supplied from a file"] == 6
    assert supplied.manifest["repairs"]["NACE links of unknown occupations left out"] == 1


def test_nace_codes_of_the_data_go_before_those_of_a_file(fixtures: Path) -> None:
    folder = fixtures / "csv-v1.2.1"
    lines, normaliser = normalised(folder, nace=fixtures / "nace.csv")
    assert sum("hasNACECode" in line for line in lines) == 6
    assert normaliser.repairs["NACE links left out: the data has its own"] == 6
    assert normaliser.repairs["NACE links of unknown occupations left out"] == 1
