"""The content of the journey benchmark report: from dashboards to a document; nothing is computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from analysis.scale.document import ScaleValidation
from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.reports.bibliography import references
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
from surveyapp.reports.journeys import annex, comparisons, notes, scores
from surveyapp.reports.journeys.actions_done import actions_done
from surveyapp.reports.journeys.benchmark_sets import benchmark_sets
from surveyapp.reports.journeys.channel_paths import channel_paths
from surveyapp.reports.journeys.chosen import chosen
from surveyapp.reports.journeys.drivers import drivers
from surveyapp.reports.journeys.journey_map import journey_map
from surveyapp.reports.journeys.targets import targets
from surveyapp.reports.journeys.weighted import weighted
from surveyapp.results import findings, phrases
from surveyapp.results.analyses.actions import MARKER
from surveyapp.results.answers.choices import Distribution
from surveyapp.results.benchmarks.benchmarks import Benchmark
from surveyapp.results.drivers.associations import Associations
from surveyapp.results.drivers.drivers import Drivers
from surveyapp.results.facets import UNFLAGGED
from surveyapp.results.funnels import rate_phrases
from surveyapp.results.funnels.channel_paths import ChannelPaths
from surveyapp.results.invariance.wordings import Mixed
from surveyapp.results.maps.grid import MapGrid
from surveyapp.results.registered_changes.action_effects import ActionEffect
from surveyapp.results.scale_titles import label, short
from surveyapp.results.scope import Period
from surveyapp.results.targets.rows import TargetRow, target_rows
from surveyapp.results.view_models import (
    Advice,
    Figure,
    JourneyOverview,
    Margin,
    ResponseRate,
    SegmentComparison,
    SegmentRate,
    State,
    Trend,
)

KIND = msg("Journey benchmark report")
_MOST_STEPS = 3
_STATES = {
    "current": msg("current state, version {version}"),
    "target": msg("target state, version {version}"),
    "archived": msg("archived state, version {version}"),
}
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
    grid: MapGrid | None = None  # the map, with the scores of the report
    margins: Sequence[Margin] = ()  # what scores are weighted by


def content(numbers: Numbers, *, made: date, words: Words = ENGLISH) -> Document:
    """The report as a document: a summary of two pages, the scores in detail, the method in annexes."""
    numbers = _without_marker(numbers)
    overview = numbers.overview
    whom = words.name(overview.segment.name) if overview.segment else words.say("All customers")
    few, kind = overview.minimum_cell, words.say(KIND)
    blocks: list[Block] = [
        *_summary(numbers, words),
        *_beside_study(numbers.studied, words),
        *targets(_targets(numbers), few, words),
        *scores.touchpoints(overview, words),
        *weighted(overview, numbers.margins, words, associations=numbers.associations),
        *journey_map(numbers.grid, few=few, words=words),
        *chosen(numbers.choices, few=few, words=words),
        *drivers(numbers.drivers, numbers.associations, few=few, words=words),
        *comparisons.segments(numbers.comparison, few, words),
        *comparisons.against_others(overview, words),
        *channel_paths(numbers.paths, few, too_many=numbers.too_many_paths, words=words),
        *comparisons.changes(overview, words),
        *actions_done(numbers.done, few=few, words=words),
        *comparisons.trend(numbers.trends, words),
        *benchmark_sets(numbers.benchmarks, few, words),
        *_annexes(
            [
                *_sample(numbers, words),
                *_reliability(numbers, words),
                *notes.method_notes(overview, numbers.reworded, words),
            ],
            words,
        ),
    ]
    name = words.name(overview.name)
    about = f"{words.alone(overview.provider)}\n{words.alone(whom) if overview.segment else whom}"
    return Document(
        cover=Cover(kind, words.alone(overview.name), about, _facts(numbers, made, words)),
        blocks=[*blocks, *references(blocks, words)],
        subject=f"{kind}: {name}, {whom}",
        author=overview.provider,
        running=f"{name}  ·  {whom}",
        made=made,
        words=words,
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


def _annexes(blocks: Sequence[Block], words: Words) -> Iterator[Block]:
    """Chapters as annexes, by letters; the first begins a page where that leaves none empty."""
    letters = iter("ABCDEF")
    for block in blocks:
        if isinstance(block, Heading) and block.level == 1:
            letter = next(letters)
            text = words.say("Annex {letter}: {title}", letter=letter, title=block.text)
            block = replace(block, text=text, new_page=letter == "A")
        yield block


def _reliability(numbers: Numbers, words: Words) -> Iterator[Block]:
    """Nothing where no scale was asked."""
    overview = numbers.overview
    if overview.profile:
        labels = _labels(overview, words)
        cut = _is_cut(overview)
        yield from annex.reliability(numbers.validation, labels, cut=cut, words=words)


def _labels(overview: JourneyOverview, words: Words) -> dict[str, str]:
    """What the profile's dimensions are called, by their codes."""
    return {
        f.definition.scale.rpartition(".")[2]: label(f.definition, words) for f in overview.profile
    }


