"""The content of the journey benchmark report: from dashboards to a document; nothing is computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from analysis.scale.document import ScaleValidation
from surveyapp.reports import annex, comparisons, notes, scores
from surveyapp.reports.chosen import chosen
from surveyapp.reports.document import (
    Block,
    Callout,
    Cover,
    Document,
    Heading,
    KeyFigure,
    KeyFigures,
    Paragraph,
    Styled,
    Table,
    Text,
    Tone,
)
from surveyapp.reports.drivers import drivers
from surveyapp.results import findings, phrases
from surveyapp.results.choices import Distribution
from surveyapp.results.drivers import Drivers
from surveyapp.results.view_models import (
    Advice,
    Figure,
    JourneyOverview,
    ResponseRate,
    SegmentComparison,
    SegmentRate,
    Trend,
)
from surveyapp.results.wordings import Mixed

KIND = "Journey benchmark report"
_MOST_STEPS = 3
__all__ = ["KIND", "Numbers", "content"]


@dataclass(frozen=True)
class Numbers:
    """Everything that the report prints, read from the dashboards by the caller.

    ``comparison`` is None for a report on one segment, and ``segment_rate`` where its response rate
    is not known; ``validation`` is a stored scale validation of all customers
    (``analysis.scale.document``) with its date.
    """

    overview: JourneyOverview
    comparison: SegmentComparison | None
    trends: Sequence[Trend]
    rates: Sequence[ResponseRate]
    validation: tuple[ScaleValidation, date] | None = None
    choices: Sequence[Distribution] = ()
    drivers: Sequence[Drivers] = ()
    segment_rate: SegmentRate | None = None
    reworded: Sequence[Mixed] = ()  # questionnaires read in several wordings


def content(numbers: Numbers, *, made: date) -> Document:
    """The report as a document."""
    overview = numbers.overview
    whom = phrases.named(overview.segment.name) if overview.segment else "All customers"
    blocks: list[Block] = [
        *_summary(numbers),
        *scores.profile(overview),
        *scores.stages(overview),
        *scores.touchpoints(overview),
        *chosen(numbers.choices, few=overview.minimum_cell),
        *drivers(numbers.drivers, few=overview.minimum_cell),
        *comparisons.segments(numbers.comparison, overview.minimum_cell),
        *comparisons.trend(numbers.trends),
        *_sample(numbers),
        *annex.reliability(numbers.validation, _labels(overview), cut=_is_cut(overview)),
        *notes.method_notes(overview, numbers.reworded),
    ]
    return Document(
        cover=Cover(KIND, overview.name, f"{overview.provider}\n{whom}", _facts(numbers, made)),
        blocks=blocks,
        subject=f"{KIND}: {phrases.named(overview.name)}, {whom}",
        author=overview.provider,
        running=f"{phrases.named(overview.name)}  ·  {whom}",
        made=made,
        keywords=("service journey quality", "SJQ", "CSAT", "NPS", "CES", overview.code),
    )


def _labels(overview: JourneyOverview) -> dict[str, str]:
    """What the profile's dimensions are called, by their codes."""
    return {f.definition.scale.rpartition(".")[2]: f.definition.label for f in overview.profile}


def _facts(numbers: Numbers, made: date) -> list[tuple[str, str]]:
    overview = numbers.overview
    facts = [("Answers from", scores.period(overview)), ("Responses", _responses(overview))]
    if overview.segment:
        facts.append(
            ("Segment", f"{phrases.named(overview.segment.name)}: {overview.segment.rule}")
        )
    if any(rate.sent for rate in numbers.rates):
        facts.append(("Response rate", _returned(numbers)))
    if overview.goal:
        facts.append(("Customer's goal", overview.goal))
    facts.append(("Journey", f"{overview.state} state, version {overview.version}"))
    return [*facts, ("Report created on", phrases.day(made))]


def _is_cut(overview: JourneyOverview) -> bool:
    """Whether the report is about some of the answers only."""
    whole = overview.since is None and overview.until is None
    return overview.segment is not None or not whole


def _returned(numbers: Numbers) -> str:
    overview = numbers.overview
    whole = overview.since is None and overview.until is None
    if overview.segment is None:
        return findings.response_sentence(numbers.rates, whole=whole)
    return findings.segment_sentence(
        numbers.segment_rate, numbers.rates, whole=whole, few=overview.minimum_cell
    )


def _responses(overview: JourneyOverview) -> str:
    places = len(overview.touchpoints)
    touchpoints = f"{places} touchpoint{'' if places == 1 else 's'} and " if places else ""
    where = f"{touchpoints}the journey's end"
    if overview.responses is not None:
        return f"{overview.responses:,} at {where}"
    return f"{phrases.responses(overview)} at {where}; {phrases.places_hidden(overview)}"


def _summary(numbers: Numbers) -> Iterator[Block]:
    overview = numbers.overview
    yield Heading("Summary")
    yield KeyFigures(_key_figures(numbers))
    said = findings.findings(overview, numbers.comparison, numbers.trends)
    for finding in said:
        yield Paragraph((Styled(finding.headline), " ", finding.text), Tone.BULLET)
    if not said:
        yield Paragraph(_nothing_said(overview), Tone.LEAD)
    if overview.advice and overview.advice.compared > 1:
        yield Heading("Priorities", level=2)
        yield from _advice(overview.advice)


