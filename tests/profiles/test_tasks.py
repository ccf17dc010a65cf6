"""Tasks read off the text of a unit group, as ISCO-08 writes it (own words, in its manner)."""

from __future__ import annotations

from analysis.profiles.tasks import tasks

TEXT = """Makers of tests write tests and read them.
Tasks include –
(a)  writing tests, such as (a) small ones and (b) large ones;
(b)  reading tests (in
 a quiet room); and
(c)  throwing tests away.
Examples of the occupations classified here:
- Tester (d) of things"""


def test_the_tasks_of_a_group_in_their_order() -> None:
    assert tasks(TEXT) == (
        "writing tests, such as (a) small ones and (b) large ones",
        "reading tests (in a quiet room)",
        "throwing tests away",
    )


def test_a_text_that_tells_no_tasks_has_none() -> None:
    assert tasks("Makers of tests write tests. Tasks vary (a) a lot.") == ()
    assert tasks("") == ()
