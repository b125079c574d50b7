"""Numbers to plain sentences; a difference is claimed only when it is significant.

Significant means: the 95 % interval of the difference excludes zero, and p is below .05 after Holm's
correction for all differences looked at together. Who scores lowest or highest must differ so from
every other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from instruments.schema import Metric
from surveyapp.results import phrases
from surveyapp.results.segment_verdicts import is_barred
from surveyapp.results.view_models import (
    ComparisonRow,
    Contrast,
    Definition,
    End,
    Figure,
    JourneyOverview,
    ResponseRate,
    SegmentComparison,
    SegmentFigure,
    SegmentRate,
    Trend,
    Unit,
)

_MOST_SEGMENTS, _MOST_CHANGES = 3, 2
_BARRED = (
    " Scores of several questions are left out where no test of measurement invariance says that they"
    " mean the same."
)


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
        *stages(overview),
        *_against_others(overview),
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
                f"{phrases.basis(figure)}.{_promoters(figure)}",
                certain=True,
            )
        elif figure == overview.total:
            yield Finding(
                f"{definition.label} is {phrases.value(figure)} out of 100.",
                f"{phrases.basis(figure)}.",
                certain=True,
            )


def _promoters(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return ""
    if figure.low > 0:
        return " Promoters (9 and 10) outnumber detractors (0 to 6)."
    if figure.high < 0:
        return " Detractors (0 to 6) outnumber promoters (9 and 10)."
    return (
        " The shares of promoters (9 and 10) and detractors (0 to 6) do not differ significantly."
    )


def _dimensions(overview: JourneyOverview) -> Iterator[Finding]:
    sides = overview.sides
    if sides is None:
        return
    low, high = sides.low, sides.high
    numbers = f"{phrases.named(low.name)} is {_scored(low.figure)}; {_inner(high.name)} is {_scored(high.figure)}."
    if low.stands_out or high.stands_out:
        yield Finding(f"{extremes(low, high)}.", f"{numbers}{_open(low, high)}", certain=True)
    else:
        yield Finding(
            f"No single dimension of {overview.profile_title} scores lowest or highest.",
            f"{numbers}{_open(low, high)}",
            certain=False,
        )


def _scored(figure: Figure) -> str:
    return f"{phrases.value(figure)}, {phrases.basis(figure)}"


def extremes(low: End, high: End) -> str:
    """Who scores lowest and who highest, as far as that is significant; empty where neither is."""
    if low.stands_out and high.stands_out:
        return f"{phrases.named(low.name)} scores lowest, {_inner(high.name)} highest"
    if low.stands_out:
        return f"{phrases.named(low.name)} scores lowest"
    return f"{phrases.named(high.name)} scores highest" if high.stands_out else ""


def _open(low: End, high: End) -> str:
    """Which cannot be separated from the lowest and from the highest."""
    if not low.apart and not high.apart:
        return " Neither is significantly different from any other dimension."
    said = ""
    for end in (low, high):
        if not end.stands_out and end.tied:
            others = phrases.listed([_inner(name) for name in end.tied])
            said += f" {phrases.named(end.name)} is not significantly different from {others}."
    return said


def _inner(name: str) -> str:
    """A dimension's name within a sentence; an acronym stays as it is."""
    return phrases.named(name if name[1:2].isupper() else name[:1].lower() + name[1:])


def stages(overview: JourneyOverview) -> Iterator[Finding]:
    """Which stage scores lowest on the first scale that two have; that none does, where none does."""
    for lowest in overview.lowest[:1]:
        figure = lowest.figure
        numbers = (
            f"{figure.definition.short} there is {phrases.value(figure)}, {phrases.basis(figure)}"
        )
        if lowest.stands_out:
            yield Finding(f"{stage_title(lowest)}.", f"{numbers}, {_gap_to_next(lowest)}.", True)
            continue
        apart = f" It is significantly lower than at {phrases.listed(lowest.apart)}."
        yield Finding(
            f"{stage_title(lowest)}.",
            f"{phrases.named(lowest.name)} has the lowest estimate: {numbers}. It is not significantly different"
            f" from {phrases.listed(lowest.tied)}.{apart if lowest.apart else ''}",
            certain=False,
        )


