"""Numbers to plain sentences; a difference is claimed only when it is certain.

Certain means: the 95 % interval of the difference excludes zero, and so does the test after Holm's
correction for all differences looked at together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from instruments.schema import Metric
from surveyapp.results import phrases
from surveyapp.results.shapes import (
    ComparisonRow,
    Contrast,
    Definition,
    Figure,
    JourneyOverview,
    LowestStage,
    ResponseRate,
    SegmentComparison,
    SegmentFigure,
    Trend,
    Unit,
)

_MOST_SEGMENTS, _MOST_CHANGES = 3, 2


@dataclass(frozen=True)
class Finding:
    """A headline that can stand alone, and the numbers behind it."""

    headline: str
    text: str
    certain: bool


def findings(
    overview: JourneyOverview,
    comparison: SegmentComparison | None = None,
    trends: Sequence[Trend] = (),
) -> tuple[Finding, ...]:
    """What a manager should know, the level first, then stages, segments and changes."""
    return (
        *_level(overview),
        *_dimensions(overview),
        *_stages(overview),
        *_segments(comparison),
        *_changes(trends),
    )


def _level(overview: JourneyOverview) -> Iterator[Finding]:
    for figure in overview.end:
        definition = figure.definition
        if definition.parent or not figure.shown:
            continue
        if definition.metric is Metric.NPS:
            yield Finding(
                f"The Net Promoter Score is {phrases.value(figure)}.",
                _recommending(figure),
                certain=True,
            )
        elif figure == overview.total:
            yield Finding(
                f"{definition.label} stands at {phrases.value(figure)} of 100.",
                f"With {figure.n:,} answers, {_sure(figure)}.",
                certain=True,
            )


def _recommending(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return f"It rests on {figure.n:,} answers."
    if figure.low > 0:
        meaning = "More customers would recommend the company than would not"
    elif figure.high < 0:
        meaning = "Fewer customers would recommend the company than would not"
    else:
        meaning = "Whether more customers would recommend the company than would not is open"
    return f"{meaning}: with {figure.n:,} answers, {_sure(figure)}."


def _sure(figure: Figure) -> str:
    return f"we are 95 % sure that the true value lies between {_between(figure)}"


def _between(figure: Figure) -> str:
    return phrases.interval(figure).replace(" to ", " and ")


def _dimensions(overview: JourneyOverview) -> Iterator[Finding]:
    sides = overview.sides
    if sides is None:
        return
    low, high = sides.low, sides.high
    names = low.definition.label, high.definition.label
    numbers = (
        f"{names[0]} scores {phrases.value(low)} ({phrases.interval(low)}), {names[1].lower()} "
        f"{phrases.value(high)} ({phrases.interval(high)})"
    )
    if sides.contrast.certain and overview.total is None:
        yield Finding(
            f"{names[1]} has the highest score, {names[0].lower()} the lowest.",
            f"{numbers}; the other dimensions lie between them.",
            certain=True,
        )
    elif sides.contrast.certain:
        yield Finding(
            f"{names[0]} is the weak side of the journey, {names[1].lower()} the strong one.",
            f"{numbers}.",
            certain=True,
        )
    else:
        yield Finding(
            "No side of the journey stands out for certain."
            if overview.total
            else f"No dimension of {overview.profile_title} stands out for certain.",
            f"{numbers}; so small a distance may be chance.",
            certain=False,
        )


def _stages(overview: JourneyOverview) -> Iterator[Finding]:
    for lowest in overview.lowest[:1]:
        others = [name for name, _ in lowest.against]
        figure = lowest.figure
        numbers = f"{_what(figure)} ({phrases.interval(figure)}, n = {figure.n:,})"
        if lowest.certain:
            yield Finding(
                f"{lowest.stage} is the weakest stage.",
                f"There, {numbers}. {_gap_to_next(lowest)}",
                certain=True,
            )
            continue
        surely = [name for name, contrast in lowest.against if contrast.certain]
        unclear = [name for name in others if name not in surely]
        sure = f" It is below {phrases.listed(surely)} for certain." if surely else ""
        yield Finding(
            f"{lowest.stage} has the lowest score, but not for certain the weakest one.",
            f"There, {numbers}.{sure} It cannot be told apart from {phrases.listed(unclear)} with these answers.",
            certain=False,
        )


def _what(figure: Figure) -> str:
    """The figure as a clause: "54 % of customers are satisfied"."""
    value = phrases.value(figure)
    return {
        Metric.CSAT: f"{value} of customers are satisfied",
        Metric.CES: f"{value} of customers find it easy",
        Metric.NPS: f"the Net Promoter Score is {value}",
    }.get(figure.definition.metric, f"{figure.definition.label} is {value}")


def _gap_to_next(lowest: LowestStage) -> str:
    name, contrast = min(lowest.against, key=lambda entry: abs(entry[1].difference))
    return (
        f"That is {_points(lowest.definition, contrast)} below {name}, the next lowest; we are 95 % "
        f"sure that the gap is between {_ends(contrast)} points."
    )


def _points(definition: Definition, contrast: Contrast) -> str:
    unit = "percentage points" if definition.unit is Unit.PERCENT else "points"
    return f"{phrases.number(abs(contrast.difference))} {unit}"


def _ends(contrast: Contrast) -> str:
    low, high = sorted((abs(contrast.low), abs(contrast.high)))
    return f"{phrases.number(low)} and {phrases.number(high)}"


def _segments(comparison: SegmentComparison | None) -> Iterator[Finding]:
    if comparison is None:
        return
    sure = [
        (row, entry, entry.against_rest)
        for row in comparison.rows
        for entry in row.segments
        if entry.against_rest is not None and entry.against_rest.certain
    ]
    # One finding a segment: its largest difference, in parts of the scale's length.
    best: dict[int, tuple[float, ComparisonRow, SegmentFigure, Contrast]] = {}
    for row, entry, contrast in sure:
        low, high = row.everybody.definition.axis
        size = abs(contrast.difference) / (high - low)
        if size > best.get(entry.segment.id, (0.0,))[0]:
            best[entry.segment.id] = (size, row, entry, contrast)
    for _, row, entry, contrast in sorted(best.values(), key=lambda b: -b[0])[:_MOST_SEGMENTS]:
        way = "lower" if contrast.difference < 0 else "higher"
        definition = row.everybody.definition
        where = f" at {row.touchpoint}" if row.touchpoint else ""
        yield Finding(
            f"{entry.segment.name} scores {way} on {definition.label}{where}.",
            f"{phrases.value(entry.figure)} against {phrases.value(row.everybody)} for everybody; "
            f"{_points(definition, contrast)} {way} than the others, and we are 95 % sure that it is "
            f"between {_ends(contrast)}.",
            certain=True,
        )
    if not best and comparison.comparisons:
        yield Finding(
            "No segment differs from the others for certain.",
            f"{comparison.comparisons} differences were looked at together.",
            certain=False,
        )


def _changes(trends: Sequence[Trend]) -> Iterator[Finding]:
    sure = [one for one in trends if one.change is not None and one.change.certain]
    # One a touchpoint: the metrics asked there rise and fall together.
    ranked: dict[int | None, Trend] = {}
    for one in sorted(sure, key=lambda one: -abs(one.change.difference) if one.change else 0.0):
        ranked.setdefault(one.touchpoint_id, one)
    for one in list(ranked.values())[:_MOST_CHANGES]:
        if one.change is None:
            continue
        way = "risen" if one.change.difference > 0 else "fallen"
        where = one.touchpoint or "the whole journey"
        yield Finding(
            f"{one.definition.short} at {where} has {way}."
            if one.touchpoint
            else f"{one.definition.label} has {way}.",
            f"The last three months lie {_points(one.definition, one.change)} "
            f"{'above' if one.change.difference > 0 else 'below'} the first three; we are 95 % sure that "
            f"the change is between {_ends(one.change)}.",
            certain=True,
        )
    if not ranked and any(one.change is not None for one in trends):
        yield Finding(
            "Nothing has changed for certain over the period.",
            "The last three months do not differ from the first three by more than chance explains.",
            certain=False,
        )


def response_sentence(rates: Sequence[ResponseRate]) -> str:
    """How many answered, and which share of those who were invited."""
    responses = sum(rate.responses for rate in rates)
    sent = sum(rate.sent for rate in rates)
    completed = sum(rate.completed for rate in rates)
    if not sent:
        return f"{responses:,} responses, all by open links: nobody knows how many people saw them."
    share = phrases.number(100 * completed / sent)
    open_link = responses - completed
    rest = f" A further {open_link:,} came another way." if open_link > 0 else ""
    return f"{completed:,} of {sent:,} invitations were answered ({share} %).{rest}"
