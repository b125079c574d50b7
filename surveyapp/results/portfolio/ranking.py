"""Which of several journeys scores worse than which: ranks with what their uncertainty leaves open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

from analysis.ranks import Rank, ranks
from surveyapp.results.cells import Sums
from surveyapp.results.definitions import Scored
from surveyapp.results.figures import LEVEL, estimate


def ranking(found: Mapping[int, tuple[Scored, Sums]]) -> dict[int, Rank]:
    """The rank of each journey's score among all that are measured alike, 1 the worst.

    Without those of fewer than two answers, and those on another scale than most: nothing ranks them.
    """
    known = {key: each for key, each in found.items() if each[1].n >= 2}
    alike = Counter((each.definition.metric, each.definition.answers) for each, _ in known.values())
    if not alike:
        return {}
    usual, _ = alike.most_common(1)[0]
    ranked = {
        key: each
        for key, each in known.items()
        if (each[0].definition.metric, each[0].definition.answers) == usual
    }
    return dict(zip(ranked, _ranks(tuple(ranked.values())), strict=True))


@lru_cache(maxsize=64)  # asked again by every page until somebody answers
def _ranks(found: tuple[tuple[Scored, Sums], ...]) -> tuple[Rank, ...]:
    return ranks([estimate(scored, sums) for scored, sums in found], level=LEVEL)
