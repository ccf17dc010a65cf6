"""The workshop's pages and its API, on when `CCSI_WORKSHOP=1`; nothing of it is imported otherwise.

desk.py            the way to the database: a thread that writes, some that read, bounded waiting; who listens
faults.py          refusals of `workshop/` as problems
access.py          cookie, forms and their token, rate
bodies.py          what is sent, checked by a model
rates.py           how much each may send
page.py            a page of the workshop, in one of its languages
joining.py         joining and leaving
signing_in.py      facilitators who sign in at an issuer of identities, where one is set
oidc.py            what that issuer is asked, and what of its answers is believed
judging.py         the queue of a person, an item, notes
board.py           what the facilitator does
cards.py           the card sort
placing.py         the group boards
proposing.py       proposals for ESCO
gathering.py       the basket of a sector
matters.py         votes on any of these
inbox.py           what guests report, and what becomes of it
names.py           what concepts are called, and which are near a text
outputs.py         results, minutes, tables, overlay, paper
minutes_report.py  the minutes for Word and PDF
events.py          server-sent events
motions.py         what is put to the vote, and decks that are closed
guidelines.py      the composition rules, tried on two profiles and put to the vote; roles
rule_preview.py    what a change to a rule does to two profiles
staged.py          what a release that is not served yet changes
wall.py            transversal skills with points to spend
api.py             the same for programs
api_groups.py      boards, proposals, baskets and the inbox for programs
api_motions.py     motions, guidelines and the wall for programs
candidates.py      what a release offers to a selection
"""

from __future__ import annotations

from fastapi import FastAPI

from app.settings import Limits, Settings
from app.workshop import (
    api,
    api_groups,
    api_motions,
    board,
    cards,
    events,
    gathering,
    guidelines,
    inbox,
    joining,
    judging,
    matters,
    motions,
    outputs,
    placing,
    proposing,
    staged,
    wall,
)
from app.workshop.desk import Desk


def mount(app: FastAPI, settings: Settings, limits: Limits) -> Desk:
    """Add the routes; the desk has to be started and stopped with the app."""
    desk = app.state.workshop = Desk(settings, limits)
    groups = (placing, proposing, gathering, matters, inbox)
    adopting = (motions, guidelines, wall, api_motions)
    for module in (joining, judging, board, cards, *groups, *adopting, outputs, events, api, api_groups):
        app.router.routes += module.router.routes
    for router in (staged.pages, staged.router):
        app.router.routes += router.routes
    if settings.workshop_oidc_issuer:
        from app.workshop import oidc, signing_in  # what only these need is not loaded otherwise

        desk.issuer = oidc.Issuer(settings)
        app.router.routes += signing_in.router.routes
    return desk
