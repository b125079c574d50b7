"""The content of the journey benchmark report: from dashboards to a document; nothing is computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from analysis.scale.document import ScaleValidation
from surveyapp.reports import annex, apa, comparisons, notes, scores
from surveyapp.reports.actions_done import actions_done
from surveyapp.reports.benchmark_sets import benchmark_sets
from surveyapp.reports.bibliography import references
from surveyapp.reports.channel_paths import channel_paths
from surveyapp.reports.chosen import chosen
from surveyapp.reports.document import (
    Block,
    Callout,
    Cell,
    Column,
    Cover,
    Document,
    Estimate,
    Heading,
    Interval,
    KeyFigure,
    KeyFigures,
    Paragraph,
    Quantity,
    Styled,
    Table,
    Tone,
)
from surveyapp.reports.drivers import drivers
from surveyapp.reports.targets import targets
from surveyapp.results import findings, phrases, rate_phrases
from surveyapp.results.action_effects import ActionEffect
from surveyapp.results.actions import MARKER
from surveyapp.results.associations import Associations
from surveyapp.results.benchmarks import Benchmark
from surveyapp.results.channel_paths import ChannelPaths
from surveyapp.results.choices import Distribution
from surveyapp.results.drivers import Drivers
from surveyapp.results.facets import UNFLAGGED
from surveyapp.results.scope import Period
from surveyapp.results.target_rows import TargetRow, target_rows
from surveyapp.results.view_models import (
    Advice,
    Figure,
    JourneyOverview,
    ResponseRate,
    SegmentComparison,
    SegmentRate,
    State,
    Trend,
)
from surveyapp.results.wordings import Mixed

KIND = "Journey benchmark report"
_MOST_STEPS = 3
__all__ = ["KIND", "Numbers", "content"]


@dataclass(frozen=True)
class Numbers:
    """Everything that the report prints, read from the dashboards by the caller.

    ``comparison`` is None for a report on one segment, whose figures stand beside those of all other
    customers, and ``segment_rate`` where its response rate
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
    associations: Associations | None = None  # None where the journey's end asks no outcome
    segment_rate: SegmentRate | None = None
    paths: ChannelPaths | None = None  # None where no answer's path of channels is known
    too_many_paths: bool = False  # more answers than paths are read of for a report
    reworded: Sequence[Mixed] = ()  # questionnaires read in several wordings
    done: Sequence[ActionEffect] = ()  # actions with what came of them; of all customers
    studied: date | None = None  # when the newest service journey study was run
    benchmarks: Sequence[Benchmark] = ()  # of imported sets


def content(numbers: Numbers, *, made: date) -> Document:
    """The report as a document: a summary of two pages, the scores in detail, the method in annexes."""
    numbers = _without_marker(numbers)
    overview = numbers.overview
    whom = phrases.named(overview.segment.name) if overview.segment else "All customers"
    blocks: list[Block] = [
        *_summary(numbers),
        *_beside_study(numbers.studied),
        *targets(_targets(numbers), overview.minimum_cell),
        *scores.touchpoints(overview),
        *chosen(numbers.choices, few=overview.minimum_cell),
        *drivers(numbers.drivers, numbers.associations, few=overview.minimum_cell),
        *comparisons.segments(numbers.comparison, overview.minimum_cell),
        *comparisons.against_others(overview),
        *channel_paths(numbers.paths, overview.minimum_cell, too_many=numbers.too_many_paths),
        *comparisons.changes(overview),
        *actions_done(numbers.done, few=overview.minimum_cell),
        *comparisons.trend(numbers.trends),
        *benchmark_sets(numbers.benchmarks, overview.minimum_cell),
        *_annexes(
            [
                *_sample(numbers),
                *_reliability(numbers),
                *notes.method_notes(overview, numbers.reworded),
            ]
        ),
    ]
    return Document(
        cover=Cover(KIND, overview.name, f"{overview.provider}\n{whom}", _facts(numbers, made)),
        blocks=[*blocks, *references(blocks)],
        subject=f"{KIND}: {phrases.named(overview.name)}, {whom}",
        author=overview.provider,
        running=f"{phrases.named(overview.name)}  ·  {whom}",
        made=made,
        keywords=("service journey quality", "SJQ", "CSAT", "NPS", "CES", overview.code),
    )


def _targets(numbers: Numbers) -> Sequence[TargetRow]:
    return target_rows(numbers.overview, numbers.rates, numbers.segment_rate)


def _without_marker(numbers: Numbers) -> Numbers:
    """Without the questions that are asked only to check a researcher's method."""
    overview = numbers.overview
    titles = {each.title for each in overview.instruments if each.instrument == MARKER}
    told = replace(
        overview,
        end=tuple(f for f in overview.end if f.definition.instrument != MARKER),
        instruments=tuple(each for each in overview.instruments if each.instrument != MARKER),
    )
    return replace(
        numbers,
        overview=told,
        trends=[each for each in numbers.trends if each.definition.instrument != MARKER],
        reworded=[each for each in numbers.reworded if each.title not in titles],
    )


