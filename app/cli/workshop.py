"""`ccsi workshop`: prepare a workshop, let people in, publish what was adopted, keep and bring back the record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from app.catalogue.catalogue import Catalogue
from app.cli.options import AsJson, DataDir, folder_of, print_json, published, show
from app.settings import get_settings
from app.store.embedded import EmbeddedStore
from releases.errors import LoadError, NoSpace

if TYPE_CHECKING:
    from workshop.database import Database

cli = typer.Typer(
    help="A workshop of experts on a release: prepare it, run it, publish what it adopted.", no_args_is_help=True
)
out = Console()

Name = Annotated[str, typer.Argument(metavar="WORKSHOP", help="Name of the workshop, as in helsingborg-2023.")]
DatabaseUrl = Annotated[
    str,
    typer.Option(
        "--database", help="Database of the workshops. \\[default: CCSI_WORKSHOP_DATABASE or a file in the data folder]",
        show_default=False,
    ),
]  # fmt: skip
File = Annotated[Path, typer.Argument(metavar="FILE")]
TABLES = (
    "answers", "sorts", "change-requests", "placements", "votes", "proposals", "baskets", "reports", "motions", "ballots",
    "points", "rules", "minutes",
)  # fmt: skip


@cli.command()
def create(
    name: Name,
    title: Annotated[str, typer.Option(help="What the pages call it.")] = "",
    group: Annotated[
        list[str] | None,
        typer.Option(
            "--group",
            help="KEY=DOMAIN,DOMAIN… of a group; repeated. \\[default: heritage and design,gaming,audiovisual]",
        ),
    ] = None,
    items: Annotated[int, typer.Option(min=1, max=60, help="Occupations for each group.")] = 12,
    controls: Annotated[int, typer.Option(min=0, max=10, help="Of them, ones that nobody doubts.")] = 1,
    quorum: Annotated[int, typer.Option(help="Judges without whom nothing is adopted.")] = 5,
    threshold: Annotated[int, typer.Option(help="Per cent of them who have to say the same.")] = 80,
    rounds: Annotated[int, typer.Option(help="Rounds after which an item is deferred.")] = 3,
    readers: Annotated[int, typer.Option(help="Judges that the queue brings to each item.")] = 5,
    keep_days: Annotated[int, typer.Option(help="Days after which it is deleted who took part.")] = 90,
    data_dir: DataDir = None,
    database: DatabaseUrl = "",
) -> None:
    """Select occupations and cards by rule, frozen on the published release, and fix the rule of decision."""
    from app.workshop.candidates import candidates, deck
    from workshop import preparing
    from workshop.rules import Rule
    from workshop.selection import Group, choose

    release = published(data_dir)
    catalogue = Catalogue(release, EmbeddedStore(release.store))
    made = []
    for key, domains in _groups(group or ["heritage=heritage", "design=design,gaming,audiovisual"]):
        if unknown := [d for d in domains if d not in catalogue.domains or catalogue.domains[d].broader]:
            raise typer.BadParameter(f"{', '.join(unknown)}: no domain of this release", param_hint="--group")
        names = [catalogue.domains[d].labels.get("en", d) for d in domains]
        decks = tuple(found for d in domains if (found := deck(catalogue, d)))
        made.append(
            Group(key, ", ".join(names), domains, tuple(choose(candidates(catalogue, domains), items, controls)), decks)
        )
    with _database(data_dir, database) as opened, opened.writing() as session:
        rule = Rule(quorum, threshold, rounds, readers)
        m = release.manifest
        preparing.create(session, name, title, release.id, m["contentHash"], m["escoVersion"], rule, made, keep_days)
    counted = ", ".join(
        f"{g.key}: {len(g.items)} occupations, {sum(len(d.cards) for d in g.decks)} cards" for g in made
    )
    out.print(f"{name} is prepared on {release.id} ({counted}).", highlight=False)
    out.print(f"Let the facilitator in with: ccsi workshop invite {name}", highlight=False)


@cli.command()
def invite(
    name: Name,
    role: Annotated[str, typer.Option(help="facilitator, expert or observer.")] = "facilitator",
    group: Annotated[str, typer.Option(help="Key of a group; without one, all groups.")] = "",
    uses: Annotated[int, typer.Option(help="How many the code lets in; a facilitator's lets in one.")] = 1,
    hours: Annotated[int, typer.Option(help="Hours after which it ends.")] = 48,
    number: Annotated[int | None, typer.Option(help="Lead this participant back to the same seat instead.")] = None,
    data_dir: DataDir = None,
    database: DatabaseUrl = "",
) -> None:
    """Make a code and its link, shown this once."""
    from workshop import people

    roles: dict[str, people.Role] = {"facilitator": "facilitator", "expert": "expert", "observer": "observer"}
    if role not in roles:
        raise typer.BadParameter(f"'{role}' is none of {', '.join(roles)}", param_hint="--role")
    with _database(data_dir, database) as opened, opened.writing() as session:
        code = people.invite(session, name, roles[role], group, uses, hours, number)
    settings = get_settings()
    base = settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"
    out.print(f"{code}\n{base}/workshop/join?code={code}", highlight=False, soft_wrap=True)


@cli.command()
def status(
    name: Annotated[str, typer.Argument(metavar="WORKSHOP", help="All of them when left out.")] = "",
    data_dir: DataDir = None,
    database: DatabaseUrl = "",
    as_json: AsJson = False,
) -> None:
    """Where workshops stand: seats, answers, stages; of answers how many, never what."""
    from sqlalchemy import select

    from workshop import minutes, preparing
    from workshop.model import Workshop

    with _database(data_dir, database) as opened, opened.reading() as session:
        every = select(Workshop).order_by(Workshop.id)
        wanted = [preparing.workshop(session, name)] if name else list(session.scalars(every))
        found = [(kept, minutes.progress(session, kept.id)) for kept in wanted]
    rows = [
        {
            "workshop": kept.id, "title": kept.title, "release": kept.release, "rule": kept.rule, "keepUntil": kept.keep_until,
            "seats": sum(s["n"] for s in p["seats"]), "items": len(p["items"]),
            "stages": {stage: sum(i["state"].stage == stage for i in p["items"]) for stage in ("open", "revealed", "closed")},
            "sorts": sum(d["sorts"] for d in p["decks"]), "records": p["records"],
        }
        for kept, p in found
    ]  # fmt: skip
    if as_json:
        print_json(rows)
        return
    table = Table("workshop", "release", "seats", "open", "revealed", "closed", "sorts", "records", "people kept until")
    for row in rows:
        figures = (row["seats"], *row["stages"].values(), row["sorts"], row["records"])
        table.add_row(row["workshop"], row["release"], *map(str, figures), row["keepUntil"][:10])
    show(table)


@cli.command()
def publish(
    name: Name,
    target: Annotated[Path | None, typer.Option("--output", help="File to write. \\[default: WORKSHOP.ttl]")] = None,
    data_dir: DataDir = None,
    database: DatabaseUrl = "",
) -> None:
    """Write what was adopted as Turtle, for: ccsi load … --panel FILE."""
    from workshop.overlay import overlay

    with _database(data_dir, database) as opened, opened.reading() as session:
        made = overlay(session, name)
    file = target or Path(f"{name}.ttl")
    file.write_bytes(made.turtle)
    for conflict in made.conflicts:
        out.print(f"not adopted, since groups differ: {conflict}", highlight=False)
    out.print(f"{file}: {made.entries} entries of {made.resolutions} resolutions.", highlight=False)


@cli.command()
def export(
    name: Name,
    what: Annotated[str, typer.Option(help=f"{', '.join(TABLES[:-1])} (CSV) or minutes (JSON).")] = "answers",
    data_dir: DataDir = None,
    database: DatabaseUrl = "",
) -> None:
    """Print what was said, of rounds that were revealed; participants are numbers."""
    from app.workshop.outputs import TABLES as tables
    from app.workshop.outputs import as_csv
    from workshop import minutes, preparing

    if what not in TABLES:
        raise typer.BadParameter(f"'{what}' is none of {', '.join(TABLES)}", param_hint="--what")
    with _database(data_dir, database) as opened, opened.reading() as session:
        preparing.workshop(session, name)
        if what == "minutes":
            print_json(minutes.minutes(session, name))
            return
        columns, rows = tables[what]
        typer.echo(as_csv(columns, rows(session, name)), nl=False)


@cli.command()
def forget(
    name: Name,
    number: Annotated[int, typer.Argument(help="Number of the participant.")],
    data_dir: DataDir = None,
    database: DatabaseUrl = "",
) -> None:
    """Delete who a participant is. What was said stays under the number alone; no figure changes."""
    from workshop import people

    with _database(data_dir, database) as opened, opened.writing() as session:
        people.forget(session, name, number)
    out.print(f"It is forgotten who participant {number} of {name} is.", highlight=False)


@cli.command()
def backup(file: File, data_dir: DataDir = None, database: DatabaseUrl = "") -> None:
    """Write all workshops as one file, while the service runs. It tells who took part: keep it as you keep the database."""
    from workshop import backup as backups

    with _database(data_dir, database) as opened:
        rows = backups.backup(opened, file)
    out.print(f"{file}: {rows:,} rows.", highlight=False)


@cli.command()
def restore(file: File, data_dir: DataDir = None, database: DatabaseUrl = "") -> None:
    """Fill an empty database from a backup, of SQLite or PostgreSQL alike."""
    from workshop import backup as backups

    with _database(data_dir, database) as opened:
        rows = backups.restore(opened, file)
    out.print(f"{rows:,} rows are back.", highlight=False)


@contextmanager
def _database(data_dir: Path | None, url: str) -> Iterator[Database]:
    """The database asked for; its refusals are errors of the command line."""
    from workshop.database import Database, default_url
    from workshop.errors import DatabaseFull, WorkshopError

    chosen = url or ("" if data_dir else get_settings().workshop_database) or default_url(folder_of(data_dir))
    try:
        with closing(Database.open(chosen)) as opened:
            yield opened
    except WorkshopError as error:
        kind: Callable[[str, str], LoadError] = NoSpace if isinstance(error, DatabaseFull) else LoadError
        raise kind(error.message, error.remedy) from error


def _groups(written: list[str]) -> list[tuple[str, tuple[str, ...]]]:
    found = []
    for text in written:
        key, equals, domains = text.partition("=")
        named = tuple(dict.fromkeys(d.strip() for d in domains.split(",") if d.strip()))
        if not equals or not key.strip() or not named:
            raise typer.BadParameter(f"'{text}' is not KEY=DOMAIN,DOMAIN…", param_hint="--group")
        found.append((key.strip(), named))
    if len({key for key, _ in found}) < len(found):
        raise typer.BadParameter("two groups have one key", param_hint="--group")
    return found
