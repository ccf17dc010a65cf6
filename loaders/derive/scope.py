"""Between store and analysis: read typed tables from the release being built, write the derived statements back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from analysis.scope import TABLE_ROUTES, ScopeResult, derive
from analysis.scope.model import default_parameters
from analysis.scope.panel import overlay, place
from analysis.scope.statements import scope_quads
from analysis.tables import ROUTES, Assertion, Degree, Occupation, Placement, Route, ScopeTables
from loaders.derive.carryover import CarryOver, compare, fingerprints, read_baseline
from loaders.input.rdf_files import numbered
from ontology import COLLECTIONS, GRAPH_LABELS, GRAPH_ONTOLOGY, SKOS, local_name
from queries import select
from queries.rows import as_text, as_texts
from releases.characters import UNFIT
from releases.errors import SourceError

# The languages that the label route has words for.
LABEL_LANGUAGES = ("en", "es", "fr", "de")
PREF_LABEL = SKOS + "prefLabel"


def ontology_quads(files: list[Path]) -> Iterator[str]:
    """The ontology files as quads of the ontology graph. Raises SourceError naming file and line on a syntax fault."""
    for path in files:
        named = numbered(path.name, str(path))
        try:
            for subject, predicate, value, _ in ox.parse(path=path, format=ox.RdfFormat.TURTLE):
                if isinstance(value, ox.Literal) and UNFIT.search(value.value):
                    raise SourceError(
                        f"{path}: {subject} has a text with a character that XML cannot hold.",
                        "Take it out of the file.",
                    )
                term = value if isinstance(value, ox.Literal) else named(value)
                yield f"{named(subject)} {predicate} {term} <{GRAPH_ONTOLOGY}> .\n"
        except SyntaxError as error:
            raise SourceError(
                f"{path}, line {error.lineno}: not valid Turtle ({error.msg}).", "Fix the file."
            ) from error
        except MemoryError as error:
            raise SourceError(f"{path}: {error}.", "No text or IRI may be that long.") from error
        except OSError as error:
            raise SourceError(
                f"{path}: cannot be read ({error.strerror}).", "Give the path of a Turtle file."
            ) from error


def scope_tables(store: ox.Store, routes: tuple[Route, ...] = ROUTES) -> ScopeTables:
    """Occupations with labels and skills, and what the table-driven routes (isco, nace, curated) assert."""
    chosen = [route for route in TABLE_ROUTES if route in routes]
    return ScopeTables(occupation_tables(store), tuple(a for route in chosen for a in _assertions(store, route)))


def derive_scope(
    store: ox.Store,
    routes: tuple[Route, ...] = ROUTES,
    own_curation: bool = True,
    tables: ScopeTables | None = None,
    adopted: Sequence[Assertion] = (),
    placed: Sequence[Placement] = (),
) -> tuple[ScopeResult, CarryOver]:
    """Run the scope derivation on what the store holds, and compare the store with what the curators read.

    Our own curation comes of a reading of all of ESCO, so of an occupation that is as it was read, silence is a no. Of
    another curation, and of occupations that are new or changed, only what it says is known. What panels `adopted` is
    laid over what that decides, and where they `placed` an occupation over where that has it.
    """
    tables = tables or scope_tables(store, routes)
    curated = {a.occupation for a in tables.assertions if a.route == "curated"}
    baseline = read_baseline() if own_curation else {}
    carried = compare(baseline, fingerprints(store, tables.occupations.values()), curated)
    result = derive(tables, routes, read=carried.unchanged)
    known = [a for a in adopted if a.occupation in tables.occupations]
    if known:
        result = ScopeResult(*overlay(result.assertions, result.decisions, known))
    return ScopeResult(result.assertions, place(result.decisions, placed)), carried


def scope_lines(result: ScopeResult, occupations: Mapping[str, Occupation], esco_version: str) -> Iterator[str]:
    """The scope graph as N-Quads lines."""
    parameters = {"decision": default_parameters().as_dict()}
    names = {iri: o.labels["en"][0] for iri, o in occupations.items() if "en" in o.labels}
    return scope_quads(result.assertions, result.decisions, esco_version, parameters, names)


def occupation_tables(store: ox.Store) -> dict[str, Occupation]:
    """Every occupation with its labels and skills."""
    codes = {row[0]: row[1] for row in as_texts(select(store, "api/occupations"))}
    isco = {o: c for o, _, c in as_texts(select(store, "materialise/isco_groups"))}
    essential, optional = grouped(store, "api/essential_skills"), grouped(store, "api/optional_skills")
    graphs = [ox.NamedNode(GRAPH_LABELS + language) for language in LABEL_LANGUAGES]
    preferred: dict[tuple[str, str], str] = {}
    others: dict[tuple[str, str], set[str]] = defaultdict(set)
    for occupation, kind, label in select(store, "materialise/occupation_labels", {"labels": graphs}):
        key = as_text(occupation), _language(label)
        if as_text(kind) == PREF_LABEL:
            preferred[key] = as_text(label)
        else:
            others[key].add(as_text(label))
    return {
        iri: Occupation(
            iri,
            codes[iri],
            isco.get(iri, ""),
            {
                language: (preferred[iri, language], *sorted(others[iri, language]))
                for language in LABEL_LANGUAGES
                if (iri, language) in preferred
            },
            frozenset(essential[iri]),
            frozenset(optional[iri]),
        )
        for iri in sorted(codes)
    }


def grouped(store: ox.Store, query: str) -> dict[str, set[str]]:
    """What a query of two columns says of each concept; nothing of any other."""
    groups: dict[str, set[str]] = defaultdict(set)
    for concept, value in as_texts(select(store, query)):
        groups[concept].add(value)
    return groups


def collections_of(store: ox.Store) -> dict[str, set[str]]:
    """The collections of ESCO that a skill is in, by their identifiers."""
    schemes = grouped(store, "api/collections")
    return defaultdict(set, {c: {COLLECTIONS[s] for s in of & COLLECTIONS.keys()} for c, of in schemes.items()})


def _assertions(store: ox.Store, route: Route) -> list[Assertion]:
    """One assertion per (occupation, domain) of a route: of several sources the strongest speaks, all are named."""
    rank = {"excluded": 0, "core": 1, "related": 2}
    further: dict[tuple[str, str], set[str]] = defaultdict(set)
    if route == "curated":
        for whose, where, more in as_texts(select(store, "materialise/scope_curated_further")):
            further[whose, local_name(where)].add(local_name(more))
    grouped: dict[tuple[str, str], list[tuple[Degree, str, str, str, str, str]]] = defaultdict(list)
    for row in as_texts(select(store, f"materialise/scope_{route}")):
        occupation, domain, degree, sub_domain, function, charter, reason, source = _scope_row(row)
        if degree not in rank:
            raise SourceError(
                f"{source}: the degree '{degree}' is none of {', '.join(rank)}.", "Fix the entry in the curation file."
            )
        grouped[occupation, domain].append((degree, source, sub_domain, function, charter, reason))
    assertions = []
    for (occupation, domain), parts in sorted(grouped.items()):
        parts.sort(key=lambda f: (rank[f[0]], f[1]))
        degree, _, sub_domain, function, charter, reason = parts[0]
        sources = tuple(sorted({f[1] for f in parts}))
        more_sub_domains = tuple(sorted(further[occupation, domain]))
        made = Assertion(occupation, domain, degree, route, sources, sub_domain, function, charter, more_sub_domains)
        assertions.append(replace(made, reason=reason))
    return assertions


def _scope_row(row: tuple[str, ...]) -> tuple[str, str, Degree, str, str, str, str, str]:
    occupation, domain, degree, sub_domain, function, *more, source = row
    charter, reason = more or ("", "")  # which curation alone says
    said: Any = local_name(degree)  # the caller looks whether it is one
    kept = (local_name(sub_domain), local_name(function), local_name(charter), reason, source)
    return occupation, local_name(domain), said, *kept


def _language(term: object) -> str:
    return term.language  # type: ignore[attr-defined, no-any-return]
