"""The wall: points are bounded, hidden until the reveal, and ranked with their dispersion beside ESCO's figures."""

from __future__ import annotations

import pytest

from tests.workshop.conftest import ESCO, sit, toy
from workshop import wall
from workshop.database import Database
from workshop.errors import Conflict, NotAllowed, NotRevealed, Refused, Unknown
from workshop.people import Seat
from workshop.wall import Spending

SKILLS = [
    {
        "iri": f"{ESCO}skill/t{n}",
        "label": f"skill {n}",
        "use": 10 * n,
        "sectors": n,
        "score": 0.1 * n,
        "transversal": n > 2,
    }
    for n in range(1, 5)
]


def hung(database: Database, points: int = 10) -> Seat:
    toy(database)
    facilitator = sit(database, "facilitator")
    with database.writing() as session:
        wall.open_wall(session, facilitator, SKILLS, "1.2.0-abc", points)
    return facilitator


def spend(database: Database, seat: Seat, nonce: str = "some-nonce", **points: int) -> None:
    with database.writing() as session:
        wall.spend(session, seat, Spending(points={f"{ESCO}skill/{k}": n for k, n in points.items()}), nonce)


def test_the_ranking_tells_points_and_how_far_people_differ(database: Database) -> None:
    facilitator = hung(database)
    experts = [sit(database) for _ in range(3)]
    spend(database, experts[0], t1=9, t2=1)
    spend(database, experts[0], "other-nonce", t1=6, t2=4)  # the last word counts
    spend(database, experts[1], t1=6)
    spend(database, experts[2], t3=10)
    with database.reading() as session:
        with pytest.raises(NotRevealed):
            wall.ranking(session, "helsingborg")
        assert wall.spendings(session, "helsingborg") == []
        assert wall.counted(session, "helsingborg") == 3
        assert wall.own(session, experts[0]) == {f"{ESCO}skill/t1": 6, f"{ESCO}skill/t2": 4}
    with database.writing() as session:
        wall.reveal(session, facilitator)
    with database.reading() as session:
        rows = wall.ranking(session, "helsingborg")
        spent = wall.spendings(session, "helsingborg")
    assert [(r["rank"], r["label"], r["points"], r["backers"]) for r in rows] == [
        (1, "skill 1", 12, 2), (2, "skill 3", 10, 1), (3, "skill 2", 4, 1), (4, "skill 4", 0, 0),
    ]  # fmt: skip
    first = rows[0]
    # 6, 6 and 0 points: mean 4, standard deviation 12 ** 0.5, median 6, quartiles 3 and 6.
    assert (first["mean"], first["deviation"], first["median"], first["quartile1"], first["quartile3"]) == (
        4.0,
        3.4641,
        6.0,
        3.0,
        6.0,
    )
    assert (first["use"], first["sectors"], first["transversal"]) == (10, 1, False)
    assert [(s["participant"], s["label"], s["points"]) for s in spent] == [
        (2, "skill 1", 6), (2, "skill 2", 4), (3, "skill 1", 6), (4, "skill 3", 10),
    ]  # fmt: skip


def test_nobody_sees_escos_figures_before_the_reveal(database: Database) -> None:
    hung(database)
    expert, other = sit(database), sit(database)
    with database.reading() as session:
        hanging = wall.wall_of(session, "helsingborg")
        assert hanging is not None
        mine = wall.shuffled(hanging, expert)
        assert all(set(skill) == {"iri", "label"} for skill in mine)
        assert sorted(s["iri"] for s in mine) == sorted(s["iri"] for s in wall.shuffled(hanging, other))
        assert mine == wall.shuffled(hanging, expert)


def test_points_are_bounded_and_end_with_the_reveal(database: Database) -> None:
    facilitator = hung(database, points=5)
    expert = sit(database)
    with pytest.raises(Refused, match="6 points, and you have 5"):
        spend(database, expert, t1=3, t2=3)
    with pytest.raises(Refused, match="not on the wall"):
        spend(database, expert, t9=1)
    with pytest.raises(NotAllowed):
        spend(database, facilitator, t1=1)
    with database.writing() as session, pytest.raises(NotAllowed):
        wall.reveal(session, expert)
    with database.writing() as session:
        wall.reveal(session, facilitator)
    with pytest.raises(Conflict, match="no more"):
        spend(database, expert, t1=1)


def test_a_wall_is_frozen_on_the_release_of_its_workshop(database: Database) -> None:
    toy(database)
    facilitator, expert = sit(database, "facilitator"), sit(database)
    with pytest.raises(Unknown):
        spend(database, expert, t1=1)
    with database.writing() as session:
        with pytest.raises(Conflict, match=r"works on 1\.2\.0-abc"):
            wall.open_wall(session, facilitator, SKILLS, "another", 10)
        with pytest.raises(Refused, match="no collection"):
            wall.open_wall(session, facilitator, [], "1.2.0-abc", 10)
        with pytest.raises(NotAllowed):
            wall.open_wall(session, expert, SKILLS, "1.2.0-abc", 10)
        wall.open_wall(session, facilitator, SKILLS, "1.2.0-abc", 10)
    with database.writing() as session, pytest.raises(Conflict):
        wall.open_wall(session, facilitator, SKILLS, "1.2.0-abc", 20)
