"""Releases: immutable folders, one of them served.

DATA_DIR/
  releases/1.2.0-3f2a…/      store/ (Oxigraph), search/ (index of labels), manifest.json, withdrawn.json, carryover.json
  current -> releases/…      the served one; switched by one atomic rename
  dumps/1.2.0-3f2a…/         downloads made of a release on demand (releases/dumps.py); removed with it
  vectors/1.2.0-3f2a…        of labels, made by `ccsi match embed` (loaders/derive/vectors.py); removed with it
  building/                  what a load works on; worthless after a crash and swept by the next load
  load.lock                  held while a load runs
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import signal
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from releases.errors import Busy, LoadError, ReleaseError
from releases.manifest import Manifest, read_manifest

# The files with ESCO that come with the project: a sample, and the facts of all of it.
SAMPLE, FACTS = "esco-starter-v1.2.0.ttl.gz", "esco-facts-v1.2.0.zip"
_PATIENCE = 200  # tenths of a second that a load which gives way may take to end


@dataclass(frozen=True)
class Release:
    """One release on disk."""

    path: Path
    manifest: Manifest

    @property
    def id(self) -> str:
        """``<ESCO version>-<first 12 digits of the content hash>``."""
        return self.path.name

    @property
    def edition(self) -> str:
        """The id and when it was built: what was removed and loaded again has the same id."""
        return f"{self.id} of {self.manifest['createdAt']}"

    @property
    def bundled(self) -> bool:
        """Whether it was made of the ESCO that this project brings along."""
        return any(file["name"] in (SAMPLE, FACTS) for file in self.manifest["inputs"])

    @property
    def sample(self) -> bool:
        """Whether it was made of the bundled sample."""
        return any(file["name"] == SAMPLE for file in self.manifest["inputs"])

    @property
    def store(self) -> Path:
        """The folder of the Oxigraph store."""
        return self.path / "store"

    @property
    def search(self) -> Path:
        """The folder of the search index, which a release of an older load lacks."""
        return self.path / "search"

    @property
    def dumps(self) -> Path:
        """The folder of its downloads, which need not exist: a release itself never changes."""
        return self.path.parent.parent / "dumps" / self.id

    @property
    def vectors(self) -> Path:
        """The file of the vectors of its labels, which need not exist."""
        return self.path.parent.parent / "vectors" / self.id

    def withdrawn(self) -> dict[str, dict[str, Any]]:
        """IRI -> status, label, replacedBy (a list) of the concepts that ESCO has withdrawn."""
        entries: dict[str, dict[str, Any]] = json.loads((self.path / "withdrawn.json").read_text(encoding="utf-8"))
        return entries

    def carry_over(self) -> dict[str, Any]:
        """What changed since the curation was written: unchanged (a count), skillsShare, changes (a list)."""
        report: dict[str, Any] = json.loads((self.path / "carryover.json").read_text(encoding="utf-8"))
        return report


class Releases:
    """The releases of one data folder."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.folder = data_dir / "releases"
        self.pointer = data_dir / "current"
        self.building = data_dir / "building"

    def all(self) -> list[Release]:
        """Every complete release, newest first; one whose manifest cannot be read must not hide the others."""
        if not self.folder.is_dir():
            return []
        releases = []
        for path in self.folder.iterdir():
            if (path / "manifest.json").is_file():
                with suppress(ReleaseError):
                    releases.append(read(path))
        return sorted(releases, key=lambda r: (r.manifest["createdAt"], r.id), reverse=True)

    def get(self, release_id: str) -> Release:
        """One release by its id or an unambiguous beginning of it. Raises ReleaseError."""
        matches = [r for r in self.all() if r.id.startswith(release_id)]
        exact = [r for r in matches if r.id == release_id]
        if not exact and (self.folder / release_id / "manifest.json").is_file() and "/" not in release_id:
            read(self.folder / release_id)  # tells why it cannot be used
        if len(exact or matches) != 1:
            known = ", ".join(r.id for r in self.all()) or "none"
            what = "is ambiguous" if matches else "does not exist"
            raise ReleaseError(f"Release '{release_id}' {what} (known: {known}).", "See: ccsi releases list")
        return (exact or matches)[0]

    def current(self) -> Release | None:
        """The served release, or None. Raises ReleaseError when it cannot be read."""
        try:
            target = self.pointer.resolve(strict=True)
        except OSError:
            return None
        return read(target) if (target / "manifest.json").is_file() else None

    def serves(self, release: Release) -> bool:
        """Whether this is the served release."""
        return self.pointer.is_symlink() and self.pointer.resolve().name == release.id

    def publish(self, release: Release) -> None:
        """Make a release the served one: one atomic rename of the pointer, durable before it returns."""
        temporary = self.data_dir / f".current-{os.getpid()}"
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(Path("releases") / release.id)
        temporary.replace(self.pointer)
        sync_folder(self.data_dir)

    def remove(self, release: Release) -> None:
        """Delete a release from disk. Raises ReleaseError for the served one."""
        if self.serves(release):
            raise ReleaseError(f"Release {release.id} is being served.", "Publish another release first.")
        doomed = self.folder / f".removing-{release.id}"  # gone from the list at once, whatever happens next
        release.path.rename(doomed)
        shutil.rmtree(doomed)
        shutil.rmtree(release.dumps, ignore_errors=True)
        release.vectors.unlink(missing_ok=True)

    def verify(self, release: Release) -> list[str]:
        """Compare every file of store and index with the checksums of the manifest; returns what is wrong, if anything."""
        recorded, index = release.manifest.get("files", {}), release.manifest.get("searchFiles", {})
        present = checksums(release.store)
        return _differences(recorded, present) + _differences(index, digests(release.search.glob("*")))

    @contextmanager
    def lock(self, gives_way: bool = False) -> Iterator[None]:
        """Hold the data folder for one load. Raises Busy when another load does, unless that one gives way: it is ended."""
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise LoadError(f"{self.data_dir}: is not a folder.", "Give another --data-dir.") from error
        with (self.data_dir / "load.lock").open("a+") as handle:
            for attempt in range(_PATIENCE):
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    handle.seek(0)
                    if gives_way or not _end(handle.read(20), attempt == 0):
                        raise Busy(
                            f"Another load is running in {self.data_dir}.",
                            "Wait for it to end, or use another --data-dir.",
                        ) from None
                    time.sleep(0.1)
            else:
                raise Busy(f"The load in {self.data_dir} that gives way did not end.", "Try again.")
            handle.truncate(0)
            handle.write(str(os.getpid()) if gives_way else "")
            handle.flush()
            self._sweep()
            yield

    def _sweep(self) -> None:
        """Delete what a killed load, removal or publication left behind."""
        for litter in (self.building, *self.folder.glob(".removing-*")):
            shutil.rmtree(litter, ignore_errors=True)
        for pointer in self.data_dir.glob(".current-*"):
            if not _runs(pointer.name.rpartition("-")[2]):
                pointer.unlink(missing_ok=True)
        sweep_dumps(self.data_dir / "dumps")


