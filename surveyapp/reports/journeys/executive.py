"""The executive page: a journey on one sheet, from the numbers that its pages show; nothing is computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from instruments.schema import Metric
from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.journeys.action_plan_queries import is_overdue
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
from surveyapp.results import findings, phrases
from surveyapp.results.drivers.association_phrases import kind_named, score_named
from surveyapp.results.drivers.associations import Association, Associations
from surveyapp.results.facets import UNFLAGGED
from surveyapp.results.funnels import rate_phrases
from surveyapp.results.scale_titles import label, short
from surveyapp.results.scope import Period
from surveyapp.results.targets import phrases as target_phrases
from surveyapp.results.view_models import (
    Figure,
    JourneyOverview,
    Margin,
    ResponseRate,
    SegmentRate,
    Trend,
)
from surveyapp.results.weights import phrases as weight_phrases
from surveyapp.store.models import PlannedAction

KIND = msg("Executive page")
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
    margins: Sequence[Margin] = ()  # what scores are weighted by


def content(
    sheet: Sheet, *, made: date, paper: Paper = Paper.A4, words: Words = ENGLISH
) -> Document:
    """The page as a document of one sheet."""
    overview = sheet.overview
    kind = words.say(KIND)
    whom = words.name(overview.segment.name) if overview.segment else words.say("All customers")
    when = phrases.period(Period(overview.since, overview.until), words=words)
    when = when or words.say("All time")
    about = [
        _short(overview.provider, _LONGEST_NAME, words),
        _cut(whom, _LONGEST_NAME),
        when,
        *phrases.facets(overview.facets, words=words),
    ]
    name, title = words.name(overview.name), _short(overview.name, _LONGEST_TITLE, words)
    return Document(
        cover=Cover(kind, words.alone(title), "\n".join(filter(None, about)), ()),
        blocks=[
            *_headline(sheet, words),
            KeyFigures(_tiles(overview, words)),
            *_weights(sheet, words),
            *_weakest(overview, words),
            *_drivers(sheet.associations, overview.minimum_cell, words),
            *_actions(sheet, made, words),
            *_certainty(sheet, words),
        ],
        subject=f"{kind}: {name}, {whom}, {when}",
        author=overview.provider,
        running=f"{name}  ·  {whom}",
        made=made,
        keywords=("service journey quality", overview.code),
        words=words,
        paper=paper,
        sheet=True,
    )


def _short(text: str, most: int, words: Words) -> str:
    return _cut(words.name(text), most)


def _cut(said: str, most: int) -> str:
    return said if len(said) <= most else f"{said[: most - 1].rstrip()}…"


def _headline(sheet: Sheet, words: Words) -> Iterator[Block]:
    """The first finding that is significant, else the first one."""
    found = findings.findings(sheet.overview, trends=sheet.trends, words=words, weights=True)
    first = next((each for each in found if each.certain), found[0] if found else None)
    if first is None:
        none = words.say("There are not enough answers yet for any findings.")
        yield Paragraph(none, Tone.LEAD)
        return
    yield Paragraph((Styled(first.headline), " ", first.text), Tone.LEAD)


def _tiles(overview: JourneyOverview, words: Words) -> list[KeyFigure]:
    """The scores of the journey's end, each with interval, change and target."""
    few = overview.minimum_cell
    heads = [figure for figure in overview.end if figure.definition.parent is None]
    tiles = [
        KeyFigure(
            _short(label(figure.definition, words), 40, words),
            phrases.value(figure, few=few, words=words) if figure.shown else "–",
            "\n".join(filter(None, _below(figure, few, words))),
        )
        for figure in heads[: _TILES - 1]
    ]
    is_whole = overview.responses is not None
    said = words.say(msg("answers") if is_whole else msg("shown answers"))
    count = phrases.responses(overview, words=words)
    return [*tiles, KeyFigure(words.say("Responses"), count, said)]


def _below(figure: Figure, few: int, words: Words) -> Iterator[str]:
    if not figure.shown:
        yield phrases.value(figure, few=few, words=words)
        return
    yield phrases.basis(figure, words=words)
    yield weight_phrases.weighted_line(figure, words=words)
    if figure.change is not None:
        numbers = phrases.change_numbers(figure, words=words)
        change = words.begun(phrases.change(figure, few=few, words=words))
        said = words.say("{change}: {numbers}", change=change, numbers=numbers)
        yield said if numbers else change
        yield weight_phrases.weighted_change(figure, words=words, few=few)
    if figure.target is not None:
        against = target_phrases.against(figure.definition, figure.target, words=words)
        yield words.begun(against)  # names of months keep theirs


def _weights(sheet: Sheet, words: Words) -> Iterator[Block]:
    """To what population the tiles are weighted, or why they are not."""
    if not any(figure.weighted for figure in sheet.overview.end):
        return
    said = weight_phrases.none_weighted(sheet.overview, words=words)
    population = weight_phrases.population(sheet.margins, words=words)
    yield Paragraph(said or population, Tone.NOTE)


def _weakest(overview: JourneyOverview, words: Words) -> Iterator[Block]:
    """Which stage scores lowest, where it differs from every other; else that none does."""
    said = next(findings.stages(overview, words=words, weights=True), None)
    if said is not None:
        yield Heading(words.say("Stages"), level=2)
        yield Paragraph((Styled(said.headline), " ", said.text))


