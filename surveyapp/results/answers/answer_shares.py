"""How the answers to each question are distributed: counts, shares with intervals, and parts of 100."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from sqlalchemy.orm import Session

from analysis.metrics import Share, share
from analysis.rounding import whole_percents
from analysis.weighting import WeightedMean
from instruments.loader import Library
from instruments.schema import Instrument, Item, ItemKind, Metric, Wording
from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.results import definitions, phrases
from surveyapp.results.answers.answer_counts import answer_counts, unread
from surveyapp.results.answers.counted_answers import Answer, AnswerCounts, AnswerGroup
from surveyapp.results.cells import RESPONSES
from surveyapp.results.journey import Cell, Ground, Place, ground, hidden_cells
from surveyapp.results.scope import Scope
from surveyapp.results.suppression.customer_groups import why_hidden
from surveyapp.results.view_models import Figure, Hidden, State
from surveyapp.results.weights.weighting import PeriodWeights, period_weights
from surveyapp.surveys.survey import Survey

# Kinds of one answer a customer, whose shares add up; lists of several have a table of their own.
_KINDS = frozenset(
    {
        *(ItemKind.RATING, ItemKind.ZERO_TO_TEN, ItemKind.YES_NO),
        *(ItemKind.SINGLE_CHOICE, ItemKind.EMOTION),
    }
)
_PROMOTERS, _PASSIVES = (9, 10), (7, 8)
_NO_SCORE = (
    "Answers to this question are no score of their own, and are not counted by the values of the population"
    " shares."
)


@dataclass(frozen=True)
class Part:
    """An answer, or several taken together: how many gave it, their share, and its ``percent`` of parts
    that add up to 100. ``position`` is from -1 (worst) to 1 (best), None where answers have no order.
    ``weighted`` is the share with weights, in percent.
    """

    label: str
    n: int
    share: Share
    percent: int
    position: float | None
    weighted: WeightedMean | None = None


@dataclass(frozen=True)
class AnswerShares:
    """The answers to one question at one place.

    ``answers`` are all answers that can be given, from the first to the last; ``groups`` put those to a
    question from 0 to 10 that makes a Net Promoter Score into detractors, passives and promoters; their
    labels are messages, those of answers the words that were asked. ``not_weighted`` says why shares have no
    weights, where these are asked for.
    """

    stage: str | None  # both None at the journey's end
    touchpoint: str | None
    item: str  # "sjq.per4"
    questionnaire: str
    question: str
    n: int | None
    answers: tuple[Part, ...]
    groups: tuple[Part, ...] = ()
    hidden: Hidden = Hidden.NO
    not_weighted: str = ""

    @property
    def is_weighted(self) -> bool:
        """Whether its shares have weights, too."""
        return any(part.weighted for part in self.answers)

    @property
    def state(self) -> State:
        if self.hidden:
            return State.HIDDEN
        return State.SHOWN if self.n else State.UNANSWERED

    def why(self, few: int, words: Words = ENGLISH) -> str:
        """Why there is nothing to show, in a few words; empty where there is."""
        if self.hidden:
            return phrases.hidden(self.hidden, few=few, words=words)
        return "" if self.n else words.say(State.UNANSWERED.value)


@dataclass(frozen=True)
class _Asked:
    """A questionnaire at a place: its items that have one answer, and the surveys that ask it."""

    instrument: Instrument
    wording: Wording
    items: dict[str, Item]
    surveys: list[int]


def answer_shares(
    session: Session,
    scope: Scope,
    place: Place = None,
    *,
    minimum_cell: int = 5,
    library: Library,
) -> tuple[AnswerShares, ...]:
    """Every question that is asked at a touchpoint, or at the journey's end.

    A question is hidden where too few answered it, where showing it would give a small group away by
    another segment, month or channel, and wherever a score made of it is hidden. Raises NotFound.
    """
    base = ground(session, scope.journey_id, library=library)
    base.segment(scope.segment_id)
    hidden = hidden_cells(
        session, base, scope.period, [scope.segment_id], minimum=minimum_cell, facets=scope.facets
    )
    names = _names(base, place)
    found = []

    @cache  # the questions of a scale are mostly answered by the same customers
    def too_few(answered: tuple[AnswerGroup, ...]) -> Hidden:
        return why_hidden(
            answered,
            base.lying,
            scope.period,
            scope.segment_id,
            minimum=minimum_cell,
            facets=scope.facets,
        )

    weights = period_weights(session, base, scope, minimum=minimum_cell)
    for asked in _asked(base, place, library):
        counts = answer_counts(session, base, asked.surveys, library=library)
        for code, item in asked.items.items():
            named = f"{asked.instrument.code}.{code}"
            reason = _scores_hidden(base, hidden, place, code, scope)
            reason = reason or too_few(tuple(counts.answered(named)))
            own = Counter() if reason else _counted(counts, named, scope)
            shares = _shares(base, names, asked, item, own, reason)
            if weights is not None and shares.answers:
                shares = _with_weights(base, place, (asked, item), shares, weights)
            found.append(shares)
    return tuple(found)


def _with_weights(
    base: Ground,
    place: Place,
    question: tuple[_Asked, Item],
    shares: AnswerShares,
    weights: PeriodWeights,
) -> AnswerShares:
    """The shares with weights, of a question whose answer is a score: rollups count these by the groups."""
    asked, item = question
    own = [
        scored
        for scored in base.scored.get(place, {}).values()
        if scored.definition.instrument == asked.instrument.code
        and scored.scale.items == (item.code,)
    ]
    if not own:
        return replace(shares, not_weighted=_NO_SCORE)
    scored = own[0]
    cell, low, high = (place, scored.scale.id), scored.scale.minimum, scored.scale.maximum
    told = weights.of([cell], scored, Figure(scored.definition, shares.n, 0.0, None, None, None))
    if told.figure is None:
        return replace(shares, not_weighted=told.refused)

    def weighted(parts: Sequence[Part], possible: Sequence[_Possible]) -> tuple[Part, ...]:
        given = [[int(answer) for answer in answers] for _, answers, _ in possible]  # type: ignore[arg-type]  # scores are whole numbers
        if item.reverse:
            given = [[low + high - each for each in some] for some in given]
        found = weights.shares(cell, scored, given)
        return tuple(replace(part, weighted=one) for part, one in zip(parts, found, strict=True))

    return replace(
        shares,
        answers=weighted(shares.answers, list(_possible(asked, item))),
        groups=weighted(shares.groups, _NPS) if shares.groups else (),
    )


def unread_answers(
    session: Session, journey_id: int, place: Place = None, *, library: Library
) -> int:
    """How many responses ``answer_shares`` would read one by one. Raises NotFound."""
    base = ground(session, journey_id, library=library)
    here = [survey.id for survey in base.surveys if survey.touchpoint_id == place]
    return unread(session, base, here, library=library)


def ordered_questions(base: Ground, place: Place, library: Library) -> Iterator[tuple[str, str]]:
    """The questions asked at a place whose answers go from worse to better: item ("sjq.per4") and text."""
    touchpoint = _names(base, place)[1]
    for asked in _asked(base, place, library):
        for code, item in asked.items.items():
            if item.scale is not None:
                yield f"{asked.instrument.code}.{code}", _text(base, touchpoint, asked, item)


def _names(base: Ground, place: Place) -> tuple[str | None, str | None]:
    """Stage and touchpoint, both None at the journey's end."""
    return next(
        (
            (stage.name, touchpoint.name)
            for stage in base.journey.stages
            for touchpoint in stage.touchpoints
            if touchpoint.id == place
        ),
        (None, None),
    )


