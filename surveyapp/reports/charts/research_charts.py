"""The researcher's charts that pages draw too: intervals against a cut-off, residuals as a heat map,
importance against performance. Plain SVG: they take a millisecond and no chart library.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from surveyapp.design_tokens import CATEGORIES, COLOURS, SIZES, ink_on, score_colour
from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.reports.apa import Apa
from surveyapp.reports.charts import svg
from surveyapp.reports.charts.diagram_places import Box
from surveyapp.reports.typesetting import fonts

WIDTH = 470.0
_TINY, _SMALL, _BODY = SIZES["tiny"] + 0.5, SIZES["small"] + 0.5, SIZES["body"]
_ROW, _HEAD = 21.0, 25.0
_MAP_HEIGHT = 300.0


@dataclass(frozen=True)
class Interval:
    """A row of an interval plot; rows of one ``group`` stand under its name."""

    label: str
    value: float
    low: float
    high: float
    group: str = ""


def intervals(
    rows: Sequence[Interval],
    *,
    cut: float | None = None,
    cut_label: str = "",
    words: Words = ENGLISH,
) -> str:
    """Estimates as dots on their intervals, zero in sight, the numbers at the right."""
    ends = [end for row in rows for end in (row.low, row.high)]
    low, high, ticks = _axis(min([0.0, *ends]), max([*ends, cut or 0.0]))
    labels = max([60.0, *(fonts.width(row.label, _BODY) * 1.06 + 26 for row in rows)])
    right = WIDTH - 104

    def x(value: float) -> float:
        return labels + (value - low) / (high - low) * (right - labels)

    top = 18.0 if cut is not None else 4.0
    front: list[str] = []
    y, group = top, ""
    for row in rows:
        if row.group != group:
            group = row.group
            front.append(svg.text(group, 0, y + _HEAD / 2, size=_BODY, colour=COLOURS["accent"], anchor="start", bold=True))  # fmt: skip
            y += _HEAD
        middle = y + _ROW / 2
        front += _interval_row(row, middle, 10.0 if group else 0.0, x, words)
        y += _ROW
    back = []
    for tick in ticks:
        solid = COLOURS["rule"] if tick == 0 else COLOURS["faint"]
        back.append(svg.line((x(tick), top), (x(tick), y), colour=solid, width=0.8))
        back.append(svg.text(_tick(tick, words), x(tick), y + 10, size=_TINY, colour=COLOURS["muted"]))  # fmt: skip
    if cut is not None:
        back.append(svg.line((x(cut), top), (x(cut), y), colour=COLOURS["muted"], dash="3,2"))
        back.append(svg.text(cut_label, x(cut), 9, size=_TINY, colour=COLOURS["muted"]))
    said = "; ".join(_said(row, words) for row in rows)
    return svg.document(
        [*back, *front], width=WIDTH, height=y + 18, label=said or words.say("no estimates")
    )


def _interval_row(
    row: Interval, y: float, indent: float, x: Callable[[float], float], words: Words
) -> list[str]:
    write = Apa(words)
    return [
        svg.text(row.label, indent, y, size=_BODY, anchor="start"),
        svg.line((x(row.low), y), (x(row.high), y), colour=COLOURS["accent"], width=2.4),
        svg.element("circle", cx=x(row.value), cy=y, r=4, fill=COLOURS["accent"]),
        svg.text(write.bounded(row.value), WIDTH - 74, y, size=_BODY, anchor="end", bold=True),
        svg.text(
            write.between(row.low, row.high),
            WIDTH,
            y,
            size=_SMALL,
            anchor="end",
            colour=COLOURS["muted"],
        ),
    ]


def _said(row: Interval, words: Words) -> str:
    write = Apa(words)
    name = words.joined([row.group, row.label]) if row.group else row.label
    numbers = f"{write.bounded(row.value)} {write.between(row.low, row.high)}"
    return words.say("{score}: {said}", score=name, said=numbers)


def residual_map(
    items: Sequence[str],
    matrix: Sequence[Sequence[float | None]],
    words: Words = ENGLISH,
) -> str:
    """Residual correlations below the diagonal: blue above the model's, orange below; full at .20.

    Figures stand where a residual is .10 or more in size.
    """
    write, n = Apa(words), len(items)
    labels = max(fonts.width(item, _TINY) for item in items) * 1.06 + 8
    cell = min(21.0, (WIDTH - labels - 4) / n)
    left = (WIDTH - labels - n * cell) / 2 + labels
    parts, large = [], []
    for i, item in enumerate(items):
        y = 2 + (i - 1) * cell  # the first item has nobody before it
        if i:
            parts.append(svg.text(item, left - 5, y + cell / 2, size=_TINY, anchor="end"))
        for j in range(i):
            value = matrix[i][j] or 0.0
            colour = score_colour(value / 0.20)
            x, side = left + j * cell, cell - 1
            parts.append(svg.element("rect", x=x, y=y, width=side, height=side, fill=colour))
            if abs(value) >= 0.10:
                pair = {"first": item, "second": items[j]}
                large.append(
                    words.say("{first} and {second} {value}", value=write.bounded(value), **pair)
                )
                if cell >= 16:
                    middle = x + side / 2
                    parts.append(svg.text(write.bounded(value), middle, y + cell / 2, size=_TINY - 1, colour=ink_on(colour)))  # fmt: skip
        x = left + (i + 0.5) * cell
        if cell >= 16 and i < n - 1:
            parts.append(svg.text(item, x, 2 + (n - 1) * cell + 7, size=min(_TINY, cell / 2.9)))
    said = "; ".join(large) or words.say("none of .10 or more")
    label = words.say("Residual correlations: {said}", said=said)
    return svg.document(parts, width=WIDTH, height=(n - 1) * cell + 18, label=label)


@dataclass(frozen=True)
class Mark:
    """A point of an importance-performance map with its intervals, where it has them."""

    label: str
    group: str
    importance: float
    performance: float
    importance_ends: tuple[float, float] | None = None
    performance_ends: tuple[float, float] | None = None


def importance_map(marks: Sequence[Mark], *, target: str, words: Words = ENGLISH) -> str:
    """Performance (0 to 100) against importance; the dashed lines are the means of what is shown.

    What stands at the lower right matters much and is done badly: begin there.
    """
    left, right, top, bottom = 40.0, WIDTH - 8, 12.0, _MAP_HEIGHT - 34
    wide = [end for m in marks for end in m.importance_ends or (m.importance,)]
    high = [end for m in marks for end in m.performance_ends or (m.performance,)]
    x_low, x_high, x_ticks = _axis(min([0.0, *wide]), max(wide))
    y_low = max(0.0, math.floor((min(high) - 1) / 5) * 5.0)
    y_high = min(100.0, math.ceil((max(high) + 1) / 5) * 5.0)

    def at(importance: float, performance: float) -> tuple[float, float]:
        return (
            left + (importance - x_low) / (x_high - x_low) * (right - left),
            bottom - (performance - y_low) / (y_high - y_low) * (bottom - top),
        )

    parts = []
    for tick in x_ticks:
        x, _ = at(tick, y_low)
        parts.append(svg.line((x, top), (x, bottom), colour=COLOURS["faint"], width=0.8))
        parts.append(svg.text(_tick(tick, words), x, bottom + 10, size=_TINY, colour=COLOURS["muted"]))  # fmt: skip
    step = 5 if y_high - y_low <= 30 else 10 if y_high - y_low <= 60 else 20
    for percent in range(int(y_low), int(y_high) + 1, step):
        _, y = at(x_low, percent)
        parts.append(svg.line((left, y), (right, y), colour=COLOURS["faint"], width=0.8))
        parts.append(svg.text(str(percent), left - 6, y, size=_TINY, anchor="end", colour=COLOURS["muted"]))  # fmt: skip
    mean = at(
        sum(m.importance for m in marks) / len(marks),
        sum(m.performance for m in marks) / len(marks),
    )
    for ends in (((mean[0], top), (mean[0], bottom)), ((left, mean[1]), (right, mean[1]))):
        parts.append(svg.line(*ends, colour=COLOURS["muted"], width=0.9, dash="3,2"))
    foot = words.say("Importance: points of {target} for one point more", target=target)
    parts.append(svg.text(foot, (left + right) / 2, _MAP_HEIGHT - 8, size=_SMALL, colour=COLOURS["muted"]))  # fmt: skip
    parts.append(svg.text(words.say("Performance, 0 to 100"), left, 5, size=_SMALL, anchor="start", colour=COLOURS["muted"]))  # fmt: skip
    parts += _marks(marks, at)
    said = "; ".join(
        words.say(
            "{name} ({group}): importance {importance}, performance {performance}",
            name=m.label,
            group=m.group,
            importance=Apa(words).bounded(m.importance),
            performance=words.number(m.performance),
        )
        for m in marks
    )
    return svg.document(parts, width=WIDTH, height=_MAP_HEIGHT, label=said)


def _marks(marks: Sequence[Mark], at: Callable[[float, float], tuple[float, float]]) -> list[str]:
    groups = list(dict.fromkeys(mark.group for mark in marks))
    spots = [at(mark.importance, mark.performance) for mark in marks]
    taken = [Box(x, y, 10, 10) for x, y in spots]
    whiskers, front = [], []
    for mark, (x, y) in zip(marks, spots, strict=True):
        place = groups.index(mark.group)
        colour = CATEGORIES[place % len(CATEGORIES)]
        if mark.importance_ends and mark.performance_ends:
            pairs = [(end, mark.performance) for end in mark.importance_ends]
            falls = [(mark.importance, end) for end in mark.performance_ends]
            for ends in (pairs, falls):
                whiskers.append(svg.line(at(*ends[0]), at(*ends[1]), colour=COLOURS["rule"], width=1.2))  # fmt: skip
        front.append(_symbol(place, x, y, colour))
        wide = fonts.width(mark.label, _SMALL, fonts.SEMIBOLD) * 1.06
        tries = [
            Box(x + side * (wide / 2 + 8), y + rise, wide, _SMALL + 1)
            for rise in (-7.0, 7.0, 0.0, -12.0, 12.0)
            for side in (1, -1)
        ]
        free = [b for b in tries if not any(b.overlaps(o) for o in taken) and _inside(b)]
        box = (free or tries)[0]
        taken.append(box)
        front.append(svg.text(mark.label, box.x, box.y, size=_SMALL, bold=True, colour=colour))
    return [*whiskers, *front]


def _inside(box: Box) -> bool:
    return box.x - box.width / 2 > 42 and box.x + box.width / 2 < WIDTH


def _symbol(place: int, x: float, y: float, colour: str) -> str:
    """Groups differ in shape too: a disc, a square, a diamond."""
    if place % 3 == 1:
        return svg.element("rect", x=x - 4, y=y - 4, width=8, height=8, fill=colour)
    if place % 3 == 2:
        return svg.polygon([(x, y - 5.5), (x + 5.5, y), (x, y + 5.5), (x - 5.5, y)], fill=colour)
    return svg.element("circle", cx=x, cy=y, r=4.5, fill=colour)


def _tick(value: float, words: Words) -> str:
    return Apa(words).bounded(value, 1) if value else "0"


def _axis(low: float, high: float) -> tuple[float, float, list[float]]:
    """Ends at round tenths, and the ticks between them."""
    first, last = math.floor(low * 10 + 1e-9), max(math.ceil(high * 10 - 1e-9), 1)
    step = 1 if last - first <= 8 else 2
    return first / 10, last / 10, [i / 10 for i in range(first, last + 1) if i % step == 0]