def _drivers(found: Associations | None, few: int, words: Words) -> Iterator[Block]:
    if found is None:
        return
    outcome, is_recommending = found.outcome, found.outcome.metric is Metric.NPS
    name = short(outcome, words)
    yield Heading(words.say("Drivers of {outcome}", outcome=name), level=2)
    shown = [(kind_named(kind, words), one) for kind in found.kinds for one in kind.shown]
    certain = [each for each in shown if each[1].certain]
    if not certain:
        yield Paragraph(_none_certain(found, len(shown), few, words))
        return
    rows = sorted(certain, key=lambda each: -(each[1].figure.estimate or 0.0))[:_DRIVERS]
    title = (
        msg("Scores that are significantly associated with recommending")
        if is_recommending
        else msg("Scores that are significantly associated with {outcome}")
    )
    yield Table(
        title=words.say(title, outcome=name),
        columns=[
            Column(words.say("Score"), 0.5),
            Column(words.say("Kind"), 0.16),
            Column(words.say("Correlation (95% CI)"), 0.24, align="r"),
            Column("n", 0.1, words.count),
        ],
        cells=[_driver(kind, one, words) for kind, one in rows],
        note=words.say(
            "{certain} of {shown} scores are significantly associated (Holm), of which {rows} are shown;"
            " their order is no ranking. An association is not a cause: customers who are satisfied with"
            " one thing are often satisfied with others.",
            certain=words.number(len(certain)),
            shown=words.number(len(shown)),
            rows=words.number(len(rows)),
        ),
    )


def _none_certain(found: Associations, shown: int, few: int, words: Words) -> str:
    """Why there is no driver to show."""
    why = phrases.hidden(found.hidden, few=few, words=words)
    name = short(found.outcome, words)
    if why:
        return f"{words.begun(why)}."
    if not shown:
        return words.say("No score has enough answers beside {outcome} yet.", outcome=name)
    said = (
        msg("None of {count} scores is significantly associated with recommending.")
        if found.outcome.metric is Metric.NPS
        else msg("None of {count} scores is significantly associated with {outcome}.")
    )
    return words.say(said, count=words.number(shown), outcome=name)


def _driver(kind: str, one: Association, words: Words) -> list[Cell]:
    figure = one.figure
    said = words.say(
        "{value} ({interval})",
        value=phrases.value(figure, words=words),
        interval=phrases.interval(figure, words=words),
    )
    numbers = Quantity(Estimate(figure.estimate, figure.low, figure.high), said)
    return [_short(score_named(one, words), _LONGEST_NAME, words), kind, numbers, one.n]


def _actions(sheet: Sheet, today: date, words: Words) -> Iterator[Block]:
    """What is planned; without a plan, the touchpoints that an action would be about first."""
    yield Heading(words.say("Actions"), level=2)
    for action in sheet.actions[:_ACTIONS]:
        owner = _short(action.owner.name, 40, words) if action.owner else words.say("nobody yet")
        said = msg("{owner}, no date")
        if action.due_on:
            is_late = is_overdue(action, today)
            said = msg("{owner}, due {day}, overdue") if is_late else msg("{owner}, due {day}")
        text = words.say(said, owner=owner, day=words.day(action.due_on))
        title = _short(action.title, _LONGEST_TITLE, words)
        yield Paragraph((Styled(title), f" {text}"), Tone.BULLET)
    if sheet.actions:
        return
    advice = sheet.overview.advice
    steps = advice.steps[:_ACTIONS] if advice else ()
    if not steps:
        yield Paragraph(
            words.say(
                "No action is planned, and no touchpoint scores significantly below the others."
            )
        )
    for step in steps:
        name = _short(step.touchpoint, _LONGEST_NAME, words)
        text = words.say(
            "No action is planned yet. {reason}.", reason=phrases.priority_reason(step, words=words)
        )
        yield Paragraph((Styled(f"{name}."), f" {text}"), Tone.BULLET)


def _certainty(sheet: Sheet, words: Words) -> Iterator[Block]:
    overview = sheet.overview
    yield Heading(words.say("How sure are we?"), level=2)
    whole = overview.since is None and overview.until is None
    if overview.segment is None:
        rate = rate_phrases.response_sentence(sheet.rates, whole=whole, words=words)
    else:
        rate = rate_phrases.segment_sentence(
            sheet.segment_rate, sheet.rates, whole=whole, few=overview.minimum_cell, words=words
        )
    said = [rate]
    if overview.responses is None:
        hidden = phrases.places_hidden(overview, words=words)
        said.append(words.say("Of responses, {hidden}.", hidden=hidden))
    if left_out := phrases.flagged(overview.flagged, words=words):
        said.append(f"{left_out}.")
    if overview.compared is not None and overview.compared.tested:
        said.append(phrases.compared(overview.compared, words=words))
    said.append(
        words.say(
            "An interval shows how far a score could lie off by chance; it does not cover that people"
            " who choose to answer may differ from those who do not."
        )
    )
    if overview.facets != UNFLAGGED:
        said.append(words.say("Only the answers named above count."))
    yield Paragraph(" ".join(said), Tone.NOTE)
