"""Releases that tests share: built once a session, never changed by a test."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pyoxigraph
import pytest

from loaders.build import load
from loaders.request import LoadRequest
from loaders.starter import load_starter
from releases import dumps
from releases.release import Release, Releases
from tests.api.conftest import PATIENT, InProcess, Server, at_endpoint, running
from tests.command import run
from tests.servers import OXIGRAPH, oxigraph, virtuoso, virtuoso_graph_store

FIXTURES = Path(__file__).parent / "fixtures"
# What no test needs unless it asks for it, and what each application that is started would spend seconds on.
SPARING = {"CCSI_ALL_OF_ESCO": "false", "CCSI_SPARQL_WORKERS": "2", "CCSI_HEAVY_START_AFTER": "60"}
os.environ |= SPARING | PATIENT  # of servers that are started for a whole session
# A slow machine is no fault: tests that promise a time say so themselves.
httpx2._config.DEFAULT_TIMEOUT_CONFIG.read = 60.0


# What measures time: no other test runs beside these.
ALONE = (
    "tests/api/test_heavy.py", "tests/http/test_slow_clients.py", "tests/http/test_client_limits.py",
    "tests/sparql/test_connection.py", "tests/sparql/test_federation_faults.py", "tests/sparql/test_guard_fuzz.py",
    "tests/sparql/test_hostile.py", "tests/sparql/test_pool.py", "tests/sparql/test_spool.py", "tests/sparql/test_turns.py",
)  # fmt: skip
# What has deadlines of its own and mostly waits: two at once, and nothing that computes beside them.
WAITING = (
    "tests/deploy/", "tests/metrics/", "tests/serve/", "tests/api/test_fallback.py", "tests/api/test_switch.py",
    "tests/loaders/test_crash.py", "tests/store/test_bad_upstream.py", "tests/workshop/test_browser.py",
    "tests/workshop/test_kill.py",
)  # fmt: skip
# What asks for each kind of answer, at an Oxigraph server too; all else does so in `make long`.
AT_A_SERVER = "tests/api/test_answers.py"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Read no file of which `-m "waiting and …"` or `-m "alone and …"` takes no test: reading all takes half a minute."""
    kinds = {"waiting": WAITING, "alone": ALONE}
    files = kinds.get(config.getoption("markexpr").partition(" and ")[0])
    is_other = files is not None and collection_path.name.startswith("test_") and collection_path.is_file()
    return True if is_other and not str(collection_path.relative_to(config.rootpath)).startswith(files) else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests first; the ones on full ESCO only where there is full ESCO.

    Shared out among processes, the ones on full ESCO come first, so that the last process does not end with them.
    """
    for item in items:
        if item.nodeid.startswith(ALONE):
            item.add_marker("alone")
        elif item.nodeid.startswith(WAITING):
            item.add_marker("waiting")
        given = getattr(item, "callspec", None)
        if given and given.params.get("api") == "oxigraph" and not item.nodeid.startswith(AT_A_SERVER):
            item.add_marker("long")
    shared_out = "PYTEST_XDIST_WORKER" in os.environ
    items.sort(key=lambda item: (item.get_closest_marker("full") is not None) != shared_out)
    if not os.environ.get("CCSI_ESCO_DATA"):
        skip = pytest.mark.skip(reason="CCSI_ESCO_DATA is not set: it names the folder that holds esco-1.2.0-csv")
        for item in items:
            if item.get_closest_marker("full"):
                item.add_marker(skip)


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test reads or writes the data folder of whoever runs it, unless it names one."""
    from app.settings import get_settings

    for name in [n for n in os.environ if n.startswith("CCSI_") and n != "CCSI_ESCO_DATA"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CCSI_DATA_DIR", str(tmp_path / "unnamed"))
    for name, value in (SPARING | PATIENT).items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """The folder of fixture files."""
    return FIXTURES


def _once(factory: pytest.TempPathFactory, name: str, build: Callable[[Path], object]) -> Path:
    """A folder that the first of the processes which share the tests out builds for all; a second one tries it if it fails."""
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    if kept := os.environ.get("TEST_RELEASES"):  # `make unit` runs several sessions, one after the other
        shared = Path(kept)
    folder = shared / name
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if Releases(folder).current() is None:
            build(folder)
    return folder


@pytest.fixture(scope="session")
def starter_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the bundled starter published; read it, do not change it."""
    return _once(tmp_path_factory, "starter", load_starter)


@pytest.fixture(scope="session")
def starter_api(starter_dir: Path) -> Iterator[InProcess]:
    """The application on the starter, in this process; for tests that change neither it nor what it remembers."""
    with running(starter_dir) as client:
        yield client


@pytest.fixture(scope="session")
def starter_server(starter_dir: Path) -> Iterator[Server]:
    """`ccsi serve` on the starter, for tests that only ask it."""
    server = Server(starter_dir)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def starter(starter_dir: Path) -> Release:
    """The release of the bundled starter."""
    release = Releases(starter_dir).current()
    assert release is not None
    return release


@pytest.fixture(scope="session")
def oxigraph_starter(starter: Release, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The query URL of an Oxigraph server that holds the starter, loaded from its export."""
    folder = tmp_path_factory.mktemp("oxigraph")
    with (folder / "all.nq").open("wb") as out:
        dumps.write(pyoxigraph.Store.read_only(str(starter.store)), out, "nq")
    load = [str(OXIGRAPH), "load", "--location", str(folder / "store"), "--file", str(folder / "all.nq")]
    subprocess.run(load, check=True, capture_output=True)
    with oxigraph(folder / "store") as url:
        yield f"{url}/query"


@pytest.fixture(scope="session")
def virtuoso_starter(starter: Release, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The query URL of a Virtuoso server that holds the starter, sent by `push`."""
    with virtuoso(tmp_path_factory.mktemp("virtuoso")) as url:
        virtuoso_graph_store(url).run(pyoxigraph.Store.read_only(str(starter.store)))
        yield f"{url}/sparql"


@pytest.fixture(scope="session")
def oxigraph_api(oxigraph_starter: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    """The application on the starter at an Oxigraph server."""
    with at_endpoint(oxigraph_starter, tmp_path_factory.mktemp("no-releases")) as client:
        yield client


@pytest.fixture(scope="session")
def virtuoso_api(virtuoso_starter: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    """The application on the starter at a Virtuoso server."""
    with at_endpoint(virtuoso_starter, tmp_path_factory.mktemp("no-releases")) as client:
        yield client


@pytest.fixture(scope="session")
def mini_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with five occupations from the CSV fixture published, without our curation: quick to build."""
    no_curation = FIXTURES / "no-curation.ttl"

    def build(folder: Path) -> None:
        load(LoadRequest([FIXTURES / "csv-v1.2.0"], folder, curation=no_curation, partial=True))

    return _once(tmp_path_factory, "mini", build)


@pytest.fixture
def two(mini_dir: Path, fixtures: Path, tmp_path: Path) -> tuple[Releases, Release, Release]:
    """A data folder with two releases, the first published."""
    folder = tmp_path / "data"
    shutil.copytree(mini_dir, folder, symlinks=True)
    releases = Releases(folder)
    first = releases.current()
    assert first is not None
    bundle = fixtures / "csv-v1.2.0"
    second = load(LoadRequest([bundle], folder, esco_version="1.2.1", partial=True, publish=False))
    assert second.id != first.id
    assert releases.current() == first
    return releases, first, second


@pytest.fixture(scope="session")
def esco_data() -> Path:
    """The folder of full ESCO data; only for tests marked full."""
    return Path(os.environ["CCSI_ESCO_DATA"]).resolve()


@pytest.fixture(scope="session")
def full_dir(esco_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with full ESCO 1.2.0 and the NACE codes of 1.2.1 published; read it, do not change it.

    Built by a process of its own, so that the memory in its manifest is that of the load and not of the tests before it.
    """
    nace = esco_data / "esco-1.2.1-csv-partial" / "occupationNaceCodes_v1.2.1.csv"

    def build(folder: Path) -> None:
        ended = run("load", esco_data / "esco-1.2.0-csv", "--nace", nace, "--data-dir", folder)
        assert ended.code == 0, ended.err

    return _once(tmp_path_factory, "full", build)


@pytest.fixture(scope="session")
def full(full_dir: Path) -> Release:
    """The release of full ESCO 1.2.0 with NACE codes."""
    release = Releases(full_dir).current()
    assert release is not None
    return release


@pytest.fixture(scope="session")
def full_api(full_dir: Path) -> Iterator[InProcess]:
    """The application on full ESCO, in this process."""
    with running(full_dir) as client:
        yield client
