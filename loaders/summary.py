"""What a manifest tells of the content of a release."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime
from importlib.metadata import version as package_version

from analysis.skills.tables import SkillsResult
from analysis.tables import Decision
from loaders.derive.carryover import CarryOver
from loaders.normalise import Normaliser
from releases.manifest import Identity


def content(esco_version: str, content_hash: str, normaliser: Normaliser, carried: CarryOver) -> Identity:
    """The identity of a release, when and by what it was made, and what was found and repaired in its input."""
    return {
        "id": f"{esco_version}-{content_hash[:12]}",
        "escoVersion": esco_version,
        "contentHash": content_hash,
        "createdAt": datetime.now(UTC).isoformat(timespec="seconds"),
        "software": {"ccsi-esco": package_version("ccsi-esco"), "pyoxigraph": package_version("pyoxigraph")},
        "languages": {lang: dict(sorted((+words).items())) for lang, words in sorted(normaliser.languages.items())},
        "repairs": dict(sorted(normaliser.repairs.items())),
        "withdrawn": len(normaliser.survey.withdrawn),
        "carryOver": {
            "unchanged": len(carried.unchanged),
            **dict(sorted(Counter(c.what for c in carried.changes).items())),
        },
    }


def scope_counts(decisions: Collection[Decision]) -> dict[str, int]:
    """How many occupations are in scope, core and related only, and how many decisions there are."""
    core, related = ({d.occupation for d in decisions if d.degree == degree} for degree in ("core", "related"))
    return {
        "inScope": len(core | related),
        "core": len(core),
        "relatedOnly": len(related - core),
        "scopeDecisions": len(decisions),
    }


def skill_counts(result: SkillsResult | None) -> dict[str, int]:
    """How many skills are clustered, and into how many clusters."""
    return {
        "clusteredSkills": len({m.skill for c in result.clusters for m in c.members}) if result else 0,
        "clusters": sum(c.level == "broad" for c in result.clusters) if result else 0,
        "fineClusters": sum(c.level == "fine" for c in result.clusters) if result else 0,
    }
