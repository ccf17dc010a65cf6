"""Small bundles for tests, written row by row as people's files are; the words in them are made up."""

from __future__ import annotations

import csv
from pathlib import Path

ESCO = "http://data.europa.eu/esco/"
KEEPER, OFFICER = (f"{ESCO}occupation/0000000{n}-0000-4000-8000-000000000000" for n in (1, 2))
KEEP, LORE = (f"{ESCO}skill/0000000{n}-0000-4000-8000-000000000000" for n in (1, 2))
FIXTURES = Path(__file__).parents[1] / "fixtures"
# A bundle with the columns that ESCO v1.0.0 to v1.0.3 had.
OLDEST = {
    "occupations_en": [
        {"conceptUri": KEEPER, "iscoGroup": "2621", "preferredLabel": "test keeper", "description": "Keeps tests."},
        {"conceptUri": OFFICER, "iscoGroup": "0110", "preferredLabel": "test officer", "description": ""},
    ],
    "skills_en": [
        {
            "conceptUri": KEEP,
            "skillType": "skill/competence",
            "reuseLevel": "cross-sector",
            "preferredLabel": "keep tests",
        },
        {"conceptUri": LORE, "skillType": "knowledge", "reuseLevel": "", "preferredLabel": "lore of tests"},
    ],
    "ISCOGroups_en": [
        {"conceptUri": f"{ESCO}isco/C{code}", "code": code, "preferredLabel": f"group {code}"}
        for code in ("2", "26", "262", "2621", "0", "01", "011", "0110")
    ],
    "skillGroups_en": [{"conceptUri": f"{ESCO}skill/S1", "preferredLabel": "doing"}],
    "broaderRelationsOccPillar": [
        {"conceptUri": KEEPER, "broaderUri": f"{ESCO}isco/C2621"},
        {"conceptUri": OFFICER, "broaderUri": f"{ESCO}isco/C0110"},
        *(
            {"conceptUri": f"{ESCO}isco/C{code}", "broaderUri": f"{ESCO}isco/C{code[:-1]}"}
            for code in ("26", "262", "2621", "01", "011", "0110")
        ),
    ],
    "broaderRelationsSkillPillar": [{"conceptUri": s, "broaderUri": f"{ESCO}skill/S1"} for s in (KEEP, LORE)],
    "occupationSkillRelations": [
        {"occupationUri": KEEPER, "relationType": "essential", "skillUri": KEEP},
        {"occupationUri": OFFICER, "relationType": "optional", "skillUri": LORE},
    ],
}


def write(folder: Path, tables: dict[str, list[dict[str, str]]], separator: str = ",", ending: str = "csv") -> Path:
    """Tables as files of a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        with (folder / f"{name}.{ending}").open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, list(rows[0]), delimiter=separator)
            table.writeheader()
            table.writerows(rows)
    return folder


def changed(table: str, row: int = 0, **cells: str) -> dict[str, list[dict[str, str]]]:
    """The oldest bundle with some cells of one row changed or added to all rows of its table."""
    rows = [{**dict.fromkeys(cells, ""), **old} for old in OLDEST[table]]
    rows[row] |= cells
    return {**OLDEST, table: rows}
