"""The `ccsi` command: load ESCO, serve it, look after releases."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from typer.core import TyperGroup

from ontology import ATTRIBUTION
from releases.errors import LoadError, system_errors

# In the order of the help. A command is a function of its name, a group the `cli` of its module.
_COMMANDS = ("load", "crosswalk", "sssom", "find", "serve", "export", "push")
_GROUPS = ("releases", "scope", "clusters", "profile", "match", "workshop")
_ELSEWHERE = {
    "sssom": "crosswalk",
    "find": "search",
    "push": "export",
    "match": "search",
}  # in a module of another name
_LOOK: dict[str, Any] = {"add_completion": False, "pretty_exceptions_enable": False, "rich_markup_mode": "rich"}


class _Commands(TyperGroup):
    """The commands, each imported when it is asked for: what another needs may take a second to import."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = dict.fromkeys(_COMMANDS + _GROUPS)  # type: ignore[assignment] # their names, for who mistypes one

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # noqa: ARG002 (typer's name)
        """In the order above."""
        return [*_COMMANDS, *_GROUPS]

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override] # noqa: ARG002 (typer's name)
        """The command or group of this name."""
        if cmd_name not in _COMMANDS + _GROUPS:
            return None
        module = import_module(f"app.cli.{_ELSEWHERE.get(cmd_name, cmd_name)}")
        around = typer.Typer(**_LOOK)
        if cmd_name in _GROUPS:
            around.add_typer(module.cli, name=cmd_name)
        else:
            around.command(cmd_name)(getattr(module, cmd_name))
        return typer.main.get_group(around).commands[cmd_name]


cli = typer.Typer(
    cls=_Commands,
    help=f"Load ESCO, decide which occupations are cultural and creative, and serve the result.\n\n{ATTRIBUTION}",
    no_args_is_help=True,
    **_LOOK,
)
out, err = Console(), Console(stderr=True)


def main() -> None:
    """Entry point: a LoadError becomes a message with its remedy and an exit code of its own."""
    try:
        with system_errors():
            cli()
    except LoadError as error:
        err.print(f"[bold red]error:[/] {_plain(str(error))}", highlight=False, soft_wrap=True)
        if error.remedy:
            err.print(f"[bold]remedy:[/] {_plain(error.remedy)}", highlight=False, soft_wrap=True)
        sys.exit(error.exit_code)
    except ValidationError as error:  # of the settings, the only model that the command line reads
        prefix = "CCSI_LIMIT_" if error.title == "Limits" else "CCSI_"
        for wrong in error.errors():
            name = prefix + "_".join(map(str, wrong["loc"])).upper()
            err.print(f"[bold red]error:[/] {name}: {_plain(wrong['msg'])}.", highlight=False, soft_wrap=True)
        err.print("[bold]remedy:[/] Fix the environment variable or the .env file.", highlight=False, soft_wrap=True)
        sys.exit(2)


@cli.callback(invoke_without_command=True)
def _root(
    show_version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", is_eager=True)
    ] = False,
) -> None:
    if show_version:
        out.print(f"ccsi {version('ccsi-esco')} (pyoxigraph {version('pyoxigraph')})", highlight=False)
        raise typer.Exit


def _plain(text: str) -> str:
    return text.replace("[", r"\[")
