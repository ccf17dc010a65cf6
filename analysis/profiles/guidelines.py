"""The composition guidelines as tables, from rows that queries/api/profile_sections.rq and profile_rules.rq give."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from analysis.profiles.tables import Guidelines, Measure, Rule, Section

Row = tuple[str, ...]


def guidelines(sections: Iterable[Row], rules: Iterable[Row]) -> Guidelines:
    """Build the guidelines; "" stands for an unbound column. Raises ValueError when a rule measures by nothing known."""
    versions = set()
    made_sections = []
    for _, version, key, order, minimum, maximum, grouped_by in sections:
        versions.add(version)
        made_sections.append(Section(key, int(order), int(minimum or 0), int(maximum or 0), grouped_by))
    rows: dict[str, Row] = {}
    requires: dict[str, set[str]] = {}
    for row in rules:
        rows[row[0]] = row
        requires.setdefault(row[0], set()).update({row[-1]} - {""})
    made_rules = []
    for iri, (_, key, order, section, measure, share, anchors, tops_up, maximum, _) in rows.items():
        if measure and measure not in get_args(Measure):
            raise ValueError(f"{iri} is measured by '{measure}', which is none of {', '.join(get_args(Measure))}")
        made_rules.append(
            Rule(
                key, int(order), section.rpartition("/")[2], measure or "none",  # type: ignore[arg-type]
                float(share or 0), int(anchors or 0), tops_up == "true", frozenset(requires[iri]),
                int(maximum) if maximum else None,
            )
        )  # fmt: skip
    return Guidelines(
        "+".join(sorted(versions)),
        tuple(sorted(made_sections, key=lambda s: s.order)),
        tuple(sorted(made_rules, key=lambda r: r.order)),
    )
