"""The head of an answer and its body in one call of the kernel: one packet, for which the client wakes once."""

from __future__ import annotations

import asyncio

_COPIED = 16 * 1024  # bytes of a body below which both are put together rather than handed on as two


def write(transport: asyncio.Transport, head: bytes, body: bytes) -> None:
    """Write both."""
    if len(body) < _COPIED:
        transport.write(head + body)
    else:
        transport.writelines((head, body))


class Together:
    """A transport for one answer, which uvicorn writes in two: its head waits for what follows in the same turn of the loop."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head: bytes | None = None
        self._begun = False

    def write(self, data: bytes) -> None:
        """Keep the head for a moment; write it with what comes next."""
        if not self._begun:
            self._begun = True
            self._head = data
            # Of a stream the client may want the head before anything is said.
            asyncio.get_running_loop().call_soon(self._flush)
        elif self._head is None:
            self._transport.write(data)
        else:
            head, self._head = self._head, None
            write(self._transport, head, data)

    def _flush(self) -> None:
        head, self._head = self._head, None
        if head is not None and not self._transport.is_closing():
            self._transport.write(head)

    def is_closing(self) -> bool:
        """Whether nothing can be written any more."""
        return self._transport.is_closing()

    def close(self) -> None:
        """End the connection behind what was written."""
        self._flush()
        self._transport.close()
