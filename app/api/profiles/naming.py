"""What a profile is called, what it says of its role in one sentence, and the words that the release has for its parts."""

from __future__ import annotations

from analysis.profiles.tables import Profile, Recipe
from app.api.views import chosen
from app.catalogue.profiles import section_iri
from app.request import Context
from ontology import CCSID

NAMED_ANCHORS = 3  # that the statement of a role names; it counts the others
UNSAID = "und"  # BCP 47: a language that nobody said


def title(ctx: Context, given: str, recipe: Recipe) -> dict[str, str]:
    """What a profile is called: as its author says, else by its occupation, else by domain and cell."""
    if given:
        return {UNSAID: given}
    if recipe.kind != "cell":
        return dict(ctx.labels.of(recipe.anchors[0].occupation))
    cell = recipe.cell
    parts = (("function", cell.function), ("charter", cell.charter), ("domain", cell.sub_domain))
    texts = [_all_words(ctx, kind, key) for kind, key in (("domain", recipe.domain), *parts) if key]
    # In one language, the first that has all of the words.
    tag = next((t for t in (ctx.label_language, "en") if all(t in words for words in texts)), "")
    scheme = " (CHARTER)" if cell.charter else ""
    return {tag: ": ".join(words[tag] for words in texts) + scheme} if tag else {}


def _all_words(ctx: Context, kind: str, key: str) -> dict[str, str]:
    """The label of a domain or a function in every language."""
    if kind == "domain":
        domain = ctx.catalogue.domains.get(key)
        return domain.labels if domain else {}
    return ctx.catalogue.profiles.words.get(f"{CCSID}{kind}/{key}", {}).get("label", {})


def statement(ctx: Context, made: Profile) -> dict[str, str]:
    """The role in one sentence, in the language asked for where it has the pattern, else in English."""
    patterns = ctx.catalogue.profiles.words.get(section_iri("statement"), {}).get("pattern", {})
    tag = next((t for t in (ctx.label_language, "en") if t in patterns), "")
    if not tag:
        return {}

    def said(texts: dict[str, str], otherwise: str) -> str:
        """A text, with the tag of its language where that is not the sentence's."""
        own, text = (tag, texts[tag]) if tag in texts else next(iter(texts.items()), (tag, otherwise))
        return text if own == tag else f"{text} [{own}]"

    named, others = made.recipe.anchors[:NAMED_ANCHORS], made.recipe.anchors[NAMED_ANCHORS:]
    names = [said(ctx.labels.of(a.occupation), a.occupation) for a in named]
    names += [f"+{len(others)}"] if others else []
    functions = [said(words(ctx, f"{CCSID}function/{f}", "label"), f) for f in made.functions]
    values = {
        "{domain}": ", ".join(said(domain_words(ctx, d), "–") for d in (made.domain, *made.recipe.beside)),
        "{functions}": ", ".join(functions) or "–",
        "{anchors}": ", ".join(names),
    }
    text = patterns[tag]
    for place, value in values.items():
        text = text.replace(place, value, 1)
    return {tag: text}


def domain_words(ctx: Context, domain: str) -> dict[str, str]:
    """The name of a domain or sub-domain in the language asked for, else in English."""
    return chosen(_all_words(ctx, "domain", domain), ctx)


def words(ctx: Context, iri: str, kind: str) -> dict[str, str]:
    """A text of the guidelines in the language asked for, else in English."""
    return chosen(ctx.catalogue.profiles.words.get(iri, {}).get(kind, {}), ctx)
