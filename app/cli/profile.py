"""`ccsi profile`: the profiles of the published release, shown, composed, compared and exported.

Every command asks the application itself, so that what it writes is what the API answers, byte for byte.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer
from rich.console import Console
from rich.table import Table

from app.api.profiles.formats import SUFFIXES
from app.cli.options import AsJson, DataDir, print_json, published
from app.cli.options import show as print_table
from app.http.inprocess import ask
from app.settings import get_limits, get_settings
from releases.errors import LoadError, SourceError

cli = typer.Typer(help="Profiles of cultural-creative roles, from the published release.", no_args_is_help=True)
out, err = Console(), Console(stderr=True)

Language = Annotated[str, typer.Option("--language", help="Language of the words; English stands in.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file, not to standard output.")]
Form = Annotated[str, typer.Option("--format", help=f"One of {', '.join(sorted(set(SUFFIXES.values())))}.")]
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say, so that the same profiles give the same archive
_UUID = re.compile(
    r"(?:http://data\.europa\.eu/esco/(?:occupation|skill)/)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
)


@cli.command("list")
def list_profiles(
    domain: Annotated[str, typer.Option(help="Only the templates of this domain.")] = "",
    language: Language = "en",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """The profile templates of the release, by the identifiers that the other commands take."""
    entries = _listed(data_dir, domain, language)
    if as_json:
        print_json(entries)
        return
    table = Table("profile", "title", "kind", "occupations", "skills")
    for item in entries:
        sizes = item["skillsBySection"].values()
        table.add_row(item["id"], _text(item["title"]), item["kind"], str(item["anchorCount"]), str(sum(sizes)))
    print_table(table)


@cli.command()
def show(
    profile: Annotated[str, typer.Argument(help="Identifier, for example heritage-preservation.")],
    form: Form = "markdown",
    language: Language = "en",
    output: Output = None,
    data_dir: DataDir = None,
) -> None:
    """One profile template."""
    target = f"/profiles/{quote(profile, safe='')}?{urlencode({'format': form, 'language': language})}"
    _write(answers(data_dir, [("GET", target, b"")]), output)


@cli.command()
def compose(
    anchor: Annotated[
        list[str] | None,
        typer.Option(help="Occupation, its weight after a colon, parts of it after another; repeatable."),
    ] = None,
    domain: Annotated[str, typer.Option(help="Domain, for example heritage.")] = "",
    beside: Annotated[list[str] | None, typer.Option(help="A further domain; repeatable.")] = None,
    function: Annotated[str, typer.Option(help="Function, for example preservation.")] = "",
    section: Annotated[list[str] | None, typer.Option(help="Only this section; repeatable.")] = None,
    bounds: Annotated[list[str] | None, typer.Option(help="Bounds of a section, like core:5..20; repeatable.")] = None,
    maximum: Annotated[int, typer.Option(min=0, help="Most skills of the whole profile; 0: no bound.")] = 0,
    add: Annotated[list[str] | None, typer.Option(help="Skill to add, its section before a colon; repeatable.")] = None,
    drop: Annotated[list[str] | None, typer.Option(help="Skill to leave out; repeatable.")] = None,
    item: Annotated[list[str] | None, typer.Option(help="What ESCO lacks, in words; repeatable.")] = None,
    title: Annotated[str, typer.Option(help="A name for the profile.")] = "",
    form: Form = "markdown",
    language: Language = "en",
    output: Output = None,
    data_dir: DataDir = None,
) -> None:
    """A profile from weighted occupations, or of a domain and a function."""
    pairs = [
        *(("anchor", a) for a in anchor or ()), ("domain", domain), ("function", function), *(("section", s) for s in section or ()),
        *(("bounds", b) for b in bounds or ()), *(("add", a) for a in add or ()), *(("drop", d) for d in drop or ()),
        *(("beside", d) for d in beside or ()), *(("item", i) for i in item or ()),
        ("title", title), ("maximum", str(maximum) if maximum else ""), ("format", form), ("language", language),
    ]  # fmt: skip
    query = urlencode([(name, value) for name, value in pairs if value])
    _write(answers(data_dir, [("GET", f"/profiles/compose?{query}", b"")]), output)


@cli.command()
def compare(
    origin: Annotated[
        str, typer.Argument(help="An occupation (IRI or UUID), a profile, or @FILE with skills, one a line.")
    ],
    targets: Annotated[list[str] | None, typer.Argument(help="What to compare with: the same, any number.")] = None,
    among: Annotated[str, typer.Option(help="Instead: all occupations of ccsi, a domain, outside, or all.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many to show.")] = 20,
    language: Language = "en",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Coverage, missing skills and whether a move is viable."""
    body: dict[str, Any] = {"from": _side(origin)}
    if targets:
        body["to"] = [_side(t) for t in targets]
    if among:
        body["among"] = among
    query = urlencode({"limit": limit, "language": language})
    (answer,) = answers(data_dir, [("POST", f"/profiles/compare?{query}", json.dumps(body).encode())])
    result = json.loads(answer)
    if as_json:
        print_json(result)
        return
    table = Table("", "similarity", "viability", "coverage", "missing, the most useful first")
    for item in result["items"]:
        other = item.get("occupation") or item["to"]
        lacking = item["bridgingSkills"] if "bridgingSkills" in item else [m["skill"] for m in item["missing"]]
        names = [_text(s["preferredLabel"]) for s in lacking]
        similarity, coverage = f"{item['similarity']:.2f}", f"{item['coverage']:.0%}"
        table.add_row(_name(other), similarity, item["viability"], coverage, ", ".join(names[:5]))
    print_table(table)


