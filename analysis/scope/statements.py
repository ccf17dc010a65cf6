"""Derived results as RDF: pure functions from results to N-Quads lines of the scope graph.

Every node is an IRI made from what it is about, so that a rebuilt release holds the same nodes, and every node names the
activity that generated it (PROV-O).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from analysis.quads import GraphLines
from analysis.tables import ROUTES, Assertion, Decision
from ontology import CCSI, CCSID, GRAPH_SCOPE, PROV, local_name

METHOD_VERSION = "scope 1.0"
_OUT = GraphLines(GRAPH_SCOPE)


def scope_quads(
    assertions: Iterable[Assertion],
    decisions: Iterable[Decision],
    esco_version: str,
    parameters: Mapping[str, Mapping[str, object]],
    names: Mapping[str, str],
) -> Iterator[str]:
    """The scope graph: one activity per route and one for the decisions, then every assertion and decision.

    ``names`` are the English labels of occupations, from which statements get theirs.
    """
    given = tuple(assertions)
    panels = ("expert",) if any(a.route == "expert" for a in given) else ()
    for route in (*ROUTES, *panels, "decision"):
        yield from _activity(route, esco_version, parameters)
    for assertion in given:
        yield from _assertion(assertion, esco_version, names.get(assertion.occupation, ""))
    for decision in decisions:
        yield from _decision(decision, esco_version, names.get(decision.occupation, ""))


def assertion_iri(assertion: Assertion) -> str:
    """``…/assertion/<route>/<occupation UUID>-<domain>``; ``none`` stands for an exclusion from every domain."""
    return f"{CCSID}assertion/{assertion.route}/{local_name(assertion.occupation)}-{assertion.domain or 'none'}"


def decision_iri(decision: Decision) -> str:
    """``…/decision/<occupation UUID>-<domain>``."""
    return f"{CCSID}decision/{local_name(decision.occupation)}-{decision.domain or 'none'}"


def _activity_iri(step: str, version: str) -> str:
    return f"{CCSID}activity/scope-{step}-esco-{version}"


def _activity(step: str, version: str, parameters: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    decisions = step == "decision"
    what = "scope decisions" if decisions else f"scope assertions of the route {step}"
    name, used = f"{what}, ESCO {version}", ("scope",) if decisions else ("esco", "ontology")
    return _OUT.activity(_activity_iri(step, version), name, METHOD_VERSION, parameters.get(step, {}), used)


def _assertion(a: Assertion, version: str, name: str) -> Iterator[str]:
    node = assertion_iri(a)
    called = f"{_place(name, a.domain, a.degree)} (by {a.route})" if name else ""
    yield from _OUT.node(node, "ScopeAssertion", _activity_iri(a.route, version), called)
    yield from _common(node, a.occupation, a.domain, a.degree, version)
    yield _OUT.link(node, CCSI + "evidenceRoute", f"{CCSID}route/{a.route}")
    yield from _OUT.links(node, PROV + "wasDerivedFrom", "", *a.sources)
    yield from _OUT.links(node, CCSI + "subDomain", f"{CCSID}domain/", a.sub_domain)
    yield from _OUT.links(node, CCSI + "function", f"{CCSID}function/", a.function)
    yield from _OUT.links(node, CCSI + "charterFunction", f"{CCSID}charter/", a.charter_function)
    if a.score is not None:
        yield _OUT.decimal(node, CCSI + "score", a.score)
    if a.reason:
        yield _OUT.text(node, CCSI + "reason", a.reason)


def _decision(d: Decision, version: str, name: str) -> Iterator[str]:
    node = decision_iri(d)
    called = _place(name, d.domain, d.degree) if name else ""
    yield from _OUT.node(node, "ScopeDecision", _activity_iri("decision", version), called)
    yield from _common(node, d.occupation, d.domain, d.degree, version)
    yield _OUT.decimal(node, CCSI + "confidence", d.confidence)
    yield _OUT.truth(node, CCSI + "contradicted", d.contradicted)
    yield from _OUT.links(node, CCSI + "basedOn", "", *map(assertion_iri, d.based_on))
    yield from _OUT.links(node, CCSI + "subDomain", f"{CCSID}domain/", d.sub_domain)
    yield from _OUT.links(node, CCSI + "furtherSubDomain", f"{CCSID}domain/", *d.further_sub_domains)
    yield from _OUT.links(node, CCSI + "function", f"{CCSID}function/", *d.functions)
    yield from _OUT.links(node, CCSI + "charterFunction", f"{CCSID}charter/", *d.charter_functions)
    yield from _OUT.links(node, PROV + "wasDerivedFrom", "", *(d.placement.sources if d.placement else ()))


def _place(name: str, domain: str, degree: str) -> str:
    """Worded as in curation.ttl."""
    return f"{name}: {domain}, {degree}" if domain else f"{name}: no domain"


def _common(node: str, occupation: str, domain: str, degree: str, version: str) -> Iterator[str]:
    yield _OUT.link(node, CCSI + "occupation", occupation)
    yield from _OUT.links(node, CCSI + "domain", f"{CCSID}domain/", domain)
    yield _OUT.link(node, CCSI + "degree", f"{CCSID}degree/{degree}")
    yield _OUT.text(node, CCSI + "escoVersion", version)
