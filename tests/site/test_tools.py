"""The pages that are tools: comparison, codes, composer; and those that explain: decisions, clusters, areas, profiles, figures."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest

from app.site.words import INTERFACES
from tests.api.conftest import HOST, InProcess
from tests.site.test_pages import BROWSER, CONSERVATOR, DATABASES, links, text_of

DESIGNER = "d68ff35f-e34d-4e32-88ab-d6c06a6c25b9"
DECISION = f"{CONSERVATOR}-heritage"


def section(page: str, name: str) -> str:
    """A section of a page, from its heading to the next of its level."""
    return page[page.index(f'id="{name}"') :].partition("<h2")[0]


def test_two_occupations_side_by_side_are_what_the_api_says_of_them(web: InProcess) -> None:
    page = text_of(web, f"/compare?occupation={CONSERVATOR}&occupation={DESIGNER}&language=en")
    needs = [web.json(f"occupations/{key}?language=en") for key in (CONSERVATOR, DESIGNER)]
    skills = [{s["uri"] for r in ("hasEssentialSkill", "hasOptionalSkill") for s in n[r]} for n in needs]
    for kind, wanted in (("all", skills[0] & skills[1]), ("single", skills[0] ^ skills[1])):
        if wanted:
            shown = re.findall(
                r"/skills/([0-9a-f-]+)\?", page[page.index(f'id="skills-{kind}"') :].partition("</table>")[0]
            )
            assert sorted(shown) == sorted(uri.rpartition("/")[2] for uri in wanted)
    body = {"from": {"occupation": CONSERVATOR}, "to": [{"occupation": DESIGNER}]}
    (pair,) = web.request("POST", "/api/v1/profiles/compare", json=body).json()["items"]
    assert f"{100 * pair['coverage']:.1f}%" in section(page, "pairs")
    alone = text_of(web, f"/compare?occupation={CONSERVATOR}&language=en")
    assert "Add another one to compare it with." in alone
    assert 'id="skills"' not in alone


def test_an_occupation_to_compare_is_found_by_its_name(web: InProcess) -> None:
    page = text_of(web, f"/compare?occupation={CONSERVATOR}&q=digital+games+designer&language=en")
    added = [h for h in links(page) if parse_qs(urlsplit(h).query).get("occupation") == [CONSERVATOR, DESIGNER]]
    assert added
    assert 'id="skills"' in text_of(web, added[0])


def test_sectors_side_by_side(web: InProcess) -> None:
    page = unescape(text_of(web, "/compare?sector=heritage&sector=gaming&language=en"))
    told = web.json("domains/compare?ids=heritage,gaming&language=en")
    (pair,) = told["overlap"]
    assert f"{pair['shared']} skill" in section(page, "pairs")
    for name in ("cultural heritage", "gaming"):
        assert name in section(page, "facts")
    sizes = web.json("domains/gaming")["occupations"]
    assert f"{sizes['core']} occupations" in section(page, "facts")


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/compare?occupation=x", 422), ("/compare?sector=nowhere", 404), ("/compare?sector=a&colour=red", 422),
        (f"/compare?sector=heritage&occupation={CONSERVATOR}", 422), ("/composer?anchor=x", 422), ("/composer?find=tool&q=a", 422),
        ("/crosswalk?kind=isbn", 422), ("/decisions/nothing", 404), (f"/decisions/{CONSERVATOR}-gaming-x", 404),
        ("/clusters/none/such", 404), ("/areas/none", 404), ("/profiles/none", 404), ("/nowhere/at/all", 404),
        ("/crosswalk?text=" + "%0A".join(["9"] * 501), 422), ("/crosswalk?text=" + "a+" * 200, 422),
        ("/crosswalk?text=" + "%0A".join(["painter"] * 101), 422),
    ],
)  # fmt: skip
def test_a_fault_is_a_page_for_browsers_and_a_problem_for_programs(web: InProcess, target: str, status: int) -> None:
    page = web.get(target, headers=BROWSER)
    assert (page.status_code, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert page.text.count("<h1") == 1
    assert "content-security-policy" in page.headers
    problem = web.get(target, headers={"accept": "application/json"})
    assert (problem.status_code, problem.headers["content-type"]) == (status, "application/problem+json")


def test_the_api_answers_browsers_as_it_answers_programs(web: InProcess) -> None:
    assert web.get("/api/v1/nowhere", headers=BROWSER).headers["content-type"] == "application/problem+json"


def test_pasted_lines_become_a_table(web: InProcess) -> None:
    lines = ["2621.3", "9.1", "2621", "Museum curators", "xyzzyqwv qwvx", CONSERVATOR]
    answer = web.request(
        "POST", "/crosswalk?language=en", headers={**BROWSER, "content-type": "application/x-www-form-urlencoded"},
        content=urlencode({"text": "\r\n".join(lines), "kind": "auto"}),
    )  # fmt: skip
    assert answer.status_code == 200
    page = unescape(answer.text)
    rows = re.findall(r'<tr><th scope="row">(.*?)</tr>', section(page, "table"), re.DOTALL)
    assert [row.partition("</th>")[0] for row in rows] == lines
    conservator, wrong, group, curator, nonsense, again = rows
    assert f"/occupations/{CONSERVATOR}?" in conservator
    assert '<span class="chip core">core</span>' in conservator
    assert conservator.partition("</th>")[2] == again.partition("</th>")[2]
    assert "did you mean 09.1?" in wrong
    share = web.json("crosswalk?isco=2621")["domainShares"][0]["share"]
    assert f"{100 * share:.1f}%" in group
    meant = web.json("match?title=Museum+curators&language=en")["items"][0]["occupations"][0]
    assert f"/occupations/{meant['uri'].rpartition('/')[2]}?" in curator
    assert re.search(r"[0-9]%</td>$", curator), "how sure"
    assert "not found" in nonsense
    assert answer.headers["cache-control"]
    (link,) = [h for h in links(page) if "text=" in h and "Museum" in h]
    assert unescape(text_of(web, link)).count('<tr><th scope="row">') == len(lines)


def test_the_table_can_be_saved(web: InProcess) -> None:
    answer = web.request(
        "POST", "/crosswalk?language=en", headers={"content-type": "application/x-www-form-urlencoded"},
        content=urlencode({"text": "2621.3\n=cmd|'/C calc'!A0", "kind": "auto", "format": "csv"}),
    )  # fmt: skip
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    conservator, formula = csv.DictReader(io.StringIO(answer.text))
    assert (conservator["label"], conservator["core"], conservator["read as"]) == ("conservator", "heritage", "esco")
    assert not formula["asked"].startswith("="), "no spreadsheet takes it for a formula"


def test_what_is_pasted_is_bounded_and_text(web: InProcess) -> None:
    form = {"content-type": "application/x-www-form-urlencoded", **BROWSER}
    assert web.request("POST", "/crosswalk", headers=form, content="text=" + "a" * 300_000).status_code == 413
    assert web.request("POST", "/crosswalk", headers=form, content=b"text=%00&kind=title").status_code == 200
    assert web.request("POST", "/crosswalk", headers=form, content=b"\xff\xfe").status_code == 422
    assert web.request("POST", "/crosswalk", headers=form, content="kind=isbn").status_code == 422
    hostile = web.request(
        "POST", "/crosswalk", headers=form, content=urlencode({"text": "</textarea><script>x</script>"})
    )
    assert "<script>x" not in hostile.text


def test_a_profile_grows_as_it_is_composed(web: InProcess) -> None:
    begin = text_of(web, "/composer?language=en")
    assert "Begin with an occupation." in begin
    found = text_of(web, "/composer?q=conservator&language=en")
    (first, *_) = [h for h in links(found) if dict(parse_qsl(urlsplit(h).query)).get("anchor") == CONSERVATOR]
    page = text_of(web, first)
    said = web.json(f"profiles/compose?anchor={CONSERVATOR}&language=en")
    for one in (e for s in said["sections"] for g in s["groups"] for e in g["skills"]):
        assert f"/skills/{one['skill']['uri'].rpartition('/')[2]}?" in page
        assert f'id="rule-{one["rule"]}"' in page, "every reason is told"
    assert f"{said['skillCount']} skills" in page
    (drop,) = [h for h in links(page) if ("drop", DATABASES) in parse_qsl(urlsplit(h).query)]
    dropped = text_of(web, drop)
    asked = section(dropped, "asked")
    assert f"/skills/{DATABASES}?" not in asked
    changes = section(dropped, "changes")
    assert f"/skills/{DATABASES}?" in changes
    (restore,) = [h for h in links(changes) if "/composer?" in h]
    assert f"/skills/{DATABASES}?" in section(text_of(web, restore), "asked")


def test_a_skill_is_added_by_its_name_and_a_warning_is_explained(web: InProcess) -> None:
    query = f"anchor={CONSERVATOR}&anchor={DESIGNER}&language=en"
    found = text_of(web, f"/composer?{query}&q=museum+databases&find=skill")
    adding = [h for h in links(found) if dict(parse_qsl(urlsplit(h).query)).get("add") == DATABASES]
    assert adding
    page = unescape(text_of(web, adding[0]))
    assert f"/skills/{DATABASES}?" in section(page, "changes")
    said = web.json(f"profiles/compose?{query}")
    assert any(w["code"] == "anchors-apart" for w in said["warnings"])
    assert "Two of these occupations have little in common" in page
    for warning in said["warnings"]:
        assert warning["detail"] in page
    files = [h for h in links(page) if "/api/v1/profiles/compose" in h and "format=xlsx" in h]
    assert web.get(files[0]).content[:2] == b"PK"


def test_weights_are_those_that_were_chosen(web: InProcess) -> None:
    page = text_of(web, f"/composer?anchor={CONSERVATOR}:3&anchor={DESIGNER}:1&domain=heritage&language=en")
    chosen = re.findall(r'<option value="([^"]+)" selected>', page)
    assert f"{CONSERVATOR}:3" in chosen
    assert f"{DESIGNER}:1" in chosen
    assert "heritage" in chosen
    assert f'value="{CONSERVATOR}:2.5" selected' in text_of(
        web, f"/composer?anchor={CONSERVATOR}:2.5&anchor={DESIGNER}:1"
    )


def test_from_an_answer_to_the_rule_and_the_source_in_two_clicks(web: InProcess) -> None:
    occupation = text_of(web, f"/occupations/{CONSERVATOR}?language=en")
    (why,) = [h for h in links(occupation) if f"/decisions/{DECISION}" in h]
    page = unescape(text_of(web, why))
    assert "A reader decides." in section(page, "rule")
    (decided,) = [d for d in web.json(f"scope/occupations/{CONSERVATOR}")["decisions"] if d["domain"] == "heritage"]
    evidence = section(page, "evidence")
    for said in decided["evidence"]:
        assert (said["reason"] or "") in evidence
    isco = "http://data.europa.eu/esco/isco/C2621"
    assert [h for h in links(evidence) if h.endswith(urlencode({"uri": isco}))] or "Archivists and curators" in evidence
    sources = [h for h in links(evidence) if h.startswith(HOST)]
    assert len(sources) > len(decided["evidence"])
    for source in sources:
        assert web.get(source, headers=BROWSER).status_code in (200, 303), source


def test_a_decision_that_nobody_read_says_that_evidence_was_weighed(web: InProcess) -> None:
    catalogue = web.app.state.service.served.catalogue
    unread = [
        d for members in catalogue.by_domain.values() for d in members if all(a.route != "curated" for a in d.evidence)
    ]
    for found in unread[:1]:
        page = text_of(web, f"/decisions/{found.iri.rpartition('/')[2]}?language=en")
        assert "Nobody has read this occupation yet" in page
    excluded = next(
        d for o in catalogue.occupations.values() for d in o.decisions if d.degree == "excluded" and d.domain
    )
    page = text_of(web, f"/decisions/{excluded.iri.rpartition('/')[2]}?language=en")
    assert "was looked at and left out of" in page


def test_a_cluster_and_its_area_name_their_skills(web: InProcess) -> None:
    first = web.json("domains/heritage/clusters?level=broad&limit=1")["items"][0]
    told = web.json(f"clusters/{first['id']}?language=en")
    page = text_of(web, f"/clusters/{first['id']}?language=en")
    for member in told["members"]:
        assert f"/skills/{member['skill']['uri'].rpartition('/')[2]}?" in page
    filled = next(a for a in web.json("domains/heritage/areas?language=en")["items"] if a["size"])
    area = unescape(text_of(web, f"/areas/{filled['id']}?language=en"))
    for skill in filled["skills"]:
        assert f"/skills/{skill['uri'].rpartition('/')[2]}?" in area
    assert next(iter(filled["definition"].values())) in area
    assert f"/areas/{filled['id']}?" in text_of(web, "/sectors/heritage?language=en")


def test_a_profile_is_a_page_with_its_files(web: InProcess) -> None:
    told = web.json("profiles/heritage-preservation?language=en")
    page = unescape(text_of(web, "/profiles/heritage-preservation?language=en"))
    assert next(iter(told["title"].values())) in page
    for one in (e for s in told["sections"] for g in s["groups"] for e in g["skills"]):
        assert f"/skills/{one['skill']['uri'].rpartition('/')[2]}?" in page
    for address in told["links"]["formats"].values():
        assert address in page
    assert "/profiles/heritage-preservation?" in text_of(web, "/sectors/heritage?language=en")


def test_statistics_are_those_of_the_report(web: InProcess) -> None:
    found = web.json("scope")
    page = text_of(web, "/statistics?language=en")
    for row in found["byDomain"]:
        line = page[page.index(f"/sectors/{row['domain']}?") :].partition("</tr>")[0]
        assert re.findall(r'<td class="number">([0-9]+)</td>', line) == [
            str(row[k]) for k in ("core", "related", "toReview")
        ]
    assert f"{found['differenceToEurostat']['coreOutsideCount']} core occupations" in page


def test_the_matrix_of_a_sector_counts_its_occupations(web: InProcess) -> None:
    members = web.json("domains/heritage/occupations?limit=500")["items"]
    page = text_of(web, "/sectors/heritage?language=en")
    counted = sum(int(n) for n in re.findall(r'class="heat-[0-4]">([0-9]+)</td>', section(page, "matrix")))
    parts = [len({p for p in (m["subDomain"], *m["furtherSubDomains"]) if p} or {""}) for m in members]
    assert counted == sum(n * len(m["functions"]) for n, m in zip(parts, members, strict=True))


@pytest.mark.parametrize(
    ("iri", "place"),
    [
        (f"http://data.europa.eu/esco/occupation/{CONSERVATOR}", f"/occupations/{CONSERVATOR}"),
        (f"http://data.europa.eu/esco/skill/{DATABASES}", f"/skills/{DATABASES}"),
        ("https://w3id.org/ccsi/id/domain/heritage", "/sectors/heritage"),
        ("https://w3id.org/ccsi/id/profile/heritage-preservation", "/profiles/heritage-preservation"),
        (f"https://w3id.org/ccsi/id/decision/{DECISION}", f"/decisions/{DECISION}"),
    ],
)
def test_an_iri_leads_a_browser_to_the_page_for_people_and_a_program_to_data(
    web: InProcess, iri: str, place: str
) -> None:
    for target in (f"/resource?uri={iri}", iri.replace("https://w3id.org/ccsi", "")):
        if not target.startswith("/"):
            continue
        led = web.get(target, headers=BROWSER)
        assert (led.status_code, led.headers["location"]) == (303, HOST + place)
        assert "Accept" in led.headers["vary"]
        data = web.get(target, headers={"accept": "text/turtle"})
        assert data.status_code in (200, 303)
        assert not data.headers.get("location", "").endswith(place)
    page = text_of(web, f"{place}?language=en")
    assert re.search(r'<link rel="alternate" type="(text/turtle|application/json)"', page)
    assert web.get(f"/resource?uri={iri}&format=html", headers=BROWSER).status_code == 200, (
        "the description by its name"
    )


@pytest.mark.parametrize(
    "language",
    ["en", "de", *(pytest.param(tag, marks=pytest.mark.long) for tag in INTERFACES if tag not in ("en", "de"))],
)
def test_every_tool_speaks_every_language_of_the_interface(web: InProcess, language: str) -> None:
    for path in (
        "/compare?sector=heritage&sector=gaming", f"/composer?anchor={CONSERVATOR}&anchor={DESIGNER}", "/crosswalk?text=2621.3",
        "/statistics", "/design", f"/decisions/{DECISION}", "/profiles/heritage-preservation",
    ):  # fmt: skip
        page = text_of(web, f"{path}{'&' if '?' in path else '?'}language={language}")
        assert f'<html lang="{language}"' in page
        assert 'hreflang="x-default"' in page
        assert not re.findall(r"<[a-z][^>]* style=|<style|\son[a-z]+=", page), "nothing inline"
