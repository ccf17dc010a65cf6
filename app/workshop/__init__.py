"""The workshop's pages and its API, on when `CCSI_WORKSHOP=1`; nothing of it is imported otherwise.

desk.py         the way to the database: a thread that writes, some that read, bounded waiting; who listens
faults.py       refusals of `workshop/` as problems
access.py       cookie, forms and their token, rate
page.py         a page of the workshop, in one of its languages
joining.py      joining and leaving
judging.py      the queue of a person, an item, notes
board.py        what the facilitator does
cards.py        the card sort
outputs.py      results, minutes, tables, overlay, paper
events.py       server-sent events
motions.py      what is put to the vote, and decks that are closed
guidelines.py   the composition rules, tried on two profiles and put to the vote; roles
staged.py       what a release that is not served yet changes
wall.py         transversal skills with points to spend
api.py          the same for programs; adopting_api.py of motions, guidelines and the wall
candidates.py   what a release offers to a selection
"""

from __future__ import annotations

from fastapi import FastAPI

from app.settings import Limits, Settings
from app.workshop import (
    adopting_api,
    api,
    board,
    cards,
    events,
    guidelines,
    joining,
    judging,
    motions,
    outputs,
    staged,
    wall,
)
from app.workshop.desk import Desk


def mount(app: FastAPI, settings: Settings, limits: Limits) -> Desk:
    """Add the routes; the desk has to be started and stopped with the app."""
    desk = app.state.workshop = Desk(settings, limits)
    for module in (joining, judging, board, cards, outputs, events, motions, guidelines, wall, adopting_api, api):
        app.include_router(module.router)
    for router in (staged.pages, staged.router):
        app.include_router(router)
    return desk
