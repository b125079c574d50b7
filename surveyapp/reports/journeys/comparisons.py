"""The benchmark report's chapters that compare: segments, and months one after another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from surveyapp.design_tokens import HALF_WIDTH
from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.reports.charts import dots as charts
from surveyapp.reports.charts import trend_charts
from surveyapp.reports.document import (
    Block,
    Cell,
    Chart,
    Column,
    Estimate,
    Heading,
    Paragraph,
    Quantity,
    Table,
    Tone,
)
from surveyapp.reports.journeys.scores import pairs, score
from surveyapp.reports.tested import others_columns, tested, tested_columns
from surveyapp.results import phrases
from surveyapp.results.control_limits import RULE, limits_in_short, limits_said
from surveyapp.results.invariance.segment_verdict_phrases import (
    METHOD,
    Told,
    verdicts_beside,
    verdicts_told,
)
from surveyapp.results.scale_titles import label
from surveyapp.results.view_models import (
    ComparisonRow,
    Contrast,
    Definition,
    Figure,
    JourneyOverview,
    SegmentComparison,
    Trend,
)

_MOST = 11  # segments in one chart


def segments(
    comparison: SegmentComparison | None, few: int, words: Words = ENGLISH
) -> Iterator[Block]:
    if comparison is None:
        return
    rows = [row for row in comparison.rows if row.touchpoint is None and row.everybody.shown]
    rows = rows or [row for row in comparison.rows if row.everybody.shown]
    is_empty = not comparison.segments or not rows
    if is_empty and not comparison.sorting:
        return
    yield Heading(words.say("Segment comparison"), new_page=comparison.comparisons > 0)
    if comparison.sorting:
        said = words.say(
            "Left out, as responses are still being assigned to them: {segments}.",
            segments=words.joined([words.name(each.name) for each in comparison.sorting]),
        )
        yield Paragraph(said, Tone.NOTE)
    if is_empty:
        return
    sure = [
        (row, entry)
        for row in comparison.rows
        for entry in row.segments
        if entry.against_rest is not None and entry.against_rest.certain
    ]
    if not comparison.comparisons:
        none = words.say("No segment has enough answers to be compared.")
        yield Paragraph(none, Tone.LEAD)
        return
    said = words.say_count(
        "{n} of {all} differences between a segment and all other customers is significant (Holm).",
        "{n} of {all} differences between a segment and all other customers are significant (Holm).",
        n=len(sure),
        all=words.number(comparison.comparisons),
    )
    yield Paragraph(said, Tone.LEAD)
    yield from _invariance(verdicts_told(comparison, words), words)
    halves = [
        _segment_chart(row, _shared_axis(row, rows), few, words)
        for row in rows[:6]
        if any(entry.figure.shown for entry in row.segments)
    ]
    yield from pairs(halves)
    if len(comparison.segments) > _MOST:
        first = words.number(_MOST)
        said = words.say("The charts show the first {number} segments.", number=first)
        yield Paragraph(said, Tone.NOTE)
    yield Paragraph(
        words.say(
            "The dashed line is the score of all customers. Lines are 95% intervals; charts of the same"
            " type of score share their axis."
        ),
        Tone.NOTE,
    )
    if sure:
        yield Table(
            title=words.say("Significant differences"),
            columns=[
                Column(words.say("Segment"), 0.17, name=words.say("Name of the segment")),
                Column(words.say("Score"), 0.30),
                Column(words.say("Segment"), 0.10, align="r"),
                Column(words.say("All"), 0.11, align="r"),
                Column(words.say("Difference from all others"), 0.25),
                Column("n", 0.07, words.count),
            ],
            cells=[
                [
                    entry.segment.name,
                    words.joined(
                        [
                            label(row.everybody.definition, words),
                            *([words.name(row.touchpoint)] if row.touchpoint else []),
                        ]
                    ),
                    score(entry.figure, words=words),
                    score(row.everybody, words=words),
                    difference(row.everybody.definition, entry.against_rest, words),
                    entry.figure.n,
                ]
                for row, entry in sure
                if entry.against_rest is not None
            ],
        )


def _invariance(told: Sequence[Told], words: Words) -> Iterator[Block]:
    """Whether scores of several questions may be compared between segments, and by which tests."""
    if not told:
        return
    yield Paragraph(words.say(METHOD), Tone.NOTE)
    for each in told:
        said = words.say(
            "{place}: {sentence} {segments}.",
            place=words.name(each.place),
            sentence=each.sentence,
            segments="; ".join(each.segments),
        )
        yield Paragraph(said, Tone.BULLET)


def difference(definition: Definition, contrast: Contrast, words: Words = ENGLISH) -> Cell:
    """A difference with its interval in words."""
    found = Estimate(contrast.difference, contrast.low, contrast.high)
    return Quantity(found, phrases.difference(definition, contrast, words=words))


def change(figure: Figure, few: int, words: Words = ENGLISH) -> Cell:
    """Whether a figure changed significantly, with the difference, its interval and p."""
    numbers = phrases.change_numbers(figure, words=words)
    # In the narrow column of a table p stands on a line of its own, whole.
    said = phrases.change(figure, few=few, words=words)
    said += (f"\n{numbers}" if numbers else "").replace(", p ", ",\np ")
    contrast = figure.change.contrast if figure.change else None
    if contrast is None:
        return said
    return Quantity(Estimate(contrast.difference, contrast.low, contrast.high), said)


def against_others(overview: JourneyOverview, words: Words = ENGLISH) -> Iterator[Block]:
    """Every score of a segment beside that of all other customers; nothing in a report on everybody."""
    if overview.segment is None:
        return
    few = overview.minimum_cell
    title = words.say("Compared with all other customers")
    yield Heading(title, new_page=overview.beside_tested > 0)
    if not overview.beside_tested:
        none = words.say(
            "No score can be compared: the segment or the customers outside it have too few answers."
        )
        yield Paragraph(none, Tone.LEAD)
        return
    sure = sum(
        each.beside is not None
        and each.beside.contrast is not None
        and each.beside.contrast.certain
        for each in overview.figures
    )
    name = words.name(overview.segment.name)
    said = words.say_count(
        "{n} of {all} differences between {name} and all other customers is significant (Holm).",
        "{n} of {all} differences between {name} and all other customers are significant (Holm).",
        n=sure,
        all=words.number(overview.beside_tested),
        name=name,
    )
    yield Paragraph(said, Tone.LEAD)
    yield from _invariance(verdicts_beside(overview, words), words)
    shown = [f for f in overview.end if f.definition.parent is None and f.beside is not None]
    yield from pairs([_beside_chart(each, overview.segment.name, few, words) for each in shown[:6]])
    rows: list[list[Cell]] = []
    groups = []
    for place, figures in _places(overview, words):
        groups.append(len(rows))
        rows.append([place, *[""] * 6])
        for each in figures:
            if each.beside is not None:
                own, rest = (score(one, few=few, words=words) for one in (each, each.beside.rest))
                said = phrases.beside(each, few=few, words=words) if each.shown else ""
                cells = tested(each.definition, each.beside.contrast, said, words)
                rows.append([label(each.definition, words), own, rest, *cells])
    yield Table(
        title=words.say("{name} and all other customers", name=name),
        columns=others_columns(words),
        cells=rows,
        groups=frozenset(groups),
        note=words.say(
            "All others: every customer outside the segment. A difference is significant where its 95%"
            " interval excludes zero and p < .05 after Holm correction for {n} differences.",
            n=words.number(overview.beside_tested),
        ),
    )


def _beside_chart(figure: Figure, name: str, few: int, words: Words) -> Chart:
    rest = figure.beside.rest if figure.beside else figure
    column = charts.Column(figure.definition, rest.estimate)
    others = charts.Row(words.say("All other customers"), [rest])
    rows = [charts.Row(name, [figure], strong=True), others]
    said = phrases.beside(figure, few=few, words=words)
    return Chart(
        words.say("{score}: {said}", score=label(figure.definition, words), said=said),
        charts.dots(rows, [column], few=few, width=HALF_WIDTH, labels=88.0, words=words),
        words.say("The dashed line is the score of all other customers."),
    )


def _places(overview: JourneyOverview, words: Words) -> Iterator[tuple[str, Sequence[Figure]]]:
    """The end and the touchpoints that ask something, with their figures."""
    for name, figures in (
        (words.say("The journey as a whole"), overview.end),
        *((point.name, point.figures) for point in overview.touchpoints),
    ):
        if figures:
            yield name, figures


def changes(overview: JourneyOverview, words: Words = ENGLISH) -> Iterator[Block]:
    """Every score now and in the months compared with; nothing where nothing can be compared."""
    compared = overview.compared
    if compared is None or not compared.tested:
        return
    rows: list[list[Cell]] = []
    groups = []
    few = overview.minimum_cell
    for place, figures in _places(overview, words):
        groups.append(len(rows))
        rows.append([place, *[""] * 6])
        for each in figures:
            if each.change is not None:
                before = score(each.change.before, few=few, words=words)
                now = score(each, few=few, words=words)
                said = phrases.change(each, few=few, words=words) if each.shown else ""
                cells = tested(each.definition, each.change.contrast, said, words)
                rows.append([label(each.definition, words), before, now, *cells])
    yield Heading(words.say("Changes"), new_page=True)
    heads = (words.say("Before"), words.say("Now"), words.say("Change"))
    yield Table(
        title=words.say(
            "Scores now and in {months}", months=words.months(compared.since, compared.until)
        ),
        columns=tested_columns(*heads, words=words),
        cells=rows,
        groups=frozenset(groups),
        note=phrases.compared(compared, words=words),
    )


def _shared_axis(row: ComparisonRow, rows: Sequence[ComparisonRow]) -> tuple[float, float]:
    """The tens that hold every interval of one unit, so that charts of it can be compared."""
    unit, (low, high) = row.everybody.definition.unit, row.everybody.definition.axis
    step = 20
    ends = [
        end
        for other in rows
        if other.everybody.definition.unit is unit
        for figure in (other.everybody, *(entry.figure for entry in other.segments))
        for end in (figure.low, figure.high)
        if end is not None
    ]
    return max(low, min(ends) // step * step), min(high, -(-max(ends) // step) * step)


def _segment_chart(row: ComparisonRow, axis: tuple[float, float], few: int, words: Words) -> Chart:
    definition = row.everybody.definition
    answered = [entry for entry in row.segments if entry.figure.n != 0]
    entries = [
        charts.Row(words.say("All customers"), [row.everybody], strong=True),
        *(charts.Row(entry.segment.name, [entry.figure]) for entry in answered[:_MOST]),
    ]
    column = charts.Column(definition, row.everybody.estimate, axis)
    return Chart(
        words.say(
            "{score} (n = {count})",
            score=label(definition, words),
            count=words.number(row.everybody.n or 0),
        ),
        charts.dots(entries, [column], few=few, width=HALF_WIDTH, labels=88.0, words=words),
    )


def trend(trends: Sequence[Trend], words: Words = ENGLISH) -> Iterator[Block]:
    # A trend of gaps shows nothing.
    seen = [
        t
        for t in trends
        if sum(month.figure.shown for month in t.months) >= max(3, len(t.months) / 2)
    ]
    end = [t for t in seen if t.touchpoint is None and t.definition.parent is None]
    shown = [t for t in seen if t.touchpoint is not None and t.definition.parent is None]
    first = {t.touchpoint_id: t for t in reversed(shown)}
    points = [t for t in shown if first[t.touchpoint_id] is t]
    if not end and not points:
        return
    yield Heading(words.say("Trend by month"), new_page=True)
    for series in end[:2]:
        yield Chart(
            _trend_title(series, words),
            trend_charts.trend(series, words=words),
            " ".join(
                filter(
                    None,
                    (
                        words.say(
                            "The band is each month's 95% interval; gaps are months with too few answers"
                            " to show."
                        ),
                        trend_charts.note(series, words=words),
                        limits_said(series, words) if series.limits else "",
                    ),
                )
            ),
        )
    if points:
        axis = trend_charts.trend_axis(points)
        room = max(map(trend_charts.headroom, points))
        halves = [
            Chart(
                _trend_title(series, words),
                trend_charts.trend(
                    series, trend_charts.HALF_PAPER, axis=axis, room=room, words=words
                ),
                " ".join(
                    filter(
                        None,
                        (trend_charts.note(series, words=words), limits_in_short(series, words)),
                    )
                ),
            )
            for series in points
        ]
        title = words.say("{score} by touchpoint", score=label(points[0].definition, words))
        yield Heading(title, level=2)
        said = words.say("All on the same axis; bands are 95% intervals.")
        if any(series.limits for series in points):
            lines = words.say("Dash-dotted lines are control limits, diamonds lie outside them.")
            said = f"{said} {lines} {words.say(RULE)}"
        yield Paragraph(said, Tone.NOTE)
        yield from pairs(halves)


def _trend_title(series: Trend, words: Words) -> str:
    where = words.name(series.touchpoint or label(series.definition, words))
    if series.change is None:
        return where
    if not series.change.certain:
        return words.say("{place}: no significant change", place=where)
    size = round(abs(series.change.difference))
    if series.change.difference > 0:
        return words.say_count(
            "{place}: up by {n} points", "{place}: up by {n} points", n=size, place=where
        )
    return words.say_count(
        "{place}: down by {n} points", "{place}: down by {n} points", n=size, place=where
    )
