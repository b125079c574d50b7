"""The executive page: a journey on one sheet, from the numbers that its pages show; nothing is computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from surveyapp.journeys.action_plan_queries import is_overdue
from surveyapp.reports import apa
from surveyapp.reports.document import (
    Block,
    Cell,
    Column,
    Cover,
    Document,
    Estimate,
    Heading,
    KeyFigure,
    KeyFigures,
    Paper,
    Paragraph,
    Quantity,
    Styled,
    Table,
    Tone,
)
from surveyapp.results import findings, phrases, target_phrases
from surveyapp.results.association_phrases import outcome_verbally
from surveyapp.results.associations import Association, Associations
from surveyapp.results.facets import UNFLAGGED
from surveyapp.results.scope import Period
from surveyapp.results.view_models import (
    Figure,
    JourneyOverview,
    ResponseRate,
    SegmentRate,
    Trend,
)
from surveyapp.store.models import PlannedAction

KIND = "Executive page"
_TILES, _DRIVERS, _ACTIONS = 4, 3, 3
_LONGEST_NAME, _LONGEST_TITLE = 60, 80  # characters: the sheet has no second page


@dataclass(frozen=True)
class Sheet:
    """Everything that the page prints. ``associations`` is None where the journey's end asks no
    outcome; ``actions`` are those still to do, the earliest due first.
    """

    overview: JourneyOverview
    trends: Sequence[Trend]
    rates: Sequence[ResponseRate]
    segment_rate: SegmentRate | None
    associations: Associations | None
    actions: Sequence[PlannedAction]


def content(sheet: Sheet, *, made: date, paper: Paper = Paper.A4) -> Document:
    """The page as a document of one sheet."""
    overview = sheet.overview
    whom = phrases.named(overview.segment.name) if overview.segment else "All customers"
    when = phrases.period(Period(overview.since, overview.until)) or "All time"
    about = [
        _short(overview.provider, _LONGEST_NAME),
        _short(whom, _LONGEST_NAME),
        when,
        *phrases.facets(overview.facets),
    ]
    return Document(
        cover=Cover(
            KIND, _short(overview.name, _LONGEST_TITLE), "\n".join(filter(None, about)), ()
        ),
        blocks=[
            *_headline(sheet),
            KeyFigures(_tiles(overview)),
            *_weakest(overview),
            *_drivers(sheet.associations, overview.minimum_cell),
            *_actions(sheet, made),
            *_certainty(sheet),
        ],
        subject=f"{KIND}: {phrases.named(overview.name)}, {whom}, {when}",
        author=overview.provider,
        running=f"{phrases.named(overview.name)}  ·  {whom}",
        made=made,
        keywords=("service journey quality", overview.code),
        paper=paper,
        sheet=True,
    )


def _short(text: str, most: int) -> str:
    said = phrases.named(text)
    return said if len(said) <= most else f"{said[: most - 1].rstrip()}…"


def _headline(sheet: Sheet) -> Iterator[Block]:
    """The first finding that is significant, else the first one."""
    found = findings.findings(sheet.overview, trends=sheet.trends)
    first = next((each for each in found if each.certain), found[0] if found else None)
    if first is None:
        yield Paragraph("There are not enough answers yet for any findings.", Tone.LEAD)
        return
    yield Paragraph((Styled(first.headline), " ", first.text), Tone.LEAD)


def _tiles(overview: JourneyOverview) -> list[KeyFigure]:
    """The scores of the journey's end, each with interval, change and target."""
    heads = [figure for figure in overview.end if figure.definition.parent is None]
    tiles = [
        KeyFigure(
            _short(figure.definition.label, 40),
            phrases.value(figure, few=overview.minimum_cell) if figure.shown else "–",
            "\n".join(filter(None, _below(figure, overview.minimum_cell))),
        )
        for figure in heads[: _TILES - 1]
    ]
    said = "answers" if overview.responses is not None else "shown answers"
    return [*tiles, KeyFigure("Responses", phrases.responses(overview), said)]


def _below(figure: Figure, few: int) -> Iterator[str]:
    if not figure.shown:
        yield phrases.value(figure, few=few)
        return
    yield phrases.basis(figure)
    if figure.change is not None:
        numbers = phrases.change_numbers(figure)
        change = phrases.change(figure, few=few)
        yield change[:1].upper() + change[1:] + (f": {numbers}" if numbers else "")
    if figure.target is not None:
        against = target_phrases.against(figure.definition, figure.target)
        yield against[:1].upper() + against[1:]  # names of months keep theirs


