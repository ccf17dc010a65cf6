"""The page of the dataset: figures, downloads, terms."""

from __future__ import annotations

from app.html.render import render
from app.linked import iris
from app.linked.dataset import DESCRIPTION, figures, title_of
from app.linked.downloads import names
from app.linked.pages import Item
from app.request import Context
from ontology import CCSI
from releases.dumps import Dump
from releases.record import LICENCE


def dataset_page(ctx: Context, made: list[Dump]) -> str:
    """What the release holds, by file, class and property."""
    counted = figures(ctx.catalogue)
    manifest = ctx.served.release.manifest
    ready = {dump.name: dump for dump in made}
    total = sum(counted.triples.values())
    graphs = list(counted.triples)
    files = [
        {
            "name": name, "title": title_of(graph) if graph else "All graphs", "dump": ready.get(name),
            "triples": counted.triples[graph] if graph else total,
        }
        for name, graph in names(ctx.served.release, ctx.catalogue.graphs).items()
    ]  # fmt: skip

    def term(iri: str) -> str:
        """Where a term is defined: others' are used by the release, which says nothing of them."""
        return iris.address(iri, ctx.base) if iri.startswith(CCSI) else iri

    def rows(totals: dict[str, int], parts: dict[str, dict[str, int]]) -> list[tuple[Item, int, list[int]]]:
        return [
            (Item(iris.short(iri), term(iri)), count, [parts.get(g, {}).get(iri, 0) for g in graphs])
            for iri, count in totals.items()
        ]

    return render(
        "dataset.html", base=ctx.base, release=ctx.served.release.id, description=DESCRIPTION, created=manifest["createdAt"],
        version=manifest["escoVersion"], total=total, licence=LICENCE, files=files, made=bool(made), graphs=graphs,
        partitions=[
            ("Classes", "classes", rows(counted.all_classes, counted.classes)),
            ("Properties", "properties", rows(counted.all_properties, counted.properties)),
        ],
        formats=[(name, f"{ctx.base}/.well-known/void?format={name}") for name in ("ttl", "jsonld", "nt", "rdf")],
    )  # fmt: skip
