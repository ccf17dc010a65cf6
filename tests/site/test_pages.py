"""Pages for people: what they say is what the API says, in four languages, with links that lead somewhere."""

from __future__ import annotations

import json
import re
import tomllib
from html import unescape
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from app.site.words import INTERFACES, PageWords, own_name
from tests.api.conftest import HOST, InProcess

WORDS = Path(__file__).parents[2] / "app" / "html" / "words"
CONSERVATOR = "7556c748-15b4-4e44-97d9-00d885d4cd7d"
DATABASES = "c1b4aa1e-bc42-49e4-952a-0cbd45f1d57b"
PAGES = [
    "/", "/find?q=museum", "/sectors/heritage", "/sectors/museums", f"/occupations/{CONSERVATOR}", f"/skills/{DATABASES}", "/method",
    "/compare", f"/compare?occupation={CONSERVATOR}&occupation=d68ff35f-e34d-4e32-88ab-d6c06a6c25b9", "/crosswalk?text=2621",
    f"/composer?anchor={CONSERVATOR}", f"/decisions/{CONSERVATOR}-heritage", "/profiles/heritage-preservation", "/statistics", "/design",
]  # fmt: skip
BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def text_of(web: InProcess, target: str, **headers: str) -> str:
    answer = web.get(target, headers={**BROWSER, **headers})
    assert answer.status_code == 200, (target, answer.text[:300])
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return str(answer.text)


def links(page: str) -> list[str]:
    return [unescape(href) for href in re.findall(r'<a [^>]*?href="([^"]+)"', page)]


def catalogue(tag: str) -> dict[str, str]:
    return tomllib.loads((WORDS / f"{tag}.toml").read_text("utf-8"))


