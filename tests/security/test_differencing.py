"""Threat 25: a reader of everything that is published solves it for a hidden group, and finds none."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest

from surveyapp.journeys.segments import parse
from surveyapp.results.suppression import publication as module
from surveyapp.results.suppression.overlaps import overlaps
from surveyapp.results.suppression.publication import Publication, publication
from surveyapp.results.view_models import Hidden
from surveyapp.store.models import EVERYBODY

MINIMUM = 5
WORLDS = 60
RULES = (
    "region = North",
    "region in (North, South)",
    "tenure < 2",
    "tenure < 2 and region = North",
    "channel = app",
    "channel in (app, web) and tenure < 5",
    "not region = North",
    "region = South or channel = app",
)

Month = tuple[int, int]


@dataclass(frozen=True)
class Town:
    """Some customers with their attributes, the months of their answers, and overlapping segments."""

    rules: tuple[str, ...]
    kinds: dict[frozenset[int], Counter[Month]]
    months: list[Month]

    @property
    def counts(self) -> dict[int, Counter[Month]]:
        found: dict[int, Counter[Month]] = {EVERYBODY: Counter()}
        for kind, months in self.kinds.items():
            for segment in kind:
                found.setdefault(segment, Counter()).update(months)
        return found

    def published(self) -> Publication:
        rules = tuple(enumerate(self.rules, start=1))
        return publication(self.counts, overlaps(rules), minimum=MINIMUM, kinds=self.kinds)


def town(rng: np.random.Generator) -> Town:
    rules = tuple(map(str, rng.choice(RULES, rng.integers(1, 5), replace=False)))
    parsed = [parse(rule) for rule in rules]
    months = [(2025 + m // 12, m % 12 + 1) for m in range(9, 9 + int(rng.integers(1, 7)))]
    busy = rng.dirichlet(np.full(len(months), rng.choice([0.5, 2, 10])))
    kinds: dict[frozenset[int], Counter[Month]] = {}
    for _ in range(rng.integers(8, 90)):
        person = {
            "region": str(rng.choice(["North", "South", "East"])),
            "tenure": float(rng.integers(0, 8)),
            "channel": str(rng.choice(["app", "web", "branch"])),
        }
        inside = (s for s, rule in enumerate(parsed, start=1) if rule.matches(person))
        month = months[int(rng.choice(len(months), p=busy))]
        kinds.setdefault(frozenset((EVERYBODY, *inside)), Counter())[month] += 1
    return Town(rules, kinds, months)


def shown(place: Town, told: Publication) -> list[tuple[int, Month | None, Month | None]]:
    """Every figure of a segment in a period that any page, report or program is given."""
    starts: list[Month | None] = [None, *place.months[1:]]
    ends: list[Month | None] = [*place.months[:-1], None]
    return [
        (segment, since, until)
        for segment in place.counts
        for i, since in enumerate(starts)
        for until in ends[i:]
        if told.why_hidden(segment, since, until) is Hidden.NO
    ]


def attacked(place: Town, told: Publication) -> list[int]:
    """Sizes of a group of fewer than five whose sums and counts follow from shown ones; empty if none.

    The attacker knows who of which kind answered in which month. Counts, sums, sums of squares and
    histograms are all sums over people, of any score: what holds for one of them holds for each.
    """
    people = [(kind, month) for kind, months in place.kinds.items() for month in months]
    sizes = [place.kinds[kind][month] for kind, month in people]
    figures = np.array(
        [
            [segment in kind and module.within(month, since, until) for kind, month in people]
            for segment, since, until in shown(place, told)
        ],
        dtype=float,
    ).reshape(-1, len(people))
    _, strength, directions = np.linalg.svd(figures)
    unknown = directions[int((strength > 1e-9).sum()) :]
    small = [at for at, size in enumerate(sizes) if size < MINIMUM]

    def search(start: int, chosen: list[int], left: int, beyond: np.ndarray) -> list[int]:
        if chosen and np.abs(beyond).max(initial=0.0) < 1e-8:
            return [sizes[at] for at in chosen]
        for place, at in enumerate(small[start:], start + 1):
            if sizes[at] < left and (
                found := search(place, [*chosen, at], left - sizes[at], beyond + unknown[:, at])
            ):
                return found
        return []

    return search(0, [], MINIMUM, np.zeros(len(unknown)))


def test_no_small_group_follows_from_everything_that_is_published():
    rng = np.random.default_rng(25)
    figures = 0
    for number in range(WORLDS):
        place = town(rng)
        told = place.published()
        assert not attacked(place, told), f"world {number}: {place}"
        figures += len(shown(place, told))
    assert figures > 10 * WORLDS, "hiding everything is no protection"


def test_the_attacker_finds_a_small_group_where_each_segment_is_looked_at_alone():
    """Months of enough people inside and outside each segment do not protect two segments together."""
    place = Town(
        ("region = North", "region in (North, South)"),
        {
            frozenset({0}): Counter({(2026, 1): 20, (2026, 2): 20}),
            frozenset({0, 2}): Counter({(2026, 1): 1, (2026, 2): 10}),
            frozenset({0, 1, 2}): Counter({(2026, 1): 9, (2026, 2): 30}),
        },
        [(2026, 1), (2026, 2)],
    )
    alone = dict.fromkeys(place.counts, (((2026, 1), (2026, 1)), ((2026, 2), (2026, 2))))
    assert attacked(place, Publication(place.counts, alone, MINIMUM)) == [1]
    assert not attacked(place, place.published())


@pytest.mark.parametrize("many", [14, 30])
def test_many_segments_are_combined_by_twos_and_threes(many: int):
    rules = tuple((n, f"team = t{n}") for n in range(1, many + 1))
    counts = {n: Counter({(2026, 1): 10}) for n, _ in rules}
    counts[1] = Counter({(2026, 1): 3})
    counts[EVERYBODY] = Counter({(2026, 1): 10 * (many - 1) + 3})
    told = publication(counts, overlaps(rules), minimum=MINIMUM)
    reasons = Counter(told.why_hidden(n) for n in counts)
    assert reasons[Hidden.FEW] == 1
    assert reasons[Hidden.COMPLEMENT] == 1