def stage_title(lowest: End) -> str:
    """Which stage scores lowest on a scale, or that none does."""
    short = lowest.figure.definition.short
    if lowest.stands_out:
        return f"{phrases.named(lowest.name)} scores lowest on {short}"
    return f"No significant difference between the lowest stages on {short}"


def _gap_to_next(lowest: End) -> str:
    name, contrast = lowest.against[0]
    return (
        f"{_points(lowest.figure.definition, contrast)} below {phrases.named(name)}, the nearest to it "
        f"({_ends(contrast)})"
    )


def _points(definition: Definition, contrast: Contrast) -> str:
    unit = "percentage points" if definition.unit is Unit.PERCENT else "points"
    return f"{phrases.number(abs(contrast.difference))} {unit}"


def _ends(contrast: Contrast) -> str:
    """The interval of a significant difference, its sign left to the sentence."""
    low, high = sorted((abs(contrast.low), abs(contrast.high)))
    return f"95% CI {phrases.number(low)} to {phrases.number(high)}"


def _against_others(overview: JourneyOverview) -> Iterator[Finding]:
    """How a segment differs from all other customers: its largest significant differences."""
    if overview.segment is None or not overview.beside_tested:
        return
    name = phrases.named(overview.segment.name)
    places = [(None, overview.end), *((t.name, t.figures) for t in overview.touchpoints)]
    sure = [
        (abs(found.contrast.difference) / (axis[1] - axis[0]), place, figure, found.contrast)
        for place, figures in places
        for figure in figures
        for found, axis in [(figure.beside, figure.definition.axis)]
        if found is not None and found.contrast is not None and found.contrast.certain
    ]
    for _, place, figure, contrast in sorted(sure, key=lambda one: -one[0])[:_MOST_CHANGES]:
        way = "lower" if contrast.difference < 0 else "higher"
        where = f" at {phrases.named(place)}" if place else ""
        yield Finding(
            f"{name} scores {way} on {figure.definition.label}{where}.",
            f"{phrases.value(figure)} (n = {figure.n:,}), {_points(figure.definition, contrast)}"
            f" {way} than all other customers ({_ends(contrast)}).",
            certain=True,
        )
    if not sure:
        barred = any(
            each.beside is not None and is_barred(each.beside.contrast, each.beside.alike)
            for each in overview.figures
        )
        yield Finding(
            f"{name} does not differ significantly from all other customers.",
            f"{overview.beside_tested} differences were tested together (Holm)."
            f"{_BARRED if barred else ''}",
            certain=False,
        )


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
        where = f" at {phrases.named(row.touchpoint)}" if row.touchpoint else ""
        yield Finding(
            f"{phrases.named(entry.segment.name)} scores {way} on {definition.label}{where}.",
            f"{phrases.value(entry.figure)} (n = {entry.figure.n:,}), "
            f"{_points(definition, contrast)} {way} than all other customers ({_ends(contrast)}).",
            certain=True,
        )
    if not best and comparison.comparisons:
        barred = any(
            is_barred(each.against_rest, each.alike)
            for row in comparison.rows
            for each in row.segments
        )
        yield Finding(
            "No segment differs significantly from the other customers.",
            f"{comparison.comparisons} differences were tested together (Holm)."
            f"{_BARRED if barred else ''}",
            certain=False,
        )


def _changes(trends: Sequence[Trend]) -> Iterator[Finding]:
    tested = [one for one in trends if one.change is not None]
    sure = [one for one in tested if one.change is not None and one.change.certain]
    # One a touchpoint: the metrics asked there rise and fall together.
    ranked: dict[int | None, Trend] = {}
    for one in sorted(sure, key=lambda one: -abs(one.change.difference) if one.change else 0.0):
        ranked.setdefault(one.touchpoint_id, one)
    for one in list(ranked.values())[:_MOST_CHANGES]:
        if one.change is None:
            continue
        way = "risen" if one.change.difference > 0 else "fallen"
        yield Finding(
            f"{one.definition.short} at {one.touchpoint} has {way}."
            if one.touchpoint
            else f"{one.definition.label} has {way}.",
            f"It is {_points(one.definition, one.change)} "
            f"{'higher' if one.change.difference > 0 else 'lower'} in {change_months(one)} "
            f"({_ends(one.change)}).{_reworded(one)}",
            certain=True,
        )
    yield from _not_compared(trends)
    if not ranked and tested:
        scores = "one score" if len(tested) == 1 else f"{len(tested)} scores"
        if tested[0].between is not None:
            early, late = tested[0].between
            yield Finding(
                f"No significant change from {phrases.months(early[0], early[-1])}.",
                f"{scores[:1].upper()}{scores[1:]} of {phrases.months(late[0], late[-1])} were"
                " compared with those months (Holm).",
                certain=False,
            )
            return
        yield Finding(
            "No significant change over the period.",
            f"The last three months were compared with the first three for {scores} (Holm).",
            certain=False,
        )


