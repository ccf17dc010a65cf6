"""Mapping tables of other classifications: read, kept in both directions, and answered by the crosswalk."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Limits, Settings
from loaders.build import load
from loaders.input import mappings
from loaders.input.sources import Member
from loaders.request import LoadRequest
from releases.errors import SourceError
from tests.command import Command

FIXTURES = Path(__file__).parents[1] / "fixtures"
ESCO = "http://data.europa.eu/esco/occupation/"
GONE = ESCO + "00000000-0000-4000-8000-000000000000"
SKOS = "http://www.w3.org/2004/02/skos/core#"


@pytest.fixture(scope="module")
def occupations() -> list[str]:
    with (FIXTURES / "csv-v1.2.0" / "occupations_en.csv").open(encoding="utf-8-sig", newline="") as lines:
        return sorted(row["conceptUri"] for row in csv.DictReader(lines))


def official(rows: list[tuple[str, str, str, str]]) -> str:
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(["Mapping project name", "ESCO - ROME"])
    table.writerows([["Classification 1 Name", "ESCO"], ["Classification 1 Version", "1.0.9"]])
    table.writerows(
        [
            ["Classification 2 Name", "ROME "],
            ["Classification 2 Version", "V3.0"],
            ["Classification 2 Language", "fr"],
            [],
        ]
    )
    sides = [f"classification {n} {part}" for n in (1, 2) for part in ("ID", "prefered label")]
    table.writerow([*sides, "mapping relation"])
    table.writerows([esco, "x", code, label, relation] for esco, code, label, relation in rows)
    return text.getvalue()


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory, occupations: list[str]) -> Path:
    folder = tmp_path_factory.mktemp("mapped")
    first, second = occupations[:2]
    rome = folder / "rome.csv"
    rome.write_text(
        official(
            [
                (first, "15244", "Métier", "skos:broadMatch"), (second, "15244", "Métier", "skos:exactMatch"),
                (first, "K/1 é", "Autre", "skos:closeMatch"), (GONE, "15244", "Métier", "skos:exactMatch"),
                (second, "9", "Rien", "no relation"),
            ]
        ),
        encoding="utf-8",
    )  # fmt: skip
    soc = folder / "soc.sssom.tsv"
    soc.write_text(
        "#mapping_set_title: SOC\n#curie_map:\n#  soc: https://example.org/soc/\n"
        "subject_id\tsubject_label\tpredicate_id\tobject_id\tconfidence\n"
        f"soc:27-1\tDesigners\tskos:broadMatch\t{first}\t0.75\n",
        encoding="utf-8",
    )
    nace = folder / "nace.csv"
    nace.write_text("NACE Rev. 2;NACE Rev. 2.1\n91.02;91.21\n91.02;91.41\n", encoding="utf-8")
    request = LoadRequest(
        [FIXTURES / "csv-v1.2.0"], folder / "data", curation=FIXTURES / "no-curation.ttl", partial=True, skills=False,
        mappings=(rome, nace, soc),
    )  # fmt: skip
    release = load(request)
    left = f"ESCO concepts that this release lacks: 1, the first {GONE}; rows that map nothing: 1"
    assert f"rome.csv: 3 mappings of ROME kept; {left}" in release.manifest["notes"]
    assert "nace.csv: 2 correspondences of NACE Rev. 2 and 2.1, in place of ours" in release.manifest["notes"]
    assert {"rome.csv", "nace.csv", "soc.sssom.tsv"} <= {Path(f["name"]).name for f in release.manifest["inputs"]}
    return folder / "data"


@pytest.fixture(scope="module")
def client(data_dir: Path) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(data_dir=data_dir, log_level="error"), Limits())) as found:
        yield found


def test_a_national_code_leads_to_all_it_maps_to(client: TestClient, occupations: list[str]) -> None:
    found = client.get("/api/v1/crosswalk?national=15244").json()
    assert (found["classification"], found["code"], found["preferredLabel"]) == ("rome", "15244", {"und": "Métier"})
    # The table says how ESCO relates to ROME; the answer, how ROME relates to ESCO.
    assert {(m["uri"], m["relation"]) for m in found["mappings"]} == {
        (occupations[0], "narrowMatch"), (occupations[1], "exactMatch"),
    }  # fmt: skip
    assert found["total"] == 2
    assert {tuple(m["sources"]) for m in found["mappings"]} == {("rome.csv",)}


def test_and_back_with_the_relation_turned(client: TestClient, occupations: list[str]) -> None:
    found = client.get(f"/api/v1/crosswalk?esco={occupations[0]}").json()["mappings"]
    assert {(m["classification"], m["code"], m["relation"], m["confidence"]) for m in found} == {
        ("rome", "15244", "broadMatch", None), ("rome", "K/1 é", "closeMatch", None), ("soc", "27-1", "narrowMatch", 0.75),
    }  # fmt: skip
    table = csv.DictReader(io.StringIO(client.get(f"/api/v1/crosswalk?esco={occupations[0]}&format=csv").text))
    assert ("rome", "15244", "broadMatch") in {(r["classification"], r["code"], r["relation"]) for r in table}


def test_a_table_of_nace_is_in_place_of_ours(ccsi: Command, data_dir: Path, client: TestClient) -> None:
    found = client.get("/api/v1/crosswalk?nace=91.02&revision=2").json()["correspondence"]
    assert [(c["code"], c["relation"], c["official"]) for c in found] == [
        ("91.21", "narrowMatch", True), ("91.41", "narrowMatch", True),
    ]  # fmt: skip
    assert "nace.csv" in found[0]["reason"]
    back = client.get("/api/v1/crosswalk?nace=91.41").json()["correspondence"]
    assert [(c["code"], c["relation"]) for c in back] == [("91.02", "broadMatch")]
    gone = client.get("/api/v1/crosswalk?nace=91.01&revision=2")  # which ours has
    assert gone.status_code == 404
    assert "the table that was loaded" in gone.json()["detail"]
    ended = ccsi("sssom", "--scheme", "nace", "--data-dir", data_dir)
    lines = [line for line in ended.out.splitlines() if not line.startswith(("#", "subject_id"))]
    assert len(lines) == 2
    assert all("nace.csv" in line and "semapv:UnspecifiedMatching" in line for line in lines)


def test_a_code_that_nothing_is_known_of_is_refused(client: TestClient) -> None:
    for query, field in (
        ("national=nothing", "national"),
        ("national=15244&scheme=x", "scheme"),
        ("scheme=rome", None),
    ):
        answer = client.get(f"/api/v1/crosswalk?{query}")
        assert answer.status_code == 422, query
        assert answer.json()["field"] == (field or answer.json()["field"])
    assert client.get("/api/v1/crosswalk?national=x").json()["known"] == ["rome", "soc"]


def test_the_graph_has_both_directions(client: TestClient, occupations: list[str]) -> None:
    query = f"SELECT ?a ?b {{ GRAPH <https://w3id.org/ccsi/id/graph/mappings> {{ ?a <{SKOS}exactMatch> ?b }} }}"
    answer = client.get("/sparql", params={"query": query}, headers={"Accept": "application/sparql-results+json"})
    pairs = {(row["a"]["value"], row["b"]["value"]) for row in answer.json()["results"]["bindings"]}
    rome = "https://w3id.org/ccsi/id/national/rome/15244"
    assert pairs == {(rome, occupations[1]), (occupations[1], rome)}


def test_mappings_come_out_as_sssom(ccsi: Command, data_dir: Path, occupations: list[str], tmp_path: Path) -> None:
    ended = ccsi("sssom", "--scheme", "soc", "--data-dir", data_dir)
    assert ended.code == 0, ended.err
    head, *lines = [line for line in ended.out.splitlines() if not line.startswith("#")]
    (row,) = [dict(zip(head.split("\t"), line.split("\t"), strict=True)) for line in lines]
    assert (row["subject_id"], row["predicate_id"], row["object_id"], row["confidence"]) == (
        "https://example.org/soc/27-1", "skos:broadMatch", occupations[0], "0.75",
    )  # fmt: skip
    file = tmp_path / "again.tsv"
    file.write_text(ended.out, encoding="utf-8")
    notes: list[str] = []
    assert occupations[0] in "".join(mappings.read(Member(file), bool, notes))
    assert notes[0].startswith("again.tsv: 1 mappings")


def test_domains_come_out_as_sssom_too(ccsi: Command, data_dir: Path) -> None:
    ended = ccsi("sssom", "--scheme", "domains", "--data-dir", data_dir)
    assert ended.code == 0, ended.err
    head, *lines = [line for line in ended.out.splitlines() if not line.startswith("#")]
    rows = [dict(zip(head.split("\t"), line.split("\t"), strict=True)) for line in lines]
    assert {row["mapping_justification"] for row in rows} == {"semapv:ManualMappingCuration"}
    found = {(r["subject_id"], r["subject_label"], r["predicate_id"], r["object_id"]) for r in rows}
    heritage = ("https://w3id.org/ccsi/id/domain/heritage", "cultural heritage", "skos:closeMatch")
    assert (*heritage, "http://www.wikidata.org/entity/Q210272") in found
    assert (*heritage, "https://w3id.org/ccsi/id/essnet-domain/heritage") in found
    music = ("https://w3id.org/ccsi/id/domain/music", "music", "skos:closeMatch")
    assert (*music, "http://vocabularies.unesco.org/thesaurus/concept353") in found
    assert len(found) == len(rows) > 80
    whole = ccsi("sssom", "--data-dir", data_dir)
    assert set(lines) < set(whole.out.splitlines())


def test_a_table_of_codes_gets_its_domains(ccsi: Command, data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "codes.csv"
    file.write_text("id;code\r\n1;91.02\r\n2;9.1\r\n3;2621\r\n", encoding="utf-8")
    ended = ccsi("crosswalk", file, "--column", "code", "--data-dir", data_dir)
    assert ended.code == 0, ended.err
    rows = list(csv.DictReader(io.StringIO(ended.out)))
    assert [(r["id"], r["status"], r["classification"]) for r in rows] == [
        ("1", "found", "nace-2"), ("2", "unknown", ""), ("3", "found", "isco-08"),
    ]  # fmt: skip
    assert rows[1]["didYouMean"] == "09.1"
    assert ccsi("crosswalk", file, "--column", "x", "--data-dir", data_dir).code == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", "no column"), (official([]), "holds no mapping"),
        (official([(GONE, "1", "x", "sameAs")]), "is not a mapping relation"),
        (official([("x", "1", "x", "skos:exactMatch")]), "is not an IRI"), ("subject_id\tpredicate_id\nx\ty\n", "object_id"),
        ("#c:\nsubject_id\tpredicate_id\tobject_id\tconfidence\na\tskos:exactMatch\t" + GONE + "\t7\n", "no confidence"),
        (official([(GONE, "1", "x" * 30_000, "skos:exactMatch")]), "too long"),
    ],
)  # fmt: skip
def test_what_is_no_mapping_table_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "table.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=said):
        list(mappings.read(Member(file), bool, []))


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "kept"),
    [("ES_mapping_31.07.2021", 4235), ("FR_20230607_mapping_esco_rome", 11112), ("PL_mapping_31.10.2020", 4691),
     ("SE_mapping_Occupations_v1.1.1", 5518), ("crosswalk_esco_onet", 4250)],
)  # fmt: skip
def test_official_tables(esco_data: Path, name: str, kept: int) -> None:
    known = set()
    for table in ("occupations_en.csv", "ISCOGroups_en.csv"):
        with (esco_data / "esco-1.2.0-csv" / table).open(encoding="utf-8-sig", newline="") as lines:
            known |= {row["conceptUri"] for row in csv.DictReader(lines)}
    notes: list[str] = []
    quads = list(
        mappings.read(Member(esco_data / "eval" / "national-mappings" / f"{name}.csv.gz"), known.__contains__, notes)
    )
    relations = Counter(line.split("> <")[1] for line in quads if "Match>" in line)
    assert sum(relations.values()) == 2 * kept, notes
