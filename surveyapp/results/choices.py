"""What customers chose from lists, such as feelings and causes of effort: shares with intervals.

Choices have no scores and hence no rollups: they are counted from the answers, grouped by the
database. That is one pass over the responses for each question, some 0.7 s for 100,000 of them, so
that a page of a large journey asks before it counts.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Text, cast, func, literal, select
from sqlalchemy.orm import Session

from analysis.metrics import share
from instruments.schema import Instrument, Item, ItemKind, Metric, Wording
from surveyapp.journeys.segments import Rule, parse
from surveyapp.results import definitions, phrases, suppression
from surveyapp.results.cells import MonthKey
from surveyapp.results.journey import Ground, Period, Place, ground, period
from surveyapp.results.shapes import Definition, Figure, Hidden, Unit
from surveyapp.store.models import EVERYBODY, Deployment, Response

_KINDS = frozenset({ItemKind.EMOTION, ItemKind.SINGLE_CHOICE, ItemKind.MULTIPLE_CHOICE})


@dataclass(frozen=True)
class Distribution:
    """How often each choice of one question was taken at one place.

    ``n`` counts the customers who chose anything (None when hidden); with ``several`` choices a
    customer the shares add up to more than 100. A list of one choice each keeps its order, one of
    several goes from the most to the least frequent.
    """

    stage: str | None  # both None at the journey's end
    touchpoint: str | None
    title: str
    question: str
    several: bool
    n: int | None
    figures: tuple[Figure, ...]
    hidden: Hidden = Hidden.NO

    def why(self, few: int) -> str:
        """Why it is hidden, in a few words."""
        return phrases.hidden(self.hidden, few=few)

    @property
    def most(self) -> str:
        """The choice that more customers took than any other; empty where two share that place."""
        ordered = sorted(self.figures, key=lambda f: f.estimate or 0.0, reverse=True)
        if not ordered or (
            len(ordered) > 1 and (ordered[0].estimate or 0.0) == (ordered[1].estimate or 0.0)
        ):
            return ""
        return ordered[0].definition.label


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
    """Customers alike in month, segments and what they chose."""

    month: MonthKey
    segments: frozenset[int]
    chosen: tuple[str, ...]
    n: int


def distributions(
    session: Session,
    journey_id: int,
    *,
    segment_id: int = EVERYBODY,
    since: date | None = None,
    until: date | None = None,
    minimum_cell: int = 5,
    roots: Sequence[str | Path] = (),
) -> tuple[Distribution, ...]:
    """Every list question of the journey: its end first, then touchpoint by touchpoint.

    Only questions that somebody answered. A question is hidden where too few answered it, and where
    showing it would give away a small group by another segment or period. Raises NotFound.
    """
    base = ground(session, journey_id, roots=roots)
    base.segment(segment_id)
    when = period(since, until)
    rules = {segment: parse(name.rule) for segment, name in base.segments.items()}
    return tuple(
        _distribution(base, stage, touchpoint, question, groups, when, segment_id, minimum_cell)
        for stage, touchpoint, place in _places(base)
        for question, deployments in _questions(base, place, roots)
        if (groups := _groups(session, deployments, question, rules))
    )


def asks_choices(session: Session, journey_id: int, *, roots: Sequence[str | Path] = ()) -> bool:
    """Whether the journey asks any list question. Raises NotFound."""
    base = ground(session, journey_id, roots=roots)
    return any(
        item.kind in _KINDS
        for deployment in base.deployments
        for instrument, key, _ in definitions.asked(deployment, roots=roots)
        for item in instrument.asked(key)
    )


def _distribution(
    base: Ground,
    stage: str | None,
    touchpoint: str | None,
    question: _Question,
    groups: Sequence[_Group],
    when: Period,
    segment: int,
    minimum: int,
) -> Distribution:
    reason = _reason(base, groups, when, segment, minimum)
    shown = [group for group in _within(groups, when) if segment in group.segments]
    n = 0 if reason else sum(group.n for group in shown)
    text = question.wording.items[question.item.code]
    named = {"provider": base.journey.provider, "touchpoint": touchpoint or base.journey.name}
    for name, value in named.items():
        text = text.replace(f"{{{name}}}", value)
    return Distribution(
        stage=stage,
        touchpoint=touchpoint,
        title=question.wording.title,
        question=text,
        several=question.several,
        n=None if reason else n,
        figures=tuple(_figures(question, shown, n)) if n else (),
        hidden=reason,
    )


def _places(base: Ground) -> Iterator[tuple[str | None, str | None, Place]]:
    yield None, None, None
    for stage in base.journey.stages:
        for touchpoint in stage.touchpoints:
            yield stage.name, touchpoint.name, touchpoint.id


def _questions(
    base: Ground, place: Place, roots: Sequence[str | Path]
) -> Iterator[tuple[_Question, list[int]]]:
    """The list questions at a place, each with the deployments that ask it."""
    found: dict[tuple[str, str], tuple[_Question, list[int]]] = {}
    here: list[Deployment] = [d for d in base.deployments if d.touchpoint_id == place]
    for deployment in here:
        for instrument, key, wording in definitions.asked(deployment, roots=roots):
            for item in instrument.asked(key):
                if item.kind in _KINDS:
                    question = _Question(instrument, item, wording)
                    found.setdefault((instrument.code, item.code), (question, []))[1].append(
                        deployment.id
                    )
    yield from found.values()


def _groups(
    session: Session, deployments: Sequence[int], question: _Question, rules: Mapping[int, Rule]
) -> list[_Group]:
    """The answers, grouped in the database by month, attributes and choice."""
    chosen = Response.answers[(question.instrument.code, question.item.code)].as_string()
    attributes = cast(Response.attributes, Text) if rules else literal("{}")
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    month = (
        func.strftime("%Y-%m", Response.submitted_at)
        if on_sqlite
        else func.to_char(func.timezone("UTC", Response.submitted_at), "YYYY-MM")
    )
    inner = (
        select(month.label("month"), attributes.label("attributes"), chosen.label("chosen"))
        .where(Response.deployment_id.in_(deployments))
        .subquery()
    )
    rows = session.execute(
        select(inner.c.month, inner.c.attributes, inner.c.chosen, func.count())
        .where(inner.c.chosen.is_not(None), inner.c.chosen != "[]")
        .group_by(inner.c.month, inner.c.attributes, inner.c.chosen)
    )
    segments: dict[str, frozenset[int]] = {}
    found = []
    for written, known, choice, n in rows:
        if known not in segments:
            segments[known] = _segments(rules, json.loads(known))
        year, number = written.split("-")
        taken = tuple(json.loads(choice)) if question.several else (choice,)
        found.append(_Group((int(year), int(number)), segments[known], taken, n))
    return found


def _segments(rules: Mapping[int, Rule], attributes: dict[str, Any]) -> frozenset[int]:
    inside = (number for number, rule in rules.items() if attributes and rule.matches(attributes))
    return frozenset((EVERYBODY, *inside))


def _within(groups: Sequence[_Group], when: Period) -> list[_Group]:
    first, last = when.months
    return [
        group
        for group in groups
        if (first is None or group.month >= first) and (last is None or group.month <= last)
    ]


def _reason(
    base: Ground, groups: Sequence[_Group], when: Period, segment: int, minimum: int
) -> Hidden:
    """Why not to show it to this segment in this period, by the rules of every other figure."""
    counts = Counter({EVERYBODY: 0, segment: 0})
    for group in _within(groups, when):
        for each in group.segments:
            counts[each] += group.n
    reason = suppression.hidden(counts, base.lying, minimum=minimum)[segment]
    if reason or when.whole:
        return reason
    inside: Counter[MonthKey] = Counter()
    outside: Counter[MonthKey] = Counter()
    for group in groups:
        (inside if segment in group.segments else outside)[group.month] += group.n
    others = None if segment == EVERYBODY else outside
    runs = suppression.blocks(inside, others, minimum=minimum)
    return Hidden.PERIOD if suppression.cuts(runs, *when.months) else Hidden.NO


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


def _definition(question: _Question, choice: str) -> Definition:
    labels = question.wording.choices.get(question.item.code, {})
    label = labels.get(choice, choice)
    return Definition(
        scale=f"{question.instrument.code}.{question.item.code}={choice}",
        instrument=question.instrument.code,
        metric=Metric.SHARE,
        label=label,
        short=label,
        unit=Unit.PERCENT,
        axis=(0.0, 100.0),
        text="Share of the customers who chose anything from the list.",
        interval="Wilson score interval, 95 %",
    )
