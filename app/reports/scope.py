"""The scope in figures: pure functions from the catalogue to the report that API, command line and picture share."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from itertools import combinations
from typing import Annotated

from pydantic import Field

from analysis.tables import ROUTES, Route
from app.catalogue.catalogue import Catalogue
from app.catalogue.concepts import Decision
from app.http.shapes import Shape

LOW_CONFIDENCE = 0.7
# Figures of the two official routes that any implementation must give (ESCO 1.2.x with the NACE links of 1.2.1).
CHECK_FIGURES = {
    "ISCO-08 unit groups": 436,
    "occupations on the ISCO route": 256,
    "occupations on the NACE route": 313,
    "occupations on both": 214,
    "occupations on either": 355,
    "ISCO route without a cultural NACE code": 42,
}


class Totals(Shape):
    """The scope in five numbers."""

    occupations: int
    inScope: int
    core: Annotated[int, Field(description="Core in some domain.")]
    relatedOnly: int
    pairs: Annotated[int, Field(description="Occupation and domain.")]


class DomainFigures(Shape):
    """One domain."""

    domain: str
    label: str
    core: int
    related: int
    toReview: int
    subDomains: dict[str, int]
    functions: dict[str, int]


class GroupFigures(Shape):
    """An ISCO-08 group: its occupations, and how many of them are core in some domain."""

    code: str
    label: str
    occupations: int
    core: int


class MajorGroupFigures(GroupFigures):
    """One ISCO-08 major group."""

    relatedOnly: int


class RouteFigures(Shape):
    """What one evidence route names."""

    occupations: int
    inScope: int


class RouteOverlap(Shape):
    """Two routes."""

    routes: list[Route]
    both: int
    either: int


class DomainOverlap(Shape):
    """Two domains that share occupations."""

    domains: list[str]
    both: int
    jaccard: float


class PartlyCultural(GroupFigures):
    """An ISCO-08 unit group of which some occupations are in scope."""

    inScope: int
    share: float


class ListedGroup(GroupFigures):
    """One of Eurostat's cultural unit groups."""

    inScope: int
    leftOut: list[str]


class ToEurostat(Shape):
    """The difference to Eurostat's list."""

    unitGroups: list[ListedGroup]
    coreOutside: list[str]
    coreOutsideCount: int


class ToNace(Shape):
    """The difference to the NACE route."""

    onRoute: int
    onRouteInScope: int
    onRouteLeftOut: list[str]
    inScopeNotOnRoute: int


class CheckFigure(Shape):
    """A figure that is known from elsewhere."""

    figure: str
    expected: int
    found: int
    holds: bool


class ScopeReport(Shape):
    """The scope in figures."""

    release: str
    escoVersion: str
    totals: Totals
    byDomain: list[DomainFigures]
    byMajorGroup: list[MajorGroupFigures]
    routes: dict[Route, RouteFigures]
    routeOverlaps: list[RouteOverlap]
    domainOverlaps: list[DomainOverlap]
    partlyCultural: list[PartlyCultural]
    differenceToEurostat: ToEurostat
    differenceToNace: ToNace
    checkFigures: list[CheckFigure]


def report(catalogue: Catalogue) -> ScopeReport:
    """Sizes, overlaps and differences to the official routes."""
    core, related = _occupations(catalogue, "core"), _occupations(catalogue, "related")
    related -= core
    routes: dict[Route, set[str]] = {route: _on_route(catalogue, route) for route in ROUTES}
    if experts := _on_route(catalogue, "expert"):
        routes["expert"] = experts
    in_scope = core | related
    return {
        "release": catalogue.release.id,
        "escoVersion": catalogue.release.manifest["escoVersion"],
        "totals": {
            "occupations": len(catalogue.occupations),
            "inScope": len(in_scope),
            "core": len(core),
            "relatedOnly": len(related),
            "pairs": sum(len(occupations) for occupations in catalogue.by_domain.values()),
        },
        "byDomain": _by_domain(catalogue),
        "byMajorGroup": _by_major_group(catalogue, core, related),
        "routes": {
            route: {"occupations": len(occupations), "inScope": len(occupations & in_scope)}
            for route, occupations in routes.items()
        },
        "routeOverlaps": [
            {"routes": [a, b], "both": len(routes[a] & routes[b]), "either": len(routes[a] | routes[b])}
            for a, b in combinations(ROUTES, 2)
        ],
        "domainOverlaps": _domain_overlaps(catalogue),
        "partlyCultural": _partly_cultural(catalogue, core, in_scope),
        "differenceToEurostat": _eurostat(catalogue, core, in_scope),
        "differenceToNace": _nace(catalogue, routes["nace"], in_scope),
        "checkFigures": _check_figures(catalogue, routes),
    }


def review_queue(catalogue: Catalogue) -> list[tuple[Decision, list[str]]]:
    """The decisions that an expert should look at, the least certain first, each with the reasons why."""
    changed = {
        c["occupation"]: c["what"] for c in catalogue.carry_over["changes"] if c["what"] not in ("vanished", "new")
    }
    queue = []
    for occupation in catalogue.occupations.values():
        for decision in occupation.decisions:
            reasons = review_reasons(decision)
            if decision.degree != "excluded" and decision.occupation in changed:
                reasons.append(f"changed since curation: {changed[decision.occupation]}")
            if reasons:
                queue.append((decision, reasons))
    queue.sort(key=lambda entry: (entry[0].confidence, entry[0].iri))
    return queue