def _not_compared(trends: Sequence[Trend]) -> Iterator[Finding]:
    """The scores whose wording changed between the months that would be compared."""
    barred = [one for one in trends if one.reworded and one.definition.parent is None]
    for one in barred[:_MOST_CHANGES]:
        where = f" at {phrases.named(one.touchpoint)}" if one.touchpoint else ""
        yield Finding(
            f"{one.definition.short}{where} is not compared, because its wording changed.",
            phrases.wordings(one),
            certain=False,
        )


def _reworded(trend: Trend) -> str:
    """A caution where the months compared read different words; empty where they did not."""
    early, late = trend.compared
    if not any(early[0] < each.first <= late[-1] for each in trend.rewordings):
        return ""
    return f" {phrases.wordings(trend)}"


def change_months(trend: Trend) -> str:
    """The months that a change lies between: "Sep to Nov 2026 than in Dec 2025 to Feb 2026".

    Months with too few answers are skipped, so that three may span more than three.
    """
    early, late = trend.compared
    return f"{phrases.months(late[0], late[-1])} than in {phrases.months(early[0], early[-1])}"


def response_sentence(rates: Sequence[ResponseRate], *, whole: bool = True) -> str:
    """How many answered, and which share of those who were invited, over the rates that are shown.

    ``whole``: of all time. In a period answers and invitations are not of the same customers, because
    who is invited in one month may answer in the next.
    """
    shown = [rate for rate in rates if not rate.hidden]
    few = len(rates) - len(shown)
    left = f" {_surveys(few)} with too few answers to show {'is' if few == 1 else 'are'} left out."
    rest = left if few else ""
    responses = sum(rate.responses or 0 for rate in shown)
    sent = sum(rate.sent for rate in shown)
    completed = sum(rate.completed or 0 for rate in shown)
    if not shown and few:
        return "Too few answers to show the response rate."
    if not sent:
        return (
            f"{_number(responses, 'response')}, none by invitation, so there is no response rate."
            f"{rest}"
        )
    made = "" if whole else " made in this period"
    share = phrases.number(100 * completed / sent)
    other = responses - completed
    further = f" A further {other:,} came by other links." if whole and other > 0 else ""
    return f"{completed:,} of {sent:,} invitations{made} were answered ({share}%).{further}{rest}"


def segment_sentence(
    own: SegmentRate | None, rates: Sequence[ResponseRate], *, whole: bool = True, few: int = 5
) -> str:
    """A segment's own response rate where it is known, else that of all customers, said to be that."""
    if own is not None and own.hidden:
        return f"The response rate of this segment is {phrases.hidden(own.hidden, few=few)}."
    made = "" if whole else " made in this period"
    if own is not None and own.sent is not None and own.completed is not None:
        if own.rate is None or own.low is None or own.high is None:
            when = "" if whole else " in this period"
            return f"Nobody in this segment was invited{when}, so there is no response rate."
        return (
            f"{own.completed:,} of {own.sent:,} invitations to this segment{made} were"
            f" answered ({phrases.number(own.rate)}%, 95% CI {phrases.number(own.low)}"
            f" to {phrases.number(own.high)})."
        )
    return (
        "The response rate of this segment is not known: invitations sent to a list do not say which"
        f" customers belong to it. For all customers, not only this segment: {response_sentence(rates, whole=whole)}"
    )


def _surveys(n: int) -> str:
    return "One survey" if n == 1 else f"{n} surveys"


def _number(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"
