"""From the IRIs of the graph to the addresses at which this service answers for them, and to short names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import quote, urlencode

from starlette.requests import Request

from app.catalogue.catalogue import Catalogue
from ontology import CCSI, CCSID, PREFIXES, local_name

_PATH = "/:@!$&'()*+,;=~-._"  # characters of a path that need no escape
_PLACES = {"domain": "sectors", "cluster": "clusters", "area": "areas", "profile": "profiles"}  # by kind of thing
_BY_LENGTH = sorted(PREFIXES.items(), key=lambda item: -len(item[1]))


def address(iri: str, base: str) -> str:
    """Where this service describes an IRI: ours at a path like their own, any other through /resource."""
    if iri.startswith(CCSI) or iri == CCSI[:-1]:
        return f"{base}/ns#{quote(iri[len(CCSI) :])}" if iri[len(CCSI) :] else f"{base}/ns"
    if iri.startswith(CCSID):
        return f"{base}/id/{quote(iri[len(CCSID) :], safe=_PATH)}"
    return resource(iri, base)


def resource(iri: str, base: str) -> str:
    """The address of the description of any IRI that the release holds."""
    return f"{base}/resource?uri={quote(iri, safe='')}"


def page_path(iri: str, catalogue: Catalogue) -> str:
    """The path of the page for people about an IRI; "" where there is none."""
    if iri in catalogue.occupations or iri in catalogue.skills:
        return f"/{'occupations' if iri in catalogue.occupations else 'skills'}/{local_name(iri)}"
    if not iri.startswith(CCSID):
        return ""
    kind, _, key = iri[len(CCSID) :].partition("/")
    known: Mapping[str, Mapping[str, object]] = {
        "domain": catalogue.domains, "cluster": catalogue.analysis.clusters, "area": catalogue.analysis.areas.areas,
        "profile": catalogue.profiles.templates,
    }  # fmt: skip
    if key in known.get(kind, ()):
        return f"/{_PLACES[kind]}/{quote(key)}"
    return f"/decisions/{quote(key)}" if kind == "decision" and catalogue.decision(key) else ""


def short(iri: str) -> str:
    """An IRI as prefix:name where a prefix fits and the name needs no escape; else the IRI."""
    for prefix, start in _BY_LENGTH:
        if iri.startswith(start):
            name = iri[len(start) :]
            if name and name.replace("-", "").replace("_", "").isalnum():
                return f"{prefix}:{name}"
    return iri


def path(decoded: str) -> str:
    """A decoded path as it stands in an address."""
    return quote(decoded, safe=_PATH)


def query(request: Request, without: Collection[str] = (), **changed: str) -> str:
    """The query string of a request with some parameters changed, and without some."""
    dropped = {*changed, *without}
    kept = [(key, value) for key, value in request.query_params.multi_items() if key not in dropped]
    return urlencode([*kept, *changed.items()])
