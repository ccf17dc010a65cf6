"""A text of a vacancy or a CV: the skills that it names, and the occupations that it may be about.

An occupation is judged by its labels against the first lines, as a title is, and by how many of its skills the text names,
the rarer the more (cosine, an optional skill half as much as an essential one).
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace

from analysis.search.confidence import confidences
from analysis.search.extraction import Mention
from analysis.search.match import Match
from app.catalogue.catalogue import Catalogue
from app.catalogue.search import Matched, Part, Search

_LINES, _LINE = 3, 150  # how many lines may be the title, and characters of each
_LATER = 0.9  # what a line further down counts
_OPTIONAL = 0.5
_CANDIDATES = 20  # occupations of each line


@dataclass(frozen=True, slots=True)
class ReadText:
    """What a text says: the lines taken for its title, occupations, and skills by concept in the order of their mentions."""

    title: str
    matched: Matched
    skill_part: Part | None
    skills: dict[int, list[Mention]]


def read(index: Search, catalogue: Catalogue, text: str, language: str, most: int) -> ReadText:
    """Read one text; without a language in the one that knows most of its words."""
    language = language if language in index.languages else index.guessed([text])[0]
    lines = [line.strip()[:_LINE] for line in text.splitlines() if line.strip()][:_LINES] or [""]
    titles = index.match(lines, language, _CANDIDATES)
    part = titles[0].part
    best: dict[int, Match] = {}
    for n, matched in enumerate(titles):
        for match in matched.matches:
            scored = replace(match, score=match.score * _LATER**n)
            if (known := best.get(match.concept)) is None or scored.score > known.score:
                best[match.concept] = scored
    skills: dict[int, list[Mention]] = {}
    extractor = index.extractor(language)
    for mention in extractor[1].mentions(text) if extractor else ():
        skills.setdefault(mention.concept, []).append(mention)
    named = [extractor[0].iris[concept] for concept in skills] if extractor else []
    for iri, much in _by_skills(catalogue, named).items():
        if (concept := part.places.get(iri)) is not None:
            known = best.get(concept) or Match(concept, part.section.labels(concept)[0], "skills", 0.0)
            best[concept] = replace(known, score=known.score + much)
    ranked = sorted(best.values(), key=lambda m: (-m.score, m.concept))[: max(2, most)]
    sure = confidences(ranked, len(ranked))
    return ReadText(
        " ".join(lines), Matched(part, ranked[:most], sure[:most]), extractor[0] if extractor else None, skills
    )  # fmt: skip


def _by_skills(catalogue: Catalogue, named: list[str]) -> dict[str, float]:
    """How much the skills of each occupation are those that were named, from 0 to 1."""
    rarity = {iri: _rarity(catalogue, iri) for iri in named}
    found: defaultdict[str, float] = defaultdict(float)
    for iri, weight in rarity.items():
        skill = catalogue.skills[iri]
        for occupation in skill.essential_for:
            found[occupation] += weight * weight
        for occupation in skill.optional_for:
            found[occupation] += _OPTIONAL * weight * weight
    whole = math.sqrt(sum(weight * weight for weight in rarity.values())) or 1.0
    return {
        occupation: much / (whole * _length(catalogue, occupation))
        for occupation, much in sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[: 10 * _CANDIDATES]
    }


def _rarity(catalogue: Catalogue, iri: str) -> float:
    skill = catalogue.skills[iri]
    return math.log(1 + len(catalogue.occupations) / (1 + len(skill.essential_for) + len(skill.optional_for)))


def _length(catalogue: Catalogue, iri: str) -> float:
    occupation = catalogue.occupations[iri]
    parts = ((occupation.essential, 1.0), (occupation.optional, _OPTIONAL))
    squares = sum((share * _rarity(catalogue, one)) ** 2 for skills, share in parts for one in skills)
    return math.sqrt(squares) or 1.0
