"""Shares that add up to 100 as one bar, in parts from the worst answer to the best."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from surveyapp.design_tokens import CATEGORIES, COLOURS, HEATS, heat_colour, ink_on
from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.reports.charts import svg
from surveyapp.results.answers.answer_shares import AnswerShares, Part

_WIDTH, _BAR, _GAP, _FOOT, _LETTERS = 400.0, 24.0, 4.0, 18.0, 11.5
_LEAST = 6  # percent that has room for its number


def shares(found: AnswerShares, words: Words = ENGLISH) -> str:
    """The bar of all answers, that of detractors, passives and promoters above it where there is one.

    Widths are exact; the numbers inside are whole percents that add up to 100.
    """
    groups = [replace(part, label=words.say(part.label)) for part in found.groups]
    rows = [row for row in (groups, found.answers) if row]
    height = len(rows) * (_BAR + _GAP) - _GAP + _FOOT
    drawn = [
        piece
        for at, row in enumerate(rows)
        for piece in _bar(row, at * (_BAR + _GAP), found.n or 0, words)
    ]
    ends = [found.answers[0].label, found.answers[-1].label] if found.answers else []
    for text, x, anchor in zip(ends, (0.0, _WIDTH), ("start", "end"), strict=False):
        drawn.append(
            svg.text(
                text,
                x,
                height - _FOOT / 2 + 2,
                size=_LETTERS,
                colour=COLOURS["muted"],
                anchor=anchor,
                class_="tick",
            )
        )
    label = "; ".join(part_said(part, words) for row in rows for part in row)
    return svg.document(drawn, width=_WIDTH, height=height, label=label, class_="shares")


def part_said(part: Part, words: Words = ENGLISH) -> str:
    """A part in a sentence: "9: 24%, n = 31, 95% CI 18 to 32"."""
    low, high = (words.number(end) for end in (part.share.low, part.share.high))
    numbers = [
        words.percent(part.percent),
        words.say("n = {n}", n=words.number(part.n)),
        words.say("95% CI {low} to {high}", low=low, high=high),
    ]
    return words.say("{score}: {said}", score=part.label, said=words.joined(numbers))


def _bar(parts: Sequence[Part], top: float, total: int, words: Words) -> Iterator[str]:
    x = 0.0
    for at, part in enumerate(parts):
        width = _WIDTH * part.n / total
        colour, named = _colour(part, at)
        if part.n:
            yield svg.element(
                "rect",
                svg.element("title", svg.escaped(part_said(part, words))),
                class_=f"part {named}",
                x=x,
                y=top,
                width=max(1.0, width - 1),
                height=_BAR,
                fill=colour,
            )
        if part.percent >= _LEAST:
            yield svg.text(
                words.percent(part.percent),
                x + width / 2,
                top + _BAR / 2,
                size=_LETTERS,
                colour=ink_on(colour),
                class_=f"inside {named}",
            )
        x += width


def _colour(part: Part, at: int) -> tuple[str, str]:
    """The colour on white paper, and the class by which a page names it."""
    if part.position is None:
        place = at % len(CATEGORIES)
        return CATEGORIES[place], f"category-{place + 1}"
    step = 1 + round((part.position + 1) / 2 * (HEATS - 1))
    return heat_colour(step), f"heat-{step}"
