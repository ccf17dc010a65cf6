"""What a stranger meets first holds: the guide, make's targets, workflows, citation, packaging and the documentation site."""

from __future__ import annotations

import ast
import configparser
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
GUIDES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def read(name: str | Path) -> Any:
    """A YAML file of the project."""
    return YAML(typ="safe").load(ROOT / name)


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    return subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def targets() -> set[str]:
    """The targets that `make help` shows."""
    shown = run("make", "help")
    assert shown.returncode == 0, shown.stderr
    return {line.split()[0] for line in shown.stdout.splitlines()}


def test_every_target_of_make_help_runs_even_beside_a_folder_of_its_name(targets: set[str]) -> None:
    assert targets >= {"setup", "serve", "test", "lint", "format", "fast", "docs", "check-all", "help"}
    declared = re.search(r"^\.PHONY: (.+)$", text("Makefile"), re.MULTILINE)
    assert declared
    assert targets == set(declared[1].split())
    for target in sorted(targets):
        tried = run("make", "--dry-run", "--always-make", target)
        assert tried.returncode == 0, tried.stderr
        assert tried.stdout


def test_the_quick_tests_exist() -> None:
    command = run("make", "--dry-run", "fast").stdout
    named = re.findall(r"tests/\S+", command)
    assert named
    assert all((ROOT / name).exists() for name in named), named


