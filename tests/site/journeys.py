"""Ten ways through the pages, of three kinds of people: who edits a job portal, who funds, who knows heritage.

Each begins at the front door and ends with the thing in hand. A reader goes by mouse or by keyboard alone, in any language of
the interface: what is looked for is what the catalogue of that language calls it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page

from app.site.words import PageWords

CONSERVATOR = "7556c748-15b4-4e44-97d9-00d885d4cd7d"
DESIGNER = "d68ff35f-e34d-4e32-88ab-d6c06a6c25b9"
DATABASES = "c1b4aa1e-bc42-49e4-952a-0cbd45f1d57b"
CLUSTER, AREA = "heritage/library-services", "collections-documentation"
# One page of every kind, as readers come to them.
KINDS = [
    "/", "/find", "/find?q=museum", "/find?q=xyzzyqwv", "/sectors/heritage", "/sectors/museums", f"/occupations/{CONSERVATOR}",
    f"/skills/{DATABASES}", f"/decisions/{CONSERVATOR}-heritage", f"/clusters/{CLUSTER}", f"/areas/{AREA}", "/compare",
    f"/compare?occupation={CONSERVATOR}&occupation={DESIGNER}", "/compare?sector=heritage&sector=gaming",
    "/crosswalk?text=2621.3%0A9.1", "/composer", f"/composer?anchor={CONSERVATOR}&anchor={DESIGNER}", "/composer?q=conservator",
    "/profiles/heritage-preservation", "/statistics", "/method", "/design", "/nowhere",
]  # fmt: skip
MOST_TABS = 600  # stops of the Tab key before something counts as out of reach
# How many stops of the Tab key lie between where the reader is and an element.
STOPS_BEFORE = """element => {
  const stops = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")]
    .filter(e => e.checkVisibility() && !e.disabled);
  return stops.indexOf(element) - stops.indexOf(document.activeElement);
}"""
OVERFLOW = "document.documentElement.scrollWidth - window.innerWidth"


class Reader:
    """Somebody at a page."""

    def __init__(self, page: Page, language: str, by_keyboard: bool) -> None:
        self.page, self.t, self._keys = page, PageWords(language), by_keyboard

    def follow(self, target: Locator) -> None:
        """Take a link or press a button, and look at where that leads."""
        if self._keys:
            self._reach(target)
        with self.page.expect_navigation():
            if self._keys:
                self.page.keyboard.press("Enter")
            else:
                target.first.click()
        self.looks()

    def tick(self, target: Locator) -> None:
        """Tick a box."""
        if self._keys:
            self._reach(target)
            self.page.keyboard.press("Space")
        else:
            target.first.check()
        assert target.first.is_checked()

    def write(self, target: Locator, text: str, enter: bool = True) -> None:
        """Write into a field, and send the form."""
        if self._keys:
            self._reach(target)
            self.page.keyboard.type(text)
        else:
            target.first.fill(text)
        if enter:
            with self.page.expect_navigation(url=re.compile("[?&]q=")):
                self.page.keyboard.press("Enter")
            self.looks()

    def looks(self) -> None:
        """What holds of every page that is come to."""
        assert self.page.locator("h1").count() == 1
        assert self.page.locator("html").get_attribute("lang") == self.t.tag
        assert self.page.evaluate(OVERFLOW) <= 0, self.page.url

    def saved(self, target: Locator) -> bytes:
        """The bytes of a file that a link leads to."""
        href = target.first.get_attribute("href")
        assert href
        return self.page.request.get(href).body()

    def nav(self, key: str) -> None:
        """Take a link of the head."""
        self.follow(self.page.locator("header").get_by_role("link", name=self.t(key), exact=True))

    def search(self, text: str) -> None:
        """Use the search box of the front door."""
        self.write(self.page.locator("main form[role=search] input[type=search]"), text)

    def main(self, path: str) -> Locator:
        """The links of the page's main part whose address holds this."""
        return self.page.locator(f'main a[href*="{path}"]')

    def _reach(self, target: Locator) -> None:
        element = target.first.element_handle()
        for _ in range(self.page.evaluate(STOPS_BEFORE, element) - 2):  # as far as is sure, without a look at each
            self.page.keyboard.press("Tab")
        for _ in range(MOST_TABS):
            if self.page.evaluate("e => document.activeElement === e", element):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{target} is out of reach of the Tab key on {self.page.url}")


# --- who edits a job portal ---------------------------------------------------------------------------------------------


def from_a_name_to_a_profile_as_a_workbook(r: Reader) -> None:
    r.search("conservator")
    r.follow(r.page.locator(f'.hits a[href*="/occupations/{CONSERVATOR}"]'))
    assert r.saved(r.main(".xlsx"))[:2] == b"PK"


