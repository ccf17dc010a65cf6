"""Taking a port, before anything slow happens."""

from __future__ import annotations

import socket

from releases.errors import LoadError


def listen(host: str, port: int, option: str = "--port", shared: bool = False) -> socket.socket:
    """A listening socket; `shared` with other processes that take the port so. Raises LoadError when it is in use."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        other = f" (make serve PORT={port % 65535 + 1}, CCSI_PORT={port % 65535 + 1})" if option == "--port" else ""
        raise LoadError(
            f"Cannot serve on {host}:{port}: {error.strerror}.",
            f"Use another {option}{other}, or stop what is using it.",
        ) from error
    return listener
