"""Threat 25 over channels, languages and flags too: a reader of all their figures finds no hidden group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations, product
from types import MappingProxyType

import numpy as np
import pytest

from surveyapp.journeys.segments import parse
from surveyapp.responses.facets import Facet
from surveyapp.results.facets import Facets
from surveyapp.results.suppression.facet_publication import facet_publication
from surveyapp.results.suppression.overlaps import overlaps
from surveyapp.results.suppression.publication import Publication, within
from surveyapp.results.view_models import Hidden
from surveyapp.store.models import EVERYBODY
from tests.security.test_differencing import MINIMUM, RULES, Month

WORLDS = 25
CHANNELS, LANGUAGES = ("link", "kiosk", "invitation"), ("en", "fi")
Person = tuple[Facet, frozenset[int], Month]
CHOICES = [Facets(*choice) for choice in product(("", *CHANNELS), ("", *LANGUAGES), (False, True))]


@dataclass(frozen=True)
class Town:
    """How many people of each kind answered when, how and in which language."""

    rules: tuple[str, ...]
    people: Counter[Person]
    knows_kinds: bool

    @property
    def months(self) -> list[Month]:
        return sorted({month for *_, month in self.people})

    def published(self, facets: Facets) -> Publication:
        counts: dict[Facet, dict[int, Counter[Month]]] = {}
        kinds: dict[Facet, dict[frozenset[int], Counter[Month]]] = {}
        for (facet, kind, month), n in self.people.items():
            kinds.setdefault(facet, {}).setdefault(kind, Counter())[month] += n
            for segment in kind:
                counts.setdefault(facet, {}).setdefault(segment, Counter())[month] += n
        lying = overlaps(tuple(enumerate(self.rules, start=1)))
        known = kinds if self.knows_kinds else None
        return facet_publication(counts, facets, lying, minimum=MINIMUM, kinds=known)


def town(
    rng: np.random.Generator, groups: Mapping[int, str] = MappingProxyType({}), rest: int = 0
) -> Town:
    """Some people; whoever meets the rule of none of further ``groups`` is of the group ``rest``."""
    apart = {number: parse(rule) for number, rule in groups.items()}
    rules = tuple(map(str, rng.choice(RULES, rng.integers(0, 4), replace=False)))
    parsed = [parse(rule) for rule in rules]
    months = [(2025 + m // 12, m % 12 + 1) for m in range(9, 9 + int(rng.integers(1, 5)))]
    busy = rng.dirichlet(np.full(len(months), 5))
    by_channel = rng.dirichlet(np.full(len(CHANNELS), rng.choice([0.5, 3])))
    finnish, unusual = rng.choice([0.0, 0.1, 0.5]), rng.choice([0.0, 0.02, 0.2])
    people: Counter[Person] = Counter()
    for _ in range(rng.integers(20, 400)):
        attributes = {
            "region": str(rng.choice(["North", "South", "East"], p=[0.3, 0.3, 0.4])),
            "tenure": float(rng.integers(0, 8)),
            "channel": str(rng.choice(["app", "web"])),
        }
        inside = [s for s, rule in enumerate(parsed, start=1) if rule.matches(attributes)]
        own = [number for number, rule in apart.items() if rule.matches(attributes)]
        inside += own or [rest] if groups else []
        facet = Facet(
            str(rng.choice(CHANNELS, p=by_channel)),
            LANGUAGES[int(rng.random() < finnish)],
            bool(rng.random() < unusual),
        )
        month = months[int(rng.choice(len(months), p=busy))]
        people[facet, frozenset((EVERYBODY, *inside)), month] += 1
    return Town(rules, people, bool(rng.random() < 0.5))


Figure = tuple[Facets, int, Month | None, Month | None]


def shown(place: Town, told: dict[Facets, Publication]) -> list[Figure]:
    """Every figure of a segment, channel, language and period, with flagged answers and without."""
    months = place.months
    starts, ends = [None, *months[1:]], [*months[:-1], None]
    segments = {segment for _, kind, _ in place.people for segment in kind}
    return [
        (facets, segment, since, until)
        for facets, one in told.items()
        for segment in sorted(segments)
        for i, since in enumerate(starts)
        for until in ends[i:]
        if one.why_hidden(segment, since, until) is Hidden.NO
    ]


def attacked(place: Town, figures: list[Figure]) -> list[Person]:
    """People of a group of fewer than five that the figures add up to; empty if there is none.

    The attacker knows who of every kind answered when and how. A group is told when its own set is a
    sum of the figures' sets: when it has no part in any direction that they leave open.
    """
    people = sorted(place.people, key=str)
    table = np.array(
        [
            [
                facets.holds(facet) and segment in kind and within(month, since, until)
                for facet, kind, month in people
            ]
            for facets, segment, since, until in figures
        ],
        dtype=float,
    ).reshape(-1, len(people))
    table = np.vstack([np.unique(table, axis=0), np.zeros((len(people), len(people)))])
    _, strength, directions = np.linalg.svd(table, full_matrices=False)
    unknown = directions[int((strength > 1e-9).sum()) :]
    small = [at for at, person in enumerate(people) if place.people[person] < MINIMUM]
    # One number stands for each group: a random mix of its parts in the open directions.
    mix = np.random.default_rng(7).standard_normal(len(unknown)) @ unknown[:, small]
    halves = [(), *((a,) for a in range(len(small))), *combinations(range(len(small)), 2)]
    values = np.array([0.0, *mix, *(mix[a] + mix[b] for a, b in halves[1 + len(small) :])])
    order = np.argsort(values)
    first, last = (np.searchsorted(values[order], near - values) for near in (-1e-8, 1e-8))
    for at in np.flatnonzero(first < last):
        for other in order[first[at] : last[at]]:
            chosen = [small[one] for one in {*halves[at], *halves[other]}]
            size = sum(place.people[people[one]] for one in chosen)
            whole = np.abs(unknown[:, chosen].sum(axis=1)).max(initial=0.0) < 1e-7
            if 0 < size < MINIMUM and whole:
                return [people[one] for one in chosen]
    return []


def test_no_small_group_follows_from_all_channels_languages_and_flags_together():
    rng = np.random.default_rng(38)
    cut = Counter[bool]()
    for number in range(WORLDS):
        place = town(rng)
        told = {facets: place.published(facets) for facets in CHOICES}
        figures = shown(place, told)
        assert not attacked(place, figures), f"world {number}: {place}"
        for facets, segment, since, until in figures:
            if any(
                facets.holds(facet) and segment in kind and within(month, since, until)
                for facet, kind, month in place.people
            ):
                cut[facets != Facets()] += 1
    assert cut[False] > 5 * WORLDS
    assert cut[True] > 5 * WORLDS, "hiding everything is no protection"


JANUARY, FEBRUARY = (2026, 1), (2026, 2)
LINK, KIOSK = Facet("link", "en", False), Facet("kiosk", "en", False)


def two_channels(link: tuple[int, int], kiosk: tuple[int, int], flagged: int = 0) -> Town:
    everybody = frozenset({EVERYBODY})
    people: Counter[Person] = Counter()
    for facet, (first, second) in ((LINK, link), (KIOSK, kiosk)):
        people[facet, everybody, JANUARY] += first
        people[facet, everybody, FEBRUARY] += second
    people[LINK._replace(flagged=True), everybody, FEBRUARY] += flagged
    return Town((), +people, knows_kinds=True)


def test_a_channel_that_is_looked_at_alone_gives_away_what_a_month_lacks():
    """Twelve in January, of which ten came by the link, all of whose answers are of January."""
    place = two_channels((10, 0), (2, 10))
    alone = {
        Facets(): place.published(Facets()),
        Facets("link"): Publication(
            {EVERYBODY: {JANUARY: 10}}, {EVERYBODY: ((JANUARY, FEBRUARY),)}, MINIMUM
        ),
    }
    assert attacked(place, shown(place, alone))
    assert not attacked(place, shown(place, {each: place.published(each) for each in CHOICES}))


@pytest.mark.parametrize(
    ("place", "facets", "january", "february"),
    [
        (two_channels((10, 20), (6, 9)), Facets("kiosk"), Hidden.NO, Hidden.NO),
        (two_channels((10, 20), (3, 9)), Facets("kiosk"), Hidden.FEW, Hidden.NO),
        (two_channels((10, 20), (3, 9)), Facets("link"), Hidden.COMPLEMENT, Hidden.NO),
        (two_channels((10, 20), (0, 9)), Facets("link"), Hidden.NO, Hidden.NO),
        (two_channels((10, 20), (6, 9), 2), Facets(flagged=True), Hidden.NO, Hidden.COMPLEMENT),
        (two_channels((10, 20), (6, 9), 7), Facets(flagged=True), Hidden.NO, Hidden.NO),
        (two_channels((10, 20), (6, 9), 2), Facets(), Hidden.NO, Hidden.NO),
    ],
)
def test_what_is_hidden_of_a_channel_and_of_flagged_answers(
    place: Town, facets: Facets, january: Hidden, february: Hidden
):
    told = place.published(facets)
    assert told.why_hidden(EVERYBODY, JANUARY, JANUARY) is january
    assert told.why_hidden(EVERYBODY, FEBRUARY, FEBRUARY) is february
    whole = told.why_hidden(EVERYBODY)
    assert bool(whole) is bool(january or february)