def _facts(numbers: Numbers, made: date, words: Words) -> list[tuple[str, str]]:
    overview = numbers.overview
    facts = [
        (words.say("Period"), _period(overview, words)),
        (words.say("Answers from"), scores.period(overview, words)),
        (words.say("Responses"), _responses(overview, words)),
    ]
    if overview.segment:
        rule = words.begin(f"{words.name(overview.segment.name)}: {overview.segment.rule}")
        facts.append((words.say("Segment"), rule))
    if found := phrases.facets(overview.facets, words=words):
        facts.append((words.say("Answers of"), "; ".join(found)))
    if left_out := phrases.flagged(overview.flagged, words=words):
        facts.append((words.say("Flagged answers"), left_out))
    if any(rate.sent for rate in numbers.rates):
        facts.append((words.say("Response rate"), _returned(numbers, words)))
    if overview.goal:
        facts.append((words.say("Customer's goal"), words.alone(overview.goal)))
    state = words.say(_STATES[overview.state], version=words.number(overview.version))
    facts.append((words.say("Journey"), state))
    return [*facts, (words.say("Report created on"), words.alone(words.day(made)))]


def _beside_study(studied: date | None, words: Words) -> Iterator[Block]:
    """Why a study of the same journey may stress other things than this report."""
    if studied is not None:
        said = words.say(
            "A service journey study was run on {day}. It may put other dimensions first: this report"
            " compares the mean scores of one period, while the study weighs the answers of its own"
            " respondents by a model and looks for what goes together with loyalty. What scores lowest"
            " need not be what matters most for loyalty.",
            day=words.day(studied),
        )
        yield Paragraph(said, Tone.NOTE)


def _period(overview: JourneyOverview, words: Words) -> str:
    said = phrases.period(Period(overview.since, overview.until), words=words)
    said = said or words.say("All time")
    if overview.compared is None:
        return words.say("{period}, not compared with another period", period=said)
    months = words.months(overview.compared.since, overview.compared.until)
    return words.say("{period}, compared with {months}", period=said, months=months)


def _is_cut(overview: JourneyOverview) -> bool:
    """Whether the report is about some of the answers only."""
    whole = overview.since is None and overview.until is None
    return overview.segment is not None or not whole or overview.facets != UNFLAGGED


def _returned(numbers: Numbers, words: Words) -> str:
    overview = numbers.overview
    whole = overview.since is None and overview.until is None
    if overview.segment is None:
        return rate_phrases.response_sentence(numbers.rates, whole=whole, words=words)
    return rate_phrases.segment_sentence(
        numbers.segment_rate,
        numbers.rates,
        whole=whole,
        few=overview.minimum_cell,
        words=words,
    )


def _responses(overview: JourneyOverview, words: Words) -> str:
    places, responses = len(overview.touchpoints), phrases.responses(overview, words=words)
    if not places:
        said = words.say("{responses} at the journey's end", responses=responses)
    elif overview.end:
        said = words.say_count(
            "{responses} at {n} touchpoint and the journey's end",
            "{responses} at {n} touchpoints and the journey's end",
            n=places,
            responses=responses,
        )
    else:
        said = words.say_count(
            "{responses} at {n} touchpoint",
            "{responses} at {n} touchpoints",
            n=places,
            responses=responses,
        )
    if overview.responses is not None:
        return said
    return f"{said}; {phrases.places_hidden(overview, words=words)}"


