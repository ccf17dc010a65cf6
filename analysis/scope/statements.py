"""Derived results as RDF: pure functions from results to N-Quads lines of the scope graph.

Every node is an IRI made from what it is about, so that a rebuilt release holds the same nodes, and every node names the
activity that generated it (PROV-O).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from pyoxigraph import Literal, NamedNode

from analysis.tables import ROUTES, Assertion, Decision
from ontology import CCSI, CCSID, GRAPH, GRAPH_SCOPE, PROV, RDF, XSD, local_name

METHOD_VERSION = "scope 1.0"
_GRAPH = f"<{GRAPH_SCOPE}>"
_DECIMAL = NamedNode(XSD + "decimal")


def scope_quads(
    assertions: Iterable[Assertion], decisions: Iterable[Decision], esco_version: str, parameters: dict[str, object]
) -> Iterator[str]:
    """The scope graph: one activity per route and one for the decisions, then every assertion and decision."""
    for route in (*ROUTES, "decision"):
        yield from _activity(route, esco_version, parameters)
    for assertion in assertions:
        yield from _assertion(assertion, esco_version)
    for decision in decisions:
        yield from _decision(decision, esco_version)


def assertion_iri(assertion: Assertion) -> str:
    """``…/assertion/<route>/<occupation UUID>-<domain>``; ``none`` stands for an exclusion from every domain."""
    return f"{CCSID}assertion/{assertion.route}/{local_name(assertion.occupation)}-{assertion.domain or 'none'}"


def decision_iri(decision: Decision) -> str:
    """``…/decision/<occupation UUID>-<domain>``."""
    return f"{CCSID}decision/{local_name(decision.occupation)}-{decision.domain or 'none'}"


def _activity_iri(step: str, version: str) -> str:
    return f"{CCSID}activity/scope-{step}-esco-{version}"


def _activity(step: str, version: str, parameters: dict[str, object]) -> Iterator[str]:
    node = _activity_iri(step, version)
    yield _link(node, RDF + "type", CCSI + "DerivationActivity")
    yield _text(node, CCSI + "methodVersion", METHOD_VERSION)
    yield _text(node, CCSI + "parameters", json.dumps(parameters.get(step, {}), sort_keys=True))
    for graph in ("esco", "ontology") if step != "decision" else ("scope",):
        yield _link(node, PROV + "used", GRAPH + graph)


def _assertion(a: Assertion, version: str) -> Iterator[str]:
    node = assertion_iri(a)
    yield _link(node, RDF + "type", CCSI + "ScopeAssertion")
    yield from _common(node, a.occupation, a.domain, a.degree, version)
    yield _link(node, CCSI + "evidenceRoute", f"{CCSID}route/{a.route}")
    yield _link(node, PROV + "wasGeneratedBy", _activity_iri(a.route, version))
    for source in a.sources:
        yield _link(node, PROV + "wasDerivedFrom", source)
    if a.sub_domain:
        yield _link(node, CCSI + "subDomain", f"{CCSID}domain/{a.sub_domain}")
    if a.function:
        yield _link(node, CCSI + "function", f"{CCSID}function/{a.function}")
    if a.charter_function:
        yield _link(node, CCSI + "charterFunction", f"{CCSID}charter/{a.charter_function}")
    if a.score is not None:
        yield _decimal(node, CCSI + "score", a.score)
    if a.reason:
        yield _text(node, CCSI + "reason", a.reason)


def _decision(d: Decision, version: str) -> Iterator[str]:
    node = decision_iri(d)
    yield _link(node, RDF + "type", CCSI + "ScopeDecision")
    yield from _common(node, d.occupation, d.domain, d.degree, version)
    yield _decimal(node, CCSI + "confidence", d.confidence)
    yield f'<{node}> <{CCSI}contradicted> "{str(d.contradicted).lower()}"^^<{XSD}boolean> {_GRAPH} .\n'
    yield _link(node, PROV + "wasGeneratedBy", _activity_iri("decision", version))
    for assertion in d.based_on:
        yield _link(node, CCSI + "basedOn", assertion_iri(assertion))
    if d.sub_domain:
        yield _link(node, CCSI + "subDomain", f"{CCSID}domain/{d.sub_domain}")
    for further in d.further_sub_domains:
        yield _link(node, CCSI + "furtherSubDomain", f"{CCSID}domain/{further}")
    for function in d.functions:
        yield _link(node, CCSI + "function", f"{CCSID}function/{function}")
    for function in d.charter_functions:
        yield _link(node, CCSI + "charterFunction", f"{CCSID}charter/{function}")


def _common(node: str, occupation: str, domain: str, degree: str, version: str) -> Iterator[str]:
    yield _link(node, CCSI + "occupation", occupation)
    if domain:
        yield _link(node, CCSI + "domain", f"{CCSID}domain/{domain}")
    yield _link(node, CCSI + "degree", f"{CCSID}degree/{degree}")
    yield _text(node, CCSI + "escoVersion", version)


def _link(subject: str, predicate: str, value: str) -> str:
    return f"<{subject}> <{predicate}> <{value}> {_GRAPH} .\n"


def _text(subject: str, predicate: str, value: str) -> str:
    return f"<{subject}> <{predicate}> {Literal(value)} {_GRAPH} .\n"


def _decimal(subject: str, predicate: str, value: float) -> str:
    return f"<{subject}> <{predicate}> {Literal(f'{value:.4f}', datatype=_DECIMAL)} {_GRAPH} .\n"
