"""The partner report: the touchpoints that one partner runs, for that partner; nothing is computed.

What others could be worked out from is left out before it gets here (``results.partners``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.reports.charts import dots as charts
from surveyapp.reports.charts import share_charts
from surveyapp.reports.document import (
    Block,
    Cell,
    Chart,
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
from surveyapp.reports.journeys import comparisons
from surveyapp.reports.journeys.notes import method_notes
from surveyapp.reports.journeys.scores import pairs, score
from surveyapp.reports.journeys.weighted import weighted
from surveyapp.results import phrases
from surveyapp.results.answers.answer_shares import AnswerShares, Part
from surveyapp.results.partners import LEAST_OTHERS, Extreme, Stand
from surveyapp.results.scale_titles import label, short
from surveyapp.results.scope import Period
from surveyapp.results.targets import phrases as target_phrases
from surveyapp.results.view_models import Figure, JourneyOverview, Margin, TouchpointOverview, Trend

KIND = msg("Partner report")
_TILES, _PANELS = 4, 3
_TALLEST = 14  # touchpoints in one chart


@dataclass(frozen=True)
class Numbers:
    """Everything that the report prints.

    ``overview`` holds the partner's touchpoints alone; ``answers`` are by touchpoint; ``quotes`` likewise,
    None where the report was asked for without.
    """

    partner: str
    overview: JourneyOverview
    trends: Sequence[Trend]
    stands: Sequence[Stand]
    answers: Mapping[int, Sequence[AnswerShares]]
    quotes: Mapping[int, Sequence[str]] | None = None
    margins: Sequence[Margin] = ()  # what scores are weighted by


def content(numbers: Numbers, *, made: date, words: Words = ENGLISH) -> Document:
    """The report as a document: a summary, every score, the answers, what customers say, the method."""
    overview, partner = numbers.overview, words.name(numbers.partner)
    kind, name = words.say(KIND), words.name(overview.name)
    blocks = [
        *_summary(numbers, words),
        *_scores(overview, words),
        *weighted(overview, numbers.margins, words),
        *comparisons.changes(overview, words),
        *comparisons.trend(numbers.trends, words),
        *_answers(numbers, words),
        *_quotes(numbers, words),
        *_methods(overview, words),
    ]
    return Document(
        cover=Cover(
            kind,
            words.alone(numbers.partner),
            f"{words.alone(overview.provider)}\n{words.alone(overview.name)}",
            _facts(numbers, made, words),
        ),
        blocks=blocks,
        subject=f"{kind}: {partner}, {name}",
        author=overview.provider,
        running=f"{partner}  ·  {name}",
        made=made,
        words=words,
        keywords=("service journey quality", overview.code),
    )


def _facts(numbers: Numbers, made: date, words: Words) -> list[tuple[str, str]]:
    overview = numbers.overview
    whom = words.say("All customers")
    if overview.segment:
        whom = words.begin(f"{words.name(overview.segment.name)}: {overview.segment.rule}")
    names = [point.name for point in overview.touchpoints]
    return [
        (words.say("Period"), _period(overview, words)),
        (words.say("Customers"), "; ".join([whom, *phrases.facets(overview.facets, words=words)])),
        (words.say("Touchpoints"), words.begin(words.listed(names))),
        (words.say("Report created on"), words.alone(words.day(made))),
    ]


def _period(overview: JourneyOverview, words: Words) -> str:
    said = phrases.period(Period(overview.since, overview.until), words=words)
    said = said or words.say("All time")
    if overview.compared is None:
        return words.say("{period}, not compared with another period", period=said)
    months = words.months(overview.compared.since, overview.compared.until)
    return words.say("{period}, compared with {months}", period=said, months=months)


def _heads(point: TouchpointOverview) -> list[Figure]:
    return [figure for figure in point.figures if figure.definition.parent is None]


def _summary(numbers: Numbers, words: Words) -> Iterator[Block]:
    overview = numbers.overview
    yield Heading(words.say("Summary"))
    asking = [point for point in overview.touchpoints if point.figures]
    shown = [(point, f) for point in asking for f in _heads(point)[:1] if f.shown]
    if not shown:
        yield Paragraph(_nothing(overview, bool(asking), words), Tone.LEAD)
        return
    yield KeyFigures(
        [
            KeyFigure(
                words.joined([short(figure.definition, words), words.name(point.name)]),
                phrases.value(figure, words=words),
                phrases.basis(figure, words=words),
            )
            for point, figure in shown[:_TILES]
        ]
    )
    yield from _changed(overview, words)
    alone = words.name(asking[0].name) if len(asking) == 1 else ""
    yield from _stands(numbers.stands, alone, words)


def _nothing(overview: JourneyOverview, asked: bool, words: Words) -> str:
    if not asked:
        return words.say("Nothing is asked at these touchpoints.")
    if any(figure.suppressed for figure in overview.figures):
        return words.say("No score of these touchpoints may be shown, to protect small groups.")
    return words.say("There are no answers at these touchpoints yet.")


def _changed(overview: JourneyOverview, words: Words) -> Iterator[Block]:
    """Every significant change; that there is none, where none is."""
    if overview.compared is None:
        return
    tested, found = 0, False
    for point in overview.touchpoints:
        for figure in _heads(point):
            contrast = figure.change.contrast if figure.change else None
            tested += contrast is not None
            if contrast is not None and contrast.certain:
                found = True
                said = (
                    msg("{score} at {place} is significantly higher.")
                    if contrast.difference > 0
                    else msg("{score} at {place} is significantly lower.")
                )
                name, place = short(figure.definition, words), words.name(point.name)
                headline = words.say(said, score=name, place=place)
                text = words.say(
                    "{value} ({basis}), a change of {change}.",
                    value=phrases.value(figure, words=words),
                    basis=phrases.basis(figure, words=words),
                    change=phrases.change_numbers(figure, words=words),
                )
                yield Paragraph((Styled(headline), " ", text), Tone.BULLET)
    if found:
        return
    said = (
        msg("No score changed significantly from {months}.")
        if tested
        else msg("No score has enough answers to be compared with {months}.")
    )
    months = words.months(overview.compared.since, overview.compared.until)
    yield Paragraph(words.say(said, months=months), Tone.BULLET)


_ENDS = {
    Extreme.LOWEST: msg("{place} scores lowest on {score} of all {n} touchpoints that ask it."),
    Extreme.HIGHEST: msg("{place} scores highest on {score} of all {n} touchpoints that ask it."),
}
_ONE_BETWEEN = msg(
    "On {score}, {place} scores neither significantly lowest nor highest of the {n} touchpoints that ask"
    " it."
)
_ALL_BETWEEN = msg(
    "On {score}, no touchpoint of this report scores significantly lowest or highest of the {n}"
    " touchpoints that ask it."
)


def _stands(stands: Sequence[Stand], alone: str, words: Words) -> Iterator[Block]:
    """The place among all touchpoints, told only where a score differs from every other one. ``alone``:
    the partner's only touchpoint.
    """
    for stand in stands:
        told = {"score": short(stand.definition, words), "n": words.number(stand.among)}
        for name, which in stand.ends:
            headline = words.say(_ENDS[which], place=words.name(name), **told)
            text = words.say("It differs significantly from every other one.")
            yield Paragraph((Styled(headline), " ", text), Tone.BULLET)
        if not stand.ends:
            between = _ONE_BETWEEN if alone else _ALL_BETWEEN
            yield Paragraph(words.say(between, place=alone, **told), Tone.BULLET)


def _scores(overview: JourneyOverview, words: Words) -> Iterator[Block]:
    points = [point for point in overview.touchpoints if point.figures]
    if not points:
        return
    yield Heading(words.say("Scores"))
    columns = list({f.definition.scale: f.definition for p in points for f in _heads(p)}.values())
    title = words.say("Scores by touchpoint")
    for start in range(0, len(columns), _PANELS):
        some = columns[start : start + _PANELS]
        for first in range(0, len(points), _TALLEST):
            rows = [
                charts.Row(point.name, [by_scale.get(each.scale) for each in some])
                for point in points[first : first + _TALLEST]
                for by_scale in [{f.definition.scale: f for f in point.figures}]
            ]
            if sum(f is not None and f.shown for row in rows for f in row.figures) > 1:
                drawn = charts.dots(
                    rows,
                    [charts.Column(each) for each in some],
                    few=overview.minimum_cell,
                    words=words,
                )
                note = words.say("Dots are estimates, lines their 95% intervals.")
                yield Chart(title, drawn, note)
                title = words.say("Further scores")
    yield _score_table(points, overview.minimum_cell, words)


def _score_table(points: Sequence[TouchpointOverview], few: int, words: Words) -> Table:
    rows: list[list[Cell]] = []
    groups = []
    aimed = any(figure.target for point in points for figure in point.figures)
    for point in points:
        groups.append(len(rows))
        rows.append([words.name(point.name), *[""] * (4 if aimed else 3)])
        for figure in point.figures:
            between = phrases.interval(figure, words=words)
            row: list[Cell] = [
                label(figure.definition, words),
                score(figure, few=few, words=words),
                Quantity(Interval(figure.low, figure.high), between)
                if figure.low is not None
                else "",
                "" if figure.n is None else figure.n,
            ]
            if aimed:
                target, of = figure.target, figure.definition
                row.append(target_phrases.against(of, target, words=words) if target else "")
            rows.append(row)
    return Table(
        title=words.say("Scores, intervals and number of answers"),
        columns=[
            Column("", 0.36 if aimed else 0.56, name=words.say("Score")),
            Column(words.say("Score"), 0.14, align="r", name=words.say("Estimate")),
            Column(words.say("95% CI"), 0.18, align="r"),
            Column("n", 0.12, words.count),
            *([Column(words.say("Target"), 0.20)] if aimed else []),
        ],
        cells=rows,
        groups=frozenset(groups),
        note=words.say(target_phrases.EXPLAINED) if aimed else "",
    )


def _answers(numbers: Numbers, words: Words) -> Iterator[Block]:
    """How the answers to each question are distributed, as bars and in a table. Questions and answers
    are in the words that were asked, whatever the report's language.
    """
    points = [point for point in numbers.overview.touchpoints if numbers.answers.get(point.id)]
    if not points:
        return
    few = numbers.overview.minimum_cell
    yield Heading(words.say("Answers"), new_page=True)
    for point in points:
        yield Heading(words.alone(point.name), level=2)
        given = numbers.answers[point.id]
        shown = [each for each in given if each.n and not each.hidden]
        yield from pairs([_bars(each, words) for each in shown])
        if shown:
            yield _answer_table(point, shown, words)
        for each in given:
            if why := each.why(few, words):
                said = words.say(
                    "{question} {reason}.",
                    question=words.name(each.question),
                    reason=words.begun(why),
                )
                yield Paragraph(said, Tone.NOTE)


def _bars(each: AnswerShares, words: Words) -> Chart:
    n = words.say("n = {n}", n=words.number(each.n or 0))
    return Chart(words.alone(each.question), share_charts.shares(each, words), f"{n}.")


def _answer_table(point: TouchpointOverview, given: Sequence[AnswerShares], words: Words) -> Table:
    rows: list[list[Cell]] = []
    groups = []
    for each in given:
        groups.append(len(rows))
        rows.append([words.alone(each.question), "", "", ""])
        rows += [_part(words.name(part.label), part, words) for part in each.answers]
        rows += [_part(words.say(part.label), part, words) for part in each.groups]
    return Table(
        title=words.say("Answers at {place}", place=words.name(point.name)),
        columns=[
            Column("", 0.52, name=words.say("Answer")),
            Column("n", 0.12, words.count),
            Column("%", 0.12, align="r"),
            Column(words.say("95% CI"), 0.24, align="r"),
        ],
        cells=rows,
        groups=frozenset(groups),
        note=words.say("Percentages of a question add up to 100; intervals are Wilson's."),
    )


def _part(name: str, part: Part, words: Words) -> list[Cell]:
    low, high = part.share.low, part.share.high
    between = words.between(words.number(low), words.number(high))
    size = Quantity(Estimate(part.share.estimate, low, high), words.percent(part.percent))
    return [name, part.n, size, Quantity(Interval(low, high), between)]


def _quotes(numbers: Numbers, words: Words) -> Iterator[Block]:
    """Comments of customers who allow them to be quoted; nothing where they were not asked for."""
    if numbers.quotes is None:
        return
    yield Heading(words.say("What customers say"))
    if numbers.overview.segment is not None:
        yield Paragraph(
            words.say(
                "Comments are quoted in a report on all customers only, so that nobody is found by the"
                " segment."
            )
        )
        return
    points = [point for point in numbers.overview.touchpoints if numbers.quotes.get(point.id)]
    if not points:
        yield Paragraph(words.say("No comment that may be quoted was given at these touchpoints."))
        return
    yield Paragraph(
        words.say(
            "The newest comments of customers who allow them to be quoted without their name. They are no"
            " sample: they show what some customers say, not how many."
        ),
        leads=True,
    )
    for point in points:
        yield Heading(words.alone(point.name), level=2)
        for text in numbers.quotes[point.id]:
            yield Paragraph(words.say("“{option}”", option=words.name(text)), Tone.BULLET)


def _methods(overview: JourneyOverview, words: Words) -> Iterator[Block]:
    if not any(point.figures for point in overview.touchpoints):
        return
    yield Heading(words.say("What this report leaves out"))
    counted = (
        msg("Answers that may be one person's many are counted.")
        if overview.facets.flagged
        else msg("Answers that may be one person's many are left out.")
    )
    for headline, text in (
        (
            words.say("Other touchpoints."),
            words.say(
                "There is no score of touchpoints that others run, and no total or difference from which"
                " one could be derived."
            ),
        ),
        (
            words.say("Places."),
            words.say(
                "Whether a touchpoint scores lowest or highest of all is told only where it differs"
                " significantly from every other one (Holm correction for all pairs) and where at least"
                " {n} touchpoints of others are among them.",
                n=words.number(LEAST_OTHERS),
            ),
        ),
        (words.say("Flagged answers."), words.say(counted)),
    ):
        yield Paragraph((Styled(headline), " ", text), Tone.BULLET)
    yield from method_notes(overview, words=words)