def _annexes(blocks: Sequence[Block]) -> Iterator[Block]:
    """Chapters as annexes, by letters; the first begins a page where that leaves none empty."""
    letters = iter("ABCDEF")
    for block in blocks:
        if isinstance(block, Heading) and block.level == 1:
            letter = next(letters)
            block = replace(block, text=f"Annex {letter}: {block.text}", new_page=letter == "A")
        yield block


def _reliability(numbers: Numbers) -> Iterator[Block]:
    """Nothing where no scale was asked."""
    overview = numbers.overview
    if overview.profile:
        yield from annex.reliability(numbers.validation, _labels(overview), cut=_is_cut(overview))


def _labels(overview: JourneyOverview) -> dict[str, str]:
    """What the profile's dimensions are called, by their codes."""
    return {f.definition.scale.rpartition(".")[2]: f.definition.label for f in overview.profile}


def _facts(numbers: Numbers, made: date) -> list[tuple[str, str]]:
    overview = numbers.overview
    facts = [
        ("Period", _period(overview)),
        ("Answers from", scores.period(overview)),
        ("Responses", _responses(overview)),
    ]
    if overview.segment:
        facts.append(
            ("Segment", f"{phrases.named(overview.segment.name)}: {overview.segment.rule}")
        )
    if found := phrases.facets(overview.facets):
        facts.append(("Answers of", "; ".join(found)))
    if left_out := phrases.flagged(overview.flagged):
        facts.append(("Flagged answers", left_out))
    if any(rate.sent for rate in numbers.rates):
        facts.append(("Response rate", _returned(numbers)))
    if overview.goal:
        facts.append(("Customer's goal", overview.goal))
    facts.append(("Journey", f"{overview.state} state, version {overview.version}"))
    return [*facts, ("Report created on", phrases.day(made))]


def _beside_study(studied: date | None) -> Iterator[Block]:
    """Why a study of the same journey may stress other things than this report."""
    if studied is not None:
        yield Paragraph(
            f"A service journey study was run on {phrases.day(studied)}. It may put other dimensions"
            " first: this report compares the mean scores of one period, while the study weighs the"
            " answers of its own respondents by a model and looks for what goes together with loyalty."
            " What scores lowest need not be what matters most for loyalty.",
            Tone.NOTE,
        )


def _period(overview: JourneyOverview) -> str:
    said = phrases.period(Period(overview.since, overview.until)) or "All time"
    if overview.compared is None:
        return f"{said}, not compared with another period"
    return (
        f"{said}, compared with {phrases.months(overview.compared.since, overview.compared.until)}"
    )


def _is_cut(overview: JourneyOverview) -> bool:
    """Whether the report is about some of the answers only."""
    whole = overview.since is None and overview.until is None
    return overview.segment is not None or not whole or overview.facets != UNFLAGGED


def _returned(numbers: Numbers) -> str:
    overview = numbers.overview
    whole = overview.since is None and overview.until is None
    if overview.segment is None:
        return rate_phrases.response_sentence(numbers.rates, whole=whole)
    return rate_phrases.segment_sentence(
        numbers.segment_rate, numbers.rates, whole=whole, few=overview.minimum_cell
    )


def _responses(overview: JourneyOverview) -> str:
    places = len(overview.touchpoints)
    asked = [f"{places} touchpoint{'' if places == 1 else 's'}"] if places else []
    asked += ["the journey's end"] if overview.end or not places else []
    where = " and ".join(asked)
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
        yield from _advice(overview.advice, overview)
    yield from scores.end(overview)
    yield from scores.stages(overview)


def _nothing_said(overview: JourneyOverview) -> str:
    figures = (*overview.end, *(f for t in overview.touchpoints for f in t.figures))
    if any(figure.shown for figure in figures):
        return "No significant difference; the next pages show every score with its interval."
    if overview.since or overview.until:
        when = phrases.period(Period(overview.since, overview.until))
        return (
            f"There are not enough answers in the period ({when}) for any findings; a report of all"
            " time may have them."
        )
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
    when = phrases.period(Period(overview.since, overview.until))
    return [
        *found,
        KeyFigure(
            "Responses",
            phrases.responses(overview),
            when or f"in {months} month{'' if months == 1 else 's'}",
        ),
    ]


def _beside(figure: Figure) -> str:
    axis = figure.definition.axis
    scale = f"on {phrases.number(axis[0])} to {phrases.number(axis[1])}"
    return f"{phrases.basis(figure)}\n{scale}"


