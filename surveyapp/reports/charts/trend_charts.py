"""A score month by month as SVG text, the same drawing for pages and for the PDF.

Written as elements rather than by the chart library: a page draws several trends for whatever
filters it is asked with, and has no second for each. Every part carries its colour, which paper
reads, and a class, by which a page's stylesheet may say otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from surveyapp.design_tokens import COLOURS, HALF_WIDTH, SIZES, TEXT_WIDTH
from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.reports.charts import limit_lines, svg
from surveyapp.reports.charts.trend_plane import Canvas, Plane
from surveyapp.results import control_limits, phrases
from surveyapp.results.targets import phrases as target_phrases
from surveyapp.results.targets.standing import MetricTarget
from surveyapp.results.view_models import Definition, Month, State, Trend

_STEPS = (1, 2, 5, 10, 20, 25, 50, 100)  # between grid lines
_MOST_LINES = 5
# Lengths in parts of the type's size.
_MONTH = 4.4
_ABOVE, _WORDING, _CHANGE = 1.0, 1.4, 1.3
_LETTER = 0.52  # the width of a letter


PAGE = Canvas(640.0, 190.0, 12.0)
PAPER = Canvas(TEXT_WIDTH, 94.0, SIZES["small"])
HALF_PAPER = Canvas(HALF_WIDTH, 77.0, SIZES["small"])


def trend(
    series: Trend,
    canvas: Canvas = PAPER,
    *,
    axis: tuple[float, float] | None = None,
    room: float = 0.0,
    words: Words = ENGLISH,
) -> str:
    """A line with its interval as a band; gaps where a month is hidden or empty, a dashed line where
    the wording changed, a dotted one with a letter where a change was made.

    Names of wordings and letters of changes stand in lines of their own above. ``room`` leaves space
    for as many of these lines although nothing changed here, so that charts beside each other have
    their axes at one height.
    """
    above = max(room, headroom(series)) * canvas.letters
    canvas = replace(canvas, height=canvas.height + above)
    top = above + _ABOVE * canvas.letters
    plane = Plane(canvas, axis or trend_axis([series]), series.months, top)
    return svg.document(
        [
            *_grid(plane, series.definition, words),
            *_month_labels(plane, words),
            *_bands(plane),
            *limit_lines.lines(plane, series),
            *_target(plane, series, words),
            *_others(plane, series),
            *_rewordings(plane, series, words),
            *_changes(plane, series, words),
            *_line(plane),
            *_points(plane, series, words),
            *limit_lines.words(plane, series, words),
            *_ends(plane, series, words),
        ],
        width=canvas.width,
        height=canvas.height,
        label="; ".join(_sentences(series, words)) or words.say(State.UNANSWERED.value),
        class_="trend",
    )


def headroom(series: Trend) -> float:
    """The space above a trend for what changed, in parts of the type's size."""
    return (_WORDING if series.rewordings else 0.0) + (_CHANGE if series.markers else 0.0)


def _sentences(series: Trend, words: Words) -> Iterator[str]:
    yield from (control_limits.month_said(series, month, words) for month in series.months)
    if series.target:
        yield _target_said(series.definition, series.target, words)
    if series.markers:
        yield phrases.markers(series, words=words)


def _target_said(definition: Definition, target: MetricTarget, words: Words) -> str:
    amount = target_phrases.amount(definition, target, words=words)
    return words.say("target {amount}", amount=amount)


def note(series: Trend, *, words: Words = ENGLISH) -> str:
    """Which wordings the scores mix and what the lines down are; empty where nothing changed."""
    said = [phrases.wordings(series, words=words)]
    if series.rewordings:
        said.append(words.say("The dashed line marks the change."))
    if any(month.rest is not None and month.rest.shown for month in series.months):
        said.append(words.say("The dotted grey line is all other customers."))
    if series.weighted and sum(month.figure.shown for month in series.weighted.months) > 1:
        said.append(words.say("The dotted grey line is the score with weights."))
        said.append(control_limits.limits_weighted(series, words))
    return " ".join(filter(None, [*said, phrases.markers(series, words=words)]))


