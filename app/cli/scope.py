"""`ccsi scope`: report, evaluate, fit, carry-over and a sample to read, of the scope of a published release."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import pyoxigraph as ox
import typer
from rich.console import Console
from rich.table import Table

from analysis.scope import derive, evaluate, sample
from analysis.scope.fit import fit as fit_parameters
from analysis.tables import ROUTES, Assertion, Decision, Degree, Route, ScopeTables
from app.catalogue.catalogue import Catalogue
from app.cli.options import AsJson, DataDir, print_json, published, show
from app.documents.cells import cell
from app.reports.scope import ScopeReport
from app.reports.scope import report as scope_report
from app.store.embedded import EmbeddedStore
from loaders.derive.carryover import compare, fingerprints, read_baseline
from loaders.derive.scope import occupation_tables, scope_tables
from ontology import GRAPH_LABELS
from queries import select
from releases.decisions import decisions as decisions_of
from releases.errors import SourceError

cli = typer.Typer(help="The scope of the cultural and creative sectors in the published release.", no_args_is_help=True)
out = Console()

RouteList = Annotated[
    str, typer.Option("--routes", help="Derive again with these routes only, for example isco,nace,skills,label.")
]

Reading = Annotated[
    Path | None,
    typer.Option("--reading", help="Take this reading (same columns) in place of the curation, and derive again."),
]

Section = tuple[str, Sequence[Mapping[str, object]], tuple[str, ...]]  # title, rows, columns of a part of the report
PARAMETERS = Path(__file__).parents[2] / "analysis" / "scope" / "parameters.json"
_MEASURES = ("core", "any", "pairs", "degree")
CAVEAT = "Measured against a reading by language models after docs/scope.md; no human expert has checked that reading."


@cli.command()
def report(
    output: Annotated[str, typer.Option("--format", help="table, json, csv or html.")] = "table",
    data_dir: DataDir = None,
) -> None:
    """Sizes by domain, degree, route and ISCO major group, and the differences to the official routes."""
    if output not in _FORMATS:
        raise typer.BadParameter(f"'{output}' is none of {', '.join(_FORMATS)}", param_hint="--format")
    release = published(data_dir)
    _FORMATS[output](scope_report(Catalogue(release, EmbeddedStore(release.store))))


@cli.command("evaluate")
def evaluate_scope(
    gold: Annotated[
        Path, typer.Argument(help="CSV of occupationUri, code, preferredLabel, domain, degree, agreement.")
    ],
    routes: RouteList = "",
    reading: Reading = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Precision, recall and F1 of the published scope against a reading: core, any, pairs, degree; per domain too.

    With --routes the scope is derived again with these routes alone. The parameters of the rule come with the software;
    `ccsi scope fit` shows how the rule does on occupations that its fit has not seen.
    """
    rows = _gold(gold)
    store = ox.Store.read_only(str(published(data_dir).store))
    if routes or reading:
        chosen = _routes(routes) if routes else ROUTES
        tables, read = _tables(store, chosen, reading)
        decisions: tuple[Decision, ...] = derive(tables, chosen, read=read).decisions
    else:
        decisions = decisions_of(store)
    figures = evaluate.evaluate(decisions, rows)
    other = evaluate.judged_otherwise(decisions, rows)
    if as_json:
        print_json({**figures, "judgedOtherwise": other, "note": CAVEAT})
        return
    _figures("all occupations of the file", {k: figures[k] for k in _MEASURES})
    domains: dict[str, Any] = figures["domains"]  # type: ignore[assignment]
    for measure in ("core", "pairs", "degree"):
        _figures(f"{measure} by domain", {domain: f[measure] for domain, f in domains.items()})
    _calibration(figures["calibration"])
    alike = len(rows) - len(other)
    out.print(f"In or out alike: {alike} of {len(rows)} ({alike / len(rows):.1%}).", highlight=False)
    out.print(CAVEAT, style="dim")


