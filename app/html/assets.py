"""Scripts and style sheets that come with the service: packed once, with a validator."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.errors import NotFound
from app.html.render import BUILT
from app.http import coding_of, matches

router = APIRouter(include_in_schema=False)

_FOLDERS = (Path(__file__).parent / "assets", BUILT)  # written by hand, and made by set-up
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}


@dataclass(frozen=True)
class Asset:
    """A file as it is and packed, with a tag that changes with its bytes."""

    plain: bytes
    packed: bytes
    tag: str
    media_type: str

    @classmethod
    def of(cls, plain: bytes, name: str) -> Asset:
        """From the bytes of a file with this name."""
        return cls.document(plain, _TYPES[Path(name).suffix])

    @classmethod
    def document(cls, plain: bytes, media_type: str) -> Asset:
        """From a document that this program writes, such as its own description."""
        return cls(plain, gzip.compress(plain, 9, mtime=0), hashlib.sha256(plain).hexdigest()[:16], media_type)

    def respond(self, request: Request, cache_control: str = "public, max-age=3600") -> Response:
        """The file, or 304 when the client holds it."""
        coded = coding_of(request.headers.get("accept-encoding", "").replace("zstd", "")) == "gzip"
        etag = f'"{self.tag}-gzip"' if coded else f'"{self.tag}"'
        headers = {"etag": etag, "cache-control": cache_control, "vary": "Accept-Encoding"}
        if matches(request.headers.get("if-none-match", ""), etag):
            return Response(None, 304, headers)
        if coded:
            headers["content-encoding"] = "gzip"
        return Response(self.packed if coded else self.plain, 200, headers, self.media_type)


@router.get("/assets/{name}")
async def asset(request: Request, name: str) -> Response:
    """A file of our own pages."""
    if name not in _own():
        raise NotFound(f"There is nothing at {request.scope['path']}.")
    return _own()[name].respond(request)


@cache
def _own() -> dict[str, Asset]:
    paths = [path for folder in _FOLDERS if folder.is_dir() for path in folder.iterdir() if path.suffix in _TYPES]
    return {path.name: Asset.of(path.read_bytes(), path.name) for path in paths}
