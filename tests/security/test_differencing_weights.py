"""Threat 25 over weights too: the groups behind weighted scores give nobody away beside all other figures.

A weighted score is one sum over its groups; the attacker is given every group's own figure, which is more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from surveyapp.responses.facets import Facet
from surveyapp.results.facets import Facets
from surveyapp.results.suppression.facet_publication import parts_of
from surveyapp.results.suppression.group_publication import UNKNOWN, groups_lying, told_groups
from surveyapp.results.suppression.overlaps import overlaps
from surveyapp.results.suppression.publication import Publication
from surveyapp.results.view_models import Hidden
from surveyapp.store.models import EVERYBODY
from tests.security.test_differencing import MINIMUM, Month
from tests.security.test_differencing_facets import CHOICES, Person, Town, attacked, shown, town

WORLDS = 30
GROUPS = (-1, -2, -3)
CELLS = {-2: '"region" in ("North")', -3: '"region" in ("South")'}  # and the east is in none
EVERY = (None, None)


@dataclass(frozen=True)
class Weighted:
    """A town whose people are of groups, which stand among the segments of ``grouped`` people."""

    town: Town
    grouped: Counter[Person]
    by_rule: bool = False  # the answers are too many to know more than their rules

    def told(self) -> Publication | None:
        counts: dict[Facet, dict[int, Counter[Month]]] = {}
        kinds: dict[Facet, dict[frozenset[int], Counter[Month]]] = {}
        for (facet, kind, month), n in self.town.people.items():
            kinds.setdefault(facet, {}).setdefault(kind, Counter())[month] += n
            for segment in kind:
                counts.setdefault(facet, {}).setdefault(segment, Counter())[month] += n
        lying = overlaps(tuple(enumerate(self.town.rules, start=1)))
        known = kinds if self.town.knows_kinds else None
        parts = parts_of(counts, lying, minimum=MINIMUM, kinds=known)
        by_group: dict[Facet, dict[frozenset[int], Counter[Month]]] = {}
        for (facet, kind, month), n in self.grouped.items():
            if not facet.flagged:
                by_group.setdefault(facet, {}).setdefault(kind, Counter())[month] += n
        counted: dict[Facet, dict[int, Counter[Month]]] = {}
        for facet, own in by_group.items():
            for kind, months in own.items():
                for number in kind:
                    counted.setdefault(facet, {}).setdefault(number, Counter()).update(months)
        published = self.town.published(Facets())
        if self.by_rule:
            rules = tuple(enumerate(self.town.rules, start=1))
            lying = groups_lying(rules, tuple(CELLS.items()))
            return told_groups(published, parts, counted, None, lying)
        return told_groups(published, parts, counted, by_group)


def weighted(rng: np.random.Generator) -> Weighted:
    """Groups that lie across the segments, or nearly along one of them."""
    place = town(rng)
    shares = rng.dirichlet(np.full(len(GROUPS), 4))
    along = bool(rng.random() < 0.5)
    grouped: Counter[Person] = Counter()
    for (facet, kind, month), n in place.people.items():
        own = np.array([0.95, 0.03, 0.02]) if along and 1 in kind else shares
        for group, part in zip(GROUPS, rng.multinomial(n, own), strict=True):
            if part:
                grouped[facet, kind | {group}, month] += int(part)
    return Weighted(place, grouped)


def ruled(rng: np.random.Generator) -> Weighted:
    """Groups that are known by their rules alone, as those of very many answers are."""
    whole = town(rng, CELLS, UNKNOWN)
    plain: Counter[Person] = Counter()
    for (facet, kind, month), n in whole.people.items():
        plain[facet, frozenset(each for each in kind if each >= EVERYBODY), month] += n
    return Weighted(Town(whole.rules, plain, knows_kinds=False), whole.people, by_rule=True)


@pytest.mark.parametrize(("make", "least"), [(weighted, 2), (ruled, 0.5)])
def test_no_small_group_follows_from_groups_beside_channels_languages_and_flags(
    make: Callable[[np.random.Generator], Weighted], least: float
):
    rng = np.random.default_rng(89)
    found = 0
    for number in range(WORLDS):
        place = make(rng)
        figures = shown(place.town, {one: place.town.published(one) for one in CHOICES})
        told = place.told()
        if told is None:
            continue
        seen = Town(place.town.rules, place.grouped, place.town.knows_kinds)
        own = [figure for figure in shown(seen, {Facets(): told}) if figure[1] in GROUPS]
        assert {group for _, group, *when in own if tuple(when) == EVERY} == {
            group
            for _, kind, _ in place.grouped
            for group in kind
            if group in GROUPS
            if told.why_hidden(group) is Hidden.NO and told.counts.get(group)
        }
        assert not attacked(seen, [*figures, *own]), f"world {number}: {place}"
        found += len(own)
    assert found > least * WORLDS, "hiding everything is no protection"


def test_the_attacker_finds_people_where_every_group_is_told():
    rng = np.random.default_rng(89)
    found = 0
    for _ in range(WORLDS):
        place = weighted(rng)
        figures = shown(place.town, {one: place.town.published(one) for one in CHOICES})
        seen = Town(place.town.rules, place.grouped, place.town.knows_kinds)
        every = [(Facets(), group, *EVERY) for group in GROUPS]
        found += bool(attacked(seen, [*figures, *every]))
    assert found