@cli.command("review-sample")
def review_sample(
    count: Annotated[int, typer.Option(min=1, max=10_000, help="How many occupations.")] = 120,
    seed: Annotated[int, typer.Option(help="Another number gives another sample.")] = 1,
    to: Annotated[Path | None, typer.Option("--out", help="Where to write; standard output when left out.")] = None,
    data_dir: DataDir = None,
) -> None:
    """The sheet for a blind reading of the scope, as CSV: title, unit group and description, without what is decided.

    An equal number each is drawn of occupations that are core, related, named by some route and left out, and named by
    none, in an order that does not tell which. The reader fills in domain and degree (core, related or none), with a row
    for each further domain; `ccsi scope evaluate SHEET` compares. ESCO's descriptions are in the official download only.
    """
    store = ox.Store.read_only(str(published(data_dir).store))
    occupations = occupation_tables(store)
    chosen = sample.sample(sample.strata(occupations, decisions_of(store)), count, seed)
    english = {"labels": [ox.NamedNode(GRAPH_LABELS + "en")], "occupation": [ox.NamedNode(o) for o in chosen]}
    texts = {o.value: t.value for o, t in select(store, "materialise/descriptions", english) if o and t}
    with to.open("w", encoding="utf-8", newline="") if to else nullcontext(sys.stdout) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("occupationUri", "code", "preferredLabel", "isco", "description", *evaluate.COLUMNS[1:]))
        for o in map(occupations.__getitem__, chosen):
            label = o.labels.get("en", ("",))[0]
            writer.writerow(map(cell, (o.iri, o.code, label, o.isco, texts.get(o.iri, ""), "", "", "agreed")))