def remove(folder: Path) -> None:
    """Delete a folder in which the engine may still write the last file of a store that is given up."""
    for _ in range(20):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.05)


def _differences(recorded: Mapping[str, str], present: Mapping[str, str]) -> list[str]:
    """What is wrong with files, by the checksums that they should have."""
    faults = []
    for name in sorted(recorded.keys() | present.keys()):
        if name not in present:
            faults.append(f"{name} is missing")
        elif name not in recorded:
            faults.append(f"{name} does not belong to the release")
        elif recorded[name] != present[name]:
            faults.append(f"{name} has changed")
    return faults


def _end(process: str, ask: bool) -> bool:
    """Whether this is the number of a process, which holds the lock and gives way; asks it to end."""
    if not process.isdigit():
        return False
    with suppress(ProcessLookupError, PermissionError):
        if ask:
            os.kill(int(process), signal.SIGTERM)
    return True


def sweep_dumps(folder: Path) -> None:
    """Delete the dumps that killed processes left behind by half."""
    for litter in folder.glob(".building-*"):
        if not _runs(litter.name.rpartition("-")[2]):
            shutil.rmtree(litter, ignore_errors=True)


def _runs(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, ValueError, OverflowError):
        return False
    except PermissionError:
        pass  # it runs, as another user
    return True


def checksums(store: Path) -> dict[str, str]:
    """SHA-256 of the files that hold a store's data; the engine's logs and lock are not among them."""
    return digests(
        path
        for path in store.iterdir()
        if path.suffix in {".sst", ".log", ".blob"} or path.name.startswith(("MANIFEST", "CURRENT"))
    )


def digests(files: Iterable[Path]) -> dict[str, str]:
    """SHA-256 of files by their names."""
    sums = {}
    for path in sorted(files):
        with path.open("rb") as stream:
            sums[path.name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return sums


def sync_folder(path: Path) -> None:
    """Make the entries of a folder durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read(path: Path) -> Release:
    """The release in a folder. Raises ReleaseError when its manifest cannot be read."""
    return Release(path, read_manifest(path))