def from_a_sector_to_its_occupations_as_csv(r: Reader) -> None:
    r.follow(r.page.locator('.tiles a[href*="/sectors/heritage"]'))
    assert r.page.locator("#members").is_visible()
    rows = r.saved(r.main("/domains/heritage/occupations?format=csv")).decode().splitlines()
    assert rows[0].startswith("uri,code,label")
    assert any(CONSERVATOR in row for row in rows)


def from_a_column_of_codes_to_a_table(r: Reader) -> None:
    r.nav("crosswalk")
    r.write(r.page.locator("#text"), "2621.3", enter=False)
    r.follow(r.page.get_by_role("button", name=r.t("make-table")))
    row = r.page.locator("tbody tr")
    assert row.count() == 1
    assert CONSERVATOR in (row.locator("a").first.get_attribute("href") or "")
    with r.page.expect_download() as saved:
        r.page.get_by_role("button", name=r.t("as-csv")).press("Enter")
    assert "heritage" in saved.value.path().read_text()


def from_two_names_to_a_comparison(r: Reader) -> None:
    r.nav("compare")
    for name, key in (("conservator", CONSERVATOR), ("digital games designer", DESIGNER)):
        r.write(r.page.locator("#q"), name)
        r.follow(r.page.locator(f'.hits a[href*="{key}"]'))
    assert r.page.locator("#facts").is_visible()
    assert r.page.locator("table").first.locator("thead a").count() == 2


# --- who funds ----------------------------------------------------------------------------------------------------------


def from_the_figures_to_what_esco_lacks(r: Reader) -> None:
    r.nav("statistics")
    r.follow(r.main("/sectors/heritage"))
    assert r.page.locator("#gaps").is_visible()
    assert r.page.locator("section[aria-labelledby=gaps] dt").count() > 0


def from_a_sector_to_one_of_its_parts(r: Reader) -> None:
    r.follow(r.page.locator('.tiles a[href*="/sectors/heritage"]'))
    part = r.page.locator(".matrix th a").first
    name = part.inner_text().lower()
    r.follow(part)
    assert r.page.locator("h1").inner_text().lower() == name


def from_two_sectors_to_what_both_have(r: Reader) -> None:
    r.nav("compare")
    for sector in ("heritage", "gaming"):
        r.tick(r.page.locator(f'input[value="{sector}"]'))
    r.follow(r.page.locator("main").get_by_role("button", name=r.t("compare"), exact=True))
    assert r.page.locator("#pairs").inner_text().lower() == r.t("in-common").lower()


def from_an_answer_to_its_source(r: Reader) -> None:
    r.search("2621.3")
    r.follow(r.page.locator(f'.hits a[href*="/occupations/{CONSERVATOR}"]'))
    r.follow(r.main(f"/decisions/{CONSERVATOR}-heritage"))
    assert r.page.locator("#rule").is_visible()
    source = r.page.locator("section[aria-labelledby=evidence] p strong ~ a").first.get_attribute("href")
    assert source
    assert r.page.request.get(source, headers={"accept": "text/html"}).ok


# --- who knows heritage -------------------------------------------------------------------------------------------------


def from_an_idea_to_a_profile_of_ones_own(r: Reader) -> None:
    r.nav("composer")
    r.write(r.page.locator("#q"), "conservator")
    r.follow(r.page.locator(f'.hits a[href*="{CONSERVATOR}"]'))
    assert r.page.locator("#result").is_visible()
    r.follow(r.page.locator(f'a.drop[href*="drop={DATABASES}"]'))
    changes = r.page.locator("section[aria-labelledby=changes]")
    assert changes.locator(f'a[href*="{DATABASES}"]').count()
    assert r.saved(r.main("format=pdf"))[:5] == b"%PDF-"


def from_a_skill_to_its_field(r: Reader) -> None:
    r.search("museum databases")
    r.follow(r.page.locator(f'.hits a[href*="/skills/{DATABASES}"]'))
    assert r.page.locator("#needs").is_visible()
    r.follow(r.main("/occupations/"))
    r.follow(r.main("/sectors/heritage"))
    field = r.page.locator('.areas h3 a[href*="/areas/"]').first
    name = field.inner_text().lower()
    r.follow(field)
    assert r.page.locator("h1").inner_text().lower() == name


JOURNEYS: list[Callable[[Reader], None]] = [
    from_a_name_to_a_profile_as_a_workbook, from_a_sector_to_its_occupations_as_csv, from_a_column_of_codes_to_a_table,
    from_two_names_to_a_comparison, from_the_figures_to_what_esco_lacks, from_a_sector_to_one_of_its_parts,
    from_two_sectors_to_what_both_have, from_an_answer_to_its_source, from_an_idea_to_a_profile_of_ones_own, from_a_skill_to_its_field,
]  # fmt: skip
