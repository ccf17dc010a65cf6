"""`ccsi clusters`: figures on the skill clusters, sets for people to judge, and a comparison with other methods."""

from __future__ import annotations

import csv
import multiprocessing
import operator
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import pyoxigraph as ox
import typer
from rich.console import Console
from rich.table import Table

from analysis.skills import evaluate as measure
from analysis.skills.coherence import SETS, intruder_sets
from analysis.skills.tables import SkillsResult, SkillTables
from app.catalogue.catalogue import Catalogue
from app.cli.options import AsJson, DataDir, print_json, published, show
from app.documents.cells import cell
from app.process.memory import PeakMemory
from app.reports.clusters import tally, total, write_sheet
from app.store.embedded import EmbeddedStore
from loaders.derive.skill_tables import alternative_labels, published_tables
from loaders.derive.skills import PROCESSES, deriving
from releases.errors import LoadError

cli = typer.Typer(help="The skill clusters of the published release.", no_args_is_help=True)
out = Console()

Domains = Annotated[str, typer.Option("--domains", help="Only these, with commas, for example heritage,ccsi.")]

# What the clusters are held to on full ESCO 1.2.0, per domain ("*": all), at least or at most. Coherence is asked of both
# levels, all else of the broad one.
TARGETS: tuple[tuple[str, str, Callable[[float, float], bool], dict[str, float]], ...] = (
    ("seed_ami", "at least", operator.ge, {"*": 0.97}),
    ("left_out_ami", "at least", operator.ge, {"heritage": 0.93, "audiovisual": 0.93, "design": 0.93, "*": 0.90}),
    ("largest_share", "at most", operator.le, {"*": 0.25}),
    ("intruder", "at least", operator.ge, {"*": 0.60}),
)
MAX_SECONDS, MAX_MIB = 120, 1024
SHOWN = {
    "shape": (
        "occupations", "skills", "clusters", "modularity", "conductance", "coverage", "largest_share", "silhouette", "group_ami"
    ),
    "stability and coherence": (
        "seed_ami", "left_out_ami", "left_out_esco_ami", "left_out_free_ami", "intruder", "intruder_central",
        "intruder_esco_groups", "intruder_shuffled",
    ),
}  # fmt: skip


@cli.command()
def evaluate(domains: Domains = "", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Stability, coverage, modularity, coherence, time and memory, and whether each target is reached.

    The clusters are derived again from the release, once as a load does it (timed), then many times with other seeds and
    without a random tenth of the occupations. All domains take some minutes on two cores.
    """
    release = published(data_dir)
    tables = published_tables(release)
    wanted = _wanted(tables, domains)
    started = time.monotonic()
    with PeakMemory() as peak, deriving(tables) as get:
        result = get()
    seconds = time.monotonic() - started
    figures: dict[str, Any] = {
        "seconds": round(seconds, 1),
        "processes": PROCESSES,
        "peakMemoryMiB": peak.mib and round(peak.mib),
        "parameters": result.parameters,
    }
    alternatives = alternative_labels(ox.Store.read_only(str(release.store)))
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, spawn, initializer=_start, initargs=(tables, result, alternatives)) as pool:
        figures["domains"] = dict(zip(wanted, pool.map(_figures, wanted), strict=True))
    figures["targets"] = targets(figures)
    if as_json:
        print_json(figures)
        return
    for level in ("broad", "fine"):
        for title, names in SHOWN.items():
            table = Table(
                "", *(n.replace("_", " ") for n in names), title=f"{level} clusters: {title}", title_justify="left"
            )
            for domain, measured in figures["domains"].items():
                values = [measured[level].get(n, measured.get(n)) for n in names]
                table.add_row(
                    domain, *("" if v is None else f"{v:.3f}" if isinstance(v, float) else str(v) for v in values)
                )
            show(table)
    for target in figures["targets"]:
        if not target["holds"]:
            what = f"{target['figure']} of {target['domain']}, {target['level']} clusters"
            small = " (small)" if target["small"] else ""
            out.print(f"not reached: {what}: {target['found']:.3f}, {target['target']}{small}", highlight=False)
    memory = f", in {figures['peakMemoryMiB']} MiB at most" if peak.mib else ""
    out.print(f"All domains derived in {seconds:.1f} s by {PROCESSES} processes{memory}.", highlight=False)


@cli.command()
def intruders(
    domain: Annotated[str, typer.Argument(help="A domain, or ccsi.")] = "heritage",
    level: Annotated[str, typer.Option(help="broad or fine.")] = "broad",
    count: Annotated[int, typer.Option(min=1, max=SETS, help="How many sets.")] = 40,
    seed: Annotated[int, typer.Option(help="Another number gives other sets.")] = 1,
    key: Annotated[bool, typer.Option("--key", help="Tell the answers too.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Sets of five skills of a cluster and one of another, as CSV: can a person tell which does not belong?

    The same seed gives the same sets, so that the answers (--key) can be printed apart from the questions.
    """
    catalogue = Catalogue(release := published(data_dir), EmbeddedStore(release.store))
    if level not in ("broad", "fine"):
        raise typer.BadParameter(f"'{level}' is neither broad nor fine", param_hint="--level")
    chosen: Literal["broad", "fine"] = "fine" if level == "fine" else "broad"
    sets = intruder_sets(list(catalogue.analysis.clusters.values()), domain, chosen, count, seed)
    if not sets:
        raise LoadError(
            f"'{domain}' has no two clusters with five skills.", f"One of: {', '.join(catalogue.analysis.by_unit)}"
        )
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["set", *(f"skill{i}" for i in range(1, 7)), *(["intruder", "cluster"] if key else [])])
    for n, question in enumerate(sets, 1):
        labels = [catalogue.label(s, "en").get("en", s) for s in question.skills]
        answer = [question.skills.index(question.intruder) + 1, question.cluster] if key else []
        writer.writerow([n, *map(cell, labels), *answer])


