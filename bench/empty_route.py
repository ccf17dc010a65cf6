"""Two bytes under the uvicorn settings of `ccsi serve`, from a FastAPI route or from a bare ASGI function: floors to compare with.

python bench/empty_route.py PORT [empty|bare]
"""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

app = FastAPI()


@app.get("/empty")
async def empty() -> Response:
    return Response(b"{}", media_type="application/json")


async def bare(scope: Scope, _receive: Receive, send: Send) -> None:
    """The same answer without a framework."""
    if scope["type"] == "http":
        headers = [(b"content-length", b"2"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{}"})


if __name__ == "__main__":
    uvicorn.run(
        bare if sys.argv[2:] == ["bare"] else app,
        port=int(sys.argv[1]),
        lifespan="off",
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_config=None,
        server_header=False,
    )
