"""What became of the codes of NACE Rev. 2 in the release that is served: by Eurostat's table where its load was given it, else by ours."""

from __future__ import annotations

from app.store.port import GraphStore
from ontology.nace import REVISIONS, activities
from ontology.nace_revisions import Correspondence, Revisions, ours
from queries.rows import as_texts


def revisions(store: GraphStore) -> Revisions:
    """Those of the release in the store."""
    rows = list(as_texts(store.select("api/nace_correspondence")))
    if not rows:
        return ours()
    note = min(note for *_, note in rows)
    old, new = ({a.iri: a for a in activities(revision).values()} for revision in REVISIONS)
    pairs = {(former, current) for former, current, _ in rows if former in old and current in new}
    return Revisions((Correspondence(old[a], new[b], note) for a, b in pairs), note)
