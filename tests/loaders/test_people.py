"""Files as people have them: every column set of ESCO, other names, other separators, what spreadsheets do to codes."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from loaders.build import load
from loaders.input.csv_bundle import CsvBundle
from loaders.input.names import columns_of, table_of
from loaders.input.sources import Member, discover
from loaders.input.tables import read_csv, separator_of
from loaders.request import LoadRequest
from releases.errors import SourceError, VersionUnknown
from tests.loaders.bundles import ESCO, FIXTURES, KEEP, KEEPER, LORE, OFFICER, OLDEST, changed, write
from tests.loaders.shapes_of_esco import normalised, quads

SKOS = "http://www.w3.org/2004/02/skos/core#"
LABEL_REPAIR = "label freed of invisible characters, or of blanks and commas around it"


def read(folder: Path) -> tuple[set[str], CsvBundle]:
    """The statements of a bundle as triples, and the bundle with what it counted."""
    bundle = CsvBundle(discover([folder]))
    bundle.check(partial=True)
    return {f"{s} {p} {o}" for s, p, o in bundle.statements()}, bundle


@pytest.mark.long
def test_the_oldest_columns_load_whole(tmp_path: Path) -> None:
    release = load(LoadRequest([write(tmp_path / "b", OLDEST)], tmp_path / "d", "1.0.3", skills=False))
    counts = release.manifest["counts"]
    assert (counts["occupations"], counts["skills"], counts["iscoGroups"], counts["skillGroups"]) == (2, 2, 8, 1)
    assert (counts["essential"], counts["optional"], counts["withoutReuseLevel"]) == (1, 1, 1)
    assert release.manifest["repairs"]["concept schemes that the table or the IRI says"] == 13
    excused = {c["name"] for c in release.manifest["checks"] if c["excused"]}
    assert excused == {"the scope is decided", "competency queries are answered"}
    assert not any(c["passed"] for c in release.manifest["checks"] if c["excused"])


def test_the_place_of_an_occupation_is_in_its_row_too(tmp_path: Path) -> None:
    tables = {name: OLDEST[name] for name in ("occupations_en", "ISCOGroups_en")}
    found, bundle = read(write(tmp_path, tables))
    assert f"<{KEEPER}> <{SKOS}broader> <{ESCO}isco/C2621>" in found
    assert f"<{ESCO}isco/C2621> <{SKOS}broader> <{ESCO}isco/C262>" in found
    assert bundle.repairs["place of an occupation taken from the column iscoGroup"] == 2
    _, bundle = read(write(tmp_path / "alone", {"occupations_en": OLDEST["occupations_en"]}))
    assert any(m.startswith("ISCO group of 2 occupations") for m in bundle.missing)


def test_a_further_language_needs_its_words_alone(tmp_path: Path) -> None:
    words = [{"conceptUri": KEEPER, "preferredLabel": "Prüfhüter", "altLabels": "Hüter | Prüfer"}]
    found, bundle = read(write(tmp_path, {**OLDEST, "occupations_de": words}))
    assert {x.split(" ", 2)[2] for x in found if x.endswith("@de")} == {'"Prüfhüter"@de', '"Hüter"@de', '"Prüfer"@de'}
    words.append({"conceptUri": f"{ESCO}occupation/nobody", "preferredLabel": "niemand", "altLabels": ""})
    found, bundle = read(write(tmp_path, {"occupations_de": words}))
    assert not any("niemand" in x for x in found)
    assert bundle.repairs["words of concepts that are in no table left out (occupations_de.csv)"] == 1


@pytest.mark.parametrize(
    ("cell", "types"),
    [
        ("skill/competence knowledge", {"skill", "knowledge"}),
        ("knowledge\nskill/competence", {"skill", "knowledge"}),
        ("knowledge", {"knowledge"}),
    ],
)
def test_skill_types(cell: str, types: set[str], tmp_path: Path) -> None:
    found, bundle = read(write(tmp_path, changed("skills_en", skillType=cell)))
    assert {x[:-1].rpartition("/")[2] for x in found if x.startswith(f"<{KEEP}>") and "/skill-type/" in x} == types
    assert not any("skill type" in m for m in bundle.missing)


@pytest.mark.parametrize(("cell", "said"), [("", "the cell is blank"), ("attitude", "'attitude' is not understood")])
def test_skill_types_that_say_nothing_are_missing(cell: str, said: str, tmp_path: Path) -> None:
    _, bundle = read(write(tmp_path, changed("skills_en", skillType=cell)))
    assert f"skill type of 1 skills ({said})" in bundle.missing


def test_two_rows_for_a_concept(tmp_path: Path) -> None:
    rows = OLDEST["occupations_en"]
    _, bundle = read(write(tmp_path, {**OLDEST, "occupations_en": [*rows, rows[0]]}))
    assert bundle.repairs["rows given twice"] == 1
    other = {**rows[0], "preferredLabel": "another name"}
    folder = write(tmp_path, {**OLDEST, "occupations_en": [*rows, other]})
    with pytest.raises(SourceError, match=r"occupations_en\.csv, line 4: a second row for .* than line 2"):
        read(folder)


def test_repairs_of_labels_and_status_are_counted(tmp_path: Path) -> None:
    tables = changed("occupations_en", preferredLabel="test keeper  ", altLabels=" guard \nready,", status="Released")
    tables["occupations_en"][0]["description"] = "Keeps\u200b tests.\u00ad"
    lines, normaliser = normalised(write(tmp_path, tables))
    _, bundle = read(tmp_path)
    assert bundle.repairs[LABEL_REPAIR] == 3
    assert not normaliser.survey.withdrawn
    assert any(f'<{KEEPER}> <http://purl.org/iso25964/skos-thes#status> "released"' in x for x in lines)
    assert any(f'<{KEEPER}> <http://purl.org/dc/terms/description> "Keeps tests."@en' in x for x in lines)
    assert normaliser.repairs["description freed of invisible characters, or of blanks around it"] == 1


# --- codes and IRIs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "row", "cells", "expected"),
    [
        ("occupations_en", 1, {"iscoGroup": "110", "code": "110.1"}, {f'<{OFFICER}> <{SKOS}notation> "0110.1"'}),
        ("occupations_en", 0, {"iscoGroup": "2621.0"}, {f"<{KEEPER}> <{SKOS}broader> <{ESCO}isco/C2621>"}),
        ("ISCOGroups_en", 7, {"code": "110"}, {f'<{ESCO}isco/C0110> <{SKOS}notation> "0110"'}),
        (
            "occupations_en", 0, {"naceCode": "90.31; 91.0"},
            {
                f"<{KEEPER}> <{ESCO}model#hasNACECode> <http://data.europa.eu/ux2/nace2.1/{code}>"
                for code in ("9031", "910")
            },
        ),
        (
            "occupations_en", 0, {"conceptUri": KEEPER.replace("http:", "https:") + "/"},
            {f'<{KEEPER}> <{SKOS}prefLabel> "test keeper"@en'},
        ),
    ],
)  # fmt: skip
def test_codes_and_iris_are_repaired_where_they_mean_one_thing(
    table: str, row: int, cells: dict[str, str], expected: set[str], tmp_path: Path
) -> None:
    assert expected <= read(write(tmp_path, changed(table, row, **cells)))[0]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"naceCode": "9.1"}, "two digits before its dot; did you mean 09.1"),
        ({"naceCode": "911"}, "'911' is not a NACE code"),
        ({"naceCode": "2024-06-01"}, "is not a NACE code"),
        ({"iscoGroup": "262"}, "'262' is not the code of an ISCO-08 unit group"),
        ({"iscoGroup": "2.62E+03"}, "is not the code of an ISCO-08 unit group"),
        ({"code": "02/06/2166"}, "is not the code of an occupation"),
    ],
)
def test_codes_that_lost_their_shape_are_refused_by_line(cells: dict[str, str], said: str, tmp_path: Path) -> None:
    folder = write(tmp_path, changed("occupations_en", **cells))
    with pytest.raises(SourceError, match=r"occupations_en\.csv, line 2: ") as caught:
        read(folder)
    assert said in str(caught.value)


def test_a_code_that_a_spreadsheet_cut_is_that_of_another(tmp_path: Path) -> None:
    tables = changed("occupations_en", code="2621.1")
    tables["occupations_en"][1] |= {"iscoGroup": "2621", "code": "2621.1"}  # was 2621.10
    with pytest.raises(SourceError, match=r"line 3: the code 2621\.1 is that of .* too"):
        read(write(tmp_path, tables))


# --- names and containers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stem", "table"),
    [
        ("occupations_en", ("occupations", "en")),
        ("occupations_en (1)", ("occupations", "en")),
        ("Occupations-EN", ("occupations", "en")),
        ("occupations_en - Copy", ("occupations", "en")),
        ("v1.2.0_occupations_en", ("occupations", "en")),
        ("occupations_en_v1.2.0", ("occupations", "en")),
        ("ESCO dataset - v1.2.0 - ISCOGroups_fr", ("ISCOGroups", "fr")),
        ("broaderrelationsoccpillar", ("broaderRelationsOccPillar", "")),
        ("skills_pt-BR", ("skills", "pt-br")),
        ("occupation_groups", ("ISCOGroups", "")),
        ("occupation_to_skill_relations", ("occupationSkillRelations", "")),
        ("greenSkillsCollection_en", ("greenSkillsCollection", "en")),
        ("dictionary_en", None),
        ("notes", None),
    ],
)
def test_names_of_tables(stem: str, table: tuple[str, str] | None) -> None:
    assert table_of(stem) == table


def test_names_of_columns_and_separators() -> None:
    assert columns_of(["CONCEPTURI", "Preferred label", "ORIGINURI", "mine"]) == [
        "conceptUri", "preferredLabel", "conceptUri", "mine",
    ]  # fmt: skip
    assert separator_of("conceptUri;preferredLabel;status\n") == ";"
    assert separator_of("conceptUri\tpreferredLabel\n") == "\t"
    assert separator_of("conceptUri\n") == ","


@pytest.mark.parametrize(("separator", "ending", "name"), [(";", "csv", "semicolons"), ("\t", "tsv", "tabs")])
def test_other_separators_are_read_and_announced(separator: str, ending: str, name: str, tmp_path: Path) -> None:
    expected = quads(write(tmp_path / "plain", OLDEST))
    folder = write(tmp_path / "other", OLDEST, separator, ending)
    assert quads(folder) == expected
    assert f"skills_en.{ending}: cells are separated by {name}" in read(folder)[1].notes


def workbook(path: Path, tables: dict[str, list[dict[str, str]]]) -> Path:
    """A workbook with a sheet a table, in which codes are numbers as spreadsheets make them."""
    with xlsxwriter.Workbook(path) as book:
        for name, rows in tables.items():
            sheet = book.add_worksheet(name[:31])
            sheet.write_row(0, 0, list(rows[0]))
            for n, row in enumerate(rows, 1):
                for m, cell in enumerate(row.values()):
                    (sheet.write_number if cell.isdigit() else sheet.write_string)(
                        n, m, int(cell) if cell.isdigit() else cell
                    )
    return path


@pytest.mark.long
def test_workbooks(tmp_path: Path) -> None:
    expected = quads(write(tmp_path / "plain", OLDEST))
    assert quads(workbook(tmp_path / "esco.xlsx", OLDEST)) == expected
    for name, rows in OLDEST.items():
        (tmp_path / "many").mkdir(exist_ok=True)
        workbook(tmp_path / "many" / f"{name}.xlsx", {"Sheet1" if name != "skills_en" else "skills_en": rows})
    assert quads(tmp_path / "many") == expected


def test_open_document(tmp_path: Path) -> None:
    rows = [list(OLDEST["skills_en"][0]), *(list(row.values()) for row in OLDEST["skills_en"])]
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in row
        )
        + "</table:table-row>"
        for row in rows
    )
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    content = (
        f'<office:document-content {spaces}><office:body><office:spreadsheet><table:table table:name="skills_en">'
        f"{cells}</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    file = tmp_path / "skills_en.ods"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    (member,) = discover([file]).tables["skills"].values()
    assert [row for _, row in read_csv(member, {"conceptUri"})] == OLDEST["skills_en"]


def test_a_damaged_workbook(tmp_path: Path) -> None:
    file = tmp_path / "occupations_en.xlsx"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.xml", "<no")
    with pytest.raises(SourceError, match="is no workbook that can be read"):
        discover([file])


def test_a_folder_of_the_portals_archives(tmp_path: Path) -> None:
    write(tmp_path / "all", OLDEST)
    folder = tmp_path / "downloads"
    folder.mkdir()
    for language, words in (("en", True), ("", False)):
        name = f"ESCO dataset - v1.0.3 - classification - {language} - csv.zip"
        with zipfile.ZipFile(folder / name, "w") as archive:
            for file in sorted((tmp_path / "all").iterdir()):
                if file.stem.endswith("_en") == words:
                    archive.write(file, file.name)
    (folder / "readme.pdf").write_text("x", encoding="utf-8")
    source = discover([folder])
    assert quads(folder) == quads(tmp_path / "all")
    assert (source.versions, source.ignored) == ({"1.0.3"}, ["readme.pdf"])


def test_the_version_is_asked_for_before_anything_is_read(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "bundle", {**OLDEST, "skills_en": [{"conceptUri": "no IRI", "preferredLabel": "", "skillType": ""}]}
    )
    with pytest.raises(VersionUnknown):
        load(LoadRequest([folder], tmp_path / "data"))
    with pytest.raises(SourceError, match="is not an IRI"):
        load(LoadRequest([folder], tmp_path / "data", "1.0.3"))


def test_relations_are_a_download_of_their_own(tmp_path: Path) -> None:
    words = {name: rows for name, rows in OLDEST.items() if name.endswith("_en")}
    with pytest.raises(SourceError) as caught:
        load(LoadRequest([write(tmp_path / "esco-v1.0.3", words)], tmp_path / "data"))
    assert "second download" in caught.value.remedy


# --- Tabiya --------------------------------------------------------------------------------------------------------


def test_tabiyas_tables_say_the_same(tmp_path: Path) -> None:
    ids = {iri: f"id{n}" for n, iri in enumerate([KEEPER, OFFICER, KEEP, LORE, f"{ESCO}skill/S1"])}
    ids |= {row["conceptUri"]: row["conceptUri"][-5:] for row in OLDEST["ISCOGroups_en"]}
    of = ids.__getitem__
    tables = {
        "occupations": [
            {"ORIGINURI": r["conceptUri"], "ID": of(r["conceptUri"]), "OCCUPATIONGROUPCODE": r["iscoGroup"], "CODE": "",
             "PREFERREDLABEL": r["preferredLabel"], "DESCRIPTION": r["description"], "OCCUPATIONTYPE": "escooccupation"}
            for r in OLDEST["occupations_en"]
        ],
        "skills": [
            {"ORIGINURI": r["conceptUri"], "ID": of(r["conceptUri"]), "SKILLTYPE": r["skillType"],
             "REUSELEVEL": r["reuseLevel"], "PREFERREDLABEL": r["preferredLabel"]}
            for r in OLDEST["skills_en"]
        ],
        "occupation_groups": [
            {"ORIGINURI": r["conceptUri"], "ID": of(r["conceptUri"]), "CODE": r["code"], "PREFERREDLABEL": r["preferredLabel"]}
            for r in OLDEST["ISCOGroups_en"]
        ],
        "skill_groups": [
            {"ORIGINURI": f"{ESCO}skill/S1", "ID": of(f"{ESCO}skill/S1"), "CODE": "S1", "PREFERREDLABEL": "doing"}
        ],
        "occupation_hierarchy": [
            {"PARENTID": of(r["broaderUri"]), "CHILDID": of(r["conceptUri"])} for r in OLDEST["broaderRelationsOccPillar"]
        ],
        "skill_hierarchy": [
            {"PARENTID": of(r["broaderUri"]), "CHILDID": of(r["conceptUri"])} for r in OLDEST["broaderRelationsSkillPillar"]
        ],
        "occupation_to_skill_relations": [
            {"OCCUPATIONID": of(r["occupationUri"]), "RELATIONTYPE": r["relationType"], "SKILLID": of(r["skillUri"])}
            for r in OLDEST["occupationSkillRelations"]
        ],
        "model_info": [{"NAME": "made up"}],
    }  # fmt: skip
    folder = write(tmp_path / "tabiya", tables)
    assert quads(folder) == quads(write(tmp_path / "esco", OLDEST))
    assert discover([folder]).ignored == ["model_info.csv"]
    assert Member(folder / "skills.csv").base == "skills.csv"
    assert FIXTURES.is_dir()
