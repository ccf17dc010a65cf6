"""Write app/api/examples.json: what the API answers from the bundled sample, for its description.

python -m app.api.examples
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.types import Message

from app.api.description import ABRIDGED, EXAMPLES, PREFIX, SHOWN
from app.main import create_app
from app.settings import Limits, Settings
from loaders.starter import load_starter

HOST = "ccsi.example"
# Path of the API -> a request whose answer is small enough to show, most of them whole.
REQUESTS = {
    "/domains": "/domains?limit=2",
    "/domains/{id}": "/domains/gaming",
    "/domains/{id}/occupations": "/domains/heritage/occupations?degree=core&sub-domain=museums&limit=1",
    "/occupations": "/occupations?isco=2621&limit=2",
    "/occupations/{uuid}": "/occupations/c2efadc4-6f47-4f34-997b-dd80aba609dd",
    "/skills/{uuid}": "/skills/f2fdd2db-8755-4540-8af8-b46f2c0de95f",
    "/isco/{code}": "/isco/2621",
    "/nace/{code}": "/nace/91.21",
    "/scope/review-queue": "/scope/review-queue?limit=1",
    "/scope/occupations/{uuid}": "/scope/occupations/c2efadc4-6f47-4f34-997b-dd80aba609dd",
    "/crosswalk": "/crosswalk?nace=91.02&revision=2",
    "/domains/{id}/skills": "/domains/heritage/skills?limit=1",
    "/domains/{id}/transversal": "/domains/heritage/transversal",
    "/domains/{id}/clusters": "/domains/heritage/clusters?limit=1",
    "/domains/compare": "/domains/compare?ids=heritage,audiovisual",
    "/clusters/{id}": "/clusters/heritage/art-collections",
    "/skills/{uuid}/clusters": "/skills/f2fdd2db-8755-4540-8af8-b46f2c0de95f/clusters",
    "/occupations/{uuid}/clusters": "/occupations/c2efadc4-6f47-4f34-997b-dd80aba609dd/clusters",
    "/health/live": "/health/live",
}
Get = Callable[[str], Awaitable[tuple[int, Any]]]


async def gather(get: Get) -> dict[str, dict[str, Any]]:
    """Path -> request and answer, asked through `get`."""
    found = {}
    for path, request in REQUESTS.items():
        status, answer = await get(PREFIX + request)
        if status != 200:
            raise RuntimeError(f"{request} answered {status}: {answer}")
        found[path] = {"request": PREFIX + request, "answer": abridged(answer) if path in ABRIDGED else answer}
    return found


def abridged(answer: Any) -> Any:
    """The answer with every list in it cut to the first ``SHOWN``."""
    if isinstance(answer, list):
        return [abridged(item) for item in answer[:SHOWN]]
    return {name: abridged(value) for name, value in answer.items()} if isinstance(answer, dict) else answer


async def ask(app: FastAPI, target: str) -> tuple[int, Any]:
    """One GET to the app, without a server; status and JSON."""
    path, query = urlsplit(target).path, urlsplit(target).query
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "https", "path": path,
        "raw_path": path.encode(), "query_string": query.encode(), "root_path": "", "headers": [(b"host", HOST.encode())],
        "client": None, "server": (HOST, 443),
    }  # fmt: skip
    await app(scope, receive, send)
    body = b"".join(m.get("body", b"") for m in sent)
    return sent[0]["status"], json.loads(body)


async def write(target: Path = EXAMPLES) -> None:
    """Build the sample, ask, write."""
    with tempfile.TemporaryDirectory() as folder:
        load_starter(Path(folder))
        app = create_app(Settings(data_dir=Path(folder), log_level="error"), Limits())
        async with app.router.lifespan_context(app):
            found = await gather(lambda request: ask(app, request))
    target.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(write())
