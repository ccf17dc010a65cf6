"""Profile templates as RDF: pure functions from templates to N-Quads lines of the graph profiles.

What follows from other graphs is not said again: the words of sections and rules, the figures of a specialisation, which
anchor asks for a skill. Provenance stands with the template; its skills are parts of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping

from analysis.profiles import METHOD_VERSION
from analysis.profiles.tables import Guidelines, Profile, ProfileTables, Recipe, Template
from analysis.quads import GraphLines
from ontology import CCSI, CCSID, GRAPH_PROFILES, PROV, RDF, RDFS

LINES = GraphLines(GRAPH_PROFILES)
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
    activity = activity_iri(version)
    name, parameters = f"profile templates, ESCO {version}", {"guidelines": guidelines.version}
    yield from LINES.activity(activity, name, METHOD_VERSION, parameters, _USED)
    for template in made:
        node = profile_iri(template.id)
        yield LINES.link(node, RDF + "type", CCSI + "ProfileTemplate")
        for language, text in labels(template.recipe, names).items():
            yield LINES.text(node, RDFS + "label", text, language)
        yield LINES.link(node, CCSI + "anchorDegree", f"{CCSID}degree/{template.degree}")
        yield LINES.link(node, PROV + "wasGeneratedBy", activity)
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
    yield LINES.text(node, CCSI + "profileKind", recipe.kind)
    yield LINES.integer(node, CCSI + "profileSize", len(profile.skills))
    yield from LINES.links(node, CCSI + "profileDomain", f"{CCSID}domain/", profile.domain)
    yield LINES.link(node, CCSI + "validationStatus", f"{CCSID}status/{DRAFT}")
    cell = recipe.cell
    for prop, kind, key in (
        ("cellFunction", "function", cell.function), ("cellCharterFunction", "charter", cell.charter),
        ("cellSubDomain", "domain", cell.sub_domain),
    ):  # fmt: skip
        yield from LINES.links(node, CCSI + prop, f"{CCSID}{kind}/", key)
    for kind, functions in (("function", profile.functions), ("charter", profile.charter_functions)):
        yield from LINES.links(node, CCSI + "profileFunction", f"{CCSID}{kind}/", *functions)
    yield from LINES.links(node, CCSI + "anchor", "", *(a.occupation for a in recipe.anchors))
    yield from LINES.links(node, CCSI + "fieldOfEducation", "", *fields_of_education(profile, tables))
    for item in recipe.items:
        yield LINES.text(node, CCSI + "freeItem", item)


def fields_of_education(profile: Profile, tables: ProfileTables) -> dict[str, int]:
    """The ISCED-F fields of the knowledge in a profile with the number of skills, those with the most first."""
    counts = Counter(field for item in profile.skills if (field := tables.skills[item.skill].field))
    return dict(sorted(counts.items(), key=lambda e: (-e[1], e[0])))


def skills_quads(node: str, base: str, profile: Profile, tables: ProfileTables, told: Told) -> Iterator[str]:
    """The skills of a profile, each as ``base`` and its UUID."""
    for item in profile.skills:
        unit, figures = tables.best(profile.units, item.skill)
        key = item.skill.rpartition("/")[2]
        entry = base + key
        yield LINES.link(entry, RDF + "type", CCSI + "ProfileSkill")
        yield LINES.link(entry, CCSI + "profile", node)
        yield LINES.link(entry, CCSI + "skill", item.skill)
        yield LINES.link(entry, CCSI + "placedBy", f"{CCSID}rule/{item.rule}")
        yield LINES.text(entry, CCSI + "relation", item.relation)
        yield LINES.decimal(entry, CCSI + "anchorShare", item.share)
        yield LINES.decimal(entry, CCSI + "essentialAnchorShare", item.essential_share)
        yield from LINES.links(entry, CCSI + "alsoBy", f"{CCSID}rule/", *item.also)
        if (unit, item.skill) in told:
            yield LINES.link(entry, CCSI + "specialisation", f"{CCSID}specialisation/{unit}/{key}")
        if figures and figures.cluster:
            yield LINES.link(entry, CCSI + "skillCluster", f"{CCSID}cluster/{figures.cluster}")
