"""Write app/api/examples.json: what the API answers from the bundled sample, for its description.

python -m tools.examples
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from pydantic.config import JsonDict

from app.api.batch import LOOKUP_EXAMPLE
from app.api.openapi import ABRIDGED, EXAMPLES, SHOWN
from app.api.profiles.compare import COMPARE_EXAMPLE
from app.api.routing import PREFIX
from app.http.inprocess import ask
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
    "/skills": "/skills?group=S1.2&limit=1",
    "/skill-groups": "/skill-groups?limit=2",
    "/skill-groups/{code}": "/skill-groups/S1.2.3",
    "/isco": "/isco?code=C2621",
    "/isco/{code}": "/isco/2621",
    "/nace": "/nace?code=9121",
    "/nace/{code}": "/nace/91.21",
    "/scope/review-queue": "/scope/review-queue?limit=1",
    "/scope/occupations/{uuid}": "/scope/occupations/c2efadc4-6f47-4f34-997b-dd80aba609dd",
    "/crosswalk": "/crosswalk?nace=91.02&revision=2",
    "/domains/{id}/skills": "/domains/heritage/skills?limit=1",
    "/domains/{id}/transversal": "/domains/heritage/transversal",
    "/domains/{id}/transversal/skills": "/domains/heritage/transversal/skills",
    "/domains/transversal": "/domains/transversal?ids=heritage,gaming",
    "/domains/{id}/areas": "/domains/gaming/areas",
    "/domains/{id}/blocks": "/domains/design/blocks",
    "/domains/{id}/functions": "/domains/heritage/functions?limit=1",
    "/domains/{id}/clusters": "/domains/heritage/clusters?limit=1",
    "/domains/compare": "/domains/compare?ids=heritage,audiovisual",
    "/clusters/{id}": "/clusters/heritage/conservation-restoration",
    "/skills/{uuid}/clusters": "/skills/f2fdd2db-8755-4540-8af8-b46f2c0de95f/clusters",
    "/occupations/{uuid}/clusters": "/occupations/c2efadc4-6f47-4f34-997b-dd80aba609dd/clusters",
    "/profiles": "/profiles?domain=heritage&kind=cell&limit=1",
    "/domains/{id}/profiles": "/domains/gaming/profiles?limit=1",
    "/profiles/{id}": "/profiles/gaming-production",
    "/profiles/compose": "/profiles/compose?anchor=c2efadc4-6f47-4f34-997b-dd80aba609dd&section=core&maximum=3",
    "/occupations/{uuid}/related": "/occupations/c2efadc4-6f47-4f34-997b-dd80aba609dd/related?limit=1",
    "/suggest": "/suggest?q=museum%20cur&limit=2",
    "/search": "/search?q=conservator&type=occupation&limit=1",
    "/match": "/match?title=museum%20curators&limit=1",
    "/scope": "/scope",
    "/limits": "/limits",
    "/health/live": "/health/live",
    "/health/ready": "/health/ready",
    "/health/ready/sparql": "/health/ready/sparql",
}
# The same for paths that are sent a body.
POSTED: dict[str, tuple[str, JsonDict]] = {
    "/profiles/compare": ("/profiles/compare", COMPARE_EXAMPLE),
    "/lookup": ("/lookup", LOOKUP_EXAMPLE),
}
Ask = Callable[[str, JsonDict | None], Awaitable[tuple[int, Any]]]


async def gather(ask: Ask) -> dict[str, dict[str, Any]]:
    """Path -> request and answer; `ask` sends a body by POST, and gets where there is none."""
    answers = {}
    asked: list[tuple[str, str, JsonDict | None]] = [(path, request, None) for path, request in REQUESTS.items()]
    asked += [(path, *posted) for path, posted in POSTED.items()]
    for path, request, body in asked:
        status, answer = await ask(PREFIX + request, body)
        if status != 200:
            raise RuntimeError(f"{request} answered {status}: {answer}")
        said = f"{'POST' if body else 'GET'} {PREFIX}{request}"
        answers[path] = {"request": said, "answer": abridged(answer) if path in ABRIDGED else answer}
    return answers


def abridged(answer: Any) -> Any:
    """The answer with every list in it cut to the first ``SHOWN``."""
    if isinstance(answer, list):
        return [abridged(item) for item in answer[:SHOWN]]
    return {name: abridged(value) for name, value in answer.items()} if isinstance(answer, dict) else answer


async def write(target: Path = EXAMPLES) -> None:
    """Build the sample, ask, write."""
    with tempfile.TemporaryDirectory() as folder:
        load_starter(Path(folder))
        app = create_app(Settings(data_dir=Path(folder), log_level="error"), Limits())
        async with app.router.lifespan_context(app):

            async def through(target: str, body: JsonDict | None) -> tuple[int, Any]:
                method, sent = ("POST", json.dumps(body).encode()) if body else ("GET", b"")
                status, answer = await ask(app, f"https://{HOST}{target}", method, sent)
                return status, json.loads(answer)

            answers = await gather(through)
    target.write_text(json.dumps(answers, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(write())
