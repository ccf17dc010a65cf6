"""Lists: items, total, paging by links, filters that narrow and combine."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.api.conftest import InProcess

DOMAINS = [
    "advertising", "architecture", "audiovisual", "books", "crafts", "design", "gaming", "heritage", "music", "performing",
    "visual",
]  # fmt: skip


def links(answer: Any) -> dict[str, str]:
    found = re.findall(r'<([^>]+)>; rel="(\w+)"', answer.headers["link"])
    return {rel: target for target, rel in found}


def walk(api: InProcess, target: str, rel: str = "next") -> list[dict[str, Any]]:
    """All items of a list, page by page."""
    items: list[dict[str, Any]] = []
    answer = api.get(target)
    while True:
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= page["limit"]
        items += page["items"]
        if rel not in links(answer):
            return items
        answer = api.get(links(answer)[rel])


def test_domains(api: InProcess) -> None:
    found = api.json("domains")
    assert [d["id"] for d in found["items"]] == DOMAINS
    assert (found["total"], found["limit"], found["offset"]) == (11, 50, 0)
    assert {d["id"] for d in api.json("domains/heritage")["narrower"]} >= {"museums", "archives", "libraries"}


@pytest.mark.parametrize(
    "target",
    [
        "domains?limit=3",
        "domains/heritage/occupations?limit=4",
        "occupations?limit=17",
        "occupations?limit=5&domain=design",
    ],
)
def test_links_walk_every_page_once(api: InProcess, target: str) -> None:
    path, _, query = target.partition("?")
    whole = api.json(f"{path}?limit=500&{query.partition('&')[2]}".rstrip("&"))
    found = walk(api, target)
    assert found == whole["items"]
    assert len({item["uri"] for item in found}) == len(found) == whole["total"]
    last = links(api.get(target))["last"]
    assert links(api.get(last)).keys() == {"first", "prev", "last"}
    assert walk(api, last, "prev")[-1] == found[int(re.findall(r"limit=(\d+)", target)[0]) - 1]


def test_next_comes_to_last_from_any_offset(api: InProcess) -> None:
    for offset in (0, 3, 7, 13):
        last = links(api.get(f"occupations?limit=10&offset={offset}"))["last"]
        answer = api.get(f"occupations?limit=10&offset={offset}")
        while "next" in links(answer):
            answer = api.get(following := links(answer)["next"])
        assert following == last
        assert answer.json()["offset"] % 10 == offset % 10


def test_links_keep_the_filters(api: InProcess) -> None:
    answer = api.get("domains/heritage/occupations?degree=core&limit=2&language=fr-BE")
    assert "degree=core" in links(answer)["next"]
    assert f"language={answer.json()['language']}&" in links(answer)["next"] + "&"  # as it was understood


def test_page_beyond_the_end_is_empty(api: InProcess) -> None:
    found = api.json("occupations?offset=5000")
    assert found["items"] == []
    assert found["total"] == 116


def member_filter(api: InProcess, query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.json(f"domains/heritage/occupations?limit=500&{query}")["items"]
    return found


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ("degree=core", lambda m: m["degree"] == "core"),
        ("degree=related", lambda m: m["degree"] == "related"),
        ("route=curated", lambda m: "curated" in m["routes"]),
        ("route=nace", lambda m: "nace" in m["routes"]),
        ("isco=26", lambda m: m["iscoGroup"].startswith("26")),
        ("isco=2621", lambda m: m["iscoGroup"] == "2621"),
        ("nace=91", lambda m: any(c["code"].startswith("91") for c in m["naceCode"])),
        ("nace=91.21", lambda m: "91.21" in [c["code"] for c in m["naceCode"]]),
        ("nace=9121", lambda m: "91.21" in [c["code"] for c in m["naceCode"]]),
        ("function=preservation", lambda m: "preservation" in m["functions"]),
        ("sub-domain=museums", lambda m: "museums" in (m["subDomain"], *m["furtherSubDomains"])),
        ("q=museum", lambda m: "museum" in m["preferredLabel"]["en"].lower()),
        ("isco=26&degree=core", lambda m: (m["iscoGroup"][:2], m["degree"]) == ("26", "core")),
        ("degree=core&function=preservation", lambda m: m["degree"] == "core" and "preservation" in m["functions"]),
    ],
)  # fmt: skip
def test_filters_of_a_domain(api: InProcess, query: str, fits: Any) -> None:
    everything = member_filter(api, "")
    found = member_filter(api, query)
    wanted = [m for m in everything if fits(m)]
    assert found, "the sample has something for every filter"
    if query.startswith("q="):  # alternative labels count too
        assert [m for m in found if fits(m)] == wanted
    else:
        assert found == wanted
        assert len(found) < len(everything) or query == "route=curated", "every member of the sample is curated"


def test_order_of_a_domain(api: InProcess) -> None:
    found = [(m["degree"], m["preferredLabel"]["en"].lower()) for m in member_filter(api, "")]
    assert found == sorted(found)


def test_a_parameter_given_twice_is_refused(api: InProcess) -> None:
    for query in ("degree=core&degree=related", "limit=1&limit=2", "q=a&q=a"):
        name = query.partition("=")[0]
        answer = api.get(f"domains/heritage/occupations?{query}")
        assert answer.status_code == 422
        assert answer.json()["field"] == name
        assert answer.json()["detail"] == f"{name}: given 2 times, and takes one value."
    anchors = "anchor=c2efadc4-6f47-4f34-997b-dd80aba609dd&anchor=7556c748-15b4-4e44-97d9-00d885d4cd7d"
    assert api.get(f"profiles/compose?{anchors}").status_code == 200


def test_text_filter_ignores_case_and_accents_and_needs_every_word(api: InProcess) -> None:
    assert member_filter(api, "q=MUSÉUM") == member_filter(api, "q=museum")
    assert {m["uri"] for m in member_filter(api, "q=museum+curator")} <= {
        m["uri"] for m in member_filter(api, "q=museum")
    }
    assert member_filter(api, "q=museum+xylophone") == []


def test_sub_domain_as_path_and_as_filter(api: InProcess) -> None:
    by_path = api.json("domains/museums/occupations?limit=500")
    by_filter = member_filter(api, "sub-domain=museums")
    assert by_path["items"] == by_filter
    assert by_path["domain"] == "museums"


def test_sizes_of_domains_are_those_of_the_lists(api: InProcess) -> None:
    for item in api.json("domains")["items"]:
        for degree, size in item["occupations"].items():
            assert api.json(f"domains/{item['id']}/occupations?degree={degree}")["total"] == size, item["id"]


def test_occupations_by_classification(api: InProcess, catalogue: Any) -> None:
    everything = api.json("occupations?limit=500")["items"]
    assert len(everything) == len(catalogue.occupations)
    by_isco = api.json("occupations?limit=500&isco=26")["items"]
    assert by_isco == [o for o in everything if o["iscoGroup"].startswith("26")]
    by_nace = api.json("occupations?limit=500&nace=91.2")["items"]
    assert by_nace == [o for o in everything if any(c["code"].startswith("91.2") for c in o["naceCode"])]
    by_domain = api.json("occupations?limit=500&domain=heritage")["items"]
    assert {o["uri"] for o in by_domain} == {m["uri"] for m in member_filter(api, "")}
    combined = api.json("occupations?limit=500&isco=26&nace=91.2&domain=heritage")["items"]
    assert combined == [o for o in everything if o in by_isco and o in by_nace and o in by_domain]
    assert api.json("occupations?isco=9&domain=heritage")["total"] == 0


def test_occupation_by_iri(api: InProcess, catalogue: Any) -> None:
    iri = next(iter(catalogue.occupations))
    found = api.json(f"occupations?uri={iri}")
    assert [item["href"] for item in found["items"]] == [api.json(found["items"][0]["href"])["links"]["self"]]
    assert found["items"][0]["uri"] == iri
    assert found.keys() == api.json("occupations").keys(), "one shape"


def test_skills_and_occupations_agree(api: InProcess, catalogue: Any) -> None:
    for iri, item in list(catalogue.occupations.items())[:10]:
        shown = api.json(f"occupations/{iri.rpartition('/')[2]}")
        assert {s["uri"] for s in shown["hasEssentialSkill"]} == set(item.essential)
        assert {s["uri"] for s in shown["hasOptionalSkill"]} == set(item.optional)
        labels = [
            s["preferredLabel"]["en"].casefold()
            for s in shown["hasEssentialSkill"]
            if s["preferredLabel"]["en"].isascii()
        ]
        assert labels == sorted(labels)
        for kind, field in (
            ("hasEssentialSkill", "isEssentialForOccupation"),
            ("hasOptionalSkill", "isOptionalForOccupation"),
        ):
            for skill in shown[kind][:1]:
                other = api.json(skill["href"])
                assert iri in {o["uri"] for o in other[field]}


def test_classification_pages_count_what_they_list(api: InProcess) -> None:
    group = api.json("isco/2621")
    assert group["total"] == len(group["occupations"]) == api.json("occupations?isco=2621")["total"]
    assert group["inScope"] == sum(bool(o["domains"]) for o in group["occupations"])
    assert [g["code"] for g in group["hierarchy"]] == ["2", "26", "262"]
    code = api.json("nace/91.21")
    assert code["total"] == api.json("occupations?nace=91.21")["total"] > 0
    assert code["crosswalk"]
