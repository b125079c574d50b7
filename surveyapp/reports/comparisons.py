"""The benchmark report's chapters that compare: segments, and months one after another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from surveyapp.design_tokens import HALF_WIDTH
from surveyapp.reports import apa, charts, trend_charts
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
from surveyapp.reports.scores import pairs, score
from surveyapp.reports.tested import tested, tested_columns
from surveyapp.results import phrases
from surveyapp.results.control_limits import RULE, limits_in_short, limits_said
from surveyapp.results.segment_verdict_phrases import (
    METHOD,
    Told,
    verdicts_beside,
    verdicts_told,
)
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


def segments(comparison: SegmentComparison | None, few: int) -> Iterator[Block]:
    if comparison is None:
        return
    rows = [row for row in comparison.rows if row.touchpoint is None and row.everybody.shown]
    rows = rows or [row for row in comparison.rows if row.everybody.shown]
    is_empty = not comparison.segments or not rows
    if is_empty and not comparison.sorting:
        return
    yield Heading("Segment comparison", new_page=comparison.comparisons > 0)
    if comparison.sorting:
        named = ", ".join(phrases.named(segment.name) for segment in comparison.sorting)
        yield Paragraph(
            f"Left out, as responses are still being assigned to them: {named}.", Tone.NOTE
        )
    if is_empty:
        return
    sure = [
        (row, entry)
        for row in comparison.rows
        for entry in row.segments
        if entry.against_rest is not None and entry.against_rest.certain
    ]
    if not comparison.comparisons:
        yield Paragraph("No segment has enough answers to be compared.", Tone.LEAD)
        return
    yield Paragraph(
        f"{len(sure)} of {comparison.comparisons} differences between a segment and all other "
        f"customers {'is' if len(sure) == 1 else 'are'} significant (Holm).",
        Tone.LEAD,
    )
    yield from _invariance(verdicts_told(comparison))
    halves = [
        _segment_chart(row, _shared_axis(row, rows), few)
        for row in rows[:6]
        if any(entry.figure.shown for entry in row.segments)
    ]
    yield from pairs(halves)
    if len(comparison.segments) > _MOST:
        yield Paragraph(f"The charts show the first {_MOST} segments.", Tone.NOTE)
    yield Paragraph(
        "The dashed line is the score of all customers. Lines are 95% intervals;"
        " charts of the same type of score share their axis.",
        Tone.NOTE,
    )
    if sure:
        yield Table(
            title="Significant differences",
            columns=[
                Column("Segment", 0.17, name="Name of the segment"),
                Column("Score", 0.30),
                Column("Segment", 0.10, align="r"),
                Column("All", 0.11, align="r"),
                Column("Difference from all others", 0.25),
                Column("n", 0.07, apa.count),
            ],
            cells=[
                [
                    entry.segment.name,
                    f"{row.everybody.definition.label}{f', {row.touchpoint}' if row.touchpoint else ''}",
                    score(entry.figure),
                    score(row.everybody),
                    difference(row.everybody.definition, entry.against_rest),
                    entry.figure.n,
                ]
                for row, entry in sure
                if entry.against_rest is not None
            ],
        )


def _invariance(told: Sequence[Told]) -> Iterator[Block]:
    """Whether scores of several questions may be compared between segments, and by which tests."""
    if not told:
        return
    yield Paragraph(METHOD, Tone.NOTE)
    for each in told:
        yield Paragraph(
            f"{phrases.named(each.place)}: {each.sentence} {'; '.join(each.segments)}.",
            Tone.BULLET,
        )


def difference(definition: Definition, contrast: Contrast) -> Cell:
    """A difference with its interval in words."""
    found = Estimate(contrast.difference, contrast.low, contrast.high)
    return Quantity(found, phrases.difference(definition, contrast))


def change(figure: Figure, few: int) -> Cell:
    """Whether a figure changed significantly, with the difference, its interval and p."""
    numbers = phrases.change_numbers(figure)
    # In the narrow column of a table p stands on a line of its own, whole.
    said = phrases.change(figure, few=few) + (f"\n{numbers}" if numbers else "").replace(
        ", p ", ",\np "
    )
    contrast = figure.change.contrast if figure.change else None
    if contrast is None:
        return said
    return Quantity(Estimate(contrast.difference, contrast.low, contrast.high), said)


def against_others(overview: JourneyOverview) -> Iterator[Block]:
    """Every score of a segment beside that of all other customers; nothing in a report on everybody."""
    if overview.segment is None:
        return
    few = overview.minimum_cell
    yield Heading("Compared with all other customers", new_page=overview.beside_tested > 0)
    if not overview.beside_tested:
        yield Paragraph(
            "No score can be compared: the segment or the customers outside it have too few answers.",
            Tone.LEAD,
        )
        return
    sure = sum(
        each.beside is not None
        and each.beside.contrast is not None
        and each.beside.contrast.certain
        for each in overview.figures
    )
    yield Paragraph(
        f"{sure} of {overview.beside_tested} differences between"
        f" {phrases.named(overview.segment.name)} and all other customers"
        f" {'is' if sure == 1 else 'are'} significant (Holm).",
        Tone.LEAD,
    )
    yield from _invariance(verdicts_beside(overview))
    shown = [f for f in overview.end if f.definition.parent is None and f.beside is not None]
    yield from pairs([_beside_chart(each, overview.segment.name, few) for each in shown[:6]])
    rows: list[list[Cell]] = []
    groups = []
    for place, figures in _places(overview):
        groups.append(len(rows))
        rows.append([place, *[""] * 6])
        for each in figures:
            if each.beside is not None:
                rest, own = score(each.beside.rest, few=few), score(each, few=few)
                said = phrases.beside(each, few=few) if each.shown else ""
                cells = tested(each.definition, each.beside.contrast, said)
                rows.append([each.definition.label, own, rest, *cells])
    yield Table(
        title=f"{phrases.named(overview.segment.name)} and all other customers",
        columns=tested_columns("Segment", "All others", "Result"),
        cells=rows,
        groups=frozenset(groups),
        note="All others: every customer outside the segment. A difference is significant where its"
        f" 95% interval excludes zero and p < .05 after Holm correction for {overview.beside_tested}"
        " differences.",
    )


def _beside_chart(figure: Figure, name: str, few: int) -> Chart:
    rest = figure.beside.rest if figure.beside else figure
    column = charts.Column(figure.definition, rest.estimate)
    rows = [charts.Row(name, [figure], strong=True), charts.Row("All other customers", [rest])]
    said = phrases.beside(figure, few=few)
    return Chart(
        f"{figure.definition.label}: {said}",
        charts.dots(rows, [column], few=few, width=HALF_WIDTH, labels=88.0),
        "The dashed line is the score of all other customers.",
    )


def _places(overview: JourneyOverview) -> Iterator[tuple[str, Sequence[Figure]]]:
    """The end and the touchpoints that ask something, with their figures."""
    for name, figures in (
        ("The journey as a whole", overview.end),
        *((point.name, point.figures) for point in overview.touchpoints),
    ):
        if figures:
            yield name, figures


def changes(overview: JourneyOverview) -> Iterator[Block]:
    """Every score now and in the months compared with; nothing where nothing can be compared."""
    compared = overview.compared
    if compared is None or not compared.tested:
        return
    rows: list[list[Cell]] = []
    groups = []
    for place, figures in _places(overview):
        groups.append(len(rows))
        rows.append([place, *[""] * 6])
        for each in figures:
            if each.change is not None:
                before = score(each.change.before, few=overview.minimum_cell)
                now = score(each, few=overview.minimum_cell)
                said = phrases.change(each, few=overview.minimum_cell) if each.shown else ""
                cells = tested(each.definition, each.change.contrast, said)
                rows.append([each.definition.label, before, now, *cells])
    yield Heading("Changes", new_page=True)
    yield Table(
        title=f"Scores now and in {phrases.months(compared.since, compared.until)}",
        columns=tested_columns("Before", "Now", "Change"),
        cells=rows,
        groups=frozenset(groups),
        note=phrases.compared(compared),
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


def _segment_chart(row: ComparisonRow, axis: tuple[float, float], few: int) -> Chart:
    definition = row.everybody.definition
    answered = [entry for entry in row.segments if entry.figure.n != 0]
    entries = [
        charts.Row("All customers", [row.everybody], strong=True),
        *(charts.Row(entry.segment.name, [entry.figure]) for entry in answered[:_MOST]),
    ]
    column = charts.Column(definition, row.everybody.estimate, axis)
    return Chart(
        f"{definition.label} (n = {row.everybody.n:,})",
        charts.dots(entries, [column], few=few, width=HALF_WIDTH, labels=88.0),
    )


def trend(trends: Sequence[Trend]) -> Iterator[Block]:
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
    yield Heading("Trend by month", new_page=True)
    for series in end[:2]:
        yield Chart(
            _trend_title(series),
            trend_charts.trend(series),
            "The band is each month's 95% interval; gaps are months with too few answers to show."
            f" {trend_charts.note(series)}".rstrip()
            + (f" {limits_said(series)}" if series.limits else ""),
        )
    if points:
        axis = trend_charts.trend_axis(points)
        room = max(map(trend_charts.headroom, points))
        halves = [
            Chart(
                _trend_title(series),
                trend_charts.trend(series, trend_charts.HALF_PAPER, axis=axis, room=room),
                f"{trend_charts.note(series)} {limits_in_short(series)}".strip(),
            )
            for series in points
        ]
        label = points[0].definition.label
        yield Heading(f"{label} by touchpoint", level=2)
        said = "All on the same axis; bands are 95% intervals."
        if any(series.limits for series in points):
            said += f" Dash-dotted lines are control limits, diamonds lie outside them. {RULE}"
        yield Paragraph(said, Tone.NOTE)
        yield from pairs(halves)


def _trend_title(series: Trend) -> str:
    where = phrases.named(series.touchpoint or series.definition.label)
    if series.change is None:
        return where
    if not series.change.certain:
        return f"{where}: no significant change"
    way = "up" if series.change.difference > 0 else "down"
    size = phrases.number(abs(series.change.difference))
    return f"{where}: {way} by {size} points"
