"""Entries on clusters, skills, flags, rules and profiles: applied one by one, told apart when panels differ, gone without the file."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox
import pytest

from analysis.profiles.compose import compose
from analysis.profiles.revisions import revised
from app.catalogue.catalogue import Catalogue
from app.store.embedded import EmbeddedStore
from loaders.build import load
from loaders.input.panel import read_panels
from loaders.request import LoadRequest
from loaders.starter import STARTER
from ontology import CCSI, CCSID, GRAPH, GRAPH_SCOPE, PREFIXES, PROV
from releases.changes import changes
from releases.errors import SourceError
from releases.release import Release, Releases
from tests.api.conftest import running

HEAD = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())
SKILL = "http://data.europa.eu/esco/skill/"


def entry(key: str, outcome: str, said: str, name: str = "one") -> str:
    return (
        f'<{CCSID}panel/{name}/{key}> a ccsi:PanelEntry ; rdfs:label "x"@en ; ccsi:outcome "{outcome}" ; {said}\n'
        f'  ccsi:agreement 0.9 ; ccsi:decidedOnVersion "1.2.0" ; prov:wasAttributedTo <{CCSID}workshop/{name}> .\n'
    )


def panel(*entries: str, name: str = "one", more: str = "") -> str:
    return f'{HEAD}<{CCSID}workshop/{name}> a ccsi:Workshop ; rdfs:label "{name}" {more} .\n' + "".join(entries)


def write(folder: Path, *entries: str, name: str = "one", more: str = "") -> Path:
    path = folder / f"{name}.ttl"
    path.write_text(panel(*entries, name=name, more=more), encoding="utf-8")
    return path


def cluster(key: str) -> str:
    return f"<{CCSID}cluster/{key}>"


ON_X = f"ccsi:onCluster {cluster('heritage/x')} ;"


@dataclass
class Forty:
    """Forty decisions, and what they name."""

    entries: list[str] = field(default_factory=list)
    renamed: set[str] = field(default_factory=set)
    skills: set[tuple[str, str]] = field(default_factory=set)  # domain and skill
    denied: set[str] = field(default_factory=set)  # of them those that are not ours
    flags: set[str] = field(default_factory=set)

    def add(self, outcome: str, said: str) -> None:
        self.entries.append(entry(f"{outcome}/{len(self.entries)}", outcome, said))


@pytest.fixture(scope="module")
def forty(starter: Release) -> Forty:
    """Of every kind some, over all domains of the sample: renames, moves, not ours, a merger, a split, flags."""
    analysis = Catalogue(starter, EmbeddedStore(starter.store)).analysis
    made = Forty()
    for domain in sorted(d for d in analysis.by_unit if d != "ccsi" and "/" not in d):
        broad = [c for c in analysis.by_unit[domain] if c.level == "broad"]
        broad.sort(key=lambda c: (-sum(m.primary for m in c.members), c.id))
        if len(broad) < 2 or sum(m.primary for m in broad[0].members) < 6 or len(made.entries) >= 32:
            continue
        first, last, *others = broad
        made.add("rename", f'ccsi:onCluster {cluster(first.id)} ; skos:prefLabel "Renamed {domain}"@en ;')
        made.renamed.add(first.id)
        own = [m.skill for m in first.members if m.primary]
        for skill in own[:2]:
            made.add(
                "move",
                f"ccsi:onDomain <{CCSID}domain/{domain}> ; ccsi:onCluster {cluster(last.id)} ; ccsi:skill <{skill}> ;",
            )
            made.skills.add((domain, skill))
        for skill in own[2:4]:
            made.add("not-ours", f"ccsi:onDomain <{CCSID}domain/{domain}> ; ccsi:skill <{skill}> ;")
            made.skills.add((domain, skill))
            made.denied.add(skill)
        if len(others) > 1 and not any("/merge/" in e for e in made.entries):
            made.add("merge", f"ccsi:onCluster {cluster(others[0].id)} ; ccsi:intoCluster {cluster(others[1].id)} ;")
            made.skills |= {(domain, m.skill) for c in others[:2] for m in c.members}
    flags = [
        s
        for s, t in sorted(analysis.transversality.items())
        if any(r.skill == s for r in analysis.specialisations["ccsi"])
    ]
    for skill in flags[: 40 - len(made.entries)]:
        now = analysis.transversality[skill].transversal
        made.add("not-transversal" if now else "transversal", f"ccsi:skill <{skill}> ;")
        made.flags.add(skill)
    assert len(made.entries) == 40
    return made


@pytest.fixture(scope="module")
def after(forty: Forty, tmp_path_factory: pytest.TempPathFactory) -> Release:
    folder = tmp_path_factory.mktemp("forty")
    return load(LoadRequest([STARTER], folder / "data", panels=(write(folder, *forty.entries),)))


def graph(release: Release, name: str) -> set[str]:
    store = ox.Store.read_only(str(release.store))
    return {
        f"{q.subject} {q.predicate} {q.object}" for q in store.quads_for_pattern(None, None, None, ox.NamedNode(name))
    }


def test_forty_decisions_change_only_the_entries_that_they_name(starter: Release, after: Release, forty: Forty) -> None:
    assert not [note for note in after.manifest["notes"] if "set aside" in note]
    was, now = (Catalogue(r, EmbeddedStore(r.store)).analysis for r in (starter, after))
    rows = [{(r.unit, r.skill): r for unit in a.specialisations.values() for r in unit} for a in (was, now)]
    differ = {key for key in rows[0].keys() | rows[1].keys() if rows[0].get(key) != rows[1].get(key)}
    assert {key for key in differ if key not in forty.skills and key[1] not in forty.flags} == set()
    flags = {s for s in was.transversality if was.transversality[s] != now.transversality[s]}
    assert flags == forty.flags
    held = [{(c.id, m.skill): m for c in a.clusters.values() for m in c.members} for a in (was, now)]
    differ = {key for key in held[0].keys() | held[1].keys() if held[0].get(key) != held[1].get(key)}
    assert differ
    gone = was.clusters.keys() - now.clusters.keys()  # a finer cluster all of whose skills moved, told as retired
    assert {(key.partition("/")[0], skill) for key, skill in differ if key not in gone} <= forty.skills
    assert all(any(e.relation in ("retired", "merge") for e in now.lineage[key]) for key in gone)
    names = {c for c in was.clusters.keys() & now.clusters.keys() if was.clusters[c].labels != now.clusters[c].labels}
    assert names == forty.renamed
    assert [c.labels for c in now.clusters.values() if c.id in names and c.labels["en"][:7] != "Renamed"] == []


def test_scope_and_curation_stay_as_they_were(starter: Release, after: Release) -> None:
    assert graph(after, GRAPH_SCOPE) == graph(starter, GRAPH_SCOPE)
    added = graph(after, GRAPH + "ontology") - graph(starter, GRAPH + "ontology")
    assert graph(starter, GRAPH + "ontology") <= graph(after, GRAPH + "ontology")
    assert all("<" + CCSI in line or "/route/expert" in line or "/scheme/evidence-routes" in line for line in added)


def test_every_entry_is_found_behind_what_it_decided(after: Release, forty: Forty) -> None:
    rows = ox.Store.read_only(str(after.store)).query(f"""
        PREFIX ccsi: <{CCSI}> PREFIX prov: <{PROV}>
        SELECT DISTINCT ?entry WHERE {{
          ?node ccsi:byRoute <{CCSID}route/expert> ; prov:wasDerivedFrom ?entry .
          GRAPH <{GRAPH}panel/one> {{ ?entry a ccsi:PanelEntry ; prov:wasAttributedTo <{CCSID}workshop/one> }}
        }}""", use_default_graph_as_union=True)  # fmt: skip
    assert {row[0].value for row in rows} == {e.split("> a ", 1)[0][1:] for e in forty.entries}


@pytest.mark.long
def test_pages_name_the_panel_beside_what_it_decided(after: Release, forty: Forty) -> None:
    key, skill = min(forty.renamed), min(forty.denied)
    with running(after.store.parents[2]) as app:
        page = app.get(f"/clusters/{key}?language=en").text
        assert f"Renamed {key.partition('/')[0]}" in page
        assert "Panel of experts:" in page
        assert "panel/one/rename/" in page
        assert "90.0%" in page
        assert "Panel of experts:" in app.get(f"/skills/{skill.rpartition('/')[2]}?language=en").text
        untouched = next(
            c.id for c in app.app.state.service.served.catalogue.analysis.by_unit["ccsi"] if c.level == "broad"
        )
        assert "Panel of experts:" not in app.get(f"/clusters/{untouched}?language=en").text


def test_the_release_is_sound(after: Release) -> None:
    assert all(check["passed"] or check["excused"] for check in after.manifest["checks"])


def test_what_they_change_is_told_before_it_is_published(starter: Release, after: Release, forty: Forty) -> None:
    found = changes(starter, after)
    assert found["scope"] == []
    assert {f["skill"] for f in found["transversal"]} == forty.flags
    assert {
        c["id"] for c in found["clusters"] if c["name"]["before"] != c["name"]["after"] and c["name"]["after"]
    } >= forty.renamed
    assert {(a["unit"], a["skill"]) for a in found["areas"]} <= forty.skills
    assert all(a["label"] for a in found["areas"])


@pytest.mark.long
def test_going_back_restores_the_content_hash(tmp_path: Path, starter_dir: Path, starter: Release) -> None:
    """In one folder: the release, the same with a panel published over it, and the same without again."""
    folder = tmp_path / "data"
    shutil.copytree(starter_dir, folder, symlinks=True)
    key = next(iter(Catalogue(starter, EmbeddedStore(starter.store)).analysis.by_unit["heritage"])).id
    said = [
        entry("rename/1", "rename", f'ccsi:onCluster {cluster(key)} ; skos:prefLabel "Other"@en ;'),
        entry("a", "retire", f"ccsi:onCluster {cluster('heritage/there-is-none')} ;"),
        entry("b", "reject", f"ccsi:onRule <{CCSID}rule/none-such> ;"),
        entry("c", "sign-off", f"ccsi:onProfile <{CCSID}profile/none-such> ;"),
    ]
    second = load(LoadRequest([STARTER], folder, panels=(write(tmp_path, *said),)))
    assert Releases(folder).current() == second
    assert second.manifest["contentHash"] != starter.manifest["contentHash"]
    notes = " ".join(second.manifest["notes"])  # what the release does not have is set aside and named
    assert "no broad cluster heritage/there-is-none" in notes
    assert "there is no rule none-such" in notes
    assert f"no profile {CCSID}profile/none-such" in notes
    again = load(LoadRequest([STARTER], folder))
    assert again.manifest["contentHash"] == starter.manifest["contentHash"]


@pytest.mark.long
def test_a_rule_is_amended_in_the_release_and_its_templates_are_those_of_the_preview(
    tmp_path: Path, starter: Release
) -> None:
    threshold = 'ccsi:minimumShare 0.30 ; skos:definition "Essential for three tenths."@en ;'
    amended = entry(
        "rule/1", "amend", f"ccsi:onRule <{CCSID}rule/core-shared> ; {threshold}"
    )  # fmt: skip
    rejected = entry("rule/2", "reject", f"ccsi:onRule <{CCSID}rule/emerging> ;")
    approved = entry("rule/3", "approve", f"ccsi:onRule <{CCSID}rule/specialised> ;")
    template = Catalogue(starter, EmbeddedStore(starter.store)).profiles.templates
    key = next(iter(sorted(template)))
    signed = entry("sign-off/4", "sign-off", f"ccsi:onProfile <{CCSID}profile/{key}> ;")
    version = '; ccsi:ruleSetVersion "profiles-2+one.0123abcd"'
    file = write(tmp_path, amended, rejected, approved, signed, more=version)
    made = load(LoadRequest([STARTER], tmp_path / "data", panels=(file,)))
    old = Catalogue(starter, EmbeddedStore(starter.store)).profiles
    new = Catalogue(made, EmbeddedStore(made.store)).profiles
    rules = {r.id: r for r in new.guidelines.rules}
    assert (rules["core-shared"].minimum_share, rules["emerging"].measure) == (0.3, "none")
    assert new.guidelines.version == "profiles-2+one.0123abcd"
    assert new.words[f"{CCSID}rule/core-shared"]["definition"]["en"] == "Essential for three tenths."
    wanted = revised(revised(old.guidelines, "core-shared", {"minimumShare": 0.3}), "emerging", {}, rejected=True)
    for entry_of in list(new.templates.values())[::9]:
        expected = compose(old.tables, wanted, old.templates[entry_of.id].recipe)
        assert {(s.skill, s.section) for s in new.read_templates([entry_of])[0].skills} == {
            (s.skill, s.section) for s in expected.skills
        }
    assert (new.templates[key].status, old.templates[key].status) == ("adopted", "draft")
    found = changes(starter, made)
    assert {r["rule"] for r in found["rules"]} == {"core-shared", "emerging"}
    assert found["validation"] == [{"profile": key, "before": "draft", "after": "adopted"}]
    untouched = {
        line
        for line in graph(starter, GRAPH + "ontology")
        if not line.startswith((f"<{CCSID}rule/core-shared>", f"<{CCSID}rule/emerging>"))
    }
    assert untouched - graph(made, GRAPH + "ontology") == {
        f'<{CCSID}scheme/profile-sections> <http://www.w3.org/2002/07/owl#versionInfo> "profiles-2"'
    }


def test_two_panels_that_differ_are_named_and_neither_counts(tmp_path: Path) -> None:
    heritage, skill = f"ccsi:onDomain <{CCSID}domain/heritage> ;", f"ccsi:skill <{SKILL}a> ;"
    one = write(tmp_path, entry("a", "not-ours", f"{heritage} {skill}"), entry("b", "transversal", skill))
    two = write(
        tmp_path, entry("a", "ours", f"{heritage} {skill}", "two"), entry("b", "transversal", skill, "two"), name="two"
    )
    found = read_panels([one, two])
    assert (
        "panels differ on skill heritage http://data.europa.eu/esco/skill/a: one says not-ours, two says ours; neither counts"
        in found.notes
    )
    assert [(d.outcome, d.sources) for d in found.entries.skills] == [
        ("transversal", (f"{CCSID}panel/one/b", f"{CCSID}panel/two/b"))
    ]


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        (entry("a", "rename", f"ccsi:onCluster {cluster('heritage/x')} ;"), "needs a name in English"),
        (entry("a", "rename", f'ccsi:onCluster {cluster("heritage/x")} ; skos:prefLabel "x"@de ;'), "name in English"),
        (entry("a", "rename", 'ccsi:onCluster <http://example.org/x> ; skos:prefLabel "x"@en ;'), "what is none"),
        (entry("a", "merge", f"ccsi:onCluster {cluster('heritage/x')} ; ccsi:intoCluster {cluster('gaming/x')} ;"), "of another domain"),
        (entry("a", "move", f"ccsi:onDomain <{CCSID}domain/heritage> ; ccsi:onCluster {cluster('heritage/x')} ;"), "needs a skill"),
        (entry("a", "not-ours", f"ccsi:onDomain <{CCSID}domain/heritage> ; ccsi:skill <http://example.org/x> ;"), "no skill"),
        (entry("a", "perhaps", f"ccsi:onCluster {cluster('heritage/x')} ;"), "outcome 'perhaps'"),
        (entry("a", "keep", f"ccsi:onCluster {cluster('heritage/x')} ; ccsi:skill <{SKILL}a> ;"), "no use for a skill"),
        (entry("a", "amend", f"ccsi:onRule <{CCSID}rule/core-shared> ; ccsi:minimumShare 7 ; skos:definition 'x' ;"), "out of bounds"),
        (entry("a", "amend", f"ccsi:onRule <{CCSID}rule/core-shared> ; ccsi:minimumShare 0.5 ;"), "thresholds and a text"),
        (entry("a", "approve", f"ccsi:onRule <{CCSID}rule/core-shared> ; ccsi:minimumShare 0.5 ;"), "thresholds and a text"),
        (entry("a", "keep", ON_X) + entry("b", "retire", ON_X), "decides twice"),
        (entry("a", "transversal", f"ccsi:skill <{SKILL}a> ;").replace("agreement 0.9", "agreement 9"), "no number from 0 to 1"),
    ],
)  # fmt: skip
def test_an_entry_that_is_none_is_refused(tmp_path: Path, said: str, wrong: str) -> None:
    with pytest.raises(SourceError, match=wrong):
        read_panels([write(tmp_path, said)])
