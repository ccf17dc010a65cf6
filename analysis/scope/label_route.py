"""The label route: what the words of an occupation's labels say about its domains.

The vocabulary is ``lexicon.toml``: general words of each domain, with false friends. It sees what classification
codes do not (a game tester among the ICT staff, a museum director among the managers) and is only a witness.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib import resources
from typing import Any, Literal

from analysis.tables import Assertion, Occupation

TermDegree = Literal["core", "related", "veto"]

# Half of the evidence of a language is its preferred label, half the share of its alternative labels that match:
# a preferred label is chosen with care, one alternative label among twenty may be a slip.
PREFERRED_WEIGHT = 0.5

# Below this score, an occupation has less than a quarter of its alternative labels to show: as likely a slip as not.
# Cross-validated, 0 to 0.12 decide alike, 0.25 and 0.5 half a point worse for core.
MIN_SCORE = 0.12

# English is complete in every release and is the language ESCO is written in. Another language speaks only where it
# adds to that: its score is taken at this share of its worth (cross-validated, neither 0 nor 1 is better).
OTHER_LANGUAGE_WEIGHT = 0.5

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]*)?")


@dataclass(frozen=True, slots=True)
class Term:
    """One word or phrase of the lexicon: ``words`` are shell-like patterns, one for each word of a label."""

    text: str
    words: tuple[str, ...]
    domain: str
    language: str
    degree: TermDegree
    sub_domain: str = ""
    function: str = ""


class Starts(dict[str, tuple[Term, ...]]):
    """Word -> the terms whose first pattern it matches; worked out when first asked for, as labels repeat their words."""

    def __init__(self, terms: tuple[Term, ...]) -> None:
        super().__init__()
        self._terms = terms
        self._initials: dict[str, tuple[Term, ...]] = {}

    def __missing__(self, word: str) -> tuple[Term, ...]:
        letter = word[0]
        if letter not in self._initials:  # a twentieth of the terms in English
            self._initials[letter] = tuple(t for t in self._terms if t.words[0][0] in (letter, "*", "?", "["))
        self[word] = terms = tuple(t for t in self._initials[letter] if fnmatchcase(word, t.words[0]))
        return terms


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All terms by language, and the words of a role (teacher, manager, …) that tell the function.

    Built once from TOML; matching asks it for the terms that can begin with a given word.
    """

    terms: dict[str, tuple[Term, ...]]
    roles: dict[str, tuple[Term, ...]]
    _starts: dict[str, Starts] = field(default_factory=dict, compare=False, repr=False)

    def starting(self, language: str) -> Starts:
        """For each word, the terms of a language that can begin with it."""
        return self._starts.get(language) or self._starts.setdefault(language, Starts(self.terms.get(language, ())))


@dataclass(slots=True)
class _Evidence:
    """What the labels of one occupation in one language say about one domain."""

    preferred: Term | None = None
    alternatives: int = 0
    core: int = 0
    first: Term | None = None


def words_of(text: str) -> tuple[str, ...]:
    """Split a label or a term into case-folded words: "Post-production (film)" gives post, production, film."""
    return tuple(_WORD.findall(unicodedata.normalize("NFC", text).casefold()))


def parse_lexicon(data: Mapping[str, Any]) -> Lexicon:
    """Build a lexicon from the parsed TOML; a table without its keys is a KeyError naming the key."""
    terms: dict[str, list[Term]] = {}
    for table in data["terms"]:
        language = table["language"]
        for text in table["terms"]:
            terms.setdefault(language, []).append(
                Term(
                    text,
                    _pattern(text),
                    table["domain"],
                    language,
                    table["degree"],
                    table.get("sub_domain", ""),
                    table.get("function", ""),
                )
            )
    roles = {
        language: tuple(
            Term(text, _pattern(text), "", language, "core", "", name)
            for name, texts in functions.items()
            for text in texts
        )
        for language, functions in data.get("roles", {}).items()
    }
    return Lexicon({k: tuple(v) for k, v in terms.items()}, roles)


def _pattern(text: str) -> tuple[str, ...]:
    """Split a term into patterns; unlike a label it keeps its asterisks."""
    return tuple(unicodedata.normalize("NFC", text).casefold().split())


@lru_cache(maxsize=1)
def default_lexicon() -> Lexicon:
    """Return the lexicon that comes with the package."""
    return parse_lexicon(tomllib.loads(resources.files(__package__).joinpath("lexicon.toml").read_text("utf-8")))


def matches(label: str, language: str, lexicon: Lexicon) -> list[Term]:
    """Return every term, vetoes too, that stands in a label, in the order of the label."""
    words = words_of(label)
    starting = lexicon.starting(language)
    return [term for i, word in enumerate(words) for term in starting[word] if _begin(words[i + 1 :], term.words[1:])]