@pytest.mark.parametrize("name", GUIDES)
def test_what_a_guide_names_exists(name: str, targets: set[str]) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", text(name)):
        parts = urlsplit(target)
        if parts.scheme:
            continue
        assert (ROOT / parts.path).exists(), target
        if parts.fragment:
            assert parts.fragment in headings(parts.path or name), target
    assert set(re.findall(r"(?:^    |`)make ([a-z-]+)", text(name), re.MULTILINE)) <= targets
    folders = "|".join((*PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"], "docs", "tests", "deploy"))
    for path in re.findall(rf"`((?:{folders})/[\w./-]*)`", text(name)):
        assert (ROOT / path).exists(), path


def headings(name: str) -> set[str]:
    """The anchors of a Markdown file's headings."""
    titles = re.findall(r"^#+ (.+)$", text(name), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def test_the_changelog_is_of_this_version() -> None:
    sections = re.split(r"^## ", text("CHANGELOG.md"), flags=re.MULTILINE)[1:]
    assert sections[0].startswith("[Unreleased]\n")
    version = PROJECT["project"]["version"]
    assert f"To become {version}" in sections[0] or any(s.startswith(f"[{version}] - ") for s in sections[1:])
    kinds = re.findall(r"^### (.+)$", text("CHANGELOG.md"), re.MULTILINE)
    assert set(kinds) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_citation_is_valid_and_of_this_version() -> None:
    checked = run(tool("check-jsonschema"), "--builtin-schema", "vendor.citation-file-format", ROOT / "CITATION.cff")
    assert checked.returncode == 0, checked.stdout
    citation = read("CITATION.cff")
    assert citation["version"] == PROJECT["project"]["version"]
    assert citation["license"] == PROJECT["project"]["license"]


def tool(name: str) -> Path:
    return Path(sys.executable).parent / name


def test_workflows_pass_the_schema_of_their_host() -> None:
    checked = run(tool("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)
    assert checked.returncode == 0, checked.stdout


def steps(workflow: Path) -> Iterator[dict[str, Any]]:
    for job in read(workflow)["jobs"].values():
        assert job["timeout-minutes"] <= 90
        yield from job["steps"]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_fork_can_run_a_workflow(workflow: Path, targets: set[str]) -> None:
    assert "secrets" not in re.sub(r"#.*", "", workflow.read_text())
    assert read(workflow)["permissions"] == {"contents": "read"}
    for step in steps(workflow):
        if action := step.get("uses"):
            assert re.fullmatch(r"actions/[a-z-]+@v\d+", action), "an action of the host's own, by its major version"
        else:
            assert step["run"].removeprefix("make ") in targets


def test_every_supported_python_is_checked() -> None:
    ci = read(".github/workflows/ci.yml")
    pythons = ci["jobs"]["check"]["strategy"]["matrix"]["python"]
    assert pythons == ["3.11", "3.12", "3.13"]
    assert PROJECT["project"]["requires-python"] == f">={pythons[0]}"
    commands = {step.get("run") for step in steps(ROOT / ".github" / "workflows" / "ci.yml")}
    assert commands >= {"make lint", "make unit", "make docs"}


def test_hooks_before_a_commit_are_those_of_make_lint() -> None:
    (repository,) = read(".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    assert all(hook["language"] == "system" for hook in repository["hooks"])
    hooks = {hook["entry"] + (" ." if hook.get("pass_filenames", True) else "") for hook in repository["hooks"]}
    lint = run("make", "--dry-run", "--always-make", "lint").stdout.splitlines()
    assert hooks == {line for line in lint if line.startswith((".venv/bin/ruff", ".venv/bin/mypy"))}


def test_editors_are_told_what_ruff_holds() -> None:
    editor = configparser.ConfigParser()
    editor.read_string("[top]\n" + text(".editorconfig"))
    assert editor["*.py"].getint("max_line_length") == PROJECT["tool"]["ruff"]["line-length"]
    assert editor["*"]["end_of_line"] == "lf"
    assert editor["Makefile"]["indent_style"] == "tab"


def test_the_wheel_says_that_its_packages_are_typed(tmp_path: Path) -> None:
    built = run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", tmp_path)
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    files = set(zipfile.ZipFile(wheel).namelist())
    assert {name.split("/")[0] for name in files if name.endswith("/__init__.py")} == {
        name.split("/")[0] for name in files if name.endswith("/py.typed")
    }


def test_a_room_that_lists_its_modules_lists_them_all() -> None:
    listing = 0
    for room in sorted(
        {path.parent for path in ROOT.glob("[alrw]*/**/__init__.py") if "node_modules" not in path.parts}
    ):
        said = ast.get_docstring(ast.parse((room / "__init__.py").read_text("utf-8"))) or ""
        lines = re.findall(r"^ *([a-z_]+\.py(?:, [a-z_]+\.py)*) ", said, re.MULTILINE)
        named = [name for line in lines for name in line.split(", ")]
        there = {path.name for path in room.glob("*.py")} - {"__init__.py"}
        assert not named or sorted(named) == sorted(there), room
        listing += bool(named)
    assert listing >= 9


class Loaded(HTMLParser):
    """What a page loads, and where it leads within the site."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: set[str] = set()
        self.leads: set[str] = set()
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if found.get("id"):
            self.ids.add(str(found["id"]))
        if tag == "a" and (href := found.get("href")) and not urlsplit(href).scheme:
            self.leads.add(href)
        elif tag == "link" and found.get("rel") not in ("next", "prev"):
            self.loads.add(str(found["href"]))
        elif tag in ("script", "img", "iframe") and (source := found.get("src")):
            self.loads.add(source)


@pytest.mark.skipif(not importlib.util.find_spec("material"), reason="mkdocs-material is not installed (group docs)")
def test_the_site_builds_without_a_warning_and_needs_no_network(tmp_path: Path) -> None:
    built = run(
        "env", "NO_MKDOCS_2_WARNING=1", sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path
    )
    assert built.returncode == 0, built.stderr
    assert "WARNING" not in built.stderr
    pages: dict[Path, Loaded] = {}
    for file in tmp_path.rglob("*.html"):
        pages[file] = Loaded()
        pages[file].feed(file.read_text(encoding="utf-8"))
    sources = [p.relative_to(ROOT / "docs") for p in (ROOT / "docs").rglob("*.md")]
    assert {tmp_path / p.with_suffix(".html") for p in sources} == pages.keys() - {tmp_path / "404.html"}
    for file, page in pages.items():
        assert page.loads
        base = tmp_path if file.name == "404.html" else file.parent
        for target in page.loads | page.leads:
            parts = urlsplit(target)
            assert not parts.scheme, f"{file.name} loads {target}"
            assert not parts.netloc, f"{file.name} loads {target}"
            there = (tmp_path if parts.path.startswith("/") else base) / unquote(parts.path).lstrip("/")
            there = (there if parts.path else file).resolve()
            assert there.exists(), f"{file.name}: {target}"
            if parts.fragment and there in pages:
                assert unquote(parts.fragment) in pages[there].ids, f"{file.name}: {target}"
    for style in tmp_path.rglob("*.css"):
        assert not re.search(r"(?:url\(|@import )[\"']?(?:https?:)?//", style.read_text(encoding="utf-8")), style


def test_the_glossary_has_one_meaning_for_each_term() -> None:
    glossary = text("docs/style.md").partition("## Glossary")[2]
    rows = re.findall(r"^\| (?!term)([^|-][^|]*) \| (.+) \|$", glossary, re.MULTILINE)
    terms = [term.strip() for first, _ in rows for term in first.split(",")]
    assert len(terms) > 50
    assert len(set(terms)) == len(terms)


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "decisions").glob("0*.md")), ids=lambda path: path.stem)
def test_a_decision_says_what_was_and_what_follows(page: Path) -> None:
    number = int(page.name[:4])
    written = page.read_text(encoding="utf-8")
    title = re.match(rf"# {number}\. (.+)\n\nStatus: (holds|replaced by .+)\.\n", written)
    assert title
    assert re.findall(r"^\*\*(.+?)\.\*\*", written, re.MULTILINE) == ["Then", "Decision", "What follows"]
    row = f"| {number} | [{title[1]}]({page.name}) | {title[2].split(' ')[0]}"
    assert row in text("docs/decisions/index.md")


def test_the_picture_of_the_rooms_is_the_contract_of_imports() -> None:
    """Both tables of docs/architecture.md name the rooms of the contracts, line by line, and every folder of the program is one."""
    house, service, _ = PROJECT["tool"]["importlinter"]["contracts"]
    tables = text("docs/architecture.md").partition("## Rooms")[2].partition("\n## ")[0].split("| rooms | hold |")[1:]
    drawn = [
        [set(re.findall(r"`(\w+)/?`", line.split(" | ")[0])) for line in table.splitlines() if line.startswith("| `")]
        for table in tables
    ]
    held = [[set(layer.split(" | ")) for layer in contract["layers"]] for contract in (house, service)]
    # A line may name rooms that stand one above the other in the contract, in its order.
    for lines, layers in zip(drawn, held, strict=True):
        order = {room: n for n, layer in enumerate(layers) for room in layer}
        assert set().union(*lines) == order.keys()
        places = [sorted(order[room] for room in line) for line in lines]
        assert all(above[-1] <= below[0] for above, below in pairwise(places))
    modules = {
        p.name.removesuffix(".py")
        for p in (ROOT / "app").iterdir()
        if p.suffix == ".py" or (p / "__init__.py").exists()
    }
    assert modules - {"__init__"} == set().union(*drawn[1])
