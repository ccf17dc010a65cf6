"""Profile templates as RDF: pure functions from templates to N-Quads lines of the graph profiles.

What follows from other graphs is not said again: the words of sections and rules, the figures of a specialisation, which
anchor asks for a skill. Provenance stands with the template; its skills are parts of it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping

from pyoxigraph import Literal

from analysis.profiles import METHOD_VERSION
from analysis.profiles.tables import Guidelines, Profile, ProfileTables, Recipe, Template
from ontology import CCSI, CCSID, CONTRIBUTORS, GRAPH, GRAPH_PROFILES, PROV, RDF, RDFS, XSD

_END = f" <{GRAPH_PROFILES}> .\n"
_TYPE = f"<{RDF}type>"
Told = Container[tuple[str, str]]
Names = Mapping[str, Mapping[str, str]]  # of occupations, domains and functions: IRI -> language -> label
DRAFT = "draft"  # what is made by rules alone
_USED = ("esco", "ontology", "scope", "skills", "clusters")


def profile_iri(template: str) -> str:
    """``…/profile/heritage-preservation``, ``…/profile/heritage-<UUID>``."""
    return f"{CCSID}profile/{template}"


def activity_iri(version: str) -> str:
    """The activity that made the templates of a release."""
    return f"{CCSID}activity/profiles-esco-{version}"


def profile_quads(
    made: Iterable[Template], guidelines: Guidelines, tables: ProfileTables, told: Told, version: str, names: Names
) -> Iterator[str]:
    """The profiles graph: the activity, then every template with its skills.

    ``told`` holds the pairs (unit, skill) whose specialisation is a statement of the release, and so can be linked.
    """
    activity = f"<{activity_iri(version)}>"
    yield f"{activity} {_TYPE} <{CCSI}DerivationActivity>{_END}"
    yield f"{activity} <{RDFS}label> {Literal(f'profile templates, ESCO {version}', language='en')}{_END}"
    yield f"{activity} <{PROV}wasAssociatedWith> <{CONTRIBUTORS}>{_END}"
    yield f"{activity} <{CCSI}methodVersion> {Literal(METHOD_VERSION)}{_END}"
    parameters = json.dumps({"guidelines": guidelines.version}, sort_keys=True)
    yield f"{activity} <{CCSI}parameters> {Literal(parameters)}{_END}"
    for graph in _USED:
        yield f"{activity} <{PROV}used> <{GRAPH}{graph}>{_END}"
    for template in made:
        node = profile_iri(template.id)
        yield f"<{node}> {_TYPE} <{CCSI}ProfileTemplate>{_END}"
        for language, text in labels(template.recipe, names).items():
            yield f"<{node}> <{RDFS}label> {Literal(text, language=language)}{_END}"
        yield f"<{node}> <{CCSI}anchorDegree> <{CCSID}degree/{template.degree}>{_END}"
        yield f"<{node}> <{PROV}wasGeneratedBy> {activity}{_END}"
        yield from head_quads(node, template.profile, tables)
        yield from skills_quads(node, f"{CCSID}profile-skill/{template.id}/", template.profile, tables, told)


def labels(recipe: Recipe, names: Names) -> dict[str, str]:
    """What a template is called, in every language that has all of the words: its domain and cell, or occupation and domain."""
    cell = recipe.cell
    parts = [f"{CCSID}domain/{recipe.domain}"]
    parts += [
        f"{CCSID}{kind}/{key}"
        for kind, key in (("function", cell.function), ("charter", cell.charter), ("domain", cell.sub_domain))
        if key
    ]
    pattern = "{}: {} (CHARTER)" if cell.charter else "{}: {}"
    if recipe.kind == "occupation":
        parts, pattern = [recipe.anchors[0].occupation, *parts], "{} ({})"
    words = [names.get(part, {}) for part in parts]
    spoken = set(words[0]).intersection(*words[1:])
    return {language: pattern.format(*(w[language] for w in words)) for language in sorted(spoken)}


def head_quads(node: str, profile: Profile, tables: ProfileTables) -> Iterator[str]:
    """What a profile says of itself."""
    recipe = profile.recipe
    yield f'<{node}> <{CCSI}profileKind> "{recipe.kind}"{_END}'
    yield f'<{node}> <{CCSI}profileSize> "{len(profile.skills)}"^^<{XSD}integer>{_END}'
    if profile.domain:
        yield f"<{node}> <{CCSI}profileDomain> <{CCSID}domain/{profile.domain}>{_END}"
    yield f"<{node}> <{CCSI}validationStatus> <{CCSID}status/{DRAFT}>{_END}"
    cell = recipe.cell
    for prop, kind, key in (
        ("cellFunction", "function", cell.function), ("cellCharterFunction", "charter", cell.charter),
        ("cellSubDomain", "domain", cell.sub_domain),
    ):  # fmt: skip
        if key:
            yield f"<{node}> <{CCSI}{prop}> <{CCSID}{kind}/{key}>{_END}"
    for function in profile.functions:
        yield f"<{node}> <{CCSI}profileFunction> <{CCSID}function/{function}>{_END}"
    for function in profile.charter_functions:
        yield f"<{node}> <{CCSI}profileFunction> <{CCSID}charter/{function}>{_END}"
    for anchor in recipe.anchors:
        yield f"<{node}> <{CCSI}anchor> <{anchor.occupation}>{_END}"
    for field in fields_of_education(profile, tables):
        yield f"<{node}> <{CCSI}fieldOfEducation> <{field}>{_END}"
    for item in recipe.items:
        yield f"<{node}> <{CCSI}freeItem> {Literal(item)}{_END}"


def fields_of_education(profile: Profile, tables: ProfileTables) -> dict[str, int]:
    """The ISCED-F fields of the knowledge in a profile with the number of skills, those with the most first."""
    counts = Counter(field for item in profile.skills if (field := tables.skills[item.skill].field))
    return dict(sorted(counts.items(), key=lambda e: (-e[1], e[0])))


def skills_quads(node: str, base: str, profile: Profile, tables: ProfileTables, told: Told) -> Iterator[str]:
    """The skills of a profile, each as ``base`` and its UUID."""
    for item in profile.skills:
        unit, figures = tables.best(profile.units, item.skill)
        key = item.skill.rpartition("/")[2]
        entry = f"<{base}{key}>"
        yield f"{entry} {_TYPE} <{CCSI}ProfileSkill>{_END}"
        yield f"{entry} <{CCSI}profile> <{node}>{_END}"
        yield f"{entry} <{CCSI}skill> <{item.skill}>{_END}"
        yield f"{entry} <{CCSI}placedBy> <{CCSID}rule/{item.rule}>{_END}"
        yield f'{entry} <{CCSI}relation> "{item.relation}"{_END}'
        yield f"{entry} <{CCSI}anchorShare> {_decimal(item.share)}{_END}"
        yield f"{entry} <{CCSI}essentialAnchorShare> {_decimal(item.essential_share)}{_END}"
        for rule in item.also:
            yield f"{entry} <{CCSI}alsoBy> <{CCSID}rule/{rule}>{_END}"
        if (unit, item.skill) in told:
            yield f"{entry} <{CCSI}specialisation> <{CCSID}specialisation/{unit}/{key}>{_END}"
        if figures and figures.cluster:
            yield f"{entry} <{CCSI}skillCluster> <{CCSID}cluster/{figures.cluster}>{_END}"


def _decimal(value: float) -> str:
    # As the engine writes it, so that what is hashed is what is held.
    written = f"{min(value, 1.0):.4f}".rstrip("0").rstrip(".") or "0"
    return f'"{written}"^^<{XSD}decimal>'