@cli.command()
def export(
    target: Annotated[Path, typer.Argument(help="A folder, or a file that ends in .zip.")],
    form: Annotated[
        list[str] | None, typer.Option("--format", help=f"Repeatable; of {', '.join(SUFFIXES)}. \\[default: json]")
    ] = None,
    domain: Annotated[str, typer.Option(help="Only the templates of this domain.")] = "",
    language: Language = "en",
    data_dir: DataDir = None,
) -> None:
    """All templates of the release, a file for each and format, named after their identifiers."""
    forms = form or ["json"]
    if unknown := sorted(set(forms) - set(SUFFIXES)):
        raise typer.BadParameter(f"{', '.join(unknown)}: none of {', '.join(SUFFIXES)}", param_hint="--format")
    if target.suffix != ".zip" and target.exists() and not target.is_dir():
        raise SourceError(f"{target} is there and no folder.", "Name a new folder, or a file that ends in .zip.")
    names = [f"{item['id']}.{suffix}" for item in _listed(data_dir, domain) for suffix in forms]
    asked = [("GET", f"/profiles/{name}?{urlencode({'language': language})}", b"") for name in names]
    documents = zip(names, answers(data_dir, asked), strict=True)
    try:
        _store(target, documents)
    except OSError as error:
        raise SourceError(f"{target}: cannot be written ({error.strerror}).", "Name another place.") from error
    err.print(f"{len(names)} files in {target}", highlight=False)


def _store(target: Path, documents: Iterable[tuple[str, bytes]]) -> None:
    """Write named files into a folder or an archive."""
    if target.suffix == ".zip":
        part = target.with_name(f"{target.name}.part")  # so that no archive is there by half, and none is lost
        try:
            with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, body in documents:
                    archive.writestr(zipfile.ZipInfo(name, EPOCH), body, zipfile.ZIP_DEFLATED)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return
    target.mkdir(parents=True, exist_ok=True)
    for name, body in documents:
        (target / name).write_bytes(body)


def _listed(data_dir: Path | None, domain: str, language: str = "en") -> list[dict[str, Any]]:
    """All templates as the API lists them, or those of a domain."""
    most = get_limits().rows
    items: list[dict[str, Any]] = []
    while True:
        query = {"limit": most, "offset": len(items), "language": language, **({"domain": domain} if domain else {})}
        (page,) = answers(data_dir, [("GET", f"/profiles?{urlencode(query)}", b"")])
        listed = json.loads(page)
        items += listed["items"]
        if len(items) >= listed["total"]:
            return items


def answers(data_dir: Path | None, asked: Iterable[tuple[str, str, bytes]]) -> Iterator[bytes]:
    """The bodies of the answers, one after the other. Raises SourceError with what the API says against a request."""
    from app.main import create_app

    published(data_dir)  # says what to do where there is none
    settings = get_settings().model_copy(update={"log_level": "error", **({"data_dir": data_dir} if data_dir else {})})
    base = settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"
    app = create_app(settings)
    with asyncio.Runner() as runner:
        if not runner.run(app.state.service.refresh()):
            raise LoadError("The published release cannot be read.", "See: ccsi releases verify")
        for method, target, body in asked:
            status, answer = runner.run(ask(app, f"{base}/api/v1{target}", method, body))
            if status != 200:
                problem = json.loads(answer)
                known = problem.get("known")
                raise SourceError(problem["detail"], f"One of: {', '.join(known)}" if known else "")
            yield answer


def _write(answers: Iterator[bytes], output: Path | None) -> None:
    (body,) = answers
    if output is None:
        sys.stdout.buffer.write(body)
        sys.stdout.buffer.flush()
        return
    try:
        output.write_bytes(body)
    except OSError as error:
        raise SourceError(f"{output}: cannot be written ({error.strerror}).", "Name another file.") from error


def _side(text: str) -> dict[str, Any]:
    """One side of a comparison, by what it looks like."""
    if text.startswith("@"):
        path = Path(text[1:])
        try:
            lines = path.read_text(encoding="utf-8").split()
        except (OSError, UnicodeDecodeError) as error:
            raise SourceError(
                f"{path}: cannot be read as text.", "Give a file with one skill IRI or UUID a line."
            ) from error
        return {"skills": lines, "title": path.stem[:200]}
    if _UUID.fullmatch(text):
        return {"occupation": text}
    return {"profile": text}


def _name(side: dict[str, Any]) -> str:
    return _text(side.get("preferredLabel") or side.get("title") or {}) or side.get("uri", "")


def _text(texts: Any) -> str:
    return next(iter(texts.values()), "") if isinstance(texts, dict) else str(texts)
