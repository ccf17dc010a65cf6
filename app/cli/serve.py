"""`ccsi serve`: take the port, see that there is something to serve, and serve it, in one process or in several."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from app.cli.options import DataDir
from app.http.listen import listen
from app.process.memory import few_arenas
from app.process.progress import reporter
from app.settings import Settings, get_settings
from releases.errors import LoadError, ReleaseError
from releases.release import Releases

err = Console(stderr=True)

_ROOT = Path(__file__).parents[2]


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to serve on. \\[default: CCSI_HOST or 127.0.0.1]", show_default=False)
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Port to serve on. \\[default: CCSI_PORT or 8000]", show_default=False),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Processes that serve. \\[default: CCSI_WORKERS or 1]", show_default=False),
    ] = None,
    data_dir: DataDir = None,
    starter: Annotated[
        bool,
        typer.Option(
            "--starter/--no-starter",
            help="Load what is bundled when no release is published: the sample, then all of ESCO.",
        ),
    ] = True,
) -> None:
    """Serve the published release; a newly published one is picked up while running.

    With several workers SIGHUP starts all of them anew without dropping a request, with the program as it is installed then.
    """
    given: dict[str, Any] = {"host": host, "port": port, "workers": workers, "data_dir": data_dir}
    given = {name: value for name, value in given.items() if value is not None}
    if not starter:
        given["all_of_esco"] = False
    settings = get_settings().model_copy(update=given)
    if settings.workers > 1 and sys.platform != "linux":
        raise LoadError("Several workers need Linux.", "Leave --workers and CCSI_WORKERS out.")
    few_arenas()
    listener = listen(settings.host, settings.port)
    if starter and not settings.sparql_endpoint and _nothing_to_serve(Releases(settings.data_dir)):
        from loaders.starter import load_starter

        err.print(
            "No release is published yet: loading the bundled sample. Load your own download with: ccsi load PATH",
            highlight=False,
        )
        with reporter() as progress:
            load_starter(settings.data_dir, progress)
    err.print(f"Serving on http://{settings.host}:{settings.port}  (API: /docs, stop: Ctrl+C)", highlight=False)
    if settings.workers > 1:
        _supervise(listener, {f"CCSI_{name.upper()}": str(value) for name, value in given.items()})
    _serve(settings, listener)


def _serve(settings: Settings, listener: socket.socket) -> None:
    from app.main import create_app
    from app.serve import beside
    from app.serve.server import OnlyServer, config

    app = create_app(settings)
    if settings.metrics_port:
        app.state.observer.listen(settings, 0)
    server = OnlyServer(config(app, settings), listener)
    app.state.server_state = server.server_state  # who is connected, for the metrics
    beside.start(settings)
    with suppress(KeyboardInterrupt):  # uvicorn has ended gracefully, and sends itself the signal again
        server.run(sockets=[])


def _nothing_to_serve(releases: Releases) -> bool:
    """Whether no release was ever published, or none is left; one that is damaged is the service's to tell of."""
    try:
        return releases.current() is None and not (releases.pointer.is_symlink() and releases.all())
    except ReleaseError:
        return False


def _supervise(listener: socket.socket, given: dict[str, str]) -> None:
    """Become the supervisor, which needs nothing of what this command has in memory; what it starts reads the settings."""
    listener.set_inheritable(True)
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH", ""))))
    arguments = [sys.executable, "-P", "-m", "app.serve.supervisor", str(listener.fileno())]
    os.execve(sys.executable, arguments, {**os.environ, **given, "PYTHONPATH": path})  # noqa: S606 (this very program)