def _asked(base: Ground, place: Place, library: Library) -> Iterator[_Asked]:
    found: dict[str, _Asked] = {}
    here: list[Survey] = [survey for survey in base.surveys if survey.touchpoint_id == place]
    for survey in here:
        for instrument, key, wording in definitions.asked(survey, library=library):
            own = found.setdefault(instrument.code, _Asked(instrument, wording, {}, []))
            items = {item.code: item for item in instrument.asked(key) if item.kind in _KINDS}
            own.items.update(items)
            own.surveys.append(survey.id)
    yield from found.values()


def _scores_hidden(
    base: Ground,
    hidden: Mapping[Cell, Mapping[int, Hidden]],
    place: Place,
    item: str,
    scope: Scope,
) -> Hidden:
    """Why a score that the item is part of is hidden, or the number of answers at the place."""
    scales = [s.scale.id for s in base.scored.get(place, {}).values() if item in s.scale.items]
    reasons = (hidden.get((place, s), {}).get(scope.segment_id) for s in (*scales, RESPONSES))
    return next((reason for reason in reasons if reason), Hidden.NO)


def _counted(counts: AnswerCounts, item: str, scope: Scope) -> Counter[Answer]:
    found: Counter[Answer] = Counter()
    for (segments, answer), n in counts.given(item, scope.period, scope.facets).items():
        if scope.segment_id in segments:
            found[answer] += n
    return found


