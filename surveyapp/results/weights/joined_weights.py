"""Weights of joined answers: what each pair of scores counts, and whether its groups may be told of.

A weighted driver is a combination of those of its groups, and with the shares known a reader may work these
out. So pairs have weights only where the number of every group's pairs could be told beside all that is
told of pairs without weights, by the rule of weighted scores (``group_publication``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.errors import AnalysisError
from analysis.weighting import Weights, raked_cells
from surveyapp.responses.facets import Facet
from surveyapp.results.cells import MonthKey
from surveyapp.results.drivers.joined_scores import Answer, JoinedScores
from surveyapp.results.facets import UNFLAGGED
from surveyapp.results.suppression.facet_publication import facet_publication, parts_of
from surveyapp.results.suppression.group_publication import UNKNOWN, groups_lying, told_groups
from surveyapp.store.models import EVERYBODY

_HIDDEN = "hidden, because a small group of customers could be told apart"
_Numbers = dict[int, Counter[MonthKey]]
_Kinds = dict[frozenset[int], Counter[MonthKey]]


@dataclass(frozen=True)
class JoinedWeights:
    """The answers that have a weight, and their weights; ``refused`` says why there are none, and ``hidden``
    that they would tell of a small group."""

    answers: tuple[Answer, ...] = ()
    weights: Weights | None = None
    refused: str = ""
    hidden: bool = False


def joined_weights(
    joined: JoinedScores,
    answers: Sequence[Answer],
    parts: Iterable[Sequence[Answer]] = (),
) -> JoinedWeights | None:
    """The weights of those of these answers, of all segments and all time, that are in the scope; None where
    no weights are asked for. The groups of ``parts`` of them must be such that they may be told of, too."""
    by = joined.weighting
    if by is None:
        return None
    if by.refused:
        return JoinedWeights(refused=by.refused)
    if any(_is_hidden(joined, each) for each in (answers, *parts)):
        return JoinedWeights(refused=_HIDDEN, hidden=True)
    known = [each for each in joined.in_scope(answers) if each.group in by.groups]
    counted = Counter(each.group for each in known)
    cells = {by.groups[number]: n for number, n in sorted(counted.items())}
    shares = {each.attribute: dict(each.shares) for each in by.margins}
    try:
        raked = raked_cells(list(cells), list(cells.values()), shares)
    except AnalysisError as error:
        return JoinedWeights(refused=str(error))
    at = {number: place for place, number in enumerate(sorted(counted))}
    rows = np.array([at[each.group] for each in known])
    return JoinedWeights(tuple(known), Weights(raked.values[rows], raked.margins[rows]))


def _is_hidden(joined: JoinedScores, answers: Sequence[Answer]) -> bool:
    """Whether the number of some group's answers could not be told beside what is told of them."""
    base, by = joined.base, joined.weighting
    months = joined.scope.period.months
    counts: dict[Facet, _Numbers] = {}
    kinds: dict[Facet, _Kinds] = {}
    with_groups: dict[Facet, _Numbers] = {}
    kinds_with: dict[Facet, _Kinds] = {}
    numbers = frozenset(by.groups) if by else frozenset()
    # Customers alike in all of it are counted together: there are few kinds of them.
    alike: Counter[tuple[Facet, MonthKey, frozenset[int], int]] = Counter()
    for each in answers:
        if not each.facet.flagged:
            group = each.group if each.group in numbers else UNKNOWN
            alike[each.facet, each.month, each.segments, group] += each.n
    for (facet, month, segments, group), n in alike.items():
        for into, of_kinds, own in (
            (counts, kinds, segments),
            (with_groups, kinds_with, segments | {group}),
        ):
            by_number = into.setdefault(facet, {})
            for number in own:
                if number not in by_number:
                    by_number[number] = Counter()
                by_number[number][month] += n
            of_kinds.setdefault(facet, {}).setdefault(own, Counter())[month] += n
    there = {n for own in with_groups.values() for n in own if n < EVERYBODY}
    if not there:
        return True
    minimum = joined.minimum_cell
    told = facet_publication(counts, UNFLAGGED, base.lying, minimum=minimum, kinds=kinds)
    parts = parts_of(counts, base.lying, minimum=minimum, kinds=kinds)
    known = tuple((each.id, each.rule) for each in base.segments.values())
    rules = tuple((n, rule) for n, rule in sorted(joined.group_rules.items()) if n in there)
    lying = groups_lying(known, rules)
    shown = told_groups(told, parts, with_groups, kinds_with, lying)
    return shown is None or any(shown.why_hidden(group, *months) for group in there)