def review_reasons(decision: Decision) -> list[str]:
    """Why a decision needs a look; empty when it does not.

    The skills route is no witness of degree (its "related" is right about one time in seven), so it raises no
    contradiction about it.
    """
    said = {a.route: a.degree for a in decision.evidence}
    reasons: list[str] = []
    if "expert" in said:  # a panel has looked
        return reasons
    if decision.degree == "excluded":
        if against := sorted(r for r, degree in said.items() if degree == "core" and r in ("isco", "nace")):
            reasons.append(f"contradiction: {', '.join(against)} say core")
        return reasons
    if decision.confidence < LOW_CONFIDENCE:
        reasons.append("low confidence")
    in_favour = [r for r, degree in said.items() if degree != "excluded"]
    if len(in_favour) == 1:
        reasons.append(f"single route: {in_favour[0]}")
    if others := sorted((r, d) for r, d in said.items() if r != "skills" and d != decision.degree):
        reasons.append("contradiction: " + ", ".join(f"{r} says {d}" for r, d in others))
    return reasons


def _occupations(catalogue: Catalogue, degree: str) -> set[str]:
    return {d.occupation for decisions in catalogue.by_domain.values() for d in decisions if d.degree == degree}


def _on_route(catalogue: Catalogue, route: str) -> set[str]:
    return {
        iri
        for iri, item in catalogue.occupations.items()
        if any(a.route == route and a.degree != "excluded" for a in item.assertions)
    }


def _by_domain(catalogue: Catalogue) -> list[DomainFigures]:
    rows: list[DomainFigures] = []
    for key in catalogue.top_domains:
        decisions = catalogue.by_domain.get(key, [])
        degrees = Counter(d.degree for d in decisions)
        sub_domains = [s for d in decisions for s in (d.sub_domain, *d.further_sub_domains)]
        rows.append(
            {
                "domain": key,
                "label": catalogue.domains[key].labels.get("en", key),
                "core": degrees["core"],
                "related": degrees["related"],
                "toReview": sum(bool(review_reasons(d)) for d in decisions),
                "subDomains": dict(sorted(Counter(s for s in sub_domains if s).items())),
                "functions": dict(sorted(Counter(f for d in decisions for f in d.functions).items())),
            }
        )
    return rows


def _by_major_group(catalogue: Catalogue, core: set[str], related: set[str]) -> list[MajorGroupFigures]:
    groups: dict[str, set[str]] = defaultdict(set)
    for iri, item in catalogue.occupations.items():
        groups[item.isco[:1]].add(iri)
    return [
        {**_group(catalogue, code, members, core), "relatedOnly": len(members & related)}
        for code, members in sorted(groups.items())
    ]


def _domain_overlaps(catalogue: Catalogue) -> list[DomainOverlap]:
    members = {key: {d.occupation for d in decisions} for key, decisions in sorted(catalogue.by_domain.items())}
    return [
        {"domains": [a, b], "both": both, "jaccard": round(both / len(members[a] | members[b]), 3)}
        for a, b in combinations(members, 2)
        if (both := len(members[a] & members[b]))
    ]


def _partly_cultural(catalogue: Catalogue, core: set[str], in_scope: set[str]) -> list[PartlyCultural]:
    return [
        {**_group(catalogue, code, members, core), "inScope": inside, "share": round(inside / len(members), 3)}
        for code, members in sorted(catalogue.by_isco.items())
        if 0 < (inside := len(in_scope.intersection(members))) < len(members)
    ]


def _eurostat(catalogue: Catalogue, core: set[str], in_scope: set[str]) -> ToEurostat:
    """The 33 unit groups of cultural employment, code by code, and the core occupations outside of them."""
    listed = sorted({e.code for e in catalogue.crosswalk if e.classification == "isco-08"})
    rows: list[ListedGroup] = []
    for code in listed:
        members = set(catalogue.by_isco.get(code, ()))
        left_out = _names(catalogue, members - in_scope)
        inside = len(members & in_scope)
        rows.append({**_group(catalogue, code, members, core), "inScope": inside, "leftOut": left_out})
    outside = {o for o in core if catalogue.occupations[o].isco not in listed}
    return {"unitGroups": rows, "coreOutside": _names(catalogue, outside), "coreOutsideCount": len(outside)}


def _nace(catalogue: Catalogue, on_route: set[str], in_scope: set[str]) -> ToNace:
    return {
        "onRoute": len(on_route),
        "onRouteInScope": len(on_route & in_scope),
        "onRouteLeftOut": _names(catalogue, on_route - in_scope),
        "inScopeNotOnRoute": len(in_scope - on_route),
    }


def _check_figures(catalogue: Catalogue, routes: dict[Route, set[str]]) -> list[CheckFigure]:
    isco, nace = routes["isco"], routes["nace"]
    figures = {
        "ISCO-08 unit groups": sum(len(code) == 4 for code in catalogue.isco),
        "occupations on the ISCO route": len(isco),
        "occupations on the NACE route": len(nace),
        "occupations on both": len(isco & nace),
        "occupations on either": len(isco | nace),
        "ISCO route without a cultural NACE code": len(isco - nace),
    }
    return [
        {"figure": name, "expected": CHECK_FIGURES[name], "found": n, "holds": CHECK_FIGURES[name] == n}
        for name, n in figures.items()
    ]


def _names(catalogue: Catalogue, iris: set[str]) -> list[str]:
    return sorted(f"{catalogue.occupations[i].code} {catalogue.label(i, 'en').get('en', '')}".strip() for i in iris)


def _group(catalogue: Catalogue, code: str, members: Collection[str], core: set[str]) -> GroupFigures:
    group = catalogue.isco.get(code)
    label = catalogue.label(group.iri, "en").get("en", "") if group else ""
    return {"code": code, "label": label, "occupations": len(members), "core": len(core.intersection(members))}
