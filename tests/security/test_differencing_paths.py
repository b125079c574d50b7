"""Threat 25 over paths of channels too: they give no group away beside all channels, languages and flags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np
import pytest

from surveyapp.responses.facets import Facet
from surveyapp.results.facets import UNFLAGGED, Facets
from surveyapp.results.suppression.path_publication import (
    ChannelPath,
    PathPublication,
    path_publication,
)
from surveyapp.results.suppression.publication import within
from surveyapp.results.view_models import Hidden
from surveyapp.store.models import EVERYBODY
from tests.security.test_differencing import MINIMUM, Month
from tests.security.test_differencing_facets import CHOICES, Town, town
from tests.security.test_differencing_facets import shown as figures_of

WORLDS = 12
WEB, PHONE = ChannelPath("web"), ChannelPath("phone")
OVER, BACK, UNKNOWN = ChannelPath("web", "phone"), ChannelPath("phone", "web"), ChannelPath()
PATHS = (WEB, PHONE, OVER, BACK, UNKNOWN)
GROUPS = (
    *((path,) for path in PATHS),
    (WEB, PHONE),
    (OVER, BACK),
    (WEB, PHONE, OVER, BACK),
)
Person = tuple[Facet, ChannelPath, frozenset[int], Month]


@dataclass(frozen=True)
class Travelled:
    """A town whose people came by channels."""

    town: Town
    people: Counter[Person]

    def publication(self) -> PathPublication:
        cells: dict[Hashable, Counter[ChannelPath]] = {}
        for (facet, path, kind, month), n in self.people.items():
            if not facet.flagged:
                cells.setdefault((facet, kind, month), Counter())[path] += n
        whole = self.town.published(UNFLAGGED).why_hidden(EVERYBODY)
        return path_publication(cells, minimum=MINIMUM, everybody=whole is Hidden.NO)


def travelled(rng: np.random.Generator) -> Travelled:
    place = town(rng)
    shares = rng.dirichlet(np.full(len(PATHS), rng.choice([0.6, 4])))
    people: Counter[Person] = Counter()
    for (facet, kind, month), n in place.people.items():
        for path, part in zip(PATHS, rng.multinomial(n, shares), strict=True):
            if part:
                people[facet, path, kind, month] += int(part)
    return Travelled(place, people)


Figure = tuple[Facets, tuple[ChannelPath, ...], int, Month | None, Month | None]


def shown(place: Travelled) -> list[Figure]:
    """Every figure of segments, months, channels and languages, and those of paths."""
    told = {facets: place.town.published(facets) for facets in CHOICES}
    paths = place.publication()
    return [
        *((facets, PATHS, *each) for facets, *each in figures_of(place.town, told)),
        *(
            (UNFLAGGED, group, EVERYBODY, None, None)
            for group in GROUPS
            if paths.why_hidden(group) is Hidden.NO
        ),
    ]


def held(person: Person, figure: Figure) -> bool:
    (facet, path, kind, month), (facets, paths, segment, since, until) = person, figure
    return facets.holds(facet) and path in paths and segment in kind and within(month, since, until)


def attacked(place: Travelled, figures: Iterable[Figure]) -> list[Person]:
    """People of a kind, or of two, of fewer than five whose own set is a sum of the figures' sets."""
    people = sorted(place.people, key=str)
    rows = [[held(person, each) for person in people] for each in figures]
    table = np.unique(np.array(rows, dtype=float).reshape(-1, len(people)), axis=0)
    table = np.vstack([table, np.zeros((len(people), len(people)))])
    _, strength, directions = np.linalg.svd(table, full_matrices=False)
    unknown = directions[int((strength > 1e-9).sum()) :]
    small = [at for at, person in enumerate(people) if place.people[person] < MINIMUM]
    for i, one in enumerate(small):
        for chosen in ([one], *([one, other] for other in small[:i])):
            size = sum(place.people[people[each]] for each in chosen)
            if size < MINIMUM and np.abs(unknown[:, chosen].sum(axis=1)).max(initial=0.0) < 1e-7:
                return [people[each] for each in chosen]
    return []


def test_no_small_group_follows_from_paths_beside_channels_languages_and_flags():
    rng = np.random.default_rng(46)
    cut = 0
    for number in range(WORLDS):
        place = travelled(rng)
        figures = shown(place)
        assert not attacked(place, figures), f"world {number}: {place}"
        cut += sum(
            any(held(person, each) for person in place.people)
            for each in figures
            if each[1] != PATHS
        )
    assert cut > 2 * WORLDS, "hiding everything is no protection"


def published(*cells: dict[ChannelPath, int]) -> list[tuple[ChannelPath, ...]]:
    """The groups of paths that are hidden of people in these cells."""
    found = path_publication(dict(enumerate(cells)), minimum=5, everybody=True)
    return [group for group in GROUPS if found.why_hidden(group) is not Hidden.NO]


@pytest.mark.parametrize(
    ("sizes", "hidden"),
    [
        ({WEB: 9, PHONE: 8, OVER: 7}, []),
        ({WEB: 9, PHONE: 3, OVER: 7}, [(WEB,), (PHONE,)]),  # with each other, they are 12
        ({WEB: 9, PHONE: 8, OVER: 7, BACK: 2}, [(OVER,), (BACK,)]),
        ({WEB: 9, PHONE: 8, OVER: 2}, [(PHONE,), (OVER,), (WEB, PHONE), (OVER, BACK)]),
        ({WEB: 9, OVER: 7, UNKNOWN: 1}, [(OVER,), (UNKNOWN,), (OVER, BACK), GROUPS[-1]]),
    ],
)
def test_rare_paths_are_taken_together(sizes, hidden):
    assert published(sizes) == hidden


def test_paths_that_a_segment_or_month_tells_apart_already_are_taken_together():
    """All of the web but 2 came in one month, all by phone in another: a sum would tell of the 2."""
    january, february = {WEB: 20}, {PHONE: 20, WEB: 2}
    assert published(january, february) == [(WEB,), (PHONE,)]
    assert published({WEB: 20, PHONE: 5}, {PHONE: 20, WEB: 5}) == []


def test_nothing_is_told_where_the_figure_of_everybody_is_not():
    found = path_publication({0: {WEB: 9, PHONE: 9}}, minimum=5, everybody=False)
    assert found.why_hidden((WEB,)) is Hidden.COMPLEMENT
