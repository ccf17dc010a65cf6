"""The latency of one URL at some clients, measured from a process of its own until its input ends.

    python -m bench.latency URL [CLIENTS]      prints one JSON list of seconds, in the order in which answers came

Of its own, because a client that shares an interpreter with what loads the server measures that interpreter.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

_PAUSE = 0.02  # seconds between the requests of one client


async def _client(url: str, found: list[float], over: asyncio.Event) -> None:
    target = urlsplit(url)
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    request = f"GET {path} HTTP/1.1\r\nhost: {target.netloc}\r\naccept-encoding: gzip\r\n\r\n".encode()
    reader, writer = await asyncio.open_connection(target.hostname, target.port)
    while not over.is_set():
        started = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").lower().split("\r\n")
        if " 200 " not in f"{lines[0]} ":
            raise RuntimeError(lines[0])
        length = next(int(line.partition(":")[2]) for line in lines if line.startswith("content-length:"))
        await reader.readexactly(length)
        found.append(time.perf_counter() - started)
        await asyncio.sleep(_PAUSE)
    writer.close()


async def _measure(url: str, clients: int) -> list[float]:
    found: list[float] = []
    over = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin, over.set)
    await asyncio.gather(*(_client(url, found, over) for _ in range(clients)))
    return found


@contextmanager
def measured(url: str, clients: int = 8) -> Iterator[list[float]]:
    """Measure while the block runs; the list is filled when it ends."""
    command = [sys.executable, "-m", "bench.latency", url, str(clients)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    found: list[float] = []
    try:
        yield found
    finally:
        printed, _ = process.communicate()
        found += json.loads(printed)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_measure(sys.argv[1], int(sys.argv[2])))))
