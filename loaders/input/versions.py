"""Whether the tables of a bundle belong to one ESCO version: those of two contradict each other."""

from __future__ import annotations

from collections import Counter, defaultdict

from analysis.above import all_above
from loaders.input.cells import iri, unit_group
from loaders.input.csv_bundle import CONCEPTS, CsvBundle
from loaders.input.sources import Member
from loaders.input.tables import read_csv
from ontology import ESCO_DATA
from releases.errors import SourceError

# Columns that say the same in every language of a table.
AGREED = ("code", "iscoGroup", "modifiedDate", "status", "skillType", "reuseLevel", "naceCode")


def check(bundle: CsvBundle) -> None:
    """Refuse tables that contradict each other, as those of two ESCO versions do even when they hold the same concepts."""
    for table in CONCEPTS:
        first: tuple[Member, dict[str, dict[str, str]]] | None = None
        files = bundle.files(table) if len(bundle.source.tables.get(table, {})) > 1 else iter(())
        for member, _, _ in files:
            facts = {
                iri(row["conceptUri"], member, line).value: {
                    column: text for column in AGREED if (text := row.get(column, "").strip())
                }
                for line, row in read_csv(member, {"conceptUri"})
            }
            if first is None:
                first = member, facts
            elif contradiction := _contradiction(first[1], facts):
                raise _mixed(f"{member.name} and {first[0].name} disagree on {contradiction}")
    parents: dict[str, set[str]] = defaultdict(set)
    for member, _, _ in bundle.files("broaderRelationsOccPillar"):
        for line, row in read_csv(member, {"conceptUri", "broaderUri"}):
            if not row["conceptUri"].strip().startswith("http"):
                return  # refers to rows by their ids, and so to its own bundle
            above = iri(row["broaderUri"], member, line).value
            parents[iri(row["conceptUri"], member, line).value].add(above)
    for member, _, facts_here in bundle.files("occupations"):
        for line, row in read_csv(member, {"conceptUri"}) if facts_here else ():
            group = unit_group(row.get("iscoGroup", ""), member, line, Counter())
            concept = iri(row["conceptUri"], member, line).value
            places = all_above(concept, lambda c: parents.get(c, ()))
            if group and places and f"{ESCO_DATA}isco/C{group}" not in places:
                raise _mixed(
                    f"{member.name}, line {line}: {concept} is in ISCO group {group}, but not in the hierarchy"
                )


def _contradiction(one: dict[str, dict[str, str]], other: dict[str, dict[str, str]]) -> str:
    """What two language versions of a table say differently, "" when they agree; one with words alone may have fewer rows."""
    alone = sorted(one.keys() ^ other.keys() if any(other.values()) else ())
    if alone:
        return f"whether there is {alone[0]} (and on {len(alone) - 1} more concepts)"
    differ = sorted(
        (c, column)
        for c in one.keys() & other.keys()
        for column in one[c].keys() & other[c].keys()
        if one[c][column] != other[c][column]
    )
    return f"the {differ[0][1]} of {differ[0][0]} (and on {len(differ) - 1} more)" if differ else ""


def _mixed(what: str) -> SourceError:
    return SourceError(
        f"{what}: files of different ESCO versions seem to be mixed.",
        "Use the files of one download, or pass --partial to load them as they are.",
    )
