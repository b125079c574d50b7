"""What customers chose from lists, such as feelings and causes of effort: shares with intervals.

Choices have no scores and hence no rollups: they are counted from the answers, which a worker does for
large surveys before anybody asks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, permutations

from sqlalchemy.orm import Session

from analysis.compare import difference, holm, mcnemar
from analysis.metrics import Share, share
from instruments.loader import Library
from instruments.schema import Instrument, Item, ItemKind, Metric, Wording
from surveyapp.results import definitions, phrases
from surveyapp.results.answers.answer_counts import answer_counts, unread
from surveyapp.results.answers.counted_answers import Answer, AnswerCounts
from surveyapp.results.figures import LEVEL, contrasts
from surveyapp.results.journey import Ground, Place, ground
from surveyapp.results.scope import Scope
from surveyapp.results.suppression.customer_groups import why_hidden
from surveyapp.results.view_models import Beside, Contrast, Definition, Figure, Hidden, Unit
from surveyapp.store.models import EVERYBODY
from surveyapp.surveys.survey import Survey

Chosen = tuple[str, ...]
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
    def item_id(self) -> str:
        return f"{self.instrument.code}.{self.item.code}"

    @property
    def several(self) -> bool:
        return self.item.kind is ItemKind.MULTIPLE_CHOICE


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
    asked = [
        (stage, touchpoint, question, surveys)
        for stage, touchpoint, place in _places(base)
        for question, surveys in _questions(base, place, library)
    ]
    every = sorted({survey for *_, surveys in asked for survey in surveys})
    counts = answer_counts(session, base, every, library=library)
    return _contrasted(
        [
            _distribution(base, stage, touchpoint, question, own, scope, minimum_cell)
            for stage, touchpoint, question, surveys in asked
            if (own := counts.to(surveys)).answered(question.item_id)
        ]
    )


def unread_choices(session: Session, journey_id: int, *, library: Library) -> int:
    """How many responses ``distributions`` would read one by one. Raises NotFound."""
    base = ground(session, journey_id, library=library)
    asked = (own for *_, place in _places(base) for _, own in _questions(base, place, library))
    every = sorted({survey for own in asked for survey in own})
    return unread(session, base, every, library=library)


def offered_choices(base: Ground, library: Library) -> Iterator[tuple[str, Definition]]:
    """Every choice that the journey's list questions offer, each with its questionnaire's title."""
    for *_, place in _places(base):
        for question, _ in _questions(base, place, library):
            for choice in question.item.choices:
                yield question.wording.title, _definition(question, choice)


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
    counts: AnswerCounts,
    scope: Scope,
    minimum: int,
) -> Distribution:
    when, segment, facets = scope.period, scope.segment_id, scope.facets
    groups = counts.answered(question.item_id)
    reason = why_hidden(groups, base.lying, when, segment, minimum=minimum, facets=facets)
    shown, rest = _apart(counts.given(question.item_id, when, facets), segment)
    n = 0 if reason else shown.total()
    text = question.wording.items[question.item.code]
    named = {"provider": base.journey.provider, "touchpoint": touchpoint or base.journey.name}
    for name, value in named.items():
        text = text.replace(f"{{{name}}}", value)
    figures = tuple(_figures(question, shown, n)) if n else ()
    if figures and segment != EVERYBODY:
        others = why_hidden(groups, base.lying, when, EVERYBODY, minimum=minimum, facets=facets)
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


def _apart(
    given: Mapping[tuple[frozenset[int], Answer], int], segment: int
) -> tuple[Counter[Chosen], Counter[Chosen]]:
    """What the segment's customers chose, and what all others did."""
    inside: Counter[Chosen] = Counter()
    others: Counter[Chosen] = Counter()
    for (segments, answer), n in given.items():
        chosen = answer if isinstance(answer, tuple) else (str(answer),)
        (inside if segment in segments else others)[chosen] += n
    return inside, others


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


def _figures(question: _Question, given: Counter[Chosen], n: int) -> Iterator[Figure]:
    counts = _by_choice(question, given)
    ordered = list(question.item.choices)
    if question.several:
        ordered.sort(key=lambda choice: -counts[choice])
    for choice in ordered:
        found = share(counts[choice], n)
        definition = _definition(question, choice)
        yield Figure(definition, n, found.estimate, found.low, found.high, None)


def _beside(
    question: _Question, figures: Sequence[Figure], others: Counter[Chosen], hidden: Hidden
) -> Iterator[Figure]:
    """The figures of a segment with those of all ``others``; the differences are still to be tested."""
    n = 0 if hidden else others.total()
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


def _leading(question: _Question, given: Counter[Chosen]) -> tuple[str, tuple[str, ...]]:
    """The choice taken most often, if significantly so, else it and those beside it.

    The same customers choose, so that only those who took one of two choices tell them apart; Holm's
    correction counts every pair, because the answers chose which one is compared.
    """
    only = {
        (one, other): sum(n for own, n in given.items() if one in own and other not in own)
        for one, other in permutations(question.item.choices, 2)
    }
    pairs = list(combinations(question.item.choices, 2))
    corrected = holm([mcnemar(only[(a, b)], only[(b, a)]) for a, b in pairs])
    p = {frozenset(pair): value for pair, value in zip(pairs, corrected, strict=True)}
    taken = _by_choice(question, given)
    first, *others = (choice for choice, _ in taken.most_common())
    tied = [other for other in others if p[frozenset((first, other))] >= LEVEL]
    if not tied:
        return _label(question, first), ()
    return "", tuple(_label(question, choice) for choice in (first, *tied))


def _by_choice(question: _Question, given: Mapping[Chosen, int]) -> Counter[str]:
    """How many took each choice, in the order of the list."""
    counts = Counter(dict.fromkeys(question.item.choices, 0))
    for chosen, n in given.items():
        for choice in chosen:
            counts[choice] += n
    return counts


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
