"""Where a panel places an occupation counts in the graph: sub-domains and levels of functions, and no degree."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from analysis.scope.panel import place
from analysis.tables import Decision, Placement
from app.catalogue.catalogue import Catalogue
from app.store.embedded import EmbeddedStore
from loaders.input.panel import read_panels
from ontology import CCSI, CCSID, PROV
from releases.errors import SourceError
from releases.release import Release, Releases
from tests.api.conftest import running
from tests.loaders.test_panel import HEAD, build, scope

WORKSHOP = f'<{CCSID}workshop/NAME> a ccsi:Workshop ; rdfs:label "NAME" .\n'


def placement(name: str, occupation: str, domain: str, **places: str) -> str:
    """A file as `ccsi workshop publish` writes it; of each property its values, apart by blanks."""
    node = f"<{CCSID}panel/{name}/{occupation.rpartition('/')[2]}-{domain}-placement>"
    said = "".join(f" ccsi:{p} <{CCSID}{value}> ;" for p, values in places.items() for value in values.split())
    return (
        HEAD + WORKSHOP.replace("NAME", name) + f'{node} a ccsi:PlacementEntry ; rdfs:label "x"@en ;'
        f" ccsi:occupation <{occupation}> ; ccsi:domain <{CCSID}domain/{domain}> ; {said}\n"
        f'  ccsi:checkedAgainst "1.2.0" ; ccsi:agreement 0.9 ; prov:wasAttributedTo <{CCSID}workshop/{name}> .\n'
    )


def write(folder: Path, name: str, *given: str, **places: str) -> Path:
    path = folder / f"{name}.ttl"
    path.write_text(placement(name, *given, **places), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def before(mini_dir: Path) -> Release:
    found = Releases(mini_dir).current()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def pair(before: Release) -> tuple[str, str]:
    """An occupation of a domain that has sub-domains."""
    catalogue = Catalogue(before, EmbeddedStore(before.store))
    return min(
        (d.occupation, d.domain)
        for item in catalogue.occupations.values() for d in item.decisions
        if d.degree != "excluded" and len(catalogue.domains[d.domain].narrower) > 2
    )  # fmt: skip


@pytest.fixture(scope="module")
def parts(before: Release, pair: tuple[str, str]) -> list[str]:
    catalogue = Catalogue(before, EmbeddedStore(before.store))
    return catalogue.domains[pair[1]].narrower[:3]


@pytest.fixture(scope="module")
def after(pair: tuple[str, str], parts: list[str], tmp_path_factory: pytest.TempPathFactory) -> Release:
    folder = tmp_path_factory.mktemp("placed")
    file = write(
        folder, "board", *pair, subDomain=f"domain/{parts[0]}", furtherSubDomain=f"domain/{parts[1]} domain/{parts[2]}",
        function="function/education", functionInPart="function/creation",
    )  # fmt: skip
    return build(folder / "data", file)


def test_the_place_is_the_panels_and_the_degree_as_before(
    before: Release, after: Release, pair: tuple[str, str], parts: list[str]
) -> None:
    assert scope(before) == scope(after), "no degree, confidence or evidence changes"
    catalogue = Catalogue(after, EmbeddedStore(after.store))
    (found,) = [d for d in catalogue.occupations[pair[0]].decisions if d.domain == pair[1]]
    assert (found.sub_domain, found.further_sub_domains, found.functions) == (
        parts[0],
        sorted(parts[1:]),
        ["education"],
    )
    levels = {
        (f.function, f.level) for f in catalogue.analysis.function_levels[pair[1], pair[0]] if f.scheme == "essnet"
    }
    assert levels == {("education", "main"), ("creation", "some")}
    assert found.placements == [f"{CCSID}panel/board/{pair[0].rpartition('/')[2]}-{pair[1]}-placement"]
    assert all(check["passed"] or check["excused"] for check in after.manifest["checks"])


def test_only_the_decision_that_is_named_says_anything_else(
    before: Release, after: Release, pair: tuple[str, str]
) -> None:
    from ontology import GRAPH_SCOPE

    def statements(release: Release) -> set[str]:
        store = ox.Store.read_only(str(release.store))
        quads = store.quads_for_pattern(None, None, None, ox.NamedNode(GRAPH_SCOPE))
        return {f"{q.subject} {q.predicate} {q.object}" for q in quads}

    changed = statements(before) ^ statements(after)
    node = f"<{CCSID}decision/{pair[0].rpartition('/')[2]}-{pair[1]}>"
    assert changed
    assert all(line.startswith(node) for line in changed)
    rows = ox.Store.read_only(str(after.store)).query(f"""
        PREFIX ccsi: <{CCSI}> PREFIX prov: <{PROV}>
        SELECT ?workshop WHERE {{
          {node} prov:wasDerivedFrom ?entry .
          GRAPH <https://w3id.org/ccsi/id/graph/panel/board> {{ ?entry a ccsi:PlacementEntry ; prov:wasAttributedTo ?workshop }}
        }}""", use_default_graph_as_union=True)  # fmt: skip
    assert [row[0].value for row in rows] == [f"{CCSID}workshop/board"]


def test_a_place_in_a_domain_that_the_occupation_is_not_in_is_named_and_has_no_effect() -> None:
    said = Placement("o", "gaming", ("e",), "game-art")
    inside, outside = (
        Decision("o", "gaming", "core", 0.9, (), False),
        Decision("o", "gaming", "excluded", 0.9, (), False),
    )
    assert place([inside], [said])[0].sub_domain == "game-art"
    assert place([outside], [said]) == (outside,)


def test_what_a_panel_does_not_speak_of_stays() -> None:
    was = Decision("o", "heritage", "core", 0.9, (), False, "museums", ("education",), ("engagement",), ("archives",))
    (only,) = place([was], [Placement("o", "heritage", ("e",), in_part=("charter/recognition",))])
    assert (only.sub_domain, only.functions, only.further_sub_domains) == ("museums", ("education",), ("archives",))
    assert only.charter_functions == ()
    (sub,) = place([was], [Placement("o", "heritage", ("e",), "archives")])
    assert (sub.sub_domain, sub.further_sub_domains, sub.functions) == ("archives", (), ("education",))


def test_panels_that_place_otherwise_are_named_and_neither_counts(tmp_path: Path) -> None:
    occupation = "http://data.europa.eu/esco/occupation/a"
    one = write(tmp_path, "one", occupation, "gaming", subDomain="domain/game-art")
    two = write(tmp_path, "two", occupation, "gaming", subDomain="domain/game-design")
    same = write(tmp_path, "same", occupation, "gaming", subDomain="domain/game-art")
    found = read_panels([one, two])
    assert found.placements == ()
    assert found.notes == (f"panels place {occupation} otherwise in gaming: one, two; none counts",)
    (agreed,) = read_panels([one, same]).placements
    assert len(agreed.sources) == 2


@pytest.mark.parametrize(
    ("places", "said"),
    [
        ({"subDomain": "domain/game-art domain/game-design"}, "two main"),
        ({"function": "function/creation function/production"}, "two main"),
        ({"function": "charter/recognition"}, "function that is none"),
        ({"functionInPart": "domain/game-art"}, "functionInPart that is none"),
    ],
)
def test_an_entry_that_no_board_makes_is_refused(tmp_path: Path, places: dict[str, str], said: str) -> None:
    file = write(tmp_path, "one", "http://data.europa.eu/esco/occupation/a", "gaming", **places)
    with pytest.raises(SourceError, match=said):
        read_panels([file])


def test_the_page_of_a_decision_names_the_panel_that_placed_it(after: Release, pair: tuple[str, str]) -> None:
    with running(after.path.parents[1]) as app:
        page = app.get(f"/decisions/{pair[0].rpartition('/')[2]}-{pair[1]}?language=en").text
    assert ">board</a>" in page
    assert "as a panel of experts placed it" in page
