"""Figures to charts, as SVG text: dots with intervals, and the heat map.

A chart draws what it is given and computes nothing. Titles stand above it in page and report, as
sentences; inside are direct labels only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from surveyapp.design_tokens import COLOURS, SIZES, ink_on, score_colour
from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.reports.charts import theme
from surveyapp.reports.charts.short_names import short_names
from surveyapp.reports.typesetting import fonts
from surveyapp.results import phrases
from surveyapp.results.scale_titles import short
from surveyapp.results.view_models import Definition, Figure, State, Unit

_ROW, _LINE = 24.0, 11.5  # height of a row and of a further line in its label
_GROUP = 26.0
_HEAD, _FOOT = 24.0, 18.0
_GAP, _VALUE = 16.0, 34.0  # between panels; for the number at a panel's right end
_LABELS = 168.0
_TALL_STAGES = 6  # more stand in lower rows, so that all are on one page


@dataclass(frozen=True)
class Row:
    """A line of a dot plot: one figure for each column, None where there is none."""

    label: str
    figures: Sequence[Figure | None]
    strong: bool = False
    group: str = ""  # a heading above the first row of each group


@dataclass(frozen=True)
class Column:
    """A panel of a dot plot: its heading, axis (the whole one when None) and, dashed, a value to
    compare with.
    """

    definition: Definition
    reference: float | None = None
    axis: tuple[float, float] | None = None

    @property
    def ends(self) -> tuple[float, float]:
        return self.axis or self.definition.axis


@dataclass(frozen=True)
class _Panel:
    column: Column
    left: float
    right: float

    def x(self, value: float) -> float:
        low, high = self.column.ends
        return self.left + (value - low) / (high - low) * (self.right - self.left)


def dots(
    rows: Sequence[Row],
    columns: Sequence[Column],
    *,
    few: int = 5,
    width: float = theme.WIDTH,
    labels: float = _LABELS,
    words: Words = ENGLISH,
) -> str:
    """Estimates as dots with their intervals, rows against shared axes, the numbers beside them."""
    panels = _panels(columns, width, labels)
    heading = len(columns) > 1
    placed, height = _placed(rows, top=_HEAD if heading else 4.0, labels=labels)
    grid, ticks, dashes = _grid(panels, placed, height, words)
    intervals, dot, values, missing = _marks(placed, panels, few, words)
    label = "; ".join(point["says"] for point in dot) or words.say("no scores to show")
    return theme.layered(
        [
            theme.rules(grid, color=COLOURS["faint"], strokeWidth=0.8),
            theme.rules(_separators(placed, width), color=COLOURS["rule"], strokeWidth=0.6),
            theme.rules(dashes, color=COLOURS["muted"], strokeWidth=1, strokeDash=[3, 2]),
            theme.texts(_headings(panels, words) if heading else [], align="left", fontWeight="bold", fontSize=SIZES["small"] + 0.5),
            theme.texts(ticks, align="center", color=COLOURS["muted"], fontSize=SIZES["tiny"] + 0.5),
            theme.texts(_group_names(placed), align="left", fontWeight="bold", color=COLOURS["accent"], fontSize=SIZES["body"]),
            theme.texts(_names(placed, strong=False), align="left", fontSize=SIZES["body"]),
            theme.texts(_names(placed, strong=True), align="left", fontWeight="bold", fontSize=SIZES["body"]),
            theme.rules(intervals, color=COLOURS["accent"], strokeWidth=2.4, strokeCap="round"),
            theme.points(dot, color=COLOURS["accent"], size=60),
            theme.boxes(_behind(missing)),
            theme.texts(values, align="right", fontWeight="bold", fontSize=SIZES["body"]),
            theme.texts(missing, align="left", fontStyle="italic", color=COLOURS["muted"], fontSize=SIZES["small"]),
        ],
        height=height + _FOOT,
        width=width,
        label=label,
    )  # fmt: skip


def _names(
    placed: Sequence[tuple[Row | None, float, str]], *, strong: bool
) -> list[dict[str, Any]]:
    return [
        {"x": 0, "y": y, "text": text}
        for row, y, text in placed
        if row is not None and row.strong is strong
    ]


def _panels(columns: Sequence[Column], width: float, labels: float) -> list[_Panel]:
    room = (width - labels - _GAP * (len(columns) - 1)) / len(columns)
    return [
        _Panel(column, labels + i * (room + _GAP), labels + i * (room + _GAP) + room - _VALUE)
        for i, column in enumerate(columns)
    ]


def _placed(
    rows: Sequence[Row], *, top: float, labels: float
) -> tuple[list[tuple[Row | None, float, str]], float]:
    """Rows with the middle of their line and their wrapped label; None is a group's heading."""
    placed: list[tuple[Row | None, float, str]] = []
    y, group = top, ""
    names = short_names(
        [row.label for row in rows], SIZES["body"], labels - 14, font=fonts.SEMIBOLD
    )
    for row, lines in zip(rows, names, strict=True):
        if row.group and row.group != group:
            group = row.group
            placed.append((None, y + _GROUP / 2 + 2, group))
            y += _GROUP
        height = _ROW + _LINE * (len(lines) - 1)
        placed.append((row, y + height / 2, "\n".join(lines)))
        y += height
    return placed, y