def _shares(
    base: Ground,
    place: tuple[str | None, str | None],
    asked: _Asked,
    item: Item,
    counts: Counter[Answer],
    reason: Hidden,
) -> AnswerShares:
    stage, touchpoint = place
    n = sum(counts.values())
    return AnswerShares(
        stage=stage,
        touchpoint=touchpoint,
        item=f"{asked.instrument.code}.{item.code}",
        questionnaire=asked.wording.title,
        question=_text(base, touchpoint, asked, item),
        n=None if reason else n,
        answers=_parts(list(_possible(asked, item)), counts) if n else (),
        groups=_parts(list(_NPS), counts) if n and _makes_nps(asked.instrument, item) else (),
        hidden=reason,
    )


def _text(base: Ground, touchpoint: str | None, asked: _Asked, item: Item) -> str:
    text = asked.wording.items[item.code]
    named = {"provider": base.journey.provider, "touchpoint": touchpoint or base.journey.name}
    for name, value in named.items():
        text = text.replace(f"{{{name}}}", value)
    return text


_Possible = tuple[
    str, tuple[Answer, ...], float | None
]  # label, the answers that it means, position
_NPS: tuple[_Possible, ...] = (
    (msg("Detractors (0 to 6)"), tuple(range(7)), -1.0),
    (msg("Passives (7 and 8)"), _PASSIVES, 0.0),
    (msg("Promoters (9 and 10)"), _PROMOTERS, 1.0),
)


def _makes_nps(instrument: Instrument, item: Item) -> bool:
    keys = instrument.keys.values()
    return any(key.metric is Metric.NPS and item.code in key.items for key in keys)


def _possible(asked: _Asked, item: Item) -> Iterator[_Possible]:
    """Every answer that can be given, whether anybody did or not."""
    if item.scale is not None:
        scale = item.scale
        labels = asked.wording.labels.get(scale.code, {})
        middle = (scale.minimum + scale.maximum) / 2
        sign = -1 if item.reverse is scale.higher_is_better else 1
        for point in range(scale.minimum, scale.maximum + 1):
            label = f"{point}: {labels[point]}" if point in labels else str(point)
            yield label, (point,), sign * (point - middle) / (scale.maximum - middle)
        return
    labels_of = asked.wording.choices.get(item.code, {})
    for choice in item.choices:
        yes_no = item.kind is ItemKind.YES_NO
        answers: tuple[Answer, ...] = (int(choice),) if yes_no else (choice,)
        yield labels_of.get(choice, choice), answers, None


def _parts(possible: Sequence[_Possible], counts: Mapping[Answer, int]) -> tuple[Part, ...]:
    amounts = [sum(counts.get(answer, 0) for answer in answers) for _, answers, _ in possible]
    total = sum(amounts)
    return tuple(
        Part(label, n, share(n, total), percent, position)
        for (label, _, position), n, percent in zip(
            possible, amounts, whole_percents(amounts), strict=True
        )
    )
