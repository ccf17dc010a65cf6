"""Words for clusters, composed from what is in them, in every language that ESCO's labels allow.

A cluster is named by its skill area (:mod:`analysis.skills.areas`). What tells the clusters of one area apart, and the
working name of one that fits no area, are two of its skills that together say the most about it. A language that lacks
a label for one of the two gets no such name, rather than the name of something else.

Which skills speak for a cluster is read from the words of labels and descriptions, weighted by class-based TF-IDF
(Grootendorst 2022): words that weigh more in the cluster than in the rest of the domain. Texts are used for the name
only, never for the clusters.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from analysis.skills.tables import SkillTables

BASE_LANGUAGE = "en"
PHRASES = 2
# Knowledge concepts carry nouns ("museum databases") and make better titles than verb phrases do.
KNOWLEDGE_BONUS = 1.25
LONG_LABEL = 42
_PRODUCT = re.compile(r"[A-Z(]")

# What a description says around its lists; other languages get the lists with punctuation only.
_TEMPLATES: dict[str, tuple[str, str]] = {
    "en": ("{n} skills, among them {skills}.", "Used by, for example, {occupations}."),
    "fr": ("{n} aptitudes, dont {skills}.", "Utilisées par exemple par : {occupations}."),
    "es": ("{n} capacidades, entre ellas {skills}.", "Las usan, por ejemplo: {occupations}."),
    "de": ("{n} Fähigkeiten, darunter {skills}.", "Genutzt zum Beispiel von: {occupations}."),
    "it": ("{n} abilità, tra cui {skills}.", "Usate per esempio da: {occupations}."),
    "pt": ("{n} aptidões, entre as quais {skills}.", "Utilizadas, por exemplo, por: {occupations}."),
    "nl": ("{n} vaardigheden, waaronder {skills}.", "Gebruikt door bijvoorbeeld: {occupations}."),
}


def words(text: str) -> list[str]:
    """Words of three letters or more in lower case, cut to a common stem so that plural and singular meet."""
    return [_stem(w) for w in re.findall(r"[^\W\d_]{3,}", text.lower())]


def _stem(word: str) -> str:
    """A crude cut of English endings; elsewhere it does no harm, since it is only used to compare labels."""
    for ending in ("ations", "ation", "ments", "ment", "ings", "ing", "ies", "es", "ed", "s", "y", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def text_vectors(tables: SkillTables, skills: Sequence[str]) -> dict[str, tuple[dict[str, float], dict[str, float]]]:
    """Per skill the TF-IDF weights of the words of its label, and of its label and description (counting half).

    Inverse document frequency is taken over the given skills, so words that the whole domain uses weigh little.
    """
    bags: dict[str, tuple[set[str], dict[str, float]]] = {}
    for s in skills:
        title = set(words(label(tables.skills[s].labels, BASE_LANGUAGE) or ""))
        body = set(words(label(tables.skills[s].descriptions, BASE_LANGUAGE) or ""))
        bags[s] = title, {w: 1.0 if w in title else 0.5 for w in title | body}
    present = Counter(w for _, bag in bags.values() for w in bag)
    idf = {w: math.log((1 + len(bags)) / (1 + n)) for w, n in present.items()}
    result = {}
    for s, (title, bag) in bags.items():
        whole = {w: v * idf[w] for w, v in sorted(bag.items())}
        length = math.sqrt(sum(v * v for v in whole.values())) or 1.0
        size = math.sqrt(sum(idf[w] ** 2 for w in sorted(title))) or 1.0
        result[s] = ({w: idf[w] / size for w in sorted(title)}, {w: v / length for w, v in whole.items()})
    return result


def class_weights(
    clusters: Sequence[Sequence[tuple[str, float]]],
    vectors: Mapping[str, tuple[dict[str, float], dict[str, float]]],
) -> list[dict[str, float]]:
    """How much more every word weighs in a cluster than in the domain (class-based TF-IDF); central skills count more."""
    overall: dict[str, float] = {}
    sums: list[dict[str, float]] = []
    total = 0.0
    for skills in clusters:
        mine: dict[str, float] = {}
        weight = sum(0.25 + c for _, c in skills) or 1.0
        for s, centrality in skills:
            for w, v in vectors[s][1].items():
                mine[w] = mine.get(w, 0.0) + (0.25 + centrality) * v
        for w, v in mine.items():
            overall[w] = overall.get(w, 0.0) + v
        total += weight
        sums.append({w: v / weight for w, v in mine.items()})
    return [{w: v - overall[w] / total for w, v in mine.items() if v > overall[w] / total} for mine in sums]


def telling_skills(tables: SkillTables, clusters: Sequence[Sequence[tuple[str, float]]]) -> list[tuple[str, ...]]:
    """The two skills that say the most about each cluster of one domain and level; members come as (skill, centrality)."""
    vectors = text_vectors(tables, [s for c in clusters for s, _ in c])
    weights = class_weights(clusters, vectors)
    return [_phrases(tables, skills, weights[c], vectors) for c, skills in enumerate(clusters)]


def label(labels: Mapping[str, str], language: str) -> str | None:
    """The label in a language; without English for the base language, the first one in order of tags."""
    if language in labels:
        return labels[language]
    if language == BASE_LANGUAGE and labels:
        return labels[min(labels)]
    return None


def _phrases(
    tables: SkillTables,
    skills: Sequence[tuple[str, float]],
    weights: Mapping[str, float],
    vectors: Mapping[str, tuple[dict[str, float], dict[str, float]]],
) -> tuple[str, ...]:
    """The skills whose labels say the most about the cluster, each new one counting only words not said yet."""
    open_words = dict(weights)
    chosen: list[str] = []
    left = dict(skills)
    while left and len(chosen) < PHRASES:
        scores = {}
        for s, centrality in left.items():
            text = label(tables.skills[s].labels, BASE_LANGUAGE) or ""
            score = sum(v * open_words.get(w, 0.0) for w, v in vectors[s][0].items()) * (0.5 + centrality)
            score *= KNOWLEDGE_BONUS if tables.skills[s].type == "knowledge" else 1.0
            # A title should fit on a line; product names say less about a field than what they are for.
            score *= 0.6 if len(text) > LONG_LABEL else 1.0
            scores[s] = score * (0.6 if _PRODUCT.search(text) else 1.0)
        best = max(scores, key=lambda s: (scores[s], s))
        chosen.append(best)
        for w in vectors[best][0]:
            open_words.pop(w, None)
        del left[best]
    return tuple(chosen)


def compose_labels(tables: SkillTables, telling: Sequence[str]) -> dict[str, str]:
    """ "skill · skill" in every language that has a label for all of them."""
    labels = [tables.skills[s].labels for s in telling]
    languages = set.intersection(*(set(of) for of in labels)) if labels else set()
    return {language: _capital(" · ".join(of[language] for of in labels)) for language in sorted(languages)}


def compose_descriptions(
    tables: SkillTables, n: int, central: Sequence[str], occupations: Sequence[str]
) -> dict[str, str]:
    """One or two sentences per language, from the labels of central skills and of occupations that use them."""
    languages = {lang for o in occupations for lang in tables.occupations[o].labels}
    languages |= {lang for s in central for lang in tables.skills[s].labels}
    result = {}
    for language in sorted(languages):
        said = [tables.skills[s].labels[language] for s in central if language in tables.skills[s].labels]
        if len(said) < min(PHRASES, len(central)):
            continue
        users = [
            tables.occupations[o].labels[language][0] for o in occupations if tables.occupations[o].labels.get(language)
        ]
        first, second = _TEMPLATES.get(language, ("{n}: {skills}.", "({occupations})"))
        sentences = [first.format(n=n, skills=", ".join(said))]
        if users:
            sentences.append(second.format(occupations=", ".join(users)))
        result[language] = " ".join(sentences)
    return result


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
