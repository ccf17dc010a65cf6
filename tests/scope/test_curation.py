"""The curation as a document: complete statements, known traps, SHACL."""

from __future__ import annotations

from collections.abc import Iterator

import pyoxigraph as ox
import pytest

from loaders.derive.carryover import read_baseline
from loaders.derive.scope import ontology_quads
from loaders.verify import Validation, _validate
from ontology import CCSI, FOLDER, RDF, turtle_files

CURATION = FOLDER / "curation.ttl"


@pytest.fixture(scope="module")
def entries() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for quad in ox.parse(path=CURATION, format=ox.RdfFormat.TURTLE):
        values = found.setdefault(quad.subject.value, {}).setdefault(quad.predicate.value.removeprefix(CCSI), [])
        values.append(
            quad.object.value.rpartition("/")[2] if isinstance(quad.object, ox.NamedNode) else quad.object.value
        )
    return found


def test_every_entry_gives_a_reason_and_the_version_it_was_checked_against(entries) -> None:
    assert len(entries) > 700
    for iri, entry in entries.items():
        assert 10 <= len(entry["reason"][0]) <= 160, iri
        assert entry["checkedAgainst"] == ["1.2.0"], iri
        assert entry["degree"][0] in {"core", "related", "excluded"}, iri
        assert ("domain" in entry) == (entry["degree"] != ["excluded"]), iri


def test_no_occupation_is_both_in_a_domain_and_excluded_from_all(entries) -> None:
    inside = {e["occupation"][0] for e in entries.values() if "domain" in e}
    outside = {e["occupation"][0] for e in entries.values() if "domain" not in e}
    assert not inside & outside


def test_the_curators_read_what_they_judge(entries) -> None:
    read = {iri.rpartition("/")[2] for iri in read_baseline()}
    assert len(read) == 3039
    assert {e["occupation"][0] for e in entries.values()} <= read


@pytest.mark.parametrize(
    ("label", "domains"),
    [
        ("conservation scientist", set()),  # about nature
        ("zoo curator", set()),
        ("zookeeper", set()),
        ("engine designer", set()),  # under NACE 74.14
        ("game keeper", set()),
        ("chef", set()),
        ("digital games developer", {"gaming"}),  # outside NACE 58.21
        ("digital games tester", {"gaming"}),
        ("archaeologist", {"heritage"}),  # outside both official routes
        ("furniture restorer", {"heritage", "crafts"}),
        ("museum director", {"heritage"}),
        ("cultural policy officer", {"heritage", "performing"}),
    ],
)
def test_known_traps(entries, label: str, domains: set[str]) -> None:
    by_label = {f.label: iri.rpartition("/")[2] for iri, f in read_baseline().items()}
    found = {d for e in entries.values() if e["occupation"] == [by_label[label]] for d in e.get("domain", [])}
    assert found == domains


def test_the_ontology_satisfies_its_shapes(tmp_path) -> None:
    merged = tmp_path / "ontology.nt"
    with merged.open("wb") as out:
        for path in turtle_files():
            ox.serialize((q.triple for q in ox.parse(path=path)), output=out, format=ox.RdfFormat.N_TRIPLES)
    with merged.open("rb") as lines:
        report = _validate(lines)
    assert report["conforms"], report["detail"]


def test_the_shapes_notice_a_broken_entry(tmp_path) -> None:
    merged = tmp_path / "broken.nt"
    entry = "https://w3id.org/ccsi/id/curation/broken"
    lines = [
        f"<{entry}> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{CCSI}CurationEntry> .",
        f"<{entry}> <{CCSI}occupation> <http://data.europa.eu/esco/occupation/x> .",
        f"<{entry}> <{CCSI}degree> <https://w3id.org/ccsi/id/degree/core> .",
    ]
    merged.write_text("\n".join(lines) + "\n")
    with merged.open("rb") as lines:
        report = _validate(lines)
    assert not report["conforms"]
    assert entry in str(report["detail"])


@pytest.mark.long
def test_a_fault_in_a_later_part_is_noticed() -> None:
    entry = "https://w3id.org/ccsi/id/curation/broken"
    with Validation("parts") as validation:
        validation.write(list(ontology_quads(turtle_files())))
        validation.write([f"<{entry}> <{RDF}type> <{CCSI}CurationEntry> <https://example.org/graph> .\n"])
        validation.end()
        found = validation.result()
    assert not found.passed
    assert entry in found.detail


def test_statements_that_could_not_be_made_do_not_pass_unseen() -> None:
    def cut_short() -> Iterator[str]:
        yield from ontology_quads(turtle_files()[:1])
        raise OSError("no more")

    with Validation("parts") as validation:
        validation.write(cut_short())
        validation.end()
        with pytest.raises(OSError, match="no more"):
            validation.result()
