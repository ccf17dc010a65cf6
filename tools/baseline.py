"""Write what curators read (ontology/curation-baseline.csv.gz) from the published release: python -m tools.baseline DATA_DIR."""

from __future__ import annotations

import sys
from pathlib import Path

import pyoxigraph as ox

from loaders.derive.carryover import BASELINE, fingerprints, write_baseline
from loaders.derive.scope import scope_tables
from releases.release import Releases


def main(data_dir: Path) -> None:
    """Write the baseline from the published release of a data folder."""
    release = Releases(data_dir).current()
    if release is None:
        sys.exit(f"{data_dir}: no release is published")
    store = ox.Store.read_only(str(release.store))
    prints = fingerprints(store, scope_tables(store).occupations.values())
    write_baseline(prints)
    sys.stdout.write(f"{len(prints):,} occupations, {BASELINE.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
