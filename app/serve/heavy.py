"""The heavy server that all serving processes share: forked from the template, and forked again when it is lost."""

from __future__ import annotations

import atexit
import ctypes
import os
import shutil
import signal
import socket
import tempfile
import time
from pathlib import Path

import structlog
from fastapi import FastAPI

from app import logs
from app.serve.aside import end_with
from app.serve.heavy_server import Bounds, serve

log = structlog.get_logger()

NAME = "ccsi-heavy"  # of the process, to tell it from its siblings
_PR_SET_NAME = 15
_TOO_SOON = 1.0  # seconds after its start in which a server that ends is not started again at once


class HeavyServer:
    """A process of the template's release that makes heavy answers, at a socket in a folder of its own."""

    def __init__(self, app: FastAPI, bounds: Bounds) -> None:
        folder = tempfile.mkdtemp(prefix="ccsi-heavy-")
        self.address = str(Path(folder, "socket"))
        self.pid = 0
        self._app = app
        self._bounds = bounds
        self._owner = os.getpid()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(self.address)
        self._listener.listen(128)
        self._lifeline, self._held = os.pipe()
        self._started = 0.0
        atexit.register(self._clean, folder)

    def start(self) -> None:
        """Fork it; who asks meanwhile waits at the socket."""
        wait, self._started = max(0.0, self._started + _TOO_SOON - time.monotonic()), time.monotonic()
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            self._run(parent, wait)

    def leave(self) -> None:
        """In a process that was forked for something else: let go of what keeps the server alive."""
        self._listener.close()
        os.close(self._lifeline)
        os.close(self._held)

    def _run(self, parent: int, wait: float) -> None:
        try:
            end_with(parent)
            ctypes.CDLL(None).prctl(_PR_SET_NAME, NAME.encode())
            os.close(self._held)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            logs.mark(worker="heavy", pid=os.getpid())
            time.sleep(wait)
            serve(self._app, self._listener, self._lifeline, self._bounds)
        except BaseException:
            log.exception("the heavy server failed")
        finally:
            os._exit(0)

    def _clean(self, folder: str) -> None:
        if os.getpid() == self._owner:
            shutil.rmtree(folder, ignore_errors=True)
