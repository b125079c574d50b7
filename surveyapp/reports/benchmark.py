"""The content of the journey benchmark report: from dashboards to a document; nothing is computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from surveyapp.reports import annex, charts, notes
from surveyapp.reports.document import (
    Block,
    Callout,
    Chart,
    Cover,
    Document,
    Heading,
    KeyFigure,
    KeyFigures,
    Pair,
    Paragraph,
    Styled,
    Table,
    Text,
    Tone,
)
from surveyapp.reports.tokens import TEXT_WIDTH
from surveyapp.results import findings, phrases
from surveyapp.results.shapes import (
    ComparisonRow,
    Definition,
    Figure,
    Hidden,
    JourneyOverview,
    ResponseRate,
    SegmentComparison,
    Trend,
)

KIND = "Journey benchmark report"
_HALF = (TEXT_WIDTH - 22.0) / 2
_MOST_STEPS = 3
__all__ = ["KIND", "Numbers", "content"]


@dataclass(frozen=True)
class Numbers:
    """Everything that the report prints, read from the dashboards by the caller.

    ``comparison`` is None for a report on one segment; ``validation`` is a stored scale validation
    (``analysis.validation_document``) with its date.
    """

    overview: JourneyOverview
    comparison: SegmentComparison | None
    trends: Sequence[Trend]
    rates: Sequence[ResponseRate]
    validation: tuple[Mapping[str, Any], date] | None = None


def content(numbers: Numbers, *, made: date) -> Document:
    """The report as a document."""
    overview = numbers.overview
    whom = overview.segment.name if overview.segment else "All customers"
    blocks: list[Block] = [
        *_summary(numbers),
        *_profile(overview),
        *_stages(overview),
        *_touchpoints(overview),
        *_segments(numbers.comparison, overview.minimum_cell),
        *_trends(numbers.trends),
        *_sample(numbers),
        *annex.reliability(numbers.validation),
        *notes.method_notes(overview),
    ]
    return Document(
        cover=Cover(KIND, overview.name, f"{overview.provider}\n{whom}", _facts(numbers, made)),
        blocks=blocks,
        subject=f"{KIND}: {overview.name}, {whom}",
        author=overview.provider,
        running=f"{overview.name}  ·  {whom}",
        made=made,
        keywords=("service journey quality", "SJQ", "CSAT", "NPS", "CES", overview.code),
    )


def period(overview: JourneyOverview) -> str:
    """The days of the first and the last answer."""
    if overview.first_day is None:
        return "no answers yet"
    return f"{phrases.day(overview.first_day)} to {phrases.day(overview.last_day)}"


def _facts(numbers: Numbers, made: date) -> list[tuple[str, str]]:
    overview = numbers.overview
    facts = [("Answers from", period(overview)), ("Responses", _responses(overview))]
    if overview.segment:
        facts.append(("Segment", f"{overview.segment.name}: {overview.segment.rule}"))
    elif any(rate.sent for rate in numbers.rates):
        facts.append(("Response rate", findings.response_sentence(numbers.rates)))
    if overview.goal:
        facts.append(("Customer's goal", overview.goal))
    facts.append(("Journey", f"{overview.state} state, version {overview.version}"))
    return [*facts, ("Report made on", phrases.day(made))]


def _responses(overview: JourneyOverview) -> str:
    if overview.responses is None:
        return phrases.hidden(Hidden.FEW, few=overview.minimum_cell)
    places = len(overview.touchpoints)
    return f"{overview.responses:,} at {places} touchpoints and the journey's end"


def _summary(numbers: Numbers) -> Iterator[Block]:
    overview = numbers.overview
    yield Heading("Summary")
    yield KeyFigures(_key_figures(numbers))
    said = findings.findings(overview, numbers.comparison, numbers.trends)
    for finding in said:
        yield Paragraph((Styled(finding.headline), " ", finding.text), Tone.BULLET)
    if not said:
        yield Paragraph("There are not yet enough answers to say anything.", Tone.LEAD)
    if overview.priorities:
        yield Heading("What to do first", level=2)
        yield _steps(overview)


def _key_figures(numbers: Numbers) -> list[KeyFigure]:
    overview = numbers.overview
    found = [
        KeyFigure(
            figure.definition.label,
            phrases.value(figure, few=overview.minimum_cell),
            _beside(figure),
        )
        for figure in overview.end
        if figure.definition.parent is None and figure.shown
    ][:3]
    responses = "few" if overview.responses is None else f"{overview.responses:,}"
    months = len({month.first for trend in numbers.trends for month in trend.months})
    return [*found, KeyFigure("Responses", responses, f"in {months} months")]


def _beside(figure: Figure) -> str:
    axis = figure.definition.axis
    scale = f"on {phrases.number(axis[0])} to {phrases.number(axis[1])}"
    return f"{phrases.interval(figure)}\nn = {figure.n:,}, {scale}"


def _steps(overview: JourneyOverview) -> Table:
    rows: list[list[Text]] = []
    for at, step in enumerate(overview.priorities[:_MOST_STEPS], start=1):
        contrast = step.against_rest
        sure = "certain" if contrast.certain else "not certain"
        truth = "moment of truth" if step.moment_of_truth else ""
        rows.append(
            [
                str(at),
                (Styled(step.touchpoint), f"\n{step.stage}{', ' if truth else ''}{truth}"),
                f"{phrases.value(step.figure)}\n{phrases.interval(step.figure)}",
                f"{step.figure.n:,}",
                f"{phrases.difference(step.figure.definition, contrast)}\n{sure}",
            ]
        )
    short = overview.priorities[0].figure.definition.short
    return Table(
        head=["", "Touchpoint", short, "n", "Against the others"],
        rows=rows,
        align="lllrl",
        widths=[0.05, 0.37, 0.16, 0.09, 0.33],
        note="In this order: certainly below the other touchpoints, then moments of truth, then the "
        "largest distance. Certain: the 95 % interval excludes zero, also after Holm's correction "
        "for looking at all touchpoints together.",
    )


def _profile(overview: JourneyOverview) -> Iterator[Block]:
    profile = overview.profile
    others = [f for f in overview.end if f not in profile]
    if not profile and not others:
        return
    yield Heading("Service journey quality" if profile else "The journey's end", new_page=True)
    if profile:
        yield Paragraph(
            "Seamlessness: the touchpoints join into one smooth passage. Coherence: they look and "
            "feel like one company and do not contradict each other. Personalization: together they "
            "fit the customer's situation.",
        )
        column = charts.Column(profile[0].definition)
        rows = [
            charts.Row(f.definition.label, [f], strong=f.definition.parent is None) for f in profile
        ]
        yield Chart(
            _profile_title(overview),
            charts.dots(rows, [column], few=overview.minimum_cell),
            f"{_n(profile[0])} Dots are estimates, lines their 95 % intervals; {period(overview)}. "
            "0 is the worst, 100 the best possible score.",
        )
    halves = [
        Chart(
            _level(figure),
            charts.dots(
                [charts.Row(figure.definition.short, [figure])],
                [charts.Column(figure.definition)],
                few=overview.minimum_cell,
                width=_HALF,
                labels=70.0,
            ),
            f"{_n(figure)} The line is the 95 % interval.",
        )
        for figure in others
    ]
    yield from _pairs(halves)


def _pairs(halves: Sequence[Chart]) -> Iterator[Block]:
    for i in range(0, len(halves), 2):
        yield Pair(halves[i], halves[i + 1] if i + 1 < len(halves) else None)


def _level(figure: Figure) -> str:
    return (
        f"{figure.definition.label} is {phrases.value(figure)}"
        if figure.shown
        else figure.definition.label
    )


def _n(figure: Figure) -> str:
    return f"n = {figure.n:,}." if figure.n else ""


def _profile_title(overview: JourneyOverview) -> str:
    sides, total = overview.sides, overview.profile[0]
    if sides is not None and sides.contrast.certain:
        low, high = sides.low.definition.label, sides.high.definition.label
        return f"{high} carries the journey, {low.lower()} holds it back"
    return f"{total.definition.label} stands at {phrases.value(total)}"


def _stages(overview: JourneyOverview) -> Iterator[Block]:
    columns = _columns(f.definition for stage in overview.stages for f in stage.figures)
    if not columns:
        return
    yield Heading("Stages")
    table = [(stage.name, _by_column(stage.figures, columns)) for stage in overview.stages]
    middle = {
        column.scale: _middle([row[i] for _, row in table]) for i, column in enumerate(columns)
    }
    lowest = overview.lowest[0] if overview.lowest else None
    title = "Scores by stage"
    if lowest:
        title = (
            f"{lowest.stage} is the weakest stage"
            if lowest.certain
            else f"{lowest.stage} scores lowest, though not for certain"
        )
    yield Chart(
        title,
        charts.heat_map(table, columns, middle, few=overview.minimum_cell),
        "Large: the score. Small: its 95 % interval and the number of answers. Grey lies halfway "
        "between the stages' lowest and highest score, orange below, blue above; full colour is a "
        f"fifth of the scale away. Answers from {period(overview)}.",
    )


def _middle(figures: Sequence[Figure | None]) -> float:
    values = [f.estimate for f in figures if f is not None and f.estimate is not None]
    return (min(values) + max(values)) / 2 if values else 0.0


def _columns(definitions: Iterator[Definition]) -> list[Definition]:
    found: dict[str, Definition] = {}
    for definition in definitions:
        if definition.parent is None:
            found.setdefault(definition.scale, definition)
    return list(found.values())


def _by_column(figures: Sequence[Figure], columns: Sequence[Definition]) -> list[Figure | None]:
    by_scale = {figure.definition.scale: figure for figure in figures}
    return [by_scale.get(column.scale) for column in columns]


def _touchpoints(overview: JourneyOverview) -> Iterator[Block]:
    columns = _columns(f.definition for t in overview.touchpoints for f in t.figures)
    if not columns:
        return
    yield Heading("Touchpoints", new_page=True)
    for start in range(0, len(columns), 3):
        some = columns[start : start + 3]
        rows = [
            charts.Row(
                touchpoint.name + (" *" if touchpoint.moment_of_truth else ""),
                _by_column(touchpoint.figures, some),
                group=stage.name,
            )
            for stage in overview.stages
            for touchpoint in stage.touchpoints
        ]
        yield Chart(
            _touchpoint_title(overview) if start == 0 else "Further scores by touchpoint",
            charts.dots(rows, [charts.Column(c) for c in some], few=overview.minimum_cell),
            f"Dots are estimates, lines their 95 % intervals; * moment of truth; {period(overview)}. "
            "The table gives the number of answers.",
        )
    yield _touchpoint_table(overview, columns)


def _touchpoint_title(overview: JourneyOverview) -> str:
    if not overview.priorities:
        return "No touchpoint lies below the others"
    first = overview.priorities[0]
    if first.against_rest.certain:
        return f"{first.touchpoint} needs attention first"
    return f"{first.touchpoint} lies lowest, though not for certain"


def _touchpoint_table(overview: JourneyOverview, columns: Sequence[Definition]) -> Table:
    rows: list[list[Text]] = []
    groups = []
    for stage in overview.stages:
        groups.append(len(rows))
        rows.append([stage.name, *[""] * (3 * len(columns))])
        for touchpoint in stage.touchpoints:
            row: list[Text] = [touchpoint.name]
            for figure in _by_column(touchpoint.figures, columns):
                row += _cells(figure, overview.minimum_cell)
            rows.append(row)
    head: list[Text] = [""]
    for column in columns:
        head += [column.short, "95 % interval", "n"]
    share = 0.62 / max(len(columns), 1)
    return Table(
        head=head,
        rows=rows,
        align="l" + "rrr" * len(columns),
        widths=[0.38, *[share * 0.32, share * 0.42, share * 0.26] * len(columns)],
        groups=frozenset(groups),
    )


def _cells(figure: Figure | None, few: int) -> list[Text]:
    if figure is None:
        return ["", "", ""]
    n = f"{figure.n:,}" if figure.n is not None else ""
    return [phrases.value(figure, few=few), phrases.interval(figure), n]


def _segments(comparison: SegmentComparison | None, few: int) -> Iterator[Block]:
    if comparison is None or not comparison.segments:
        return
    rows = [row for row in comparison.rows if row.touchpoint is None and row.everybody.shown]
    rows = rows or [row for row in comparison.rows if row.everybody.shown]
    if not rows:
        return
    yield Heading("Segments side by side", new_page=True)
    sure = [
        (row, entry)
        for row in comparison.rows
        for entry in row.segments
        if entry.against_rest is not None and entry.against_rest.certain
    ]
    yield Paragraph(
        f"{len(sure)} of {comparison.comparisons} differences between a segment and everybody else "
        "are certain; the others may be chance.",
        Tone.LEAD,
    )
    halves = [_segment_chart(row, _shared_axis(row, rows), few) for row in rows[:6]]
    yield from _pairs(halves)
    yield Paragraph(
        "The dashed line is everybody's score. Lines are 95 % intervals; charts of one kind of "
        "score share their axis.",
        Tone.NOTE,
    )
    if sure:
        yield Table(
            title="Differences that are certain",
            head=["Segment", "Score", "Segment", "Everybody", "Against everybody else", "n"],
            rows=[
                [
                    entry.segment.name,
                    f"{row.everybody.definition.label}{f', {row.touchpoint}' if row.touchpoint else ''}",
                    phrases.value(entry.figure),
                    phrases.value(row.everybody),
                    phrases.difference(row.everybody.definition, entry.against_rest)
                    if entry.against_rest
                    else "",
                    f"{entry.figure.n:,}",
                ]
                for row, entry in sure
            ],
            align="llrrlr",
            widths=[0.17, 0.30, 0.10, 0.11, 0.25, 0.07],
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
    entries = [
        charts.Row("Everybody", [row.everybody], strong=True),
        *(charts.Row(entry.segment.name, [entry.figure]) for entry in row.segments),
    ]
    column = charts.Column(definition, row.everybody.estimate, axis)
    return Chart(
        f"{definition.label} (n = {row.everybody.n:,})",
        charts.dots(entries, [column], few=few, width=_HALF, labels=88.0),
    )


def _trends(trends: Sequence[Trend]) -> Iterator[Block]:
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
            charts.trend(series, width=TEXT_WIDTH, height=118.0),
            "The band is each month's 95 % interval; gaps are months with too few answers to show.",
        )
    if points:
        axis = charts.trend_axis(points)
        halves = [
            Chart(
                _trend_title(series),
                charts.trend(series, width=_HALF, height=96.0, axis=axis),
            )
            for series in points
        ]
        label = points[0].definition.label
        yield Heading(f"{label} by touchpoint", level=2)
        yield from _pairs(halves)
        yield Paragraph("All on the same axis; bands are 95 % intervals.", Tone.NOTE)


def _trend_title(series: Trend) -> str:
    where = series.touchpoint or series.definition.label
    if series.change is None:
        return where
    if not series.change.certain:
        return f"{where}: no certain change"
    way = "up" if series.change.difference > 0 else "down"
    size = phrases.number(abs(series.change.difference))
    return f"{where}: {way} by {size} points"


def _sample(numbers: Numbers) -> Iterator[Block]:
    overview, rates = numbers.overview, numbers.rates
    yield Heading("Sample and response rate")
    if overview.segment:
        yield Callout(
            f"This report is about one segment: {overview.segment.name}",
            f"Its rule is: {overview.segment.rule}. The table counts all customers, because "
            "invitations are not sorted into segments.",
        )
    yield Paragraph(findings.response_sentence(rates))
    rows: list[list[Text]] = []
    for rate in rates:
        share = "" if rate.rate is None else f"{phrases.number(rate.rate)} %"
        ends = (
            ""
            if rate.low is None or rate.high is None
            else f"{phrases.number(rate.low)} to {phrases.number(rate.high)}"
        )
        rows.append(
            [
                rate.touchpoint or "Journey's end",
                f"{rate.responses:,}",
                f"{rate.sent:,}" if rate.sent else "open link",
                f"{rate.completed:,}" if rate.sent else "",
                share,
                ends,
                _dates(rate),
            ]
        )
    yield Table(
        head=["Asked at", "Responses", "Invited", "Answered", "Rate", "95 % interval", "Answers from"],
        rows=rows,
        align="lrrrrrr",
        widths=[0.27, 0.11, 0.10, 0.11, 0.08, 0.13, 0.20],
        note="The rate is answered / sent invitations with a Wilson interval. An open link has no "
        "rate, because nobody knows how many people saw it. People who chose to answer may differ "
        "from those who did not; the intervals do not cover that.",
    )  # fmt: skip


def _dates(rate: ResponseRate) -> str:
    if rate.first_day is None or rate.last_day is None:
        return "no answers"
    return f"{rate.first_day:%d.%m.%y} to {rate.last_day:%d.%m.%y}"
