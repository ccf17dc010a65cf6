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
api.py          the same for programs
candidates.py   what a release offers to a selection
"""

from __future__ import annotations

from fastapi import FastAPI

from app.settings import Limits, Settings
from app.workshop import api, board, cards, events, joining, judging, outputs
from app.workshop.desk import Desk


def mount(app: FastAPI, settings: Settings, limits: Limits) -> Desk:
    """Add the routes; the desk has to be started and stopped with the app."""
    desk = app.state.workshop = Desk(settings, limits)
    for module in (joining, judging, board, cards, outputs, events, api):
        app.include_router(module.router)
    return desk