@cli.command()
def review(
    domain: Annotated[str, typer.Option("--domain", help="A domain, or ccsi.")],
    to: Annotated[Path | None, typer.Option("--out", help="Where to write; standard output when left out.")] = None,
    data_dir: DataDir = None,
) -> None:
    """The sheet for judging the clusters of a domain, as CSV: names, areas, members with use and specialisation, blanks.

    Fill `name accepted`, `coherent` (first row of a cluster) and `belongs` (each skill) with yes or no. Where the labels
    do not tell, read ESCO's descriptions: they are in the official download, not in an excerpt.
    """
    catalogue = Catalogue(release := published(data_dir), EmbeddedStore(release.store))
    if domain not in catalogue.analysis.by_unit:
        raise LoadError(f"'{domain}' has no clusters.", f"One of: {', '.join(sorted(catalogue.analysis.by_unit))}")
    with to.open("w", encoding="utf-8", newline="") if to else nullcontext(sys.stdout) as stream:
        count = write_sheet(catalogue, domain, stream)
    if to:
        out.print(f"{count} clusters and areas of {domain} are in {to}.", highlight=False)


@cli.command("tally")
def tally_sheets(
    sheets: Annotated[list[Path], typer.Argument(help="Filled sheets.", exists=True, dir_okay=False)],
    as_json: AsJson = False,
) -> None:
    """What filled sheets say: names accepted, clusters coherent, skills that a reader would take off the map."""
    with ExitStack() as stack:
        tallies = tally(stack.enter_context(path.open(encoding="utf-8", newline="")) for path in sheets)
    if as_json:
        print_json({d: asdict(t) for d, t in tallies.items()})
        return
    table = Table("domain", "name accepted", "coherent", "off the map")
    for d, t in {**tallies, "all": total(tallies.values())}.items():
        shares = ((t.names, t.named), (t.coherent, t.clusters), (t.strangers, t.skills))
        table.add_row(d, *(f"{n} of {of} ({n / max(of, 1):.1%})" for n, of in shares))
    out.print(table)


@cli.command()
def alternatives(domains: Domains = "", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """The published method beside others: measure of association, number of neighbours, plain Leiden or consensus."""
    release = published(data_dir)
    tables, store = published_tables(release), ox.Store.read_only(str(release.store))
    rows = measure.compare_alternatives(
        tables, _wanted(tables, domains or "heritage,design,audiovisual,ccsi"), alternative_labels(store)
    )
    if as_json:
        print_json(rows)
        return
    names = ("clusters", "modularity", "seed_ami", "left_out_ami", "intruder")
    table = Table("domain", "method", *(n.replace("_", " ") for n in names))
    for row in rows:
        table.add_row(
            row["domain"], row["method"], *(f"{row[n]:.3f}" if n != "clusters" else str(row[n]) for n in names)
        )
    show(table)


def targets(figures: dict[str, Any]) -> list[dict[str, Any]]:
    """Every target with what was found and whether it holds; a small domain is told apart by ``small``."""
    rows: list[dict[str, Any]] = []
    for name, bound, holds, limits in TARGETS:
        for domain, of_domain in figures["domains"].items():
            limit = limits.get(domain, limits.get("*"))
            for level in ("broad", "fine") if name == "intruder" else ("broad",):
                value = of_domain[level][name]
                if limit is not None and value is not None:
                    rows.append(
                        {"figure": name, "level": level, "domain": domain, "small": of_domain["small"], "found": value,
                         "target": f"{bound} {limit}", "holds": holds(round(value, 3), limit)}
                    )  # fmt: skip
    whole = (("seconds", figures["seconds"], MAX_SECONDS), ("MiB", figures["peakMemoryMiB"], MAX_MIB))
    return rows + [
        {"figure": name, "level": "", "domain": "all", "small": False, "found": value,
         "target": f"at most {limit}", "holds": value <= limit}
        for name, value, limit in whole if value is not None
    ]  # fmt: skip


_shared: measure.Evaluation


def _start(tables: SkillTables, result: SkillsResult, alternatives: dict[str, list[str]]) -> None:
    global _shared
    _shared = measure.Evaluation(tables, result, alternatives)


def _figures(domain: str) -> dict[str, Any]:
    return _shared.of(domain)


def _wanted(tables: SkillTables, domains: str) -> list[str]:
    known = ["ccsi", *sorted({d for _, d in tables.scope})]
    chosen = [d.strip() for d in domains.split(",") if d.strip()] or known
    if unknown := set(chosen) - set(known):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: none of {', '.join(known)}", param_hint="--domains")
    return chosen
