"""Answers to questions, counted by what those who gave them have in common."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from instruments.schema import ItemKind
from surveyapp.responses.facets import Facet
from surveyapp.results.cells import MonthKey
from surveyapp.results.facets import Facets
from surveyapp.results.scope import Period

# Kinds of answers that can be counted; texts and numbers are as many as customers.
COUNTED = frozenset(
    {
        *(ItemKind.RATING, ItemKind.ZERO_TO_TEN, ItemKind.YES_NO, ItemKind.EMOTION),
        *(ItemKind.SINGLE_CHOICE, ItemKind.MULTIPLE_CHOICE),
    }
)
_NONE_CHOSEN = "[]"

Answer = str | int | tuple[str, ...]  # several choices of one question
Cells = dict[tuple[int, Facet], int]  # responses by segment and facet


class Alike(NamedTuple):
    """What customers who are counted together have in common."""

    month: MonthKey
    segments: frozenset[int]
    facet: Facet


class AnswerGroup(NamedTuple):
    """Customers alike in month, segments and facet who answered a question."""

    month: MonthKey
    segments: frozenset[int]
    facet: Facet
    n: int


@dataclass(frozen=True)
class Counts:
    """Responses to a survey by what they have in common, and by item ("sjq.per4") and answer (as JSON)
    how many of each such kind gave it.
    """

    kinds: tuple[Alike, ...]
    responses: tuple[int, ...]
    answers: Mapping[str, Mapping[str, Sequence[int]]]

    @property
    def cells(self) -> Cells:
        found: Cells = defaultdict(int)
        for kind, n in zip(self.kinds, self.responses, strict=True):
            for segment in kind.segments:
                found[segment, kind.facet] += n
        return dict(found)


class AnswerCounts:
    """The answers to some surveys."""

    def __init__(self, by_survey: Mapping[int, Sequence[Counts]]) -> None:
        self._by_survey = by_survey
        self._parts = [part for parts in by_survey.values() for part in parts]
        self._places: dict[tuple[Period, Facets], list[list[tuple[int, frozenset[int]]]]] = {}

    def to(self, surveys: Iterable[int]) -> AnswerCounts:
        """Only those to these surveys."""
        return AnswerCounts({survey: self._by_survey[survey] for survey in surveys})

    def answered(self, item: str) -> list[AnswerGroup]:
        """Who answered an item at all; of a question with several choices, who chose any."""
        found: list[AnswerGroup] = []
        for part in self._parts:
            rows = [n for answer, n in part.answers.get(item, {}).items() if answer != _NONE_CHOSEN]
            totals = map(sum, zip(*rows, strict=True))
            found += [AnswerGroup(*kind, n) for kind, n in zip(part.kinds, totals) if n]  # noqa: B905 - or no rows
        return found

    def given(
        self, item: str, when: Period, facets: Facets
    ) -> Counter[tuple[frozenset[int], Answer]]:
        """How many gave which answer in the period, by the segments that they are in."""
        found: Counter[tuple[frozenset[int], Answer]] = Counter()
        for part, inside in zip(self._parts, self._inside(when, facets), strict=True):
            for written, row in part.answers.get(item, {}).items() if inside else ():
                if written == _NONE_CHOSEN:
                    continue
                told = json.loads(written)
                answer = tuple(told) if isinstance(told, list) else told
                for at, segments in inside:
                    if row[at]:
                        found[segments, answer] += row[at]
        return found

    def _inside(self, when: Period, facets: Facets) -> list[list[tuple[int, frozenset[int]]]]:
        """Of each part the places of the kinds that are meant, with their segments."""
        if (when, facets) not in self._places:
            self._places[when, facets] = [
                [(at, k.segments) for at, k in enumerate(part.kinds) if _holds(k, when, facets)]
                for part in self._parts
            ]
        return self._places[when, facets]


def _holds(kind: Alike, when: Period, facets: Facets) -> bool:
    first, last = when.months
    return (
        (first is None or kind.month >= first)
        and (last is None or kind.month <= last)
        and facets.holds(kind.facet)
    )


def counted(
    responses: Mapping[Alike, int], tally: Mapping[tuple[str, str, Any, Alike], int]
) -> dict[MonthKey, Counts]:
    kinds: dict[MonthKey, list[Alike]] = {}
    for kind in responses:
        kinds.setdefault(kind.month, []).append(kind)
    places = {kind: at for own in kinds.values() for at, kind in enumerate(own)}
    answers: dict[MonthKey, dict[str, dict[str, list[int]]]] = {month: {} for month in kinds}
    for (instrument, item, given, kind), n in tally.items():
        of_item = answers[kind.month].setdefault(f"{instrument}.{item}", {})
        row = of_item.setdefault(json.dumps(given), [0] * len(kinds[kind.month]))
        row[places[kind]] += n
    return {
        month: Counts(tuple(own), tuple(responses[kind] for kind in own), answers[month])
        for month, own in kinds.items()
    }


def by_month(parts: Sequence[Counts]) -> dict[MonthKey, Counts]:
    """One part for each month; those that are the only one of theirs stay the same objects."""
    grouped: dict[MonthKey, list[Counts]] = {}
    for part in parts:
        grouped.setdefault(part.kinds[0].month, []).append(part)
    return {month: own[0] if len(own) == 1 else _added(own) for month, own in grouped.items()}


def _added(parts: Sequence[Counts]) -> Counts:
    responses: Counter[Alike] = Counter()
    tally: Counter[tuple[str, str, Alike]] = Counter()
    for part in parts:
        responses.update(dict(zip(part.kinds, part.responses, strict=True)))
        for item, rows in part.answers.items():
            for given, row in rows.items():
                for kind, n in zip(part.kinds, row, strict=True):
                    if n:
                        tally[item, given, kind] += n
    kinds = tuple(responses)
    places = {kind: at for at, kind in enumerate(kinds)}
    answers: dict[str, dict[str, list[int]]] = {}
    for (item, given, kind), n in tally.items():
        row = answers.setdefault(item, {}).setdefault(given, [0] * len(kinds))
        row[places[kind]] += n
    return Counts(kinds, tuple(responses.values()), answers)


def to_document(counts: Counts) -> dict[str, Any]:
    """A month's counts as they are kept."""
    kinds = [
        [sorted(kind.segments), *kind.facet, n]
        for kind, n in zip(counts.kinds, counts.responses, strict=True)
    ]
    return {"kinds": kinds, "answers": counts.answers}


def from_document(month: MonthKey, kept: Mapping[str, Any]) -> Counts:
    kinds = [
        (Alike(month, frozenset(segments), Facet(*facet)), n)
        for segments, *facet, n in kept["kinds"]
    ]
    return Counts(tuple(kind for kind, _ in kinds), tuple(n for _, n in kinds), kept["answers"])