@cli.command("fit")
def fit_scope(
    gold: Annotated[Path, typer.Argument(help="A reading, as for evaluate.")],
    write: Annotated[
        bool, typer.Option("--write", help="Replace the software's parameters by the fitted ones.")
    ] = False,
    folds: Annotated[int, typer.Option(min=2, max=20, help="Folds of the cross-validation, split by occupation.")] = 5,
    reading: Reading = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Fit the decision rule to a reading and show cross-validated figures, with and without curation."""
    rows = _gold(gold)
    store = ox.Store.read_only(str(published(data_dir).store))
    tables, read = _tables(store, ROUTES, reading)
    parameters, quality = fit_parameters(tables, rows, folds, read=read, reading=f"{gold.name}: {CAVEAT}")
    if write:
        PARAMETERS.write_text(parameters.to_json(), encoding="utf-8")
    if as_json:
        print_json(quality)
        return
    for case in ("uncurated", "curated"):
        if case in quality:
            found = quality[case]["cross_validated"]
            _figures(f"{case}, cross-validated ({folds} folds)", {k: found[k] for k in _MEASURES})
            _calibration(quality[case]["calibration"])
    out.print(CAVEAT, style="dim")


@cli.command("carry-over")
def carry_over(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """What changed between the ESCO that the curators read and the published release."""
    carried = published(data_dir).carry_over()
    if as_json:
        print_json(carried)
        return
    table = Table("change", "occupation", "before", "after")
    for change in carried["changes"]:
        table.add_row(
            change["what"], f"{change['label']}\n[dim]{change['occupation']}[/]", change["before"], change["after"]
        )
    show(table)
    out.print(f"{carried['unchanged']:,} occupations are as they were read.", highlight=False)


def _tables(store: ox.Store, routes: tuple[Route, ...], reading: Path | None) -> tuple[ScopeTables, frozenset[str]]:
    """The tables of the derivation and the occupations whose silence is a no; a reading replaces the curation."""
    tables = scope_tables(store, routes)
    if "curated" not in routes:
        return tables, frozenset()
    if reading:
        others = tuple(a for a in tables.assertions if a.route != "curated")
        tables = replace(tables, assertions=others + _statements(_gold(reading), reading))
    curated = {a.occupation for a in tables.assertions if a.route == "curated"}
    carried = compare(read_baseline(), fingerprints(store, tables.occupations.values()), curated)
    return tables, carried.unchanged


def _statements(reading: evaluate.Gold, source: Path) -> tuple[Assertion, ...]:
    """A reading as curated assertions: no row is a no to every domain, a disputed row says nothing."""
    statements = []
    for iri, rows in reading.items():
        if not rows:
            statements.append(Assertion(iri, "", "excluded", "curated", (source.name,)))
        for domain, row in rows.items():
            if row.agreed:
                (opinion,) = row.opinions
                degree: Degree = "core" if opinion == "core" else "related" if opinion == "related" else "excluded"
                statements.append(Assertion(iri, domain, degree, "curated", (source.name,)))
    return tuple(statements)


def _gold(path: Path) -> evaluate.Gold:
    try:
        return evaluate.read_gold(path)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror}).", "Give the path of a reading.") from error
    except ValueError as error:
        raise SourceError(str(error), "See docs/scope.md for the columns of a reading.") from error


def _routes(text: str) -> tuple[Route, ...]:
    chosen = [r.strip() for r in text.split(",") if r.strip()]
    if unknown := set(chosen) - set(ROUTES):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: none of {', '.join(ROUTES)}", param_hint="--routes")
    return tuple(r for r in ROUTES if r in chosen)


def _figures(title: str, figures: dict[str, Any]) -> None:
    table = Table("", "precision", "recall", "F1", "tp", "fp", "fn", title=title, title_justify="left")
    for name, f in figures.items():
        rates, counts = (f["precision"], f["recall"], f["f1"]), (f["tp"], f["fp"], f["fn"])
        table.add_row(name, *(f"{rate:.3f}" for rate in rates), *map(str, counts))
    show(table)


def _calibration(bins: Any) -> None:
    table = Table(
        "confidence", "decisions", "mean confidence", "share right", title="calibration", title_justify="left"
    )
    for b in bins:
        if b["n"]:
            table.add_row(
                f"{b['low']:.1f} to {b['high']:.1f}", str(b["n"]), f"{b['confidence']:.2f}", f"{b['right']:.2f}"
            )
    show(table)


def _as_table(figures: ScopeReport) -> None:
    t = figures["totals"]
    numbers = f"{t['core']:,} core, {t['relatedOnly']:,} related only"
    everything = f"{t['occupations']:,} occupations of ESCO {figures['escoVersion']}"
    out.print(f"[bold]{t['inScope']:,}[/] of {everything} are in scope: {numbers}", highlight=False)
    for title, rows, columns in _sections(figures):
        table = Table(*columns, title=title, title_justify="left")
        for row in rows:
            table.add_row(*(str(row[c]) for c in columns))
        show(table)


def _sections(figures: ScopeReport) -> list[Section]:
    """The tabular parts of the report: title, rows, columns."""
    routes = [{"route": route, **n} for route, n in figures["routes"].items()]
    overlaps = [{**o, "routes": " + ".join(o["routes"])} for o in figures["routeOverlaps"]]
    domains = [{**o, "domains": " + ".join(o["domains"])} for o in figures["domainOverlaps"]]
    unit_group = ("code", "label", "occupations", "core", "inScope")
    return [
        ("by domain", figures["byDomain"], ("domain", "core", "related", "toReview")),
        ("by ISCO-08 major group", figures["byMajorGroup"], ("code", "label", "occupations", "core", "relatedOnly")),
        ("by route", routes, ("route", "occupations", "inScope")),
        ("overlap of routes", overlaps, ("routes", "both", "either")),
        ("overlap of domains", domains, ("domains", "both", "jaccard")),
        ("ISCO-08 unit groups that are partly cultural", figures["partlyCultural"], (*unit_group, "share")),
        ("Eurostat's cultural unit groups, code by code", figures["differenceToEurostat"]["unitGroups"], unit_group),
        ("check figures of the official routes", figures["checkFigures"], ("figure", "expected", "found", "holds")),
    ]


def _as_csv(figures: ScopeReport) -> None:
    """One long table: section, key, measure, value."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("section", "key", "measure", "value"))
    writer.writerows(("totals", "", measure, value) for measure, value in figures["totals"].items())
    for title, rows, (key, *measures) in _sections(figures):
        writer.writerows(map(cell, (title, row[key], measure, row[measure])) for row in rows for measure in measures)


def _as_html(figures: ScopeReport) -> None:
    """A page of its own with the picture: no scripts, nothing fetched."""
    from app.html.render import render
    from app.pictures.scope import scope_svg

    picture = scope_svg(figures).decode()
    sys.stdout.write(render("scope_report.html", found=figures, sections=_sections(figures), picture=picture))


_FORMATS = {"table": _as_table, "json": print_json, "csv": _as_csv, "html": _as_html}