def test_every_language_has_every_word_with_the_same_blanks() -> None:
    def blanks(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    assert INTERFACES == ("de", "en", "es", "fr")
    english = catalogue("en")
    for tag in INTERFACES:
        said = catalogue(tag)
        assert list(said) == list(english), tag
        assert {k: blanks(v) for k, v in said.items()} == {k: blanks(v) for k, v in english.items()}, tag
        assert all(text.strip() for text in said.values())
        same = [k for k in english if said[k] == english[k] and len(english[k].split()) > 2]
        assert tag == "en" or same == [], "not translated"


def test_every_word_of_a_template_is_in_the_catalogue_and_none_is_idle() -> None:
    root = WORDS.parents[1]
    sources = "".join(
        p.read_text("utf-8") for p in [*(root / "html/templates").glob("*.html"), *(root / "site").glob("*.py")]
    )
    asked = set(re.findall(r'\bt(?:\.count)?\(f?"([a-z-]+)"', sources))
    known = set(catalogue("en"))
    families = (
        "answer-", "ask-", "design-rule-", "fault-", "match-", "move-", "needs-", "reuse-", "route-", "rule-", "skills-of-", "type-",
        "warn-", "why-",
    )  # fmt: skip
    assert asked - known <= set(families)
    named = set(re.findall(r'"([a-z-]+)"', sources)) | {f"{k}-one" for k in asked}
    assert {k for k in known - asked - named if not k.startswith(families)} == set()


def test_numbers_are_written_as_the_language_writes_them() -> None:
    assert [PageWords(tag).number(3039) for tag in INTERFACES] == ["3.039", "3,039", "3.039", "3\u202f039"]
    assert PageWords("fr").percent(0.3288) == "32,9\u00a0%"
    assert PageWords("en").count("occupations", 1) == "1 occupation"
    assert PageWords("mt").tag == "en"
    assert own_name("el") == "ελληνικά"


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_in_every_language_and_kept_like_an_answer(web: InProcess, path: str) -> None:
    for tag in INTERFACES:
        target = f"{path}{'&' if '?' in path else '?'}language={tag}"
        answer = web.get(target, headers=BROWSER)
        page = answer.text
        assert answer.status_code == 200
        assert f'<html lang="{tag}"' in page
        assert page.count("<h1") == 1
        assert catalogue(tag)["skip"] in page
        assert answer.headers["content-language"] == tag
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        assert not re.findall(r"<[a-z][^>]* style=|<style|\son[a-z]+=", page), "nothing inline"
        again = web.get(target, headers={**BROWSER, "if-none-match": answer.headers["etag"]})
        assert again.status_code == 304


def test_the_switch_keeps_the_place_and_what_was_asked(web: InProcess) -> None:
    page = text_of(web, "/find?q=museum&type=occupation&language=en")
    (french,) = re.findall(r'<link rel="alternate" hreflang="fr" href="([^"]+)"', page)
    target = unescape(french)
    assert target == f"{HOST}/find?q=museum&type=occupation&language=fr"
    found = text_of(web, target)
    assert 'value="museum"' in found
    assert 'aria-current="true">profession</a>' in found
    assert [unescape(h) for h in re.findall(r'rel="canonical" href="([^"]+)"', found)] == [target]


def test_without_a_language_the_browser_decides(web: InProcess) -> None:
    assert '<html lang="de"' in text_of(web, "/", **{"accept-language": "de-AT,en;q=0.5"})
    assert '<html lang="en"' in text_of(web, "/", **{"accept-language": "xx"})


def test_home_shows_the_figures_of_the_release(web: InProcess) -> None:
    page = text_of(web, "/?language=en")
    for sector in web.json("domains")["items"]:
        sizes = sector["occupations"]
        tile = page[page.index(f"/sectors/{sector['id']}?") :]
        assert f"{sizes['core']} core · {sizes['related']} related" in tile[: tile.index("</li>")]
    assert web.json("releases")["items"][0]["id"] in page


def test_search_shows_what_the_api_finds_with_the_words_marked(web: InProcess) -> None:
    found = web.json("search?q=conservator&type=occupation&limit=20&language=en")
    page = text_of(web, "/find?q=conservator&type=occupation&language=en")
    assert f"{found['total']} result" in page
    assert "<mark>conservator</mark>" in page
    shown = re.findall(r'class="name" href="[^"]*/occupations/([0-9a-f-]+)\?', page)
    assert shown == [hit["uri"].rpartition("/")[2] for hit in found["items"]]
    assert "Nothing was found" in text_of(web, "/find?q=xyzzyqwv&language=en")


def test_type_and_sector_can_be_chosen_beside_the_search_box(web: InProcess) -> None:
    def offered(page: str, name: str) -> list[str]:
        return re.findall(r'<option value="([^"]+)"', page[page.index(f'name="{name}"') :].partition("</select>")[0])

    home = text_of(web, "/?language=en")
    assert offered(home, "type")[:2] == ["occupation", "skill"]
    assert sorted(offered(home, "domain")) == sorted(d["id"] for d in web.json("domains")["items"])
    every = text_of(web, "/find?q=museum&type=&domain=&language=en")  # as a form without scripts sends it
    assert f"{web.json('search?q=museum&language=en')['total']} results" in every
    told = web.json("search?q=museum&type=occupation&domain=heritage&language=en")
    page = text_of(web, "/find?q=museum&type=occupation&domain=heritage&language=en")
    assert f"{told['total']} results" in page
    assert re.findall(r'<option value="([a-z-]+)" selected', page) == ["occupation", "heritage"], "the choice is kept"
    assert "narrows occupations alone" in text_of(web, "/find?q=museum&type=skill&domain=heritage&language=en")


def test_what_is_searched_for_is_text_and_never_markup(web: InProcess) -> None:
    page = text_of(web, "/find?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3Emuseum")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_sector_names_every_occupation_of_its_and_its_gaps(web: InProcess) -> None:
    page = text_of(web, "/sectors/heritage?language=en")
    members = web.json("domains/heritage/occupations?limit=500&language=en")
    for item in members["items"]:
        assert f"/occupations/{item['uri'].rpartition('/')[2]}?" in page
    assert "Everything that is kept from the past because people value it" in page
    for area in web.json("domains/heritage/areas?language=en")["items"]:
        assert next(iter(area["preferredLabel"].values())) in unescape(page), area["id"]
    assert 'type="text/csv"' in page


def test_an_occupation_says_why_in_words_and_shows_every_skill(web: InProcess) -> None:
    said = web.json(f"occupations/{CONSERVATOR}?language=en")
    page = unescape(text_of(web, f"/occupations/{CONSERVATOR}?language=en"))
    assert next(a["reason"] for a in said["domains"][0]["evidence"] if a["route"] == "curated") in page
    assert (
        "Eurostat's list of cultural work names its group in the classification of occupations, Archivists and curators (2621)."
        in page
    )
    assert "ESCO links it to economic activities of the sector: 91.21." in page
    for relation, kind in (("hasEssentialSkill", "essential"), ("hasOptionalSkill", "optional")):
        shown = re.findall(rf'<li class="{kind}"><a href="[^"]*/skills/([0-9a-f-]+)\?', page)
        assert sorted(shown) == sorted(s["uri"].rpartition("/")[2] for s in said[relation])
    near = web.json(f"occupations/{CONSERVATOR}/related?limit=8&language=en")["items"]
    after = page[page.index('id="near"') :]
    places = [after.index(f"/occupations/{m['occupation']['uri'].rpartition('/')[2]}?") for m in near]
    assert places == sorted(places)


def test_a_skill_says_who_needs_it(web: InProcess) -> None:
    said = web.json(f"skills/{DATABASES}?language=en")
    page = text_of(web, f"/skills/{DATABASES}?language=en")
    for item in said["isEssentialForOccupation"]:
        assert f"/occupations/{item['uri'].rpartition('/')[2]}?" in page


def test_search_engines_are_told_in_schema_org(web: InProcess) -> None:
    def told(path: str) -> Any:
        (data,) = re.findall(r'<script type="application/ld\+json">(.+?)</script>', text_of(web, path))
        return json.loads(data)

    assert told("/")["@type"] == "Dataset"
    assert told("/sectors/heritage?language=en")["name"] == "cultural heritage"
    occupation = told(f"/occupations/{CONSERVATOR}?language=en")
    assert (occupation["@type"], occupation["name"]) == ("Occupation", "conservator")
    assert occupation["occupationalCategory"]["codeValue"] == "2621"


def test_the_licence_is_the_one_that_the_dataset_states(web: InProcess) -> None:
    (told,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text_of(web, "/"), re.DOTALL)
    licence = json.loads(told)["license"]
    assert f"<{licence}>" in web.get("/.well-known/void", headers={"accept": "application/n-triples"}).text


def test_an_iri_leads_to_the_page_for_people(web: InProcess) -> None:
    assert f'href="{HOST}/sectors/heritage"' in text_of(web, "/id/domain/heritage.html")
    uri = f"http://data.europa.eu/esco/occupation/{CONSERVATOR}"
    assert f'href="{HOST}/occupations/{CONSERVATOR}"' in text_of(web, f"/resource?uri={uri}&format=html")


def test_a_fault_is_a_page(web: InProcess) -> None:
    for target, status in (("/sectors/nothing", 404), ("/occupations/x", 422), ("/find?q=a&colour=red", 422)):
        answer = web.get(target, headers=BROWSER)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")


def test_a_hundred_links_lead_somewhere(web: InProcess) -> None:
    seen: dict[str, str] = {}
    waiting = [f"{path}{'&' if '?' in path else '?'}language=fr" for path in PAGES]
    # The next of every kind of page, so that none is left out: kinds in turn, each in the order of discovery.
    while waiting and len(seen) < 110:
        target = waiting.pop(0)
        answer = web.get(target, headers=BROWSER)
        seen[target] = f"{answer.status_code}"
        if not answer.headers.get("content-type", "").startswith("text/html") or "language=fr" not in target:
            continue
        fresh = [h.partition("#")[0] for h in links(answer.text) if h.startswith(HOST)]
        fresh = [h for h in dict.fromkeys(fresh) if h and h not in seen and h not in waiting]
        waiting += fresh[:: max(1, len(fresh) // 12)]
    broken = {target: status for target, status in seen.items() if status not in ("200", "303", "307")}
    assert broken == {}
    assert len(seen) >= 100
