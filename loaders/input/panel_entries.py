"""Entries of a panel's file on clusters, skills, flags, rules and profiles: read, checked, and laid together over all files."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

import pyoxigraph as ox

from analysis.profiles.revisions import RULE_OUTCOMES, THRESHOLDS, RuleRevision, SignOff
from analysis.skills.panel import CLUSTER_OUTCOMES, FLAG_OUTCOMES, SKILL_OUTCOMES, SkillDecision
from loaders.input.placements import REMEDY, Properties, Subjects, values_of
from ontology import CCSI, CCSID, ESCO_DATA, PROV, RDF, SKOS
from releases.errors import SourceError

MOST_SKILLS = 200  # of one entry
MOST_TEXT = 2000
_KEY = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_CLUSTER = re.compile(rf"{re.escape(CCSID)}cluster/({_KEY}/{_KEY})")
_DOMAIN = re.compile(rf"{re.escape(CCSID)}domain/({_KEY})")
_RULE = re.compile(rf"{re.escape(CCSID)}rule/({_KEY})")
_VERSION = re.compile(rf"{_KEY}(?:\+{_KEY}\.[0-9a-f]{{8}})*")
Entry = TypeVar("Entry", SkillDecision, RuleRevision, SignOff)


@dataclass(frozen=True)
class Entries:
    """What panels adopted beside the scope; ``version`` is what the rule set is called with their revisions."""

    skills: tuple[SkillDecision, ...] = ()
    rules: tuple[RuleRevision, ...] = ()
    profiles: tuple[SignOff, ...] = ()
    version: str = ""


def read_entries(path: Path, name: str, subjects: Subjects) -> Entries:
    """The entries of one file. Raises SourceError for what is none, or says two things of one."""
    skills: list[SkillDecision] = []
    rules: list[RuleRevision] = []
    profiles: list[SignOff] = []
    for iri, properties in sorted(subjects.items()):
        if CCSI + "PanelEntry" not in values_of(properties, RDF + "type"):
            continue
        reader = _Reader(path, iri, properties)
        outcome = reader.one("outcome")
        if outcome in RULE_OUTCOMES:
            rules.append(reader.rule(outcome))
        elif outcome == "sign-off":
            profiles.append(SignOff(reader.iri("onProfile", CCSID), (iri,), reader.agreement()))
        else:
            skills.append(reader.skill(outcome))
    for found in (skills, rules, profiles):
        said: dict[tuple[str, ...], str] = {}
        for entry in found:
            for key, value in entry.claims().items():
                if said.setdefault(key, value) != value:
                    raise SourceError(f"{path}: decides twice on {' '.join(key)}.", REMEDY)
    about = subjects.get(f"{CCSID}workshop/{name}", {})
    versions = values_of(about, CCSI + "ruleSetVersion")
    if len(versions) > 1 or not all(_VERSION.fullmatch(v) and len(v) <= 200 for v in versions):
        raise SourceError(f"{path}: the version of its rule set is none.", REMEDY)
    return Entries(tuple(skills), tuple(rules), tuple(profiles), "".join(versions))


def laid_together(panels: Mapping[str, Entries]) -> tuple[Entries, list[str]]:
    """The entries on which no two panels differ, and a note on each thing on which they do: there, neither counts."""
    notes: list[str] = []
    skills = _agreed({name: e.skills for name, e in panels.items()}, notes)
    rules = _agreed({name: e.rules for name, e in panels.items()}, notes)
    profiles = _agreed({name: e.profiles for name, e in panels.items()}, notes)
    pieces = dict.fromkeys(piece for e in panels.values() for piece in e.version.split("+") if piece)
    return Entries(skills, rules, profiles, "+".join(pieces)), notes


def _agreed(panels: Mapping[str, Iterable[Entry]], notes: list[str]) -> tuple[Entry, ...]:
    said: dict[tuple[str, ...], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name, entries in panels.items():
        for entry in entries:
            for key, value in entry.claims().items():
                said[key][value].append(name)
    disputed = {key for key, values in said.items() if len(values) > 1}
    for key in sorted(disputed):
        each = ", ".join(sorted(f"{name} says {value}" for value, names in said[key].items() for name in names))
        notes.append(f"panels differ on {' '.join(key)}: {each}; neither counts")
    together: dict[Any, list[Entry]] = defaultdict(list)
    for _, entries in sorted(panels.items()):
        for entry in entries:
            if disputed.isdisjoint(entry.claims()):
                together[replace(entry, sources=(), agreement=0.0)].append(entry)
    return tuple(
        replace(
            same[0], sources=tuple(s for one in same for s in one.sources), agreement=min(o.agreement for o in same)
        )
        for same in together.values()
    )


class _Reader:
    """One entry of a file; everything that it needs is looked at before it is believed."""

    def __init__(self, path: Path, entry: str, properties: Properties) -> None:
        self.path, self.entry, self.properties = path, entry, properties

    def fault(self, what: str) -> SourceError:
        return SourceError(f"{self.path}: {self.entry} {what}.", REMEDY)

    def values(self, name: str) -> list[str]:
        return values_of(self.properties, CCSI + name)

    def one(self, name: str) -> str:
        found = self.values(name)
        if len(found) != 1:
            raise self.fault(f"needs one {name}")
        return found[0]

    def iri(self, name: str, start: str) -> str:
        found = self.one(name)
        if not found.startswith(start) or not isinstance(self.properties[CCSI + name][0], ox.NamedNode):
            raise self.fault(f"names by {name} what is none")
        return found

    def key(self, name: str, pattern: re.Pattern[str]) -> str:
        match = pattern.fullmatch(self.one(name))
        if match is None:
            raise self.fault(f"names by {name} what is none")
        return match[1]

    def agreement(self) -> float:
        if len(self.properties.get(PROV + "wasAttributedTo", ())) != 1:
            raise self.fault("does not say whose it is")
        try:
            found = float(self.one("agreement"))
        except ValueError:
            found = -1.0
        if not 0 <= found <= 1:
            raise self.fault("has an agreement that is no number from 0 to 1")
        return found

    def labels(self) -> tuple[tuple[str, str], ...]:
        found = self.properties.get(SKOS + "prefLabel", ())
        tags = [getattr(v, "language", None) or "" for v in found]
        if "en" not in tags or "" in tags or len(set(tags)) < len(tags):
            raise self.fault("needs a name in English, and one at most in each other language")
        if not all(0 < len(v.value.strip()) <= 120 for v in found):
            raise self.fault("has a name that is empty or longer than 120 characters")
        return tuple(sorted(zip(tags, (v.value for v in found), strict=True)))

    def skill(self, outcome: Any) -> SkillDecision:
        """An entry on a cluster, a skill or a flag."""
        skills = tuple(sorted(self.values("skill")))
        if len(skills) > MOST_SKILLS or not all(s.startswith(ESCO_DATA + "skill/") for s in skills):
            raise self.fault(f"names what is no skill, or more than {MOST_SKILLS}")
        if bool(skills) != (outcome == "split" or outcome in (*SKILL_OUTCOMES, *FLAG_OUTCOMES)):
            raise self.fault("needs a skill" if not skills else "has no use for a skill")
        agreement = self.agreement()
        if outcome in FLAG_OUTCOMES:
            return SkillDecision(outcome, (self.entry,), agreement, skills=skills)
        if outcome in SKILL_OUTCOMES:
            cluster = self.key("onCluster", _CLUSTER) if outcome == "move" else ""
            return SkillDecision(
                outcome, (self.entry,), agreement, self.key("onDomain", _DOMAIN), cluster, skills=skills
            )
        if outcome not in CLUSTER_OUTCOMES:
            raise self.fault(f"has the outcome '{str(outcome)[:40]}', which is none")
        cluster = self.key("onCluster", _CLUSTER)
        into = self.key("intoCluster", _CLUSTER) if outcome in ("merge", "split") else ""
        domain = cluster.partition("/")[0]
        if into and (into == cluster or into.partition("/")[0] != domain):
            raise self.fault("names by intoCluster one of another domain, or itself")
        labels = self.labels() if outcome in ("rename", "split") else ()
        return SkillDecision(outcome, (self.entry,), agreement, domain, cluster, into, skills, labels)

    def rule(self, outcome: Any) -> RuleRevision:
        """An entry on a composition rule."""
        thresholds = []
        for name in THRESHOLDS:
            if found := self.values(name):
                thresholds.append((name, self.number(name, found)))
        text = " ".join(values_of(self.properties, SKOS + "definition"))
        if (outcome == "amend") != bool(thresholds) or (outcome == "amend") != bool(text) or len(text) > MOST_TEXT:
            raise self.fault("amends a rule with thresholds and a text, and no other outcome has them")
        return RuleRevision(
            self.key("onRule", _RULE), outcome, (self.entry,), self.agreement(), tuple(thresholds), text
        )

    def number(self, name: str, found: list[str]) -> str:
        """A threshold as RDF writes it."""
        try:
            value = Decimal(found[0])
        except InvalidOperation:
            value = Decimal(-1)
        share = name == "minimumShare"
        if len(found) != 1 or not value.is_finite() or not 0 <= value <= (1 if share else 1000):
            raise self.fault(f"has a {name} out of bounds")
        if not share and value != value.to_integral_value():
            raise self.fault(f"has a {name} that is no whole number")
        return f"{value:.4f}".rstrip("0").rstrip(".") or "0" if share else str(int(value))
