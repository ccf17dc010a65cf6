"""The minutes as a document in the language of the reader, for Word and PDF."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from app.documents.blocks import Report, bullets, heading, paragraph, table
from app.workshop.page import WorkshopWords
from workshop.accord import accord

Json = dict[str, Any]
_FIGURES = ("percent", "fleiss_kappa", "alpha", "alpha_low", "alpha_high", "ordinalAlpha", "ac1")
_HEADS = ("%", "Fleiss κ", "Krippendorff α", "95 % –", "95 % +", "α ord.", "Gwet AC1")


def minutes_report(found: Json, t: WorkshopWords, sector: Callable[[str], str]) -> Report:
    """The whole document, in the order of the page."""
    return Report(f"{t('ws-minutes')}: {found['title']}", t.tag, tuple(_blocks(found, t, sector)))


def _blocks(found: Json, t: WorkshopWords, sector: Callable[[str], str]) -> Iterator[Json]:
    yield paragraph(f"{t('ws-frozen', release=found['release'])} {t('ws-rule', **found['rule'])}")
    yield heading(t("ws-panel"))
    yield bullets([f"{t('ws-role-' + role)}: {n}" for role, n in found["seats"].items()])
    for field, counted in found["panel"].items():
        if counted:
            yield paragraph(", ".join(f"{value} ({n})" for value, n in counted.items()), t(f"ws-expertise-{field}"))
    for group in found["groups"]:
        yield heading(group["title"])
        if group["agreement"]:
            rows = [
                [t("ws-round", n=row["round"]), str(row["ratings"]), *(_figure(t, row[key]) for key in _FIGURES)]
                for row in group["agreement"]
            ]
            yield table([t("ws-agreement"), "n", *_HEADS], rows)
        for item in group["items"]:
            yield from _item(item, t, sector)
        for deck in group["decks"]:
            if deck["revealed"]:
                yield from _deck(deck, t, sector)
    if found["motions"]:
        yield heading(t("ws-motions"))
        for motion in found["motions"]:
            yield from _motion(motion, t)
    if found["wall"]:
        yield heading(t("ws-wall"))
        yield table(
            [t("ws-skill"), t("ws-points"), t("ws-mean"), t("ws-deviation"), t("ws-use-esco")],
            [
                [r["label"], str(r["points"]), _figure(t, r["mean"]), _figure(t, r["deviation"]), str(r["use"])]
                for r in found["wall"] if r["points"]
            ],
        )  # fmt: skip
    yield heading(t("ws-accord"))
    yield table(["", "ACCORD", ""], [[row["item"], row["asks"], row["told"]] for row in accord(found)])


def _item(item: Json, t: WorkshopWords, sector: Callable[[str], str]) -> Iterator[Json]:
    yield heading(f"{item['label']} ({item['code']}), {t('ws-stage-' + item['stage'])}", 2)
    for one in item["rounds"]:
        said = "; ".join(
            f"{sector(s)}: {_outcome(t, o, t('ws-' + o['answer']) if o['n'] else '')}"
            for s, o in one["sectors"].items()
        )
        yield paragraph(said, t("ws-round", n=one["round"]))
    yield from _resolved(item["resolution"], t)
    if item["notes"]:
        yield bullets(item["notes"])


def _deck(deck: Json, t: WorkshopWords, sector: Callable[[str], str]) -> Iterator[Json]:
    report = deck["report"]
    yield heading(f"{t('ws-cards')}: {sector(deck['domain'])}", 2)
    yield paragraph(t.count("ws-sorts", report["sorts"]))
    rows = []
    for card in report["cards"]:
        piles = ", ".join(f"{pile} ({n})" for pile, n in card["piles"].items())
        share = "–" if card["share"] is None else t.percent(card["share"])
        rows.append([f"{card['code']} {card['label']}", piles, share])
    yield table([t("ws-card"), t("ws-pile"), t("ws-agreement")], rows)
    yield from _resolved(deck["resolution"], t)


def _motion(motion: Json, t: WorkshopWords) -> Iterator[Json]:
    proposal, stage = t(f"ws-proposal-{motion['proposal']}"), t(f"ws-stage-{motion['stage']}")
    yield heading(f"{motion['title']} ({proposal}), {stage}", 2)
    for one in motion["rounds"]:
        answer = one["answer"]
        named = (
            motion["names"][int(answer) - 1]["en"] if answer.isdigit() else t(f"ws-answer-{answer}") if answer else ""
        )
        yield paragraph(_outcome(t, one, named), t("ws-round", n=one["round"]))
    yield from _resolved(motion["resolution"], t)


def _resolved(resolution: Json | None, t: WorkshopWords) -> Iterator[Json]:
    for field, key in (("rationale", "ws-rationale"), ("minority", "ws-minority")):
        if resolution and resolution[field]:
            yield paragraph(resolution[field], t(key))


def _outcome(t: WorkshopWords, one: Json, answer: str) -> str:
    if not one["n"]:
        return t("ws-nobody")
    return f"{answer} {one['most']}/{one['n']} ({t.percent(one['share'])}), {t('ws-status-' + one['status'])}"


def _figure(t: WorkshopWords, value: float | None) -> str:
    return "–" if value is None else t.decimal(value, 3)