def _advice(advice: Advice, overview: JourneyOverview) -> Iterator[Block]:
    """The touchpoints that score significantly below the others now, and how each has changed."""
    months = phrases.months(advice.since, advice.until)
    left = f" {phrases.not_compared(advice)}" if advice.left_out else ""
    if not advice.steps:
        yield Paragraph(
            f"In {months}, none of the {advice.compared} touchpoints compared scored"
            f" significantly below the others.{left}"
        )
        return
    rows: list[list[Cell]] = []
    compared = overview.compared
    for at, step in enumerate(advice.steps[:_MOST_STEPS], start=1):
        truth = ", moment of truth" if step.moment_of_truth else ""
        rows.append(
            [
                at,
                (Styled(step.touchpoint), f"\n{step.stage}{truth}"),
                _with_interval(step.figure),
                step.figure.n,
                comparisons.difference(step.figure.definition, step.against_rest),
                *([comparisons.change(step.figure, overview.minimum_cell)] if compared else []),
            ]
        )
    more = len(advice.steps) - len(rows)
    further = f" {more} more score{('s' if more == 1 else '')} significantly below." if more else ""
    yield Table(
        title="Touchpoints that score significantly below all others",
        columns=[
            Column("", 0.05, apa.count, align="l", name="Rank"),
            Column("Touchpoint", 0.26 if compared else 0.37),
            Column("Score", 0.12),
            Column("n", 0.06, apa.count),
            Column("Difference from all others", 0.26 if compared else 0.40),
            *([Column("Change", 0.25)] if compared else []),
        ],
        cells=rows,
        note=f"Answers from {months}, as priorities depend on the current situation."
        " Touchpoints that score significantly below all others combined (95%"
        " interval excludes zero and p < .05 after Holm correction across"
        " touchpoints); moments of truth first, then by size of the"
        f" difference.{further}{left}" + (f" {phrases.compared(compared)}" if compared else ""),
    )


def _with_interval(figure: Figure) -> Cell:
    said = f"{figure.definition.short} {phrases.value(figure)}\n{phrases.interval(figure)}"
    return Quantity(Estimate(figure.estimate, figure.low, figure.high), said)


def _sample(numbers: Numbers) -> Iterator[Block]:
    overview = numbers.overview
    yield Heading("Sample and response rate")
    if overview.segment:
        yield Callout(
            f"This report covers one segment: {phrases.named(overview.segment.name)}",
            f"Its rule is: {overview.segment.rule}. The table covers all customers.",
        )
    yield Paragraph(_returned(numbers), leads=True)
    yield _rates(numbers)


def _of_all(overview: JourneyOverview) -> str:
    """What the table of response rates does not tell apart, where the report does."""
    channels = overview.facets.channel or overview.facets.language
    parts = [
        *(["all customers"] if overview.segment else []),
        *(["all channels and languages"] if channels else []),
    ]
    return "".join(f", {part}" for part in parts)


def _rates(numbers: Numbers) -> Table:
    """Answers of each place; the columns on invitations only where somebody was invited."""
    overview, rates = numbers.overview, numbers.rates
    is_invited = any(rate.sent for rate in rates)
    rows: list[list[Cell]] = []
    for rate in rates:
        hidden = phrases.hidden(rate.hidden, few=overview.minimum_cell)
        row: list[Cell] = [rate.touchpoint or "Journey's end", hidden or rate.responses]
        if is_invited:
            row += _invited(rate, is_hidden=bool(hidden))
        rows.append([*row, "" if hidden else _dates(rate)])
    invited = [
        Column("Invited", 0.10, apa.count),
        Column("Answered", 0.11, apa.count),
        Column("Rate", 0.08, _percent),
        Column("95% CI", 0.13, _ends),
    ]
    said = (
        "The rate is the share of sent invitations that were answered, with a Wilson"
        " interval. An open link has no rate, because the number of people who saw it"
        " is not known. "
    )
    return Table(
        columns=[
            Column("Touchpoint", 0.27),
            Column("Responses", 0.11, apa.count),
            *(invited if is_invited else []),
            Column("First and last answer", 0.20, align="r", name="Period"),
        ],
        cells=rows,
        title="Responses and response rate" + _of_all(overview),
        note=f"{said if is_invited else ''}People who choose to answer may differ from those who do"
        " not; the intervals do not cover this.",
    )


def _invited(rate: ResponseRate, *, is_hidden: bool) -> list[Cell]:
    ends = "" if rate.low is None or rate.high is None else Interval(rate.low, rate.high)
    return [
        rate.sent or Quantity(0, "none"),
        rate.completed if rate.sent and not is_hidden else "",
        "" if rate.rate is None else rate.rate,
        ends,
    ]


def _percent(rate: float) -> str:
    return f"{phrases.number(rate)}%"


def _ends(found: Interval) -> str:
    return f"{phrases.number(found.low or 0)} to {phrases.number(found.high or 0)}"


def _dates(rate: ResponseRate) -> str:
    if rate.first_day is None or rate.last_day is None:
        return State.UNANSWERED
    return f"{phrases.day(rate.first_day)}\nto {phrases.day(rate.last_day)}"