def _begin(words: tuple[str, ...], patterns: tuple[str, ...]) -> bool:
    """Whether words begin with those that patterns stand for."""
    return len(words) >= len(patterns) and all(map(fnmatchcase, words, patterns))


def _best(terms: Iterable[Term]) -> dict[str, Term]:
    """Choose one term per domain that is not vetoed: core before related, then the longest phrase."""
    best: dict[str, Term] = {}
    vetoed: set[str] = set()
    for term in terms:
        if term.degree == "veto":
            vetoed.add(term.domain)
        elif term.domain not in best or _rank(term) > _rank(best[term.domain]):
            best[term.domain] = term
    return {domain: term for domain, term in best.items() if domain not in vetoed}


def _rank(term: Term) -> tuple[bool, int, bool, str]:
    """Order terms by how much they say; the text last, so that the choice never depends on the order of the file."""
    return term.degree == "core", len(term.words), bool(term.sub_domain), term.text


def _function(label: str, language: str, lexicon: Lexicon) -> str:
    """Tell the function from the role word that stands last in a label, where English puts the noun; "" if none."""
    words = words_of(label)
    roles = lexicon.roles.get(language, ())
    return next((r.function for i in reversed(range(len(words))) for r in roles if _begin(words[i:], r.words)), "")


def _language_scores(labels: tuple[str, ...], language: str, lexicon: Lexicon) -> tuple[dict[str, _Evidence], set[str]]:
    """Collect the evidence of one language by domain, and the domains that its preferred label vetoes."""
    terms = [matches(label, language, lexicon) for label in labels]
    vetoed = {t.domain for t in terms[0] if t.degree == "veto"}
    scores: dict[str, _Evidence] = {}
    for position, here in enumerate(terms):
        for domain, term in _best(here).items() if here else ():
            evidence = scores.setdefault(domain, _Evidence())
            if position == 0:
                evidence.preferred = term
            else:
                evidence.alternatives += 1
                evidence.core += term.degree == "core"
            if evidence.first is None or (position and not evidence.preferred and _rank(term) > _rank(evidence.first)):
                evidence.first = term
    return scores, vetoed


def _score(evidence: _Evidence, labels: int) -> float:
    """Weigh preferred and alternative labels to 0..1; an occupation with one label only is judged by that label."""
    preferred = float(evidence.preferred is not None)
    if labels == 1:
        return preferred
    return PREFERRED_WEIGHT * preferred + (1 - PREFERRED_WEIGHT) * evidence.alternatives / (labels - 1)


def label_assertions(occupations: Iterable[Occupation], lexicon: Lexicon | None = None) -> list[Assertion]:
    """Assert, per occupation and domain, the degree that its labels show; sorted by occupation and domain.

    ``score`` is the weight of the matching labels, 0 to 1 (see ``PREFERRED_WEIGHT``), in the language that shows it
    best. The degree is that of the preferred label where it matches, otherwise of most matching alternatives.
    A false friend in the preferred label of any language silences the domain in all of them.
    """
    lexicon = lexicon or default_lexicon()
    result: list[Assertion] = []
    for occupation in sorted(occupations, key=lambda o: o.iri):
        best: dict[str, tuple[float, str, _Evidence]] = {}
        vetoed: set[str] = set()
        # Sorted, English first: of equal scores the first one stands.
        for language in sorted(occupation.labels, key=lambda tag: (tag != "en", tag)):
            labels = occupation.labels[language]
            if not labels or language not in lexicon.terms:
                continue
            scores, silenced = _language_scores(labels, language, lexicon)
            vetoed |= silenced
            for domain, evidence in scores.items():
                score = _score(evidence, len(labels)) * (1.0 if language == "en" else OTHER_LANGUAGE_WEIGHT)
                if domain not in best or score > best[domain][0]:
                    best[domain] = (score, language, evidence)
        for domain in sorted(best.keys() - vetoed):
            score, language, evidence = best[domain]
            if score >= MIN_SCORE:
                result.append(_assertion(occupation, domain, score, language, evidence, lexicon))
    return result


def _assertion(
    occupation: Occupation, domain: str, score: float, language: str, evidence: _Evidence, lexicon: Lexicon
) -> Assertion:
    """Turn the evidence of the language that shows a domain best into a statement with its reason."""
    term = evidence.preferred or evidence.first
    assert term is not None  # noqa: S101 - evidence exists only where a term matched
    core = term.degree == "core" if evidence.preferred else 2 * evidence.core >= evidence.alternatives
    where = "preferred label" if evidence.preferred else f"{evidence.alternatives} alternative labels"
    function = _function(occupation.labels[language][0], language, lexicon) or term.function
    return Assertion(
        occupation=occupation.iri,
        domain=domain,
        degree="core" if core else "related",
        route="label",
        sources=(occupation.iri,),
        sub_domain=term.sub_domain,
        function=function,
        score=round(score, 4),
        reason=f"“{term.text}” ({language}) in {where}",
    )
