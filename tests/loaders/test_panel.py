"""What a workshop adopted is laid over curation entry by entry: what it names changes, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from app.catalogue.catalogue import Catalogue
from app.reports.scope import report, review_queue
from app.store.embedded import EmbeddedStore
from loaders.build import load
from loaders.input.panel import read_panels
from loaders.request import LoadRequest
from loaders.starter import STARTER
from ontology import CCSI, CCSID, GRAPH, GRAPH_SCOPE, PREFIXES, PROV
from releases.changes import changes
from releases.errors import SourceError, VerificationFailed
from releases.release import Release, Releases

FIXTURES = Path(__file__).parents[1] / "fixtures"
HEAD = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())


def panel(name: str, *entries: tuple[str, str, str], version: str = "1.2.0", more: str = "") -> str:
    """A file as `ccsi workshop publish` writes it: of each entry occupation, domain and degree."""
    said = [HEAD, f'<{CCSID}workshop/{name}> a ccsi:Workshop ; rdfs:label "{name}" .\n']
    for occupation, domain, degree in entries:
        node = f"{CCSID}panel/{name}/{occupation.rpartition('/')[2]}-{domain}"
        said.append(
            f'<{node}> a ccsi:CurationEntry ; rdfs:label "x"@en ; ccsi:occupation <{occupation}> ;\n'
            f"  ccsi:domain <{CCSID}domain/{domain}> ; ccsi:degree <{CCSID}degree/{degree}> ;\n"
            f'  ccsi:reason "The panel says so." ; ccsi:checkedAgainst "{version}" ; ccsi:agreement 0.9 ;\n'
            f"  prov:wasAttributedTo <{CCSID}workshop/{name}> .\n"
        )
    return "".join(said) + more


def write(folder: Path, name: str, *entries: tuple[str, str, str], **options: str) -> Path:
    path = folder / f"{name}.ttl"
    path.write_text(panel(name, *entries, **options), encoding="utf-8")
    return path


def build(folder: Path, *panels: Path) -> Release:
    request = LoadRequest(
        [FIXTURES / "csv-v1.2.0"], folder, curation=FIXTURES / "no-curation.ttl", partial=True, panels=panels
    )
    return load(request)


def scope(release: Release) -> dict[tuple[str, str], tuple[str, ...]]:
    catalogue = Catalogue(release, EmbeddedStore(release.store))
    return {
        (d.occupation, d.domain): (d.degree, str(d.confidence), *sorted(a.iri for a in d.evidence))
        for item in catalogue.occupations.values() for d in item.decisions
    }  # fmt: skip


@pytest.fixture(scope="module")
def before(mini_dir: Path) -> Release:
    found = Releases(mini_dir).current()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def pairs(before: Release) -> tuple[tuple[str, str], tuple[str, str]]:
    """A pair that is decided, and one that nobody spoke of."""
    decided = scope(before)
    inside = next(pair for pair, (degree, *_) in sorted(decided.items()) if degree != "excluded")
    return inside, (inside[0], next(d for d in ("music", "crafts", "fashion") if (inside[0], d) not in decided))


@pytest.fixture(scope="module")
def after(pairs: tuple[tuple[str, str], tuple[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Release:
    folder = tmp_path_factory.mktemp("panel")
    inside, outside = pairs
    return build(folder / "data", write(folder, "helsingborg", (*inside, "excluded"), (*outside, "core")))


def test_only_what_the_panel_names_changes(before: Release, after: Release, pairs) -> None:
    inside, outside = pairs
    was, now = scope(before), scope(after)
    assert {pair for pair in was.keys() | now.keys() if was.get(pair) != now.get(pair)} == {inside, outside}
    assert (now[inside][:2], now[outside][:2]) == (("excluded", "0.9"), ("core", "0.9"))
    assert set(now[inside][2:]) == {
        *was[inside][2:],
        f"{CCSID}assertion/expert/{inside[0].rpartition('/')[2]}-{inside[1]}",
    }
    assert all(check["passed"] or check["excused"] for check in after.manifest["checks"])


def test_every_statement_of_scope_about_others_stays(before: Release, after: Release, pairs) -> None:
    def statements(release: Release) -> set[str]:
        store = ox.Store.read_only(str(release.store))
        quads = store.quads_for_pattern(None, None, None, ox.NamedNode(GRAPH_SCOPE))
        return {f"{q.subject} {q.predicate} {q.object}" for q in quads}

    changed = statements(before) ^ statements(after)
    keys = [f"{occupation.rpartition('/')[2]}-{domain}" for occupation, domain in pairs]
    assert changed
    assert all(any(key in line for key in keys) or "activity/scope-expert" in line for line in changed)


def test_the_provenance_is_in_a_graph_of_the_panel_and_found_by_sparql(after: Release, pairs) -> None:
    rows = ox.Store.read_only(str(after.store)).query(f"""
        PREFIX ccsi: <{CCSI}> PREFIX prov: <{PROV}>
        SELECT ?decision ?workshop WHERE {{
          ?decision a ccsi:ScopeDecision ; ccsi:occupation <{pairs[1][0]}> ; ccsi:basedOn ?said .
          ?said ccsi:evidenceRoute <{CCSID}route/expert> ; prov:wasDerivedFrom ?entry .
          GRAPH <https://w3id.org/ccsi/id/graph/panel/helsingborg> {{ ?entry prov:wasAttributedTo ?workshop }}
        }}""", use_default_graph_as_union=True)  # fmt: skip
    found = {(row[0].value, row[1].value) for row in rows}
    assert found == {(f"{CCSID}decision/{o.rpartition('/')[2]}-{d}", f"{CCSID}workshop/helsingborg") for o, d in pairs}


def test_a_panel_is_a_route_of_its_own_wherever_evidence_is(after: Release, pairs) -> None:
    catalogue = Catalogue(after, EmbeddedStore(after.store))
    assert report(catalogue)["routes"]["expert"] == {"occupations": 1, "inScope": 1}
    assert not {(d.occupation, d.domain) for d, _ in review_queue(catalogue)} & set(pairs), "a panel has looked"


def test_what_a_release_changes_is_told_before_it_is_published(before: Release, after: Release, pairs) -> None:
    found = changes(before, after)
    assert [(c["occupation"], c["domain"]) for c in found["scope"]] == sorted(pairs)
    told = {(c["occupation"], c["domain"]): c for c in found["scope"]}
    assert told[pairs[1]]["before"] is None
    assert told[pairs[1]]["after"] == {"degree": "core", "confidence": 0.9}
    assert told[pairs[0]]["label"]
    same = changes(before, before)
    assert (same["scope"], same["clusters"], same["profiles"]) == ([], [], [])


def test_without_the_file_the_content_hash_is_as_before(before: Release, tmp_path: Path) -> None:
    again = build(tmp_path / "data")
    assert again.manifest["contentHash"] == before.manifest["contentHash"]
    assert "panels" not in again.manifest["parameters"]


@pytest.mark.long
def test_two_panels_that_differ_are_named_and_neither_counts(before: Release, pairs, tmp_path: Path) -> None:
    inside, outside = pairs
    one = write(tmp_path, "one", (*inside, "excluded"), (*outside, "core"))
    two = write(tmp_path, "two", (*inside, "related"), (*outside, "core"), version="1.1.0")
    made = build(tmp_path / "data", one, two)
    notes = " ".join(made.manifest["notes"])
    assert f"panels differ on {inside[0]} in {inside[1]}: one says excluded, two says related; neither counts" in notes
    assert "panel two: decided on ESCO 1.1.0, carried over to 1.2.0" in notes
    assert scope(made)[inside] == scope(before)[inside]
    assert scope(made)[outside][0] == "core"
    assert made.manifest["parameters"]["panels"] == ["one.ttl", "two.ttl"]


def test_what_this_esco_does_not_have_is_named(tmp_path: Path, pairs) -> None:
    gone = "http://data.europa.eu/esco/occupation/00000000-0000-4000-8000-000000000000"
    made = build(tmp_path / "data", write(tmp_path, "one", (gone, "gaming", "core"), (*pairs[1], "core")))
    assert f"panel one: not in this ESCO: {gone}" in made.manifest["notes"]
    assert (gone, "gaming") not in scope(made)


@pytest.mark.long
def test_forty_decisions_over_our_own_curation_change_forty_pairs(starter: Release, tmp_path: Path) -> None:
    """Turned round: what was in is out, what was out is in, in the sectors where something was said."""
    was = {pair: said for pair, said in scope(starter).items() if pair[1]}
    turned = [(*pair, "core" if degree == "excluded" else "excluded") for pair, (degree, *_) in sorted(was.items())][
        ::3
    ][:40]
    assert len(turned) == 40
    assert len({degree for *_, degree in turned}) == 2
    file = write(tmp_path, "helsingborg", *turned)
    after = load(LoadRequest([STARTER], tmp_path / "data", panels=(file,), skills=False))
    now = scope(after)
    named = {(occupation, domain) for occupation, domain, _ in turned}
    changed = {pair for pair in was.keys() | now.keys() if was.get(pair) != now.get(pair)}
    assert changed == named
    assert all(now[o, d][0] == degree for o, d, degree in turned)

    def curation(release: Release) -> set[str]:
        store = ox.Store.read_only(str(release.store))
        kept = store.quads_for_pattern(None, None, None, ox.NamedNode(GRAPH + "ontology"))
        return {str(q) for q in kept if q.subject.value.startswith(f"{CCSID}curation/")}

    assert curation(after) == curation(starter)


O1 = "http://data.europa.eu/esco/occupation/a"
GOOD = (O1, "gaming", "core")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (panel("one", GOOD, more=f"<{CCSID}curation/x> a ccsi:CurationEntry .\n"), "not of the workshop"),
        (panel("one", GOOD, more="<http://data.europa.eu/esco/occupation/a> rdfs:label 'x' .\n"), "not of the workshop"),
        (panel("one", GOOD, more="[] a ccsi:Resolution .\n"), "without a name"),
        (panel("one", GOOD, more=f"<{CCSID}workshop/two> a ccsi:Workshop .\n"), "which workshop"),
        (panel("one", (O1, "gaming", "perhaps")), "degree 'perhaps'"),
        (panel("one", ("http://example.org/x", "gaming", "core")), "needs one occupation"),
        (panel("one", GOOD).replace("agreement 0.9", "agreement 7"), "no number from 0 to 1"),
        (panel("one", GOOD).replace(f"ccsi:domain <{CCSID}domain/gaming> ;", ""), "needs one domain"),
        (panel("One"), "which workshop"),
        (HEAD, "which workshop"),
        ("this is no turtle", "not valid Turtle"),
        (panel("one", GOOD).replace("The panel says so.", "a\\u0001b"), "XML cannot hold"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_panels_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "panel.ttl").write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=said):
        read_panels([tmp_path / "panel.ttl"])


def test_one_file_of_each_workshop(tmp_path: Path) -> None:
    file = write(tmp_path, "one", GOOD)
    with pytest.raises(SourceError, match="Two files"):
        read_panels([file, file])
    with pytest.raises(SourceError, match="cannot be read"):
        read_panels([tmp_path / "none.ttl"])


def test_a_domain_that_there_is_not_does_not_become_a_release(tmp_path: Path, pairs) -> None:
    with pytest.raises(VerificationFailed):
        build(tmp_path / "data", write(tmp_path, "one", (pairs[0][0], "cooking", "core")))
