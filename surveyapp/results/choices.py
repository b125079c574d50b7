"""What customers chose from lists, such as feelings and causes of effort: shares with intervals.

Choices have no scores and hence no rollups: they are counted from the answers, grouped by the
database. That is one pass over the responses for each question, some 0.7 s for 100,000 of them, so
that a page of a large journey asks before it counts.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, permutations
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, literal, select
from sqlalchemy.orm import Session

from analysis.compare import difference, holm, mcnemar
from analysis.metrics import Share, share
from instruments.loader import Library
from instruments.schema import Instrument, Item, ItemKind, Metric, Wording
from surveyapp.journeys.calendar import UTC_DAYS, Calendar, calendar_of
from surveyapp.journeys.segments import Rule, parse
from surveyapp.responses.facets import Facet, facet_columns
from surveyapp.results import definitions, phrases
from surveyapp.results.cells import MonthKey, month_key
from surveyapp.results.customer_groups import segments_of, why_hidden, within
from surveyapp.results.figures import LEVEL, contrasts
from surveyapp.results.journey import Ground, Place, ground
from surveyapp.results.months import month_of
from surveyapp.results.scope import Scope
from surveyapp.results.view_models import Beside, Contrast, Definition, Figure, Hidden, Unit
from surveyapp.store.models import EVERYBODY, Response
from surveyapp.surveys.survey import Survey

_KINDS = frozenset({ItemKind.EMOTION, ItemKind.SINGLE_CHOICE, ItemKind.MULTIPLE_CHOICE})


@dataclass(frozen=True)
class Distribution:
    """How often each choice of one question was taken at one place.

    ``n`` counts the customers who chose anything (None when hidden); with ``several`` choices a
    customer the shares add up to more than 100. A list of one choice each keeps its order, one of
    several goes from the most to the least frequent. ``most`` is the choice that significantly more
    customers took than any other; where there is none, ``tied`` are the most frequent one and those
    that it does not differ from.
    """

    stage: str | None  # both None at the journey's end
    touchpoint: str | None
    title: str
    question: str
    several: bool
    n: int | None
    figures: tuple[Figure, ...]
    hidden: Hidden = Hidden.NO
    most: str = ""
    tied: tuple[str, ...] = ()

    def why(self, few: int) -> str:
        """Why it is hidden, in a few words."""
        return phrases.hidden(self.hidden, few=few)

    @property
    def undecided(self) -> str:
        """Which choices cannot be told from the most frequent one; empty where one leads."""
        if not self.tied:
            return ""
        first, *others = (f"\u201c{name}\u201d" for name in self.tied)
        return f"{first} is not chosen significantly more often than {phrases.listed(others)}."


@dataclass(frozen=True)
class _Question:
    instrument: Instrument
    item: Item
    wording: Wording

    @property
    def several(self) -> bool:
        return self.item.kind is ItemKind.MULTIPLE_CHOICE


@dataclass(frozen=True)
class _Group:
    """Customers alike in month, segments, facet and what they chose."""

    month: MonthKey
    segments: frozenset[int]
    facet: Facet
    chosen: tuple[str, ...]
    n: int


def distributions(
    session: Session,
    scope: Scope,
    *,
    minimum_cell: int = 5,
    library: Library,
) -> tuple[Distribution, ...]:
    """Every list question in the scope: the journey's end first, then touchpoint by touchpoint.

    Only questions that somebody answered. A question is hidden where too few answered it, and where
    showing it would give away a small group by another segment or period. A segment's shares stand
    beside those of all other customers. Raises NotFound.
    """
    base = ground(session, scope.journey_id, library=library)
    base.segment(scope.segment_id)
    rules = {segment: parse(name.rule) for segment, name in base.segments.items()}
    return _contrasted(
        [
            _distribution(base, stage, touchpoint, question, groups, scope, minimum_cell)
            for stage, touchpoint, place in _places(base)
            for question, surveys in _questions(base, place, library)
            if (groups := _groups(session, base, surveys, question, rules))
        ]
    )


def beside_tested(found: Sequence[Distribution]) -> int:
    """How many shares of a segment were tested together against those of all other customers."""
    figures = (figure for each in found for figure in each.figures)
    return sum(
        figure.beside is not None and figure.beside.contrast is not None for figure in figures
    )


def asks_choices(session: Session, journey_id: int, *, library: Library) -> bool:
    """Whether the journey asks any list question. Raises NotFound."""
    base = ground(session, journey_id, library=library)
    return any(
        item.kind in _KINDS
        for survey in base.surveys
        for instrument, key, _ in definitions.asked(survey, library=library)
        for item in instrument.asked(key)
    )


def _distribution(
    base: Ground,
    stage: str | None,
    touchpoint: str | None,
    question: _Question,
    groups: Sequence[_Group],
    scope: Scope,
    minimum: int,
) -> Distribution:
    when, segment, facets = scope.period, scope.segment_id, scope.facets
    reason = why_hidden(groups, base.lying, when, segment, minimum=minimum, facets=facets)
    shown = [group for group in within(groups, when, facets) if segment in group.segments]
    n = 0 if reason else sum(group.n for group in shown)
    text = question.wording.items[question.item.code]
    named = {"provider": base.journey.provider, "touchpoint": touchpoint or base.journey.name}
    for name, value in named.items():
        text = text.replace(f"{{{name}}}", value)
    figures = tuple(_figures(question, shown, n)) if n else ()
    if figures and segment != EVERYBODY:
        others = why_hidden(groups, base.lying, when, EVERYBODY, minimum=minimum, facets=facets)
        rest = [group for group in within(groups, when, facets) if segment not in group.segments]
        figures = tuple(_beside(question, figures, rest, others))
    most, tied = _leading(question, shown) if n else ("", ())
    return Distribution(
        stage=stage,
        touchpoint=touchpoint,
        title=question.wording.title,
        question=text,
        several=question.several,
        n=None if reason else n,
        figures=figures,
        hidden=reason,
        most=most,
        tied=tied,
    )


def _places(base: Ground) -> Iterator[tuple[str | None, str | None, Place]]:
    yield None, None, None
    for stage in base.journey.stages:
        for touchpoint in stage.touchpoints:
            yield stage.name, touchpoint.name, touchpoint.id


def _questions(
    base: Ground, place: Place, library: Library
) -> Iterator[tuple[_Question, list[int]]]:
    """The list questions at a place, each with the surveys that ask it."""
    found: dict[tuple[str, str], tuple[_Question, list[int]]] = {}
    here: list[Survey] = [d for d in base.surveys if d.touchpoint_id == place]
    for survey in here:
        for instrument, key, wording in definitions.asked(survey, library=library):
            for item in instrument.asked(key):
                if item.kind in _KINDS:
                    question = _Question(instrument, item, wording)
                    found.setdefault((instrument.code, item.code), (question, []))[1].append(
                        survey.id
                    )
    yield from found.values()


def _groups(
    session: Session,
    base: Ground,
    surveys: Sequence[int],
    question: _Question,
    rules: Mapping[int, Rule],
) -> list[_Group]:
    """The answers, grouped in the database by month, attributes, facet and choice."""
    anonymous = {survey.id for survey in base.surveys if survey.is_anonymous}
    calendar = calendar_of(base.journey)
    by_day, by_moment = ([s for s in surveys if (s in anonymous) is kind] for kind in (True, False))
    return [
        group
        for some, own in ((by_day, UTC_DAYS), (by_moment, calendar))
        if some
        for group in _grouped(session, some, question, rules, own)
    ]


def _grouped(
    session: Session,
    surveys: Sequence[int],
    question: _Question,
    rules: Mapping[int, Rule],
    calendar: Calendar,
) -> list[_Group]:
    chosen = Response.answers[(question.instrument.code, question.item.code)].as_string()
    attributes = cast(Response.attributes, Text) if rules else literal("{}")
    month = month_of(session, surveys, calendar)
    told = (month.label("month"), attributes.label("attributes"), chosen.label("chosen"))
    facet: tuple[ColumnElement[Any], ...] = facet_columns()
    inner = (
        select(
            *told, *(column.label(name) for column, name in zip(facet, Facet._fields, strict=True))
        )
        .where(Response.survey_id.in_(surveys))
        .subquery()
    )
    columns = list(inner.c)
    rows = session.execute(
        select(*columns, func.count())
        .where(inner.c.chosen.is_not(None), inner.c.chosen != "[]")
        .group_by(*columns)
    )
    segments: dict[str, frozenset[int]] = {}
    found = []
    for written, known, choice, *facet_told, n in rows:
        if known not in segments:
            segments[known] = segments_of(rules, json.loads(known))
        taken = tuple(json.loads(choice)) if question.several else (choice,)
        channel, language, flagged = facet_told
        facet_of_row = Facet(channel, language, bool(flagged))
        found.append(_Group(month_key(written), segments[known], facet_of_row, taken, n))
    return found


def _figures(question: _Question, groups: Sequence[_Group], n: int) -> Iterator[Figure]:
    counts = Counter(dict.fromkeys(question.item.choices, 0))
    for group in groups:
        for choice in group.chosen:
            counts[choice] += group.n
    ordered = list(question.item.choices)
    if question.several:
        ordered.sort(key=lambda choice: -counts[choice])
    for choice in ordered:
        found = share(counts[choice], n)
        definition = _definition(question, choice)
        yield Figure(definition, n, found.estimate, found.low, found.high, None)


def _beside(
    question: _Question, figures: Sequence[Figure], others: Sequence[_Group], hidden: Hidden
) -> Iterator[Figure]:
    """The figures of a segment with those of all ``others``; the differences are still to be tested."""
    n = 0 if hidden else sum(group.n for group in others)
    rest = {each.definition.scale: each for each in _figures(question, others, n)} if n else {}
    for each in figures:
        nothing = Figure(each.definition, None if hidden else 0, None, None, None, None, hidden)
        yield replace(each, beside=Beside(rest.get(each.definition.scale, nothing), None))


def _contrasted(found: Sequence[Distribution]) -> tuple[Distribution, ...]:
    """The questions with every choice of a segment tested against all other customers (Holm)."""
    tested = iter(
        contrasts(
            [
                (each.definition, difference(_share(each), _share(each.beside.rest)))
                if each.beside is not None and each.beside.rest.shown
                else None
                for question in found
                for each in question.figures
            ]
        )
    )
    return tuple(
        replace(question, figures=tuple(_tested(each, next(tested)) for each in question.figures))
        for question in found
    )


def _tested(figure: Figure, contrast: Contrast | None) -> Figure:
    return replace(figure, beside=figure.beside and replace(figure.beside, contrast=contrast))


def _share(figure: Figure) -> Share:
    """The share that a figure of a choice was made of."""
    n, percent = figure.n or 0, figure.estimate or 0.0
    return share(round(n * percent / 100), n)


def _leading(question: _Question, groups: Sequence[_Group]) -> tuple[str, tuple[str, ...]]:
    """The choice taken most often, if significantly so, else it and those beside it.

    The same customers choose, so that only those who took one of two choices tell them apart; Holm's
    correction counts every pair, because the answers chose which one is compared.
    """
    only = {
        (one, other): sum(g.n for g in groups if one in g.chosen and other not in g.chosen)
        for one, other in permutations(question.item.choices, 2)
    }
    pairs = list(combinations(question.item.choices, 2))
    corrected = holm([mcnemar(only[(a, b)], only[(b, a)]) for a, b in pairs])
    p = {frozenset(pair): value for pair, value in zip(pairs, corrected, strict=True)}
    taken = Counter(dict.fromkeys(question.item.choices, 0))
    for group in groups:
        for choice in group.chosen:
            taken[choice] += group.n
    first, *others = (choice for choice, _ in taken.most_common())
    tied = [other for other in others if p[frozenset((first, other))] >= LEVEL]
    if not tied:
        return _label(question, first), ()
    return "", tuple(_label(question, choice) for choice in (first, *tied))


def _label(question: _Question, choice: str) -> str:
    return question.wording.choices.get(question.item.code, {}).get(choice, choice)


def _definition(question: _Question, choice: str) -> Definition:
    label = _label(question, choice)
    return Definition(
        scale=f"{question.instrument.code}.{question.item.code}={choice}",
        instrument=question.instrument.code,
        metric=Metric.SHARE,
        label=label,
        short=label,
        unit=Unit.PERCENT,
        axis=(0.0, 100.0),
        text="Share of customers who chose at least one option from the list.",
        interval="Wilson score interval, 95%",
    )
