"""A release as files and in other servers: what arrives is what was there, and what breaks off says so."""

from __future__ import annotations

import gzip
import socket
from contextlib import closing
from pathlib import Path

import pyoxigraph as ox
import pytest

from app.settings import Settings
from app.store.remote import RemoteBackend, RemoteRelease
from releases import dumps
from releases.errors import LoadError
from releases.push import Push, PushError
from releases.record import GRAPH_RELEASE
from releases.release import Release, Releases
from tests.command import Command, in_process
from tests.servers import oxigraph


@pytest.fixture
def ccsi(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    return in_process(monkeypatch, capfd)


@pytest.fixture(scope="module")
def release(mini_dir: Path) -> Release:
    found = Releases(mini_dir).current()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def quads(release: Release) -> set[ox.Quad]:
    return set(ox.Store.read_only(str(release.store)))


def released(url: str) -> RemoteRelease | None:
    """What a service would read from the server."""
    with closing(RemoteBackend(Settings(sparql_endpoint=f"{url}/query"))) as backend:
        return backend.current()


def test_every_form_of_export_holds_the_release(
    ccsi: Command, mini_dir: Path, tmp_path: Path, quads: set[ox.Quad]
) -> None:
    for form, media in (("nq", ox.RdfFormat.N_QUADS), ("trig", ox.RdfFormat.TRIG)):
        target = tmp_path / f"all.{form}"
        assert ccsi("export", str(target), "--format", form, "--data-dir", str(mini_dir)).code == 0
        assert set(ox.parse(path=str(target), format=media)) == quads
        packed = tmp_path / f"all.{form}.gz"
        assert ccsi("export", str(packed), "--format", form, "--gzip", "--data-dir", str(mini_dir)).code == 0
        assert gzip.decompress(packed.read_bytes()) == target.read_bytes()
    folder = tmp_path / "graphs"
    assert ccsi("export", str(folder), "--per-graph", "--data-dir", str(mini_dir)).code == 0
    assert sum(len(list(ox.parse(path=str(file)))) for file in folder.iterdir()) == len(quads)
    assert not [file for file in (*tmp_path.iterdir(), *folder.iterdir()) if file.name.startswith(".")]


def test_an_export_that_cannot_be_written_leaves_nothing(ccsi: Command, mini_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    ended = ccsi("export", str(tmp_path / "taken"), "--data-dir", str(mini_dir))
    assert ended.code == 1
    assert "remedy" in ended.err
    assert [file.name for file in tmp_path.iterdir()] == ["taken"]


@pytest.mark.parametrize(
    ("path", "options"), [("/store", []), pytest.param("/update", ["--update"], marks=pytest.mark.long)]
)
def test_what_is_pushed_is_served(
    ccsi: Command, mini_dir: Path, release: Release, quads: set[ox.Quad], tmp_path: Path, path: str, options: list[str]
) -> None:
    with oxigraph(tmp_path / "server", command="serve") as url:
        for _ in range(2):  # what is there already is replaced
            ended = ccsi("push", f"{url}{path}", *options, "--data-dir", str(mini_dir))
            assert (ended.code, release.id in ended.err) == (0, True)
        found = released(url)
        assert found is not None
        assert found.id == release.id
        assert found.withdrawn() == release.withdrawn()
        assert found.carry_over() == release.carry_over()
        assert found.graphs == dumps.graphs(ox.Store.read_only(str(release.store)))
        assert found.manifest["counts"] == release.manifest["counts"]
    assert set(ox.Store.read_only(str(tmp_path / "server"))) == quads


def test_a_transfer_that_breaks_off_names_what_arrived_and_goes_on(release: Release, tmp_path: Path) -> None:
    store = ox.Store.read_only(str(release.store))
    graphs = [g for g in dumps.graphs(store) if g != GRAPH_RELEASE]
    with oxigraph(tmp_path / "server", command="serve") as url:
        Push(f"{url}/store").run(store)

        def stop(graph: str) -> None:
            if graph == graphs[2]:
                raise OSError("the cable is out")

        with pytest.raises(PushError) as broken:
            Push(f"{url}/store").run(store, told=stop)
        assert all(graph in str(broken.value) for graph in graphs[:3])
        assert graphs[3] not in str(broken.value)
        assert graphs[2] in broken.value.remedy
        assert released(url) is None
        sent = Push(f"{url}/store").run(store, start_at=graphs[2])
        assert sent == [*graphs[2:], GRAPH_RELEASE]
        assert released(url) is not None


def test_faults_of_the_server_are_told(release: Release, tmp_path: Path) -> None:
    store = ox.Store.read_only(str(release.store))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        nowhere = f"http://127.0.0.1:{probe.getsockname()[1]}/store"
    with pytest.raises(PushError, match="none was sent"):
        Push(nowhere).run(store)
    with oxigraph(tmp_path / "server", command="serve") as url, pytest.raises(PushError, match="status 4"):
        Push(f"{url}/query").run(store)
    with pytest.raises(LoadError, match="no graph"):
        Push(nowhere).run(store, start_at="http://x/none")


def test_blank_nodes_are_not_sent_in_pieces(tmp_path: Path) -> None:
    store = ox.Store()
    store.add(ox.Quad(ox.BlankNode("b"), ox.NamedNode("http://x/p"), ox.Literal("o"), ox.NamedNode("http://x/g")))
    with oxigraph(tmp_path / "server", command="serve") as url, pytest.raises(PushError, match="blank nodes"):
        Push(f"{url}/update", update=True).run(store)
