"""Readable names for clusters, composed from what is in them, in every language that ESCO's labels allow.

A name is made of concepts, not words, so it can be said in every language in which ESCO has a label for them: the
ESCO group that the cluster stands out for, and two of its skills that together say the most about it. Where a language
has no labels for the skills, the name is made of groups alone; a language without a label for any part gets no name.

Which skills speak for a cluster is read from the words of labels and descriptions, weighted by class-based TF-IDF
(Grootendorst 2022): words that weigh more in the cluster than in the rest of the domain. Texts are used for the name
only, never for the clusters.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.skills.hierarchy import Hierarchy
from analysis.skills.tables import SkillTables

BASE_LANGUAGE = "en"
PHRASES = 2
MIN_GROUP_SHARE = 0.12
# Knowledge concepts carry nouns ("museum databases") and make better titles than verb phrases do.
KNOWLEDGE_BONUS = 1.25
LONG_LABEL = 42
_PRODUCT = re.compile(r"[A-Z(]")
_BRACKETS = re.compile(r" \([^()]*\)$")
# Only a group that holds half of the skills is worth a place in the name.
HEAD_SHARE = 0.50
# Group labels that say nothing about content.
_EMPTY_FIELD = re.compile(r"^(00|99)|^\d\d$|^\d\d[089]|^\d{3}[089]$")

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


@dataclass(frozen=True, slots=True)
class Parts:
    """The concepts a name is made of: group IRIs by aptness, skill IRIs by how much they say; ``head`` is the group
    (or the skill that most others stand under) that is said beside the skills, or ""; ``products`` is true where the
    skills are product names, which mean little unless the head is said first.
    """

    groups: tuple[str, ...]
    skills: tuple[str, ...]
    head: str = ""
    products: bool = False


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


def describe_parts(
    tables: SkillTables, hierarchy: Hierarchy, clusters: Sequence[Sequence[tuple[str, float]]]
) -> list[Parts]:
    """Choose the concepts for every cluster of one domain and level; members come as (skill, centrality)."""
    vectors = text_vectors(tables, [s for c in clusters for s, _ in c])
    weights = class_weights(clusters, vectors)
    groups = _groups(tables, hierarchy, [[s for s, _ in c] for c in clusters])
    result = []
    for c, skills in enumerate(clusters):
        phrases = _phrases(tables, skills, weights[c], vectors)
        said = {w for s in phrases[:PHRASES] for w in vectors[s][0]}
        head = ""
        for g in groups[c]:
            under = sum(1 for s, _ in skills if g in hierarchy.ancestors(s)) / len(skills)
            new = set(words(label(tables.groups[g].labels, BASE_LANGUAGE) or "")) - said
            if under >= HEAD_SHARE and new and len(label(tables.groups[g].labels, BASE_LANGUAGE) or "") <= LONG_LABEL:
                head = g
                break
        said_labels = [label(tables.skills[s].labels, BASE_LANGUAGE) or "" for s in phrases[:PHRASES]]
        products = all(_PRODUCT.search(text) for text in said_labels)
        if products:
            head = _kind_of(tables, hierarchy, [s for s, _ in skills], groups[c])
        result.append(Parts(groups[c], phrases, head, products and bool(head)))
    return result


def _kind_of(tables: SkillTables, hierarchy: Hierarchy, skills: Sequence[str], groups: Sequence[str]) -> str:
    """What most of the skills are: the ESCO skill above half of them ("computer programming"), or the first group."""
    above = Counter(a for s in skills for a in hierarchy.ancestors(s) if a in tables.skills)
    kinds = sorted((-n, a) for a, n in above.items() if n >= HEAD_SHARE * len(skills))
    return kinds[0][1] if kinds else groups[0] if groups else ""


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
    while left and len(chosen) < PHRASES + 1:
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


def _nameable(hierarchy: Hierarchy, group: str) -> bool:
    """Groups narrow enough to say something: S1.2 and below, ISCED-F fields of three or four digits, languages."""
    code = hierarchy.code(group)
    if not code or code.startswith("T") or _EMPTY_FIELD.match(code):
        return False
    return "." in code or (code.isdigit() and len(code) == 4) or code.startswith("L")


def _groups(tables: SkillTables, hierarchy: Hierarchy, clusters: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """The groups that each cluster stands out for, the best first; no two clusters share their first one if they can.

    Score of a group for a cluster: share of the cluster under it, times the root of the share of the group's skills in
    the domain that are in this cluster: it should both cover the cluster and be its own.
    """
    under = [
        Counter(a for s in skills for a in hierarchy.ancestors(s) if a in tables.groups and _nameable(hierarchy, a))
        for skills in clusters
    ]
    overall = Counter[str]()
    for u in under:
        overall.update(u)
    scores: dict[tuple[int, str], float] = {}
    for c, (u, skills) in enumerate(zip(under, clusters, strict=True)):
        for g, n in u.items():
            share = n / len(skills)
            if share >= MIN_GROUP_SHARE and n >= 2:
                scores[c, g] = share * math.sqrt(n / overall[g])
    ranked = sorted(scores, key=lambda key: (-scores[key], key))
    first: dict[int, str] = {}
    taken: set[str] = set()
    for c, g in ranked:
        if c not in first and g not in taken:
            first[c] = g
            taken.add(g)
    result: list[tuple[str, ...]] = []
    for c in range(len(clusters)):
        mine = [g for d, g in ranked if d == c]
        head = [first[c]] if c in first else []
        rest = [g for g in mine if g not in head]
        result.append(tuple((head + [g for g in rest if not _kin(hierarchy, g, head)])[:3]))
    return result


def _kin(hierarchy: Hierarchy, group: str, others: Sequence[str]) -> bool:
    """Whether a group stands above or below one of the others: it would only repeat it."""
    return any(group in hierarchy.ancestors(o) or o in hierarchy.ancestors(group) for o in others)


def compose_labels(tables: SkillTables, parts: Parts) -> dict[str, str]:
    """The name in every language: "skill · skill (group)", "kind: product · product", or groups alone without labels."""
    languages = {language for g in parts.groups for language in tables.groups[g].labels}
    languages |= {language for s in parts.skills[:PHRASES] for language in tables.skills[s].labels}
    result = {}
    for language in sorted(languages):
        said = [tables.skills[s].labels[language] for s in parts.skills if language in tables.skills[s].labels]
        heads = [tables.groups[g].labels[language] for g in parts.groups if language in tables.groups[g].labels]
        aside = labels_of(tables, parts.head).get(language)
        # A name of one skill alone would be that skill's name, so it needs two, or a group.
        if len(said) >= PHRASES:
            name = " · ".join(said[:PHRASES])
            if aside and parts.products:
                # "Ruby (computer programming)": the head has said that already.
                name = f"{aside}: " + " · ".join(_BRACKETS.sub("", text) for text in said[:PHRASES])
            elif aside:
                name = f"{name} ({aside})"
            result[language] = _capital(name)
        elif heads:
            result[language] = _capital(" · ".join(heads[:2]))
    return result


def compose_descriptions(
    tables: SkillTables, n: int, central: Sequence[str], groups: Sequence[str], occupations: Sequence[str]
) -> dict[str, str]:
    """One or two sentences per language, from the labels of central skills and of occupations that use them."""
    languages = {lang for o in occupations for lang in tables.occupations[o].labels}
    languages |= {lang for s in central for lang in tables.skills[s].labels}
    result = {}
    for language in sorted(languages):
        said = [tables.skills[s].labels[language] for s in central if language in tables.skills[s].labels]
        if len(said) < min(PHRASES, len(central)):
            said = [tables.groups[g].labels[language] for g in groups if language in tables.groups[g].labels]
        users = [
            tables.occupations[o].labels[language][0] for o in occupations if tables.occupations[o].labels.get(language)
        ]
        first, second = _TEMPLATES.get(language, ("{n}: {skills}.", "({occupations})"))
        sentences = []
        if said:
            sentences.append(first.format(n=n, skills=", ".join(said)))
        if users:
            sentences.append(second.format(occupations=", ".join(users)))
        if sentences:
            result[language] = " ".join(sentences)
    return result


def labels_of(tables: SkillTables, iri: str) -> Mapping[str, str]:
    """Labels of a group or skill; none for anything else."""
    concept = tables.groups.get(iri) or tables.skills.get(iri)
    return concept.labels if concept else {}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
