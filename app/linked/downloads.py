"""/dumps: the release as files, made once in a process of its own when somebody first asks for one."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import suppress

import structlog
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from app import http
from app.api.routing import route_name
from app.errors import NoSuchRange, NotFound, NotReady
from app.http.clients import client_of
from app.linked.shared_file import FilePart, Readers
from app.request import Ctx, strict_parameters
from app.service import Service
from releases import child, dumps
from releases.dumps import Dump
from releases.release import Release

log = structlog.get_logger()
router = APIRouter(
    tags=["linked data"], dependencies=[Depends(strict_parameters)], generate_unique_id_function=route_name
)

SUMS = "SHA256SUMS"
_PATIENCE = 10.0  # seconds that a first request waits for the files
_PAUSE = 60.0  # seconds after a failure before it is tried again
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")  # one range: several are not worth their parts and boundaries


class Downloads:
    """Makes the dumps of a release, one process at a time; `stop` ends it."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._task: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._failed = 0.0
        self.readers = Readers(service.limits.client_dumps)

    async def of(self, release: Release) -> list[Dump]:
        """The dumps of a release. Raises NotReady while they are being made, or where they cannot be."""
        if files := await asyncio.to_thread(dumps.find, release):
            return files
        if time.monotonic() - self._failed < _PAUSE and self._failed:
            raise NotReady("The files cannot be written on this server; see its log.", {"retry-after": f"{_PAUSE:.0f}"})
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._make(release))
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._task), _PATIENCE)
        if files := await asyncio.to_thread(dumps.find, release):
            return files
        raise NotReady("The files are being made; ask again in half a minute.", {"retry-after": "30"})

    async def _make(self, release: Release) -> None:
        started = time.monotonic()
        self._process = await child.start_awaited(
            "releases.dumps", self._service.settings.data_dir.resolve(), release.id,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, words = await self._process.communicate()
        if self._process.returncode:
            self._failed = time.monotonic()
            log.error("dumps not made", release=release.id, error=words.decode(errors="replace").strip()[-300:])
        else:
            log.info("dumps made", release=release.id, seconds=round(time.monotonic() - started, 1))

    async def stop(self) -> None:
        """End what is being made; the next start begins anew."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
        if self._task is not None:
            with suppress(Exception):
                await self._task


@router.get("/dumps", include_in_schema=False)
async def listing(ctx: Ctx) -> Response:
    """The description of the dataset lists the files."""
    return Response(None, 303, {"location": f"{ctx.base}/.well-known/void", "cache-control": http.CACHE_CONTROL})


@router.get(
    "/dumps/{name}",
    response_class=Response,
    responses={
        200: {"description": "The file.", "content": {"application/gzip": {"schema": {"type": "string"}}}},
        206: {"description": "The part of the file that a Range header asks for."},
        416: {"description": "No such part."},
    },
    summary="The release as a file: all.nq.gz, one Turtle file a graph, SHA256SUMS",
)
async def dump(ctx: Ctx, request: Request, name: str) -> Response:
    """Names, sizes and checksums are in `/.well-known/void`. 503 with Retry-After while the files are being made."""
    release = ctx.served.release
    graphs = await asyncio.to_thread(names, release, ctx.served.catalogue.graphs)
    if not graphs:
        raise NotFound("This service reads its release from a SPARQL endpoint and has no files of it.")
    if name != SUMS and name not in graphs:
        raise NotFound("There is no such file.", available=[*graphs, SUMS])
    downloads: Downloads = request.app.state.downloads
    made = {d.name: d for d in await downloads.of(release)}
    media_type = "text/plain; charset=utf-8" if name == SUMS else "application/gzip"
    tag = f"{ctx.served.tag}-{made[name].sha256[:32]}" if name in made else f"{ctx.served.tag}-sums"
    headers = {
        "etag": f'"{tag}"', "cache-control": http.CACHE_CONTROL, "accept-ranges": "bytes",
        "content-disposition": f'attachment; filename="ccsi-{release.id}-{name}"',
    }  # fmt: skip
    if http.matches(request.headers.get("if-none-match", ""), headers["etag"]):
        return Response(None, 304, headers)
    path = release.dumps / name
    if request.scope.get("head"):  # the file need not be read for its length
        return Response(None, 200, {**headers, "content-length": str(path.stat().st_size)}, media_type)
    size = path.stat().st_size
    part = _range(request, size, headers["etag"])
    start, end = part or (0, size)
    if start >= size:
        raise NoSuchRange(f"The file has {size} bytes.", {"content-range": f"bytes */{size}"}, bytes=size)
    if part:
        headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
    client = client_of(request.scope)
    return FilePart(downloads.readers, client, path, start, end, headers, 206 if part else 200, media_type)


def _range(request: Request, size: int, etag: str) -> tuple[int, int] | None:
    """First byte, and the one behind the last, of the one range asked for; None without a range that has a meaning."""
    match = _RANGE.fullmatch(request.headers.get("range", ""))
    if not match or not (match[1] or match[2]) or request.headers.get("if-range", etag) != etag:
        return None
    if not match[1]:
        return (max(0, size - int(match[2])) if int(match[2]) else size), size
    start = int(match[1])
    end = min(int(match[2]) + 1, size) if match[2] else size
    return None if match[2] and int(match[2]) < start else (start, end)


def names(release: Release, graphs: list[str]) -> dict[str, str]:
    """File name -> named graph of the downloads of a release; the whole has no graph.

    None of a release that is at an endpoint, unless somebody has put its files beside this service.
    """
    if not release.store.is_dir() and not dumps.find(release):
        return {}
    return {dumps.ALL: "", **{dumps.file_name(graph): graph for graph in graphs}}
