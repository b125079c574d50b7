"""The partner report: the touchpoints that one partner runs, for that partner; nothing is computed.

What others could be worked out from is left out before it gets here (``results.partners``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from surveyapp.reports import apa, charts, comparisons, share_charts
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
from surveyapp.reports.notes import method_notes
from surveyapp.reports.scores import pairs, score
from surveyapp.results import phrases, target_phrases
from surveyapp.results.answer_shares import AnswerShares, Part
from surveyapp.results.partners import LEAST_OTHERS, Stand
from surveyapp.results.scope import Period
from surveyapp.results.view_models import Figure, JourneyOverview, TouchpointOverview, Trend

KIND = "Partner report"
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


def content(numbers: Numbers, *, made: date) -> Document:
    """The report as a document: a summary, every score, the answers, what customers say, the method."""
    overview, partner = numbers.overview, phrases.named(numbers.partner)
    blocks = [
        *_summary(numbers),
        *_scores(overview),
        *comparisons.changes(overview),
        *comparisons.trend(numbers.trends),
        *_answers(numbers),
        *_quotes(numbers),
        *_methods(overview),
    ]
    return Document(
        cover=Cover(
            KIND,
            numbers.partner,
            f"{overview.provider}\n{phrases.named(overview.name)}",
            _facts(numbers, made),
        ),
        blocks=blocks,
        subject=f"{KIND}: {partner}, {phrases.named(overview.name)}",
        author=overview.provider,
        running=f"{partner}  ·  {phrases.named(overview.name)}",
        made=made,
        keywords=("service journey quality", overview.code),
    )


def _facts(numbers: Numbers, made: date) -> list[tuple[str, str]]:
    overview = numbers.overview
    when = phrases.period(Period(overview.since, overview.until)) or "All time"
    whom = "All customers"
    if overview.segment:
        whom = f"{phrases.named(overview.segment.name)}: {overview.segment.rule}"
    against = "not compared with another period"
    if overview.compared is not None:
        months = phrases.months(overview.compared.since, overview.compared.until)
        against = f"compared with {months}"
    return [
        ("Period", f"{when}, {against}"),
        ("Customers", "; ".join([whom, *phrases.facets(overview.facets)])),
        ("Touchpoints", phrases.listed([phrases.named(p.name) for p in overview.touchpoints])),
        ("Report created on", phrases.day(made)),
    ]


def _heads(point: TouchpointOverview) -> list[Figure]:
    return [figure for figure in point.figures if figure.definition.parent is None]


def _summary(numbers: Numbers) -> Iterator[Block]:
    overview = numbers.overview
    yield Heading("Summary")
    asking = [point for point in overview.touchpoints if point.figures]
    shown = [(point, f) for point in asking for f in _heads(point)[:1] if f.shown]
    if not shown:
        yield Paragraph(_nothing(overview, bool(asking)), Tone.LEAD)
        return
    yield KeyFigures(
        [
            KeyFigure(
                f"{figure.definition.short}, {phrases.named(point.name)}",
                phrases.value(figure),
                phrases.basis(figure),
            )
            for point, figure in shown[:_TILES]
        ]
    )
    yield from _changed(overview)
    names = [phrases.named(point.name) for point in asking]
    yield from _stands(numbers.stands, names[0] if len(names) == 1 else "")


def _nothing(overview: JourneyOverview, asked: bool) -> str:
    if not asked:
        return "Nothing is asked at these touchpoints."
    if any(figure.suppressed for figure in overview.figures):
        return "No score of these touchpoints may be shown, to protect small groups."
    return "There are no answers at these touchpoints yet."


def _changed(overview: JourneyOverview) -> Iterator[Block]:
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
                way = "higher" if contrast.difference > 0 else "lower"
                yield Paragraph(
                    (
                        Styled(
                            f"{figure.definition.short} at {phrases.named(point.name)} is significantly {way}."
                        ),
                        f" {phrases.value(figure)} ({phrases.basis(figure)}), a change of"
                        f" {phrases.change_numbers(figure)}.",
                    ),
                    Tone.BULLET,
                )
    if found:
        return
    months = phrases.months(overview.compared.since, overview.compared.until)
    if tested:
        text = f"No score changed significantly from {months}."
    else:
        text = f"No score has enough answers to be compared with {months}."
    yield Paragraph(text, Tone.BULLET)


def _stands(stands: Sequence[Stand], alone: str) -> Iterator[Block]:
    """The place among all touchpoints, told only where a score differs from every other one. ``alone``:
    the partner's only touchpoint.
    """
    whose = f"{alone} scores neither" if alone else "no touchpoint of this report scores"
    either, other = ("lowest", "nor highest") if alone else ("lowest", "or highest")
    for stand in stands:
        short, among = stand.definition.short, stand.among
        for name, which in stand.ends:
            text = " It differs significantly from every other one."
            headline = f"{phrases.named(name)} scores {which} on {short} of all {among} touchpoints that ask it."
            yield Paragraph((Styled(headline), text), Tone.BULLET)
        if not stand.ends:
            yield Paragraph(
                f"On {short}, {whose} significantly {either} {other} of the {among} touchpoints that ask it.",
                Tone.BULLET,
            )


def _scores(overview: JourneyOverview) -> Iterator[Block]:
    points = [point for point in overview.touchpoints if point.figures]
    if not points:
        return
    yield Heading("Scores")
    columns = list({f.definition.scale: f.definition for p in points for f in _heads(p)}.values())
    title = "Scores by touchpoint"
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
                    rows, [charts.Column(each) for each in some], few=overview.minimum_cell
                )
                yield Chart(title, drawn, "Dots are estimates, lines their 95% intervals.")
                title = "Further scores"
    yield _score_table(points, overview.minimum_cell)


def _score_table(points: Sequence[TouchpointOverview], few: int) -> Table:
    rows: list[list[Cell]] = []
    groups = []
    aimed = any(figure.target for point in points for figure in point.figures)
    for point in points:
        groups.append(len(rows))
        rows.append([point.name, *[""] * (4 if aimed else 3)])
        for figure in point.figures:
            row: list[Cell] = [
                figure.definition.label,
                score(figure, few=few),
                Quantity(Interval(figure.low, figure.high), phrases.interval(figure))
                if figure.low is not None
                else "",
                "" if figure.n is None else figure.n,
            ]
            if aimed:
                target = figure.target
                row.append(target_phrases.against(figure.definition, target) if target else "")
            rows.append(row)
    return Table(
        title="Scores, intervals and number of answers",
        columns=[
            Column("", 0.36 if aimed else 0.56, name="Score"),
            Column("Score", 0.14, align="r", name="Estimate"),
            Column("95% CI", 0.18, align="r"),
            Column("n", 0.12, apa.count),
            *([Column("Target", 0.20)] if aimed else []),
        ],
        cells=rows,
        groups=frozenset(groups),
        note=target_phrases.EXPLAINED if aimed else "",
    )


def _answers(numbers: Numbers) -> Iterator[Block]:
    """How the answers to each question are distributed, as bars and in a table."""
    points = [point for point in numbers.overview.touchpoints if numbers.answers.get(point.id)]
    if not points:
        return
    few = numbers.overview.minimum_cell
    yield Heading("Answers", new_page=True)
    for point in points:
        yield Heading(point.name, level=2)
        given = numbers.answers[point.id]
        shown = [each for each in given if each.n and not each.hidden]
        yield from pairs(
            [Chart(each.question, share_charts.shares(each), f"n = {each.n:,}.") for each in shown]
        )
        if shown:
            yield _answer_table(point, shown)
        for each in given:
            if why := each.why(few):
                yield Paragraph(f"{each.question} {why[:1].upper()}{why[1:]}.", Tone.NOTE)


def _answer_table(point: TouchpointOverview, given: Sequence[AnswerShares]) -> Table:
    rows: list[list[Cell]] = []
    groups = []
    for each in given:
        groups.append(len(rows))
        rows.append([each.question, "", "", ""])
        rows += [_part(part) for part in (*each.answers, *each.groups)]
    return Table(
        title=f"Answers at {phrases.named(point.name)}",
        columns=[
            Column("", 0.52, name="Answer"),
            Column("n", 0.12, apa.count),
            Column("%", 0.12, align="r"),
            Column("95% CI", 0.24, align="r"),
        ],
        cells=rows,
        groups=frozenset(groups),
        note="Percentages of a question add up to 100; intervals are Wilson's.",
    )


def _part(part: Part) -> list[Cell]:
    low, high = part.share.low, part.share.high
    between = f"{phrases.number(low)} to {phrases.number(high)}"
    size = Quantity(Estimate(part.share.estimate, low, high), f"{part.percent}%")
    return [part.label, part.n, size, Quantity(Interval(low, high), between)]


def _quotes(numbers: Numbers) -> Iterator[Block]:
    """Comments of customers who allow them to be quoted; nothing where they were not asked for."""
    if numbers.quotes is None:
        return
    yield Heading("What customers say")
    if numbers.overview.segment is not None:
        yield Paragraph(
            "Comments are quoted in a report on all customers only, so that nobody is found by the segment."
        )
        return
    points = [point for point in numbers.overview.touchpoints if numbers.quotes.get(point.id)]
    if not points:
        yield Paragraph("No comment that may be quoted was given at these touchpoints.")
        return
    yield Paragraph(
        "The newest comments of customers who allow them to be quoted without their name. They are no"
        " sample: they show what some customers say, not how many.",
        leads=True,
    )
    for point in points:
        yield Heading(point.name, level=2)
        for text in numbers.quotes[point.id]:
            yield Paragraph(f"“{text}”", Tone.BULLET)


def _methods(overview: JourneyOverview) -> Iterator[Block]:
    if not any(point.figures for point in overview.touchpoints):
        return
    yield Heading("What this report leaves out")
    counted = (
        "Answers that may be one person's many are counted."
        if overview.facets.flagged
        else "Answers that may be one person's many are left out."
    )
    for headline, text in (
        (
            "Other touchpoints.",
            "There is no score of touchpoints that others run, and no total or difference from which one"
            " could be derived.",
        ),
        (
            "Places.",
            "Whether a touchpoint scores lowest or highest of all is told only where it differs"
            " significantly from every other one (Holm correction for all pairs) and where at least"
            f" {LEAST_OTHERS} touchpoints of others are among them.",
        ),
        ("Flagged answers.", counted),
    ):
        yield Paragraph((Styled(headline), " ", text), Tone.BULLET)
    yield from method_notes(overview)
