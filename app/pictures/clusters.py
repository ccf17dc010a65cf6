"""The clusters of a domain at a glance: one card each, the largest first, so that every label can be read."""

from __future__ import annotations

from typing import Literal, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyBboxPatch, Rectangle
from matplotlib.textpath import text_to_path

from app.pictures.canvas import CORE, GREY, RELATED, drawing, finish, line
from app.pictures.words import Translate, translator

CARD_WIDTH = 4.1  # inches
GAP, PAD = 0.16, 0.13
HEAD, TEXT, SMALL = 10.5, 9.0, 8.0  # points
LINE = 1.32  # of the size of the letters
SLACK = 0.93  # a viewer's own font may run wider than ours
HEAD_LINES, TEXT_LINES = 8, 4  # more than any label of ESCO needs, two of its groups together included
LONGEST_LABEL = 600  # characters, which is more than the lines hold
EDGE, INK = "#c4c4c4", "#222222"


class Box(NamedTuple):
    """One cluster as the picture shows it."""

    label: str
    central: list[str]
    size: int
    support: int
    reliable: bool


def clusters_picture(title: str, boxes: list[Box], kind: Literal["svg", "png"] = "svg", language: str = "en") -> bytes:
    """Cards in columns, read row by row; the bar of a card is its number of skills beside that of the largest."""
    say = translator(language)
    ordered = sorted(boxes, key=lambda b: (-b.size, b.label))
    columns = 3 if len(boxes) <= 24 else 4
    width = columns * CARD_WIDTH + (columns + 1) * GAP
    head = line(say("{title}: clusters of skills").format(title=f"{title[:1].upper()}{title[1:]}"))
    with drawing():
        cards = [(b, *_lines(b)) for b in ordered]
        rows = [cards[i : i + columns] for i in range(0, len(cards), columns)]
        heights = [max(_height(heads, texts) for _, heads, texts in row) for row in rows]
        total = 0.95 + sum(heights) + GAP * (len(rows) + 1)
        figure = Figure(figsize=(width, total))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, width)
        axes.set_ylim(total, 0)
        axes.axis("off")
        axes.text(GAP, 0.36, head, fontsize=14, fontweight="bold", color=INK)
        told = say("Central skills below each label; bar: number of skills.")
        if any(not b.reliable for b in boxes):
            told += " " + say("Orange: few occupations or little stability, read as a hint.")
        if not boxes:
            told = say("This release has no clusters here.")
        axes.text(GAP, 0.68, told, fontsize=TEXT, color="#555555")
        top, largest = 0.95, max((b.size for b in boxes), default=1)
        for row, height in zip(rows, heights, strict=True):
            for n, card in enumerate(row):
                _card(axes, GAP + n * (CARD_WIDTH + GAP), top, height, card, largest, say)
            top += height + GAP
        return finish(figure, head, kind)


def _card(
    axes: Axes, x: float, y: float, height: float, card: tuple[Box, list[str], list[str]], largest: int, say: Translate
) -> None:
    box, heads, texts = card
    colour = CORE if box.reliable else RELATED
    add, write = axes.add_patch, axes.text
    add(
        FancyBboxPatch(
            (x, y), CARD_WIDTH, height, boxstyle="round,pad=0,rounding_size=0.06", linewidth=0.8, edgecolor=EDGE, facecolor="white"
        )
    )  # fmt: skip
    at = y + PAD + HEAD / 72
    for text in heads:
        write(x + PAD, at, text, fontsize=HEAD, fontweight="bold", color=INK)
        at += HEAD * LINE / 72
    at += 0.03
    for text in texts:
        write(x + PAD, at, text, fontsize=TEXT, color="#444444")
        at += TEXT * LINE / 72
    base, inner = y + height - PAD, CARD_WIDTH - 2 * PAD
    users = say("{n} occupation" if box.support == 1 else "{n} occupations").format(n=box.support)
    counted = f"{say('{n} skills').format(n=box.size)} · {users}"
    write(x + PAD, base - 0.11, counted, fontsize=SMALL, color="#555555")
    add(Rectangle((x + PAD, base - 0.06), inner, 0.06, facecolor=GREY, alpha=0.18, linewidth=0))
    add(Rectangle((x + PAD, base - 0.06), inner * box.size / largest, 0.06, facecolor=colour, linewidth=0))


def _lines(box: Box) -> tuple[list[str], list[str]]:
    heads = wrap(box.label, HEAD, "bold", HEAD_LINES)
    texts = []
    for skill in box.central[:4]:
        first, *more = wrap(skill, TEXT, "normal", TEXT_LINES, indent=0.14)
        texts += [f"• {first}", *(f"   {rest}" for rest in more)]
    return heads, texts


def _height(heads: list[str], texts: list[str]) -> float:
    return 2 * PAD + (len(heads) * HEAD + len(texts) * TEXT) * LINE / 72 + 0.36


def wrap(text: str, size: float, weight: str, most: int, indent: float = 0.0) -> list[str]:
    """The text in lines that fit a card, cut with an ellipsis after ``most`` lines."""
    room = (CARD_WIDTH - 2 * PAD - indent) * 72 * SLACK
    font = FontProperties(family="sans-serif", size=size, weight=weight)

    def fits(part: str) -> bool:
        return bool(text_to_path.get_text_width_height_descent(part, font, ismath=False)[0] <= room)

    lines = [""]
    for word in line(text, LONGEST_LABEL).split():
        longer = f"{lines[-1]} {word}".strip()
        if fits(longer) or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > most:
        lines = lines[:most]
        lines[-1] += " …"
    for n, part in enumerate(lines):  # one word that is longer than a line, or an ellipsis too many
        while not fits(lines[n]) and len(lines[n]) > 2:
            part = part.removesuffix(" …")[:-1].rstrip()
            lines[n] = part + " …"
    return lines
