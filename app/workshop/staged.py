"""/workshop/staged: what a release that is not served yet says otherwise, for the facilitator to look at before it is published.

Comparing two releases reads most of both, so it is the work of a process of its own, one at a time.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from app.api.routing import route_name
from app.request import service_of, strict_parameters
from app.workshop.access import Seated, require_facilitator
from app.workshop.bodies import answer
from app.workshop.faults import Busy, NothingThere
from app.workshop.page import SeatedPage
from releases import changes
from releases.errors import ReleaseError

router = APIRouter(dependencies=[Depends(strict_parameters)], generate_unique_id_function=route_name)
pages = APIRouter(include_in_schema=False, dependencies=[Depends(strict_parameters)])
SECONDS = 120.0
_MOST_KEPT = 4  # comparisons; two releases never change, and neither does what they differ in
_one_at_a_time = asyncio.Lock()
_kept: dict[tuple[str, str], dict[str, Any]] = {}

Chosen = Annotated[str, Query(max_length=80, description="Identifier of the release to look at.")]


@pages.get("/workshop/staged")
async def staged(page: SeatedPage, seat: Seated, release: Chosen = "") -> Response:
    """The releases beside the served one, and what the chosen one changes."""
    require_facilitator(seat)
    known, served = await _releases(page.request)
    found = await difference(page.request, release) if release else None
    return page.respond("staged.html", page.words("ws-staged"), releases=known, served=served, found=found)


@router.get("/api/v1/workshop/staged/{release}", tags=["workshop"], summary="What a staged release changes")
async def staged_release(request: Request, seat: Seated, release: str) -> Response:
    """What a release says otherwise than the served one."""
    require_facilitator(seat)
    return answer(await difference(request, release))


async def difference(request: Request, release: str) -> dict[str, Any]:
    """What a release says otherwise than the served one. Raises NothingThere, Busy."""
    known, served = await _releases(request)
    if release not in known or not served:
        raise NothingThere(f"There is no release '{release[:80]}' here.")
    if (found := _kept.get((served, release))) is not None:
        return found
    if _one_at_a_time.locked():
        raise Busy("Another comparison of releases is running.", {"retry-after": "5"})
    async with _one_at_a_time:
        found = await _compare(request, served, release)
    while len(_kept) >= _MOST_KEPT:
        del _kept[next(iter(_kept))]
    _kept[served, release] = found
    return found


async def _releases(request: Request) -> tuple[list[str], str]:
    """The releases on this server, the newest first, and the served one."""
    service = service_of(request)
    if not service.ready:
        return [], ""
    served = service.served.catalogue.release.id
    try:
        known = await asyncio.to_thread(service.backend.releases)
    except ReleaseError:  # one that cannot be read must not hide the one that is served
        return [served], served
    return [r.id for r in known], served


async def _compare(request: Request, served: str, release: str) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "releases.changes", str(service_of(request).settings.data_dir.resolve()), served, release,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        cwd=Path(changes.__file__).parents[1],
    )  # fmt: skip
    try:
        async with asyncio.timeout(SECONDS):
            said, _ = await process.communicate()
    except TimeoutError as error:
        raise Busy("Comparing these releases takes too long.", {"retry-after": "60"}) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise Busy("These releases could not be compared.", {"retry-after": "60"})
    found: dict[str, Any] = orjson.loads(said)
    return found
