"""`ccsi find` and `ccsi match`: concepts by words, titles of jobs in ESCO's terms, and how well that works."""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import typer
from rich.console import Console
from rich.table import Table
from typer.core import TyperGroup

from app.cli.options import AsJson, DataDir, chosen_release, print_json, published
from app.cli.profile import answers
from app.reports.match import Evaluation, Line, calibration, verdicts
from app.reports.queries import judge, shares
from app.reports.targets import targets
from app.settings import get_limits
from loaders.derive.vectors import write_vectors
from releases.errors import SourceError

out, err = Console(), Console(stderr=True)

Language = Annotated[str, typer.Option("--language", help="Language of the words; without it, as each title says.")]


class _FileFirst(TyperGroup):
    """`ccsi match FILE` is `ccsi match titles FILE`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Take what is no command for a file."""
        if args and args[0] not in self.commands:
            args = ["titles", *args]
        return super().resolve_command(ctx, args)


cli = typer.Typer(help="Titles of jobs in ESCO's terms: ccsi match FILE.", no_args_is_help=True, cls=_FileFirst)


def find(
    words: Annotated[list[str], typer.Argument(help="Words, a code or an IRI.")],
    kind: Annotated[list[str] | None, typer.Option("--type", help="occupation, skill, …; repeatable.")] = None,
    domain: Annotated[str, typer.Option(help="Only occupations of this domain; ccsi for all.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many to show.")] = 20,
    language: Annotated[str, typer.Option("--language", help="Language of the words; English stands in.")] = "en",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Find concepts of ESCO, domains, clusters and profiles by words, codes or identifiers."""
    pairs = [("q", " ".join(words)), ("language", language), ("limit", str(limit)), *(("type", t) for t in kind or ())]
    query = urlencode([*pairs, *([("domain", domain)] if domain else [])])
    (answer,) = answers(data_dir, [("GET", f"/search?{query}", b"")])
    found = json.loads(answer)
    if as_json:
        print_json(found)
        return
    table = Table("type", "code", "label", "found by", "domains", "score")
    for item in found["items"]:
        matched = next(iter(item["matchedLabel"].values()), "")
        said = ", ".join(f"{d['domain']} ({d['degree']})" for d in item["domains"])
        label = next(iter(item["preferredLabel"].values()))
        reason = item["matchType"] + (f": {matched}" if matched not in ("", label) else "")
        table.add_row(item["type"], item["code"] or "", label, reason, said, f"{item['score']:.2f}")
    out.print(table)
    err.print(f"{found['total']} found", highlight=False)


@cli.command("titles", hidden=True)
def titles(
    file: Annotated[Path, typer.Argument(help="Text with a title a line; - for standard input.", allow_dash=True)],
    limit: Annotated[int, typer.Option(min=1, max=20, help="Most occupations of each title.")] = 1,
    language: Language = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Match the titles of a file, one a line; CSV, or with --json a JSON object a line."""
    rows = csv.writer(sys.stdout)
    if not as_json:
        rows.writerow(["title", "cultural", "uri", "code", "label", "confidence", "matchType", "domains"])
    for answer in answers(data_dir, _batches(_lines(file), limit, language)):
        for item in json.loads(answer)["items"]:
            if as_json:
                sys.stdout.write(json.dumps(item, ensure_ascii=False) + "\n")
                continue
            for found in item["occupations"] or [{}]:
                rows.writerow([item["title"], str(item["cultural"]).lower(), *_cells(found)])


def _cells(found: dict[str, Any]) -> list[Any]:
    if not found:
        return [""] * 6
    domains = " ".join(f"{d['domain']}:{d['degree']}" for d in found["domains"])
    label = next(iter(found["preferredLabel"].values()))
    return [found["uri"], found["code"], label, found["confidence"], found["matchType"], domains]


def _lines(file: Path) -> list[str]:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{file}: cannot be read as text.", "Give a UTF-8 file with one title a line.") from error
    return [line.strip()[:300] for line in text.splitlines() if line.strip()]


def _batches(lines: list[str], limit: int, language: str) -> Iterator[tuple[str, str, bytes]]:
    most = get_limits().match_titles
    for start in range(0, len(lines), most):
        body: dict[str, Any] = {"titles": lines[start : start + most], "limit": limit}
        if language:
            body["language"] = language
        yield "POST", "/match", json.dumps(body).encode()


@cli.command("embed")
def embed(
    release: Annotated[str, typer.Argument(help="Release id; the published one when left out.")] = "",
    data_dir: DataDir = None,
) -> None:
    """Make vectors of the labels, so that titles in languages without labels are matched too; needs the extra `semantic`."""
    chosen = chosen_release(release, data_dir)
    started = time.monotonic()
    made = write_vectors(chosen)
    out.print(f"{chosen.id}: {made:,} labels in {time.monotonic() - started:.0f} s", highlight=False)
    err.print("A service that runs already uses them when it is started again.", highlight=False)


@cli.command("evaluate")
def evaluate(
    data: Annotated[Path, typer.Option(help="Folder with the sets: melo, jobbert-eval, skill-extraction.")],
    half: Annotated[
        Literal["report", "tune"],
        typer.Option(help="Of the queries, by hash: tuning used the one, figures are of the other."),
    ] = "report",
    simpler: Annotated[
        bool, typer.Option("--simpler", help="rapidfuzz and SQLite FTS5 beside; takes minutes.")
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """How often the right occupation comes first, beside published figures; and how often the domain is right."""
    if not data.is_dir():
        raise SourceError(f"{data}: is not a folder.", "Give the folder that holds the sets.")
    release = published(data_dir)
    evaluation = Evaluation(release, data, half)
    lines = [*evaluation.lines(simpler)]
    skills = [*evaluation.skills()]
    sure, domains = calibration(evaluation.samples), verdicts(release, evaluation.samples)
    reached = targets(lines, domains, skills)
    if as_json:
        print_json(
            {
                "half": half,
                "sets": [_line(line) for line in lines],
                "confidence": sure,
                "domains": domains,
                "skills": [asdict(one) | {"f1": one.f1} for one in skills],
                "targets": reached,
            }
        )
        return
    table = Table("set", "way", "queries", "hit@1", "hit@5", "hit@10", "MRR", "note")
    for line in lines:
        rates = line.rates
        figures = (rates.at_1, rates.at_5, rates.at_10, rates.reciprocal)
        table.add_row(line.set, line.way, str(rates.asked or ""), *(f"{f:.3f}" for f in figures), line.note)
    out.print(table)
    table = Table("set", "first is right", "mean confidence", "calibration error")
    for row in sure:
        table.add_row(row["set"], f"{row['right']:.3f}", f"{row['confidence']:.3f}", f"{row['error']:.3f}")
    out.print(table)
    table = Table("set", "in scope", "called cultural", "of the others", "falsely")
    for row in domains:
        table.add_row(row["set"], str(row["inside"]), f"{row['found']:.3f}", str(row["outside"]), f"{row['false']:.4f}")
    out.print(table)
    table = Table(
        "skills in sentences", "way", "sentences", "skills", "precision", "recall", "F1", "labels not in the release"
    )
    for one in skills:
        cells = (f"{one.precision:.3f}", f"{one.recall:.3f}", f"{one.f1:.3f}", str(one.unknown))
        table.add_row(one.set, one.way, str(one.sentences), str(one.skills), *cells)
    out.print(table)
    table = Table("target", "at least", "reached", "")
    for target in reached:
        table.add_row(
            target["what"], f"{target['least']:.3f}", f"{target['value']:.3f}", "" if target["holds"] else "missed"
        )
    out.print(table)


@cli.command("queries")
def queries(
    file: Annotated[
        Path, typer.Argument(help="CSV: query, language, kind, expected (English preferred labels, by |).")
    ],
    labels: Annotated[
        Path | None, typer.Option(help="Folder of occupations_LANGUAGE.csv.gz for languages that are not loaded.")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """How many titles as people write them get a right occupation first, by language and kind; and which do not."""
    rows, left_out = judge(published(data_dir), file, labels)
    if as_json:
        print_json({"asked": len(rows), "leftOut": left_out, "queries": [asdict(row) for row in rows]})
        return
    table = Table("", "queries", "first is right")
    for name, of in shares(rows):
        table.add_row(name, str(len(of)), f"{sum(row.right for row in of) / len(of):.3f}")
    out.print(table)
    table = Table("query", "language", "kind", "expected", "found first")
    for row in rows:
        if not row.right:
            table.add_row(row.query, row.language, row.kind, " | ".join(row.expected), row.found)
    out.print(table)
    err.print(f"{left_out} left out: their language or what they expect is not at hand", highlight=False)


def _line(line: Line) -> dict[str, Any]:
    rates = line.rates
    return {
        "set": line.set, "way": line.way, "queries": rates.asked, "hit@1": rates.at_1, "hit@5": rates.at_5,
        "hit@10": rates.at_10, "mrr": rates.reciprocal, "note": line.note,
    }  # fmt: skip