def _summary(numbers: Numbers, words: Words) -> Iterator[Block]:
    overview = numbers.overview
    yield Heading(words.say("Summary"))
    yield KeyFigures(_key_figures(numbers, words))
    said = findings.findings(
        overview, numbers.comparison, numbers.trends, words=words, weights=True
    )
    for finding in said:
        yield Paragraph((Styled(finding.headline), " ", finding.text), Tone.BULLET)
    if not said:
        yield Paragraph(_nothing_said(overview, words), Tone.LEAD)
    if overview.advice and overview.advice.compared > 1:
        yield Heading(words.say("Priorities"), level=2)
        yield from _advice(overview.advice, overview, words)
    yield from scores.end(overview, words)
    yield from scores.stages(overview, words)


def _nothing_said(overview: JourneyOverview, words: Words) -> str:
    figures = (*overview.end, *(f for t in overview.touchpoints for f in t.figures))
    if any(figure.shown for figure in figures):
        return words.say(
            "No significant difference; the next pages show every score with its interval."
        )
    if overview.since or overview.until:
        return words.say(
            "There are not enough answers in the period ({months}) for any findings; a report of all time"
            " may have them.",
            months=phrases.period(Period(overview.since, overview.until), words=words),
        )
    return words.say("There are not enough answers yet for any findings.")


def _key_figures(numbers: Numbers, words: Words) -> list[KeyFigure]:
    overview = numbers.overview
    heads = [f for f in overview.end if f.definition.parent is None and f.shown]
    if overview.total is None and overview.sides is not None:
        # Of dimensions that nothing sums up, the ends say most.
        ends = [overview.sides.high.figure, overview.sides.low.figure]
        heads = [*ends, *(figure for figure in heads if figure not in overview.profile)]
    found = [
        KeyFigure(
            label(figure.definition, words),
            phrases.value(figure, few=overview.minimum_cell, words=words),
            _beside(figure, words),
        )
        for figure in heads[:3]
    ]
    months = len({month.first for trend in numbers.trends for month in trend.months})
    when = phrases.period(Period(overview.since, overview.until), words=words)
    when = when or words.say_count("in {n} month", "in {n} months", n=months)
    responses = phrases.responses(overview, words=words)
    return [*found, KeyFigure(words.say("Responses"), responses, when)]


def _beside(figure: Figure, words: Words) -> str:
    low, high = (words.number(end) for end in figure.definition.axis)
    scale = words.say("on {low} to {high}", low=low, high=high)
    return f"{phrases.basis(figure, words=words)}\n{scale}"


def _advice(advice: Advice, overview: JourneyOverview, words: Words) -> Iterator[Block]:
    """The touchpoints that score significantly below the others now, and how each has changed."""
    months = words.months(advice.since, advice.until)
    left = f" {phrases.not_compared(advice, words=words)}" if advice.left_out else ""
    if not advice.steps:
        none = words.say(
            "In {months}, none of the {count} touchpoints compared scored significantly below the others.",
            months=months,
            count=words.number(advice.compared),
        )
        yield Paragraph(f"{none}{left}")
        return
    rows: list[list[Cell]] = []
    compared = overview.compared
    for at, step in enumerate(advice.steps[:_MOST_STEPS], start=1):
        stage = words.name(step.stage)
        if step.moment_of_truth:
            stage = words.say("{stage}, moment of truth", stage=stage)
        changed = [comparisons.change(step.figure, overview.minimum_cell, words)]
        rows.append(
            [
                at,
                (Styled(step.touchpoint), f"\n{stage}"),
                _with_interval(step.figure, words),
                step.figure.n,
                comparisons.difference(step.figure.definition, step.against_rest, words),
                *(changed if compared else []),
            ]
        )
    yield Table(
        title=words.say("Touchpoints that score significantly below all others"),
        columns=[
            Column("", 0.05, words.count, align="l", name=words.say("Rank")),
            Column(words.say("Touchpoint"), 0.26 if compared else 0.37),
            Column(words.say("Score"), 0.12),
            Column("n", 0.06, words.count),
            Column(words.say("Difference from all others"), 0.26 if compared else 0.40),
            *([Column(words.say("Change"), 0.25)] if compared else []),
        ],
        cells=rows,
        note=f"{_advice_note(advice, months, words)}{left}"
        + (f" {phrases.compared(compared, words=words)}" if compared else ""),
    )


