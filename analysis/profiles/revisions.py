"""What panels of experts adopted of composition rules and profiles, as changes to statements; each names what it changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

from analysis.profiles.tables import Guidelines, Rule
from analysis.quads import GraphLines
from ontology import CCSI, CCSID, GRAPH_ONTOLOGY, GRAPH_PROFILES, OWL, PROV, RDF, SKOS, XSD

RuleOutcome = Literal["approve", "amend", "reject"]
RULE_OUTCOMES: tuple[RuleOutcome, ...] = get_args(RuleOutcome)
# Thresholds of a rule that a panel may amend: field -> property and datatype.
THRESHOLDS = {
    "minimumShare": (CCSI + "minimumShare", XSD + "decimal"),
    "minimumAnchors": (CCSI + "minimumAnchors", XSD + "integer"),
    "maximumSkills": (CCSI + "maximumSkills", XSD + "integer"),
}
_ROUTE = f"{CCSID}route/expert"
_VERSION = f"<{CCSID}scheme/profile-sections> <{OWL}versionInfo> "


@dataclass(frozen=True, slots=True)
class RuleRevision:
    """What a panel says of a rule; ``thresholds`` are written as RDF writes numbers, ``text`` is the amended definition."""

    rule: str
    outcome: RuleOutcome
    sources: tuple[str, ...]
    agreement: float
    thresholds: tuple[tuple[str, str], ...] = ()
    text: str = ""

    def claims(self) -> dict[tuple[str, ...], str]:
        """What it says of what; two revisions differ where one of these does."""
        said = " ".join(f"{name} {value}" for name, value in self.thresholds)
        return {("rule", self.rule): " ".join(filter(None, (self.outcome, said, self.text)))}


@dataclass(frozen=True, slots=True)
class SignOff:
    """That a panel signed a profile off: a template by its identifier, or a role that its own file describes."""

    profile: str
    sources: tuple[str, ...]
    agreement: float

    def claims(self) -> dict[tuple[str, ...], str]:
        """What it says of what."""
        return {("profile", self.profile): "sign-off"}


def revised(guidelines: Guidelines, rule: str, thresholds: Mapping[str, float], rejected: bool = False) -> Guidelines:
    """The guidelines as they would be with a rule amended or rejected: what a load with the revision reads."""

    def one(known: Rule) -> Rule:
        if known.id != rule:
            return known
        most = thresholds.get("maximumSkills", known.maximum)
        return replace(
            known, measure="none" if rejected else known.measure,
            minimum_share=float(thresholds.get("minimumShare", known.minimum_share)),
            minimum_anchors=int(thresholds.get("minimumAnchors", known.minimum_anchors)),
            maximum=None if most is None else int(most),
        )  # fmt: skip

    return replace(guidelines, rules=tuple(one(known) for known in guidelines.rules))


def revised_rules(lines: Iterable[str], revisions: Iterable[RuleRevision], version: str) -> tuple[list[str], list[str]]:
    """The ontology's lines with the named rules revised, and notes on rules that there are not.

    An amended rule has the new thresholds and text; a rejected one measures nothing any more, and so takes no skill. With
    `version`, what the rule set is called now, in place of what it was called.
    """
    given, out = list(lines), GraphLines(GRAPH_ONTOLOGY)
    chosen = list(revisions)
    if not chosen:
        return given, []
    rule_type = f"<{RDF}type> <{CCSI}CompositionRule> "
    known = {line.split(" ", 1)[0][1:-1] for line in given if rule_type in line}
    dropped: list[str] = []
    added: list[str] = []
    notes = []
    for one in chosen:
        node = f"{CCSID}rule/{one.rule}"
        if node not in known:
            notes.append(f"panel entry {' '.join(one.sources)} set aside: there is no rule {one.rule}")
            continue
        for name, value in one.thresholds:
            prop, kind = THRESHOLDS[name]
            dropped.append(f"<{node}> <{prop}> ")
            added.append(f'<{node}> <{prop}> "{value}"^^<{kind}> <{GRAPH_ONTOLOGY}> .\n')
        if one.text:
            dropped.append(f"<{node}> <{SKOS}definition> ")
            added.append(out.text(node, SKOS + "definition", one.text, "en"))
        if one.outcome == "reject":
            dropped.append(f"<{node}> <{CCSI}measuredBy> ")
        added += [out.link(node, CCSI + "byRoute", _ROUTE), out.text(node, CCSI + "outcome", one.outcome)]
        added += [out.link(node, PROV + "wasDerivedFrom", source) for source in one.sources]
    if added and version:
        dropped.append(_VERSION)
        added.append(out.text(f"{CCSID}scheme/profile-sections", OWL + "versionInfo", version))
    starts = tuple(dropped)
    return [line for line in given if not starts or not line.startswith(starts)] + added, notes


def signed_off(lines: Iterable[str], signed: Iterable[SignOff]) -> tuple[list[str], list[str]]:
    """The profiles' lines with the named templates adopted rather than draft, and notes on those that there are not.

    A role that was composed in a workshop is described by the panel's own file, and is no template.
    """
    given, out = list(lines), GraphLines(GRAPH_PROFILES)
    status = f"<{CCSI}validationStatus> <{CCSID}status/"
    drafts = {line.split(" ", 1)[0][1:-1]: line for line in given if status in line}
    notes = []
    changed: dict[str, list[str]] = {}
    for one in signed:
        if one.profile.startswith(f"{CCSID}panel/"):
            continue
        if (draft := drafts.get(one.profile)) is None:
            notes.append(f"panel entry {' '.join(one.sources)} set aside: this release has no profile {one.profile}")
            continue
        changed[draft] = [
            out.link(one.profile, CCSI + "validationStatus", f"{CCSID}status/adopted"),
            out.link(one.profile, CCSI + "byRoute", _ROUTE),
            *(out.link(one.profile, PROV + "wasDerivedFrom", source) for source in one.sources),
        ]
    return [new for line in given for new in changed.get(line, [line])], notes