def trend_axis(series: Sequence[Trend]) -> tuple[float, float]:
    """One axis for several trends of a unit: the tens that hold every interval."""
    ends = [
        end
        for one in series
        for month in one.months
        for end in (
            month.figure.low,
            month.figure.high,
            month.rest.estimate if month.rest else None,
        )
        if end is not None
    ]
    with_weights = (month for one in series if one.weighted for month in one.weighted.months)
    ends += [m.figure.estimate for m in with_weights if m.figure.estimate is not None]
    low, high = series[0].definition.axis
    if ends:
        ends += [one.target.value for one in series if one.target]
        ends += [
            end for one in series if one.limits for end in (one.limits.lower, one.limits.upper)
        ]
    if not ends:
        return low, high
    return max(low, min(ends) // 10 * 10), min(high, -(-max(ends) // 10) * 10)


def _grid(plane: Plane, definition: Definition, words: Words) -> Iterator[str]:
    """Lines across at round values, each with its value."""
    low, high = plane.axis
    step = next((s for s in _STEPS if (high - low) / s < _MOST_LINES), _STEPS[-1])
    tick = -(-low // step) * step
    letters = plane.canvas.letters
    while tick <= high:
        y = plane.y(tick)
        yield svg.element(
            "line",
            class_="axis",
            x1=plane.left,
            x2=plane.canvas.width,
            y1=y,
            y2=y,
            stroke=COLOURS["faint"],
            stroke_width=0.8,
        )
        text = phrases.estimate(definition, tick, words=words)
        yield _said(text, plane.left - 0.6 * letters, y, plane, "end")
        tick += step


def _month_labels(plane: Plane, words: Words) -> Iterator[str]:
    """Months by name, every one, every second or every third, as there is room; years where they begin."""
    letters = plane.canvas.letters
    every = 1 + int(len(plane.months) * _MONTH * letters // (plane.canvas.width - plane.left))
    y = plane.canvas.height - 0.6 * letters
    for at in range(0, len(plane.months), every):
        first = plane.months[at].first
        before = plane.months[at - every].first if at else None
        is_new = before is None or before.year != first.year
        year = f" \N{RIGHT SINGLE QUOTATION MARK}{first:%y}" if is_new else ""
        yield _said(f"{words.month_alone(first)}{year}", plane.x(at), y, plane, "middle")


def _said(text: str, x: float, y: float, plane: Plane, anchor: str) -> str:
    return svg.text(
        text,
        x,
        y,
        size=plane.canvas.letters,
        colour=COLOURS["muted"],
        anchor=anchor,
        class_="tick",
    )


def _target(plane: Plane, series: Trend, words: Words) -> Iterator[str]:
    """The target as a line across, with its label above or below it where it meets no number and the
    least of the line: at the right end, else further left.
    """
    if series.target is None:
        return
    y, letters = plane.y(series.target.value), plane.canvas.letters
    yield svg.element(
        "line",
        class_="target",
        x1=plane.left,
        x2=plane.canvas.width,
        y1=y,
        y2=y,
        stroke=COLOURS["ink"],
        stroke_width=1.2,
        stroke_dasharray="7 3",
    )
    said = _target_said(series.definition, series.target, words)
    x, at = _free(plane, series, words, len(said) * _LETTER * letters, y)
    yield _said(said, x, at, plane, "end")


def _free(plane: Plane, series: Trend, words: Words, width: float, y: float) -> tuple[float, float]:
    """The right end and the middle of a label of this width beside a line across at ``y``."""
    letters = plane.canvas.letters
    taken = [*_numbers_at(plane, series, words), *_dots_at(plane)]
    levels = [y - 0.7 * letters, y + 0.9 * letters]
    levels = [at for at in levels if 0.5 * letters < at < plane.bottom - 0.4 * letters] or levels[
        :1
    ]
    steps = int((plane.canvas.width - plane.left - width) // letters)
    places = [
        (plane.canvas.width - step * letters, at) for step in range(max(1, steps)) for at in levels
    ]

    def met(place: tuple[float, float]) -> int:
        right, at = place
        return sum(
            weight
            for left, end, level, weight in taken
            if left < right and end > right - width and abs(level - at) < letters
        )

    return min(places, key=met)


# From where to where it reaches, its level, and how much it would matter to meet it.
_Taken = tuple[float, float, float, int]


def _numbers_at(plane: Plane, series: Trend, words: Words) -> Iterator[_Taken]:
    """The first and the last number, and the words beside months outside the limits."""
    letters = plane.canvas.letters
    for said, x, y in _end_words(plane, series, words):
        half = len(said) * _LETTER * letters / 2 + 0.4 * letters
        yield x - half, x + half, y, 100
    for x, month in (each for run in _runs(plane) for each in run):
        if series.outside(month):
            half = 4 * letters
            yield x - half, x + half, plane.y(_at(month)), 10


def _dots_at(plane: Plane) -> Iterator[_Taken]:
    half = plane.canvas.letters / 2
    for x, month in (each for run in _runs(plane) for each in run):
        yield x - half, x + half, plane.y(_at(month)), 1


def _rewordings(plane: Plane, series: Trend, words: Words) -> Iterator[str]:
    """A dashed line before each month from which another wording was read, under its name."""
    places = {month.first: at for at, month in enumerate(plane.months)}
    for first, group in groupby(series.rewordings, key=lambda each: each.first):
        x = plane.before(places[first])
        top = _ABOVE * plane.canvas.letters / 2
        yield svg.element(
            "line",
            class_="reworded",
            x1=x,
            x2=x,
            y1=top,
            y2=plane.bottom,
            stroke=COLOURS["muted"],
            stroke_width=1.0,
            stroke_dasharray="3 3",
        )
        # Beside the line, on the side that has room.
        is_late = x > (plane.left + plane.canvas.width) / 2
        away = 0.4 * plane.canvas.letters
        names = ", ".join(each.wording for each in group)
        yield _said(
            words.say("wording {names}", names=names),
            x - away if is_late else x + away,
            top + away,
            plane,
            "end" if is_late else "start",
        )


def _changes(plane: Plane, series: Trend, words: Words) -> Iterator[str]:
    """A dotted line on the day of each change, under its letter; letters that would meet stand on one
    another's right.
    """
    letters = plane.canvas.letters
    y = (_WORDING * letters if series.rewordings else 0.0) + 0.6 * letters
    free = 0.0
    for each in series.markers:
        x = plane.day(each.first)
        at = max(x, free)
        free = at + 1.2 * letters * len(each.letter)
        yield svg.element(
            "line",
            svg.element(
                "title",
                svg.escaped(words.joined([each.title, phrases.days(each, words=words)])),
            ),
            class_="changed",
            x1=x,
            x2=x,
            y1=y + 0.7 * letters,
            y2=plane.bottom,
            stroke=COLOURS["ink"],
            stroke_width=1.2,
            stroke_dasharray="1 2",
        )
        yield svg.text(
            each.letter,
            at,
            y,
            size=letters,
            colour=COLOURS["ink"],
            anchor="middle",
            bold=True,
            class_="number",
        )


def _runs(plane: Plane) -> Iterator[list[tuple[float, Month]]]:
    """The months that are shown, with their places, in runs without a gap."""
    shown = [(plane.x(at), month) for at, month in enumerate(plane.months)]
    for is_shown, run in groupby(shown, key=lambda each: each[1].figure.shown):
        if is_shown:
            yield list(run)


def _bands(plane: Plane) -> Iterator[str]:
    """Each run's intervals as a band; of a month between hidden ones as a bar."""
    for run in _runs(plane):
        ends = [
            (x, plane.y(month.figure.low), plane.y(month.figure.high))
            for x, month in run
            if month.figure.low is not None and month.figure.high is not None
        ]
        if len(ends) == 1:
            (x, low, high), half = ends[0], 2.5
            ends = [(x - half, low, high), (x + half, low, high)]
        if ends:
            corners = [(x, high) for x, _, high in ends]
            corners += [(x, low) for x, low, _ in reversed(ends)]
            yield svg.polygon(corners, fill=COLOURS["accent-soft"], class_="band")


def _line(plane: Plane) -> Iterator[str]:
    """The estimates as one path, a stroke for each run."""
    strokes = [
        "M" + "L".join(f"{x:.1f},{plane.y(_at(month)):.1f}" for x, month in run)
        for run in _runs(plane)
        if len(run) > 1
    ]
    if strokes:
        yield svg.element(
            "path",
            class_="run",
            d="".join(strokes),
            fill="none",
            stroke=COLOURS["accent"],
            stroke_width=2,
            stroke_linejoin="round",
        )


def _others(plane: Plane, series: Trend) -> Iterator[str]:
    """All other customers beside a segment, or the score with weights: a grey line of short strokes."""
    strokes, pen = [], "M"
    values = [month.rest for month in plane.months]
    if series.weighted:
        values = [month.figure for month in series.weighted.months]
    for at, found in enumerate(values):
        if found is None or found.estimate is None:
            pen = "M"
            continue
        strokes.append(f"{pen}{plane.x(at):.1f},{plane.y(found.estimate):.1f}")
        pen = "L"
    if len(strokes) > 1:
        yield svg.element(
            "path",
            class_="others",
            d="".join(strokes),
            fill="none",
            stroke=COLOURS["muted"],
            stroke_width=1.2,
            stroke_dasharray="2 2",
        )


def _points(plane: Plane, series: Trend, words: Words) -> Iterator[str]:
    """A dot for each month that is shown, a diamond outside the control limits, with its sentence as a
    tooltip.
    """
    for run in _runs(plane):
        for x, month in run:
            if series.outside(month):
                yield limit_lines.diamond(plane, series, month, x, words)
                continue
            yield svg.element(
                "circle",
                svg.element("title", svg.escaped(phrases.month_said(month, words=words))),
                class_="dot",
                cx=x,
                cy=plane.y(_at(month)),
                r=plane.canvas.letters / 3,
                fill=COLOURS["accent"],
            )


def _ends(plane: Plane, series: Trend, words: Words) -> Iterator[str]:
    """The first and the last number, above the line where it falls towards them, else below; of a month
    outside the control limits beyond it, with the word for that.
    """
    for said, x, y in _end_words(plane, series, words):
        yield svg.text(said, x, y, size=plane.canvas.letters, bold=True, class_="number")


def _end_words(plane: Plane, series: Trend, words: Words) -> Iterator[tuple[str, float, float]]:
    """What stands beside the first and the last shown month, with the middle of it."""
    shown = [each for run in _runs(plane) for each in run]
    beside = [(shown[0], shown[min(1, len(shown) - 1)])] if shown else []
    if len(shown) > 1:
        beside.append((shown[-1], shown[-2]))
    for (x, month), (_, neighbour) in beside:
        outside, said = series.outside(month), phrases.value(month.figure, words=words)
        is_above = outside == "above" if outside else _at(month) >= _at(neighbour)
        if outside:
            said = limit_lines.word(outside, words, said)
            x = limit_lines.inside(plane, x, said)
        yield said, x, _beside(plane, month, is_above=is_above)


def _beside(plane: Plane, month: Month, *, is_above: bool) -> float:
    """Where a month's number stands: on this side of its dot, unless the axis or the edge is there."""
    y, letters = plane.y(_at(month)), plane.canvas.letters
    above, below = y - 1.2 * letters, y + 1.3 * letters
    if above < 0.5 * letters:
        return below
    if below > plane.bottom - 0.5 * letters:
        return above
    return above if is_above else below


def _at(month: Month) -> float:
    return month.figure.estimate or 0.0