def _advice_note(advice: Advice, months: str, words: Words) -> str:
    """What the priorities rest on, and how many more there are."""
    said = words.say(
        "Answers from {months}, as priorities depend on the current situation. Touchpoints that score"
        " significantly below all others combined (95% interval excludes zero and p < .05 after Holm"
        " correction across touchpoints); moments of truth first, then by size of the difference.",
        months=months,
    )
    more = len(advice.steps) - _MOST_STEPS
    if more <= 0:
        return said
    further = words.say_count(
        "{n} more scores significantly below.", "{n} more score significantly below.", n=more
    )
    return f"{said} {further}"


def _with_interval(figure: Figure, words: Words) -> Cell:
    said = words.say(
        "{score} {value}",
        score=short(figure.definition, words),
        value=phrases.value(figure, words=words),
    )
    said = f"{said}\n{phrases.interval(figure, words=words)}"
    return Quantity(Estimate(figure.estimate, figure.low, figure.high), said)


def _sample(numbers: Numbers, words: Words) -> Iterator[Block]:
    overview = numbers.overview
    yield Heading(words.say("Sample and response rate"))
    if overview.segment:
        name = words.name(overview.segment.name)
        yield Callout(
            words.say("This report covers one segment: {name}", name=name),
            words.say(
                "Its rule is: {rule}. The table covers all customers.",
                rule=words.name(overview.segment.rule),
            ),
        )
    yield Paragraph(_returned(numbers, words), leads=True)
    yield _rates(numbers, words)


def _rates_title(overview: JourneyOverview) -> str:
    """The message of the table's title: what the table of response rates does not tell apart."""
    channels = bool(overview.facets.channel or overview.facets.language)
    return {
        (False, False): msg("Responses and response rate"),
        (True, False): msg("Responses and response rate, all customers"),
        (False, True): msg("Responses and response rate, all channels and languages"),
        (True, True): msg("Responses and response rate, all customers, all channels and languages"),
    }[overview.segment is not None, channels]


def _rates(numbers: Numbers, words: Words) -> Table:
    """Answers of each place; the columns on invitations only where somebody was invited."""
    overview, rates = numbers.overview, numbers.rates
    is_invited = any(rate.sent for rate in rates)
    rows: list[list[Cell]] = []
    for rate in rates:
        hidden = phrases.hidden(rate.hidden, few=overview.minimum_cell, words=words)
        place = rate.touchpoint or words.say("Journey's end")
        row: list[Cell] = [place, hidden or rate.responses]
        if is_invited:
            row += _invited(rate, words, is_hidden=bool(hidden))
        rows.append([*row, "" if hidden else _dates(rate, words)])
    invited = [
        Column(words.say("Invited"), 0.10, words.count),
        Column(words.say("Answered"), 0.11, words.count),
        Column(words.say("Rate"), 0.08, words.percent),
        Column(words.say("95% CI"), 0.13, partial(_ends, words=words)),
    ]
    said = words.say(
        "People who choose to answer may differ from those who do not; the intervals do not cover this."
    )
    if is_invited:
        rate_said = words.say(
            "The rate is the share of sent invitations that were answered, with a Wilson interval. An open"
            " link has no rate, because the number of people who saw it is not known."
        )
        said = f"{rate_said} {said}"
    return Table(
        columns=[
            Column(words.say("Touchpoint"), 0.27),
            Column(words.say("Responses"), 0.11, words.count),
            *(invited if is_invited else []),
            Column(words.say("First and last answer"), 0.20, align="r", name=words.say("Period")),
        ],
        cells=rows,
        title=words.say(_rates_title(overview)),
        note=said,
    )


def _invited(rate: ResponseRate, words: Words, *, is_hidden: bool) -> list[Cell]:
    ends = "" if rate.low is None or rate.high is None else Interval(rate.low, rate.high)
    return [
        rate.sent or Quantity(0, words.say("none")),
        rate.completed if rate.sent and not is_hidden else "",
        "" if rate.rate is None else rate.rate,
        ends,
    ]


def _ends(found: Interval, *, words: Words) -> str:
    return words.between(words.number(found.low or 0), words.number(found.high or 0))


def _dates(rate: ResponseRate, words: Words) -> str:
    if rate.first_day is None or rate.last_day is None:
        return words.say(State.UNANSWERED.value)
    last = words.say("to {day}", day=words.day(rate.last_day))
    return f"{words.day(rate.first_day)}\n{last}"