def _nothing_said(overview: JourneyOverview) -> str:
    figures = (*overview.end, *(f for t in overview.touchpoints for f in t.figures))
    if any(figure.shown for figure in figures):
        return "No significant difference; the next pages show every score with its interval."
    return "There are not enough answers yet for any findings."


def _key_figures(numbers: Numbers) -> list[KeyFigure]:
    overview = numbers.overview
    heads = [f for f in overview.end if f.definition.parent is None and f.shown]
    if overview.total is None and overview.sides is not None:
        # Of dimensions that nothing sums up, the ends say most.
        ends = [overview.sides.high.figure, overview.sides.low.figure]
        heads = [*ends, *(figure for figure in heads if figure not in overview.profile)]
    found = [
        KeyFigure(
            figure.definition.label,
            phrases.value(figure, few=overview.minimum_cell),
            _beside(figure),
        )
        for figure in heads[:3]
    ]
    months = len({month.first for trend in numbers.trends for month in trend.months})
    return [
        *found,
        KeyFigure(
            "Responses",
            phrases.responses(overview),
            f"in {months} month{'' if months == 1 else 's'}",
        ),
    ]


def _beside(figure: Figure) -> str:
    axis = figure.definition.axis
    scale = f"on {phrases.number(axis[0])} to {phrases.number(axis[1])}"
    return f"{phrases.basis(figure)}\n{scale}"


def _advice(advice: Advice) -> Iterator[Block]:
    """The touchpoints that score significantly below the others in the latest months."""
    months = phrases.months(advice.since, advice.until)
    left = f" {phrases.not_compared(advice)}" if advice.left_out else ""
    if not advice.steps:
        yield Paragraph(
            f"In {months}, none of the {advice.compared} touchpoints compared scored"
            f" significantly below the others.{left}"
        )
        return
    rows: list[list[Text]] = []
    for at, step in enumerate(advice.steps[:_MOST_STEPS], start=1):
        truth = ", moment of truth" if step.moment_of_truth else ""
        rows.append(
            [
                str(at),
                (Styled(step.touchpoint), f"\n{step.stage}{truth}"),
                f"{step.figure.definition.short} {phrases.value(step.figure)}\n"
                f"{phrases.interval(step.figure)}",
                f"{step.figure.n:,}",
                phrases.difference(step.figure.definition, step.against_rest),
            ]
        )
    more = len(advice.steps) - len(rows)
    further = f" {more} more score{('s' if more == 1 else '')} significantly below." if more else ""
    yield Table(
        head=["", "Touchpoint", "Score", "n", "Difference from all others"],
        rows=rows,
        align="lllrl",
        widths=[0.05, 0.37, 0.16, 0.09, 0.33],
        note=f"Answers from {months}, as priorities depend on the current situation."
        " Touchpoints that score significantly below all others combined (95%"
        " interval excludes zero and p < .05 after Holm correction across"
        " touchpoints); moments of truth first, then by size of the"
        f" difference.{further}{left}",
    )


def _sample(numbers: Numbers) -> Iterator[Block]:
    overview, rates = numbers.overview, numbers.rates
    yield Heading("Sample and response rate")
    if overview.segment:
        yield Callout(
            f"This report covers one segment: {phrases.named(overview.segment.name)}",
            f"Its rule is: {overview.segment.rule}. The table covers all customers.",
        )
    yield Paragraph(_returned(numbers))
    rows: list[list[Text]] = []
    for rate in rates:
        hidden = phrases.hidden(rate.hidden, few=overview.minimum_cell)
        share = "" if rate.rate is None else f"{phrases.number(rate.rate)}%"
        ends = (
            ""
            if rate.low is None or rate.high is None
            else f"{phrases.number(rate.low)} to {phrases.number(rate.high)}"
        )
        rows.append(
            [
                rate.touchpoint or "Journey's end",
                hidden or f"{rate.responses:,}",
                f"{rate.sent:,}" if rate.sent else "none",
                f"{rate.completed:,}" if rate.sent and not hidden else "",
                share,
                ends,
                "" if hidden else _dates(rate),
            ]
        )
    yield Table(
        head=["Touchpoint", "Responses", "Invited", "Answered", "Rate", "95% CI", "Period"],
        rows=rows,
        align="lrrrrrr",
        widths=[0.27, 0.11, 0.10, 0.11, 0.08, 0.13, 0.20],
        title="All customers" if overview.segment else "",
        note="The rate is the share of sent invitations that were answered, with a Wilson"
            " interval. An open link has no rate, because the number of people who saw it"
            " is not known. People who choose to answer may differ from those who do not;"
            " the intervals do not cover this.",
    )  # fmt: skip


def _dates(rate: ResponseRate) -> str:
    if rate.first_day is None or rate.last_day is None:
        return "no answers"
    return f"{rate.first_day:%d.%m.%y} to {rate.last_day:%d.%m.%y}"
