"""Put the service together: settings in, ASGI app out."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from importlib.metadata import version

from fastapi import FastAPI

from app import http, logs, sparql
from app.api import batch, classifications, crosswalk, domains, match, occupations, releases, scope, search, turtle
from app.api.batches import Batches
from app.api.openapi import describe
from app.api.profiles import bundle as profile_bundle
from app.api.profiles import compare as profile_compare
from app.api.profiles import routes as profiles
from app.api.routing import route_name
from app.api.search_build import IndexBuilder
from app.api.skills import areas, clusters, transversal
from app.api.skills import of_domain as skills_of_domain
from app.heavy.client import HeavyAnswers
from app.html import assets
from app.http import problems
from app.linked import downloads
from app.linked import routes as linked
from app.linked.downloads import Downloads
from app.metrics.observe import Observer
from app.process import garbage
from app.service import Service
from app.settings import Limits, Settings, get_limits, get_settings
from app.site import about, compare, composer, concepts, decisions, docs, find, home, sector, statistics
from app.site import clusters as cluster_pages
from app.site import crosswalk as code_pages
from app.site.faults import as_page, pages_for_browsers
from app.site.query import query_page
from ontology import ATTRIBUTION

# After so long a thread beside the event loop (reading a long query, packing an answer) gives the interpreter back. By default
# that is 5 ms, which every request would pay each time that it has called the kernel.
SWITCH_SECONDS = 0.0005

DESCRIPTION = f"""Which ESCO occupations and skills belong to the Cultural and Creative Sectors and Industries (CCSI), with evidence.

{ATTRIBUTION}"""


def create_app(settings: Settings | None = None, limits: Limits | None = None) -> FastAPI:
    """The application. Reads settings from the environment unless they are given."""
    settings, limits = settings or get_settings(), limits or get_limits()
    logs.configure(settings)
    access = logs.AccessLog(settings)
    service = Service(settings, limits)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        sys.setswitchinterval(SWITCH_SECONDS)
        # What was started is stopped, in the reverse order, wherever the start ended.
        async with AsyncExitStack() as stack:
            stack.callback(access.close)
            stack.push_async_callback(app.state.downloads.stop)
            stack.callback(service.backend.close)
            heavy = service.heavy = HeavyAnswers(settings, limits)
            stack.push_async_callback(heavy.stop)
            stack.push_async_callback(index_builder.stop)
            stack.callback(batches.stop)
            stack.push_async_callback(gateway.stop)
            await gateway.start()
            batches.start()
            if workshop:
                stack.push_async_callback(workshop.stop)
                await workshop.start()
            service.on_switch += [lambda served: heavy.switch(served.release.id), index_builder.switch]
            heavy.start()
            if service.ready:  # read by the process from which this one was forked
                heavy.adopt(service.served.release.id, app.state.heavy_address)
                heavy.switch(service.served.release.id)
                index_builder.switch(service.served)
            await service.refresh()
            # Half a second, which the first to ask would cost all others.
            releases.openapi_file(app)
            for task in (service.watch(), garbage.search_seldom()):
                stack.push_async_callback(_ended, asyncio.create_task(task))
            async with observer.running():
                yield

    app = FastAPI(
        title="CCSI in ESCO",
        description=DESCRIPTION,
        version=version("ccsi-esco"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # app.http.edge does it, one way and for every kind of address
        openapi_url=None,  # app.api.releases answers there, with a validator
        telemetry={"tracing": False, "metrics": False, "logs": False},  # nothing is set up to take it; asking costs
        servers=[{"url": settings.public_url.rstrip("/") or "/"}],
        license_info={"name": "Apache License 2.0", "identifier": "Apache-2.0"},
        generate_unique_id_function=route_name,
    )
    app.state.service = service
    app.state.downloads = Downloads(service)
    batches = app.state.batches = Batches(limits)
    index_builder = app.state.index_builder = IndexBuilder(settings)
    # Called by the template of several serving processes with the release in memory, before it forks the first.
    app.state.heavy_address = ""  # of a heavy server that several processes share
    # What is asked for most comes first: every route before it is tried, which took a third of a small answer's time.
    # skills_of_domain goes before domains: /domains/compare is no domain.
    api = (
        occupations,
        transversal,
        skills_of_domain,
        domains,
        clusters,
        areas,
        profile_compare,
        profiles,
        profile_bundle,
        classifications,
        scope,
        crosswalk,
        search,
        match,
        batch,
        releases,
    )
    pages = (home, find, sector, concepts, decisions, cluster_pages, compare, composer, code_pages, statistics)
    for module in (*api, *pages, docs, about, assets, linked, downloads):
        app.router.routes += module.router.routes
    workshop = None
    if settings.workshop:
        from app import workshop as workshop_pages  # with its database, which no other service needs

        workshop = workshop_pages.mount(app, settings, limits)
    gateway = app.state.gateway = sparql.mount(app, service, query_page)
    app.openapi = partial(describe, app)  # type: ignore[method-assign]
    problems.install(app)
    pages_for_browsers(app)
    turtle.install(app)
    front = http.Front(settings, limits, lambda: service.served.cache if service.ready else None)
    front.on_finished.append(access)
    front.told = as_page
    if not settings.traces:  # a span for every request has ASGI only
        front.early = gateway.early
    app.state.front = front
    app.add_middleware(http.EdgeMiddleware, front=front)
    app.state.observer = observer = Observer(app, service, gateway, front)
    return app


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
