"""The minutes by the items of ACCORD (Gattrell et al. 2024, doi:10.1371/journal.pmed.1004326), in words of our own.

Of each item it is told what the record says; what no record can say is left for whoever writes the report.
"""

from __future__ import annotations

from typing import Any

OPEN = "Not in the record: for the authors to write."
_RECORD = {
    "T1": "Say in the title that it is a consensus exercise, and by which method.",
    "I1": "Why consensus was sought.",
    "I2": "The aim, and what was in scope.",
    "I3": "Where it updates an earlier one, why.",
    "M1": "Whether it was registered before it began.",
    "M2": "Who directed it, and what they are expert in.",
    "M3": "How panellists qualify, and why so many.",
    "M4": "How they were found and invited.",
    "M5": "What part the public had.",
    "M6": "How the material was gathered before.",
    "M7": "How literature was searched.",
    "M8": "What evidence was summed up, and whether panellists saw it.",
    "M9": "By which steps opinions were gathered and consensus reached.",
    "M10": "How questions were put, which answers there were, whether reasons and new items could be given.",
    "M11": "What each step was for.",
    "M12": "What counts as consensus, fixed when.",
    "M13": "Whether items that had reached consensus were asked about again.",
    "M14": "How answers were collected: alone or in a group.",
    "M15": "How answers were worked up.",
    "M16": "Whether the material was tried before.",
    "M17": "What panellists were told after each step.",
    "M18": "What was anonymous, to whom, and how that was ensured.",
    "M19": "Whether those who directed it decided with the panel.",
    "M20": "What panellists were given for it.",
    "M21": "What was done so that all could take part.",
    "R1": "When it took place, and how long each step took.",
    "R2": "What was done otherwise than planned, and why.",
    "R3": "For each step how many took part, and who they were.",
    "R4": "The outcome, with figures.",
    "R5": "Which items were changed or dropped, when and why.",
    "D1": "Strengths and limits of the method.",
    "D2": "Whether the outcome agrees with what was known.",
    "O1": "Who endorses it.",
    "O2": "Interests of those involved.",
    "O3": "Who paid for it, and what part they had.",
}


def accord(minutes: dict[str, Any]) -> list[dict[str, str]]:
    """A row for each of the 35 items: what ACCORD asks, and what the record tells."""
    told = _told(minutes)
    return [{"item": item, "asks": asks, "told": told.get(item, OPEN)} for item, asks in _RECORD.items()]


def _told(m: dict[str, Any]) -> dict[str, str]:
    rule, groups = m["rule"], m["groups"]
    items = [item for group in groups for item in group["items"]]
    decks = [deck for group in groups for deck in group["decks"]]
    closed = [item for item in items if item["resolution"]]
    outcomes = [o for item in closed for o in item["resolution"]["sectors"].values()]
    motions = [motion for motion in m["motions"] if motion["resolution"]]
    adopted = sum(o["status"] == "adopted" for o in outcomes)
    carried = sum(motion["resolution"]["outcome"]["status"] == "adopted" for motion in motions)
    experts = m["seats"].get("expert", 0)
    return {
        "T1": f"{m['title']}: a modified Delphi exercise of up to {rule['rounds']} rounds.",
        "I2": (
            f"{len(items)} occupations, {len(decks)} card sorts and {len(m['motions'])} motions for "
            f"{', '.join(sorted({d for g in groups for d in g['domains']}))}, on release {m['release']} of ESCO {m['escoVersion']}."
        ),
        "M3": f"{experts} experts sat on the panel. " + _panel(m["panel"]),
        "M6": _chosen(items),
        "M8": "Of each occupation ESCO's own description and skills were shown. What the release had decided, and its evidence, "
        "were hidden until the reveal of each round.",
        "M9": "Blind rating of occupations in rounds, card sorts, votes on motions, points on transversal skills; "
        "what is under the threshold is discussed and asked again.",
        "M10": "Occupations: in, partly or out, the sectors, of each skill essential, useful or not ours, how sure from 1 to 5. "
        "Motions: yes or no, one of several names, or approve, amend, reject. A reason could be given to each; missing skills "
        "could be named.",
        "M12": f"At least {rule['threshold']} per cent of at least {rule['quorum']} say the same, fixed before the first judgement "
        f"({m['createdAt'][:10]}).",
        "M13": "What was adopted was closed and not asked again.",
        "M14": "Each alone, at a device of their own or on paper.",
        "M15": "Counted by the rule; per cent agreement, Fleiss' kappa, Krippendorff's alpha with a bootstrap interval, Gwet's AC1; "
        "median and quartiles of scales.",
        "M17": "After each round everybody saw the spread, their own answer, the reasons without names, and the release's evidence.",
        "M18": "Experts sat under a pseudonym that only they see. Answers are kept under the number of a seat; who sat there is kept "
        f"apart and deleted by {m['keepUntil'][:10]}.",
        "M19": "Facilitators did not rate or vote, and could adopt nothing that the rule does not.",
        "M21": "Pages in English, Spanish, French and German, by keyboard, touch or mouse, without scripts; paper sheets and cards.",
        "R1": _when(m, items, motions),
        "R3": _rounds(groups),
        "R4": f"{len(closed)} of {len(items)} occupations closed; {adopted} of {len(outcomes)} answers on sectors adopted; "
        f"{carried} of {len(motions)} motions that were closed adopted. Figures stand above.",
        "R5": f"{len(outcomes) - adopted} answers on sectors and {len(motions) - carried} motions were deferred.",
    }  # fmt: skip


def _panel(panel: dict[str, dict[str, int]]) -> str:
    parts = [
        f"{field}: {', '.join(f'{value} ({n})' for value, n in counted.items())}"
        for field, counted in panel.items()
        if counted
    ]
    return "; ".join(parts) + "." if parts else "What they said of themselves is deleted."


def _chosen(items: list[dict[str, Any]]) -> str:
    told = {"review-queue": "from the review queue", "sample": "as a sample", "control": "as controls"}
    counted = {why: sum(item["chosen"] == why for item in items) for why in told}
    parts = ", ".join(f"{n} {told[why]}" for why, n in counted.items() if n)  # of those that were revealed
    return f"Occupations were drawn by rule{': ' if parts else ''}{parts}."


def _when(m: dict[str, Any], items: list[dict[str, Any]], motions: list[dict[str, Any]]) -> str:
    ends = [one["resolvedAt"] for one in (*items, *motions) if one["resolvedAt"]]
    return f"Prepared {m['createdAt']}" + (f"; closed from {min(ends)} to {max(ends)} (UTC)." if ends else ".")


def _rounds(groups: list[dict[str, Any]]) -> str:
    told = []
    for group in groups:
        for number in sorted({r["round"] for item in group["items"] for r in item["rounds"]}):
            counts = [r["n"] for item in group["items"] for r in item["rounds"] if r["round"] == number]
            told.append(
                f"{group['title']}, round {number}: {len(counts)} items, {min(counts)} to {max(counts)} answers each"
            )
    return "; ".join(told) + "." if told else "No round was revealed."