def _weakest(overview: JourneyOverview) -> Iterator[Block]:
    """Which stage scores lowest, where it differs from every other; else that none does."""
    said = next(findings.stages(overview), None)
    if said is not None:
        yield Heading("Stages", level=2)
        yield Paragraph((Styled(said.headline), " ", said.text))


def _drivers(found: Associations | None, few: int) -> Iterator[Block]:
    if found is None:
        return
    yield Heading(f"Drivers of {found.outcome.short}", level=2)
    shown = [(kind.singular, one) for kind in found.kinds for one in kind.shown]
    certain = [each for each in shown if each[1].certain]
    with_it = outcome_verbally(found.outcome)
    if not certain:
        why = phrases.hidden(found.hidden, few=few)
        tested = f"None of {len(shown)} scores is significantly associated with {with_it}."
        none = f"No score has enough answers beside {found.outcome.short} yet."
        yield Paragraph(f"{why[:1].upper()}{why[1:]}." if why else tested if shown else none)
        return
    rows = sorted(certain, key=lambda each: -(each[1].figure.estimate or 0.0))[:_DRIVERS]
    yield Table(
        title=f"Scores that are significantly associated with {with_it}",
        columns=[
            Column("Score", 0.5),
            Column("Kind", 0.16),
            Column("Correlation (95% CI)", 0.24, align="r"),
            Column("n", 0.1, apa.count),
        ],
        cells=[_driver(kind, one) for kind, one in rows],
        note=f"{len(certain)} of {len(shown)} scores are significantly associated (Holm), of which"
        f" {len(rows)} are shown; their order is no ranking. An association is not a cause: customers who are satisfied with one thing are"
        " often satisfied with others.",
    )


def _driver(kind: str, one: Association) -> list[Cell]:
    figure = one.figure
    said = f"{phrases.value(figure)} ({phrases.interval(figure)})"
    numbers = Quantity(Estimate(figure.estimate, figure.low, figure.high), said)
    return [_short(one.label, _LONGEST_NAME), kind, numbers, one.n]


def _actions(sheet: Sheet, today: date) -> Iterator[Block]:
    """What is planned; without a plan, the touchpoints that an action would be about first."""
    yield Heading("Actions", level=2)
    for action in sheet.actions[:_ACTIONS]:
        owner = _short(action.owner.name, 40) if action.owner else "nobody yet"
        due = f"due {phrases.day(action.due_on)}" if action.due_on else "no date"
        late = ", overdue" if is_overdue(action, today) else ""
        title = _short(action.title, _LONGEST_TITLE)
        yield Paragraph((Styled(title), f" {owner}, {due}{late}"), Tone.BULLET)
    if sheet.actions:
        return
    advice = sheet.overview.advice
    steps = advice.steps[:_ACTIONS] if advice else ()
    if not steps:
        yield Paragraph(
            "No action is planned, and no touchpoint scores significantly below the others."
        )
    for step in steps:
        name = _short(step.touchpoint, _LONGEST_NAME)
        text = f" No action is planned yet. {phrases.priority_reason(step)}."
        yield Paragraph((Styled(f"{name}."), text), Tone.BULLET)


def _certainty(sheet: Sheet) -> Iterator[Block]:
    overview = sheet.overview
    yield Heading("How sure are we?", level=2)
    whole = overview.since is None and overview.until is None
    if overview.segment is None:
        rate = findings.response_sentence(sheet.rates, whole=whole)
    else:
        rate = findings.segment_sentence(
            sheet.segment_rate, sheet.rates, whole=whole, few=overview.minimum_cell
        )
    said = [rate]
    if overview.responses is None:
        said.append(f"Of responses, {phrases.places_hidden(overview)}.")
    if left_out := phrases.flagged(overview.flagged):
        said.append(f"{left_out}.")
    if overview.compared is not None and overview.compared.tested:
        said.append(phrases.compared(overview.compared))
    said.append(
        "An interval shows how far a score could lie off by chance; it does not cover that people who"
        " choose to answer may differ from those who do not."
    )
    if overview.facets != UNFLAGGED:
        said.append("Only the answers named above count.")
    yield Paragraph(" ".join(said), Tone.NOTE)