def _grid(
    panels: Sequence[_Panel],
    placed: Sequence[tuple[Row | None, float, str]],
    bottom: float,
    words: Words,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    grid, ticks, dashes = [], [], []
    top = placed[0][1] - _ROW / 2 if placed else 0.0
    for panel in panels:
        definition = panel.column.definition
        low, high = panel.column.ends
        steps = _steps(definition, low, high, panel.right - panel.left)
        for i in range(steps + 1):
            value = low + (high - low) * i / steps
            x = panel.x(value)
            grid.append({"x": x, "x2": x, "y": top, "y2": bottom})
            text = phrases.estimate(definition, value, _places(definition), words=words)
            ticks.append({"x": x, "y": bottom + 9, "text": text})
        if panel.column.reference is not None:
            x = panel.x(panel.column.reference)
            dashes.append({"x": x, "x2": x, "y": top, "y2": bottom})
    return grid, ticks, dashes


def _places(definition: Definition) -> int:
    """The decimals of an axis' numbers."""
    return 2 if definition.unit is Unit.CORRELATION else 0


def _steps(definition: Definition, low: float, high: float, room: float) -> int:
    """Into how many equal parts, at round numbers, an axis is cut."""
    most = max(2, int(room // 34))
    round_numbers: tuple[float, ...] = (5, 10, 20, 25, 50, 100)
    if definition.unit is Unit.CORRELATION:
        round_numbers = (0.25, 0.5, 1)
    spans = [span for span in round_numbers if (high - low) % span == 0]
    return next((int((high - low) / s) for s in spans if (high - low) / s <= most), 1)


def _separators(
    placed: Sequence[tuple[Row | None, float, str]], width: float
) -> list[dict[str, Any]]:
    return [
        {"x": 0, "x2": width, "y": y - _GROUP / 2, "y2": y - _GROUP / 2}
        for row, y, _ in placed
        if row is None and y > _HEAD + _GROUP
    ]


def _headings(panels: Sequence[_Panel], words: Words) -> list[dict[str, Any]]:
    found = []
    for panel in panels:
        room = panel.right - panel.left + _VALUE
        name = short(panel.column.definition, words)
        text = fonts.wrapped(name, SIZES["small"] + 0.5, room, most=1, font=fonts.BOLD)
        found.append({"x": panel.left, "y": 9, "text": text[0]})
    return found  # fmt: skip


def _group_names(placed: Sequence[tuple[Row | None, float, str]]) -> list[dict[str, Any]]:
    return [{"x": 0, "y": y, "text": text} for row, y, text in placed if row is None]


def _marks(
    placed: Sequence[tuple[Row | None, float, str]],
    panels: Sequence[_Panel],
    few: int,
    words: Words,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    intervals, dot, values, missing = [], [], [], []
    for row, y, _ in placed:
        if row is None:
            continue
        for panel, figure in zip(panels, row.figures, strict=True):
            if figure is None:
                continue
            if figure.estimate is None:
                why = phrases.value(figure, few=few, words=words)
                missing.append({"x": panel.left, "y": y, "text": why})
                continue
            if figure.low is not None and figure.high is not None:
                low, high = panel.x(figure.low), panel.x(figure.high)
                intervals.append({"x": low, "x2": high, "y": y, "y2": y})
            says = phrases.said(row.label, figure, words=words)
            dot.append({"x": panel.x(figure.estimate), "y": y, "says": says})
            text = phrases.value(figure, words=words)
            values.append({"x": panel.right + _VALUE - 1, "y": y, "text": text})
    return intervals, dot, values, missing


def _behind(missing: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Paper behind words, which grid lines would run through."""
    size = SIZES["small"]
    return [
        {
            "x": row["x"] - 1,
            "x2": row["x"] + fonts.width(row["text"], size, fonts.ITALIC) + 3,
            "y": row["y"] - 0.7 * size,
            "y2": row["y"] + 0.7 * size,
            "colour": COLOURS["paper"],
            "says": "",
        }
        for row in missing
    ]


def heat_map(
    stages: Sequence[tuple[str, Sequence[Figure | None]]],
    columns: Sequence[Definition],
    middle: Mapping[str, float],
    *,
    few: int = 5,
    words: Words = ENGLISH,
) -> str:
    """Stages against metrics; grey is ``middle`` (by scale), full colour is a tenth of the axis away
    for the Net Promoter Score's long axis and a fifth for the others.
    """
    cell = min(104.0, (theme.WIDTH - _LABELS) / max(len(columns), 1))
    box, numbers, small, names = [], [], [], []
    heads = [
        {"x": _LABELS + i * cell + cell / 2, "y": 9, "text": short(column, words)}
        for i, column in enumerate(columns)
    ]
    is_low = len(stages) > _TALL_STAGES
    height = 22.0 if is_low else 38.0
    shown = short_names(
        [stage for stage, _ in stages],
        SIZES["body"],
        _LABELS - 14,
        most=1 if is_low else 2,
        font=fonts.SEMIBOLD,
    )
    for i, ((stage, figures), lines) in enumerate(zip(stages, shown, strict=True)):
        top = _HEAD + i * (height + 3)
        names.append({"x": 0, "y": top + height / 2, "text": "\n".join(lines)})
        for j, figure in enumerate(figures):
            left = _LABELS + j * cell
            colour, ink = COLOURS["wash"], COLOURS["muted"]
            if figure is not None and figure.estimate is not None:
                away = figure.estimate - middle[figure.definition.scale]
                low, high = figure.definition.axis
                colour = score_colour(away / ((high - low) / 5))
                ink = ink_on(colour)
            text = (
                words.say(State.UNASKED.value)
                if figure is None
                else phrases.value(figure, few=few, words=words)
            )
            box.append(
                {
                    "x": left,
                    "x2": left + cell - 3,
                    "y": top,
                    "y2": top + height,
                    "colour": colour,
                    "says": words.say(
                        "{place}, {score}: {numbers}",
                        place=stage,
                        score=short(columns[j], words),
                        numbers=text,
                    ),
                }
            )
            centre = left + (cell - 3) / 2
            if figure is None or figure.estimate is None:
                room = cell  # beside which the next one's text may begin
                lines = fonts.wrapped(text, SIZES["tiny"] + 0.3, room, most=1 if is_low else 2)
                said = "\n".join(lines)
                small.append({"x": centre, "y": top + height / 2, "text": said, "colour": ink})
                continue
            n = words.number(figure.n or 0)
            beside = f"{phrases.interval(figure, words=words)}  ·  n {n}"
            if is_low:  # in one line
                numbers.append({"x": left + 18, "y": top + 11, "text": text, "colour": ink})
                small.append({"x": centre + 16, "y": top + 11, "text": beside, "colour": ink})
                continue
            numbers.append({"x": centre, "y": top + 14, "text": text, "colour": ink})
            small.append({"x": centre, "y": top + 28, "text": beside, "colour": ink})
    return theme.layered(
        [
            theme.texts(heads, align="center", fontWeight="bold", fontSize=SIZES["small"] + 0.5),
            theme.texts(names, align="left", fontWeight="bold", fontSize=SIZES["body"]),
            theme.boxes(box, cornerRadius=2),
            theme.texts(
                numbers,
                align="center",
                fontWeight="bold",
                fontSize=SIZES["body" if is_low else "h3"],
            ),
            theme.texts(small, align="center", fontSize=SIZES["tiny"] + 0.3),
        ],
        height=_HEAD + len(stages) * (height + 3),
        label="; ".join(str(row["says"]) for row in box) or words.say("no scores to show"),
    )
