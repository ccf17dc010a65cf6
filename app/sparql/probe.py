"""Whether the store behind the service has a way out: asked once, at start, where the operator allows it.

The guard keeps SERVICE from the store. This looks whether it would matter if it did not: the store is asked to query an
address of this machine by SERVICE, and whoever comes there with the right path was sent by it.
"""

from __future__ import annotations

import asyncio
import secrets
from urllib.parse import urlsplit

import httpx2
import pyoxigraph as ox

from app.store import upstream

_HEAD_BYTES = 4096
_HEAD_SECONDS = 5.0
_LATE_SECONDS = 0.5  # what a store that does not wait for its SERVICE may take to open the connection


async def has_way_out(client: httpx2.AsyncClient, endpoint: str, address: str) -> bool:
    """Whether the store at an endpoint contacts `address`, an http URL on a port that is free here, when a query says so.

    Raises httpx2.HTTPError when the endpoint cannot be asked, OSError when the port is not free.
    """
    path = f"/{secrets.token_hex(16)}"
    heard = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_HEAD_SECONDS):
                if path.encode() in await reader.read(_HEAD_BYTES):
                    heard.set()
        except (TimeoutError, OSError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(listen, None, urlsplit(address).port or 80)
    async with server:
        # No file among the queries: its endpoint cannot be a value, which VALUES would bring, for every store.
        trap = ox.NamedNode(address.rstrip("/") + path)
        query = f"SELECT * {{ SERVICE {trap} {{ ?s ?p ?o }} }}"
        await client.post(endpoint, data=upstream.fields(query), headers={"accept": upstream.RESULTS})
        try:
            await asyncio.wait_for(heard.wait(), _LATE_SECONDS)
        except TimeoutError:
            return False
    return True
