"""Threat 25 over paths of channels too: they give no group away beside all channels, languages and flags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest

from surveyapp.responses.facets import Facet
from surveyapp.results.facets import UNFLAGGED, Facets
from surveyapp.results.overlaps import overlaps
from surveyapp.results.path_publication import ChannelPath, PathGround
from surveyapp.results.publication import Publication, within
from surveyapp.results.view_models import Hidden
from surveyapp.store.models import EVERYBODY
from tests.security.test_differencing import MINIMUM, Month
from tests.security.test_differencing_facets import CHANNELS, CHOICES, Town, town

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
Asked = tuple[Facets, tuple[ChannelPath, ...]]


@dataclass(frozen=True)
class Travelled:
    """A town whose people came by channels."""

    town: Town
    people: Counter[Person]

    @property
    def ground(self) -> PathGround:
        counts: dict[Facet, dict[ChannelPath, dict[int, Counter[Month]]]] = {}
        kinds: dict[Facet, dict[ChannelPath, dict[frozenset[int], Counter[Month]]]] = {}
        for (facet, path, kind, month), n in self.people.items():
            own = kinds.setdefault(facet, {}).setdefault(path, {})
            own.setdefault(kind, Counter())[month] += n
            for segment in kind:
                by_segment = counts.setdefault(facet, {}).setdefault(path, {})
                by_segment.setdefault(segment, Counter())[month] += n
        lying = overlaps(tuple(enumerate(self.town.rules, start=1)))
        known = kinds if self.town.knows_kinds else None
        return PathGround(counts, lying, minimum=MINIMUM, kinds=known)


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


def shown(place: Travelled, told: dict[Asked, Publication]) -> list[Figure]:
    months = place.town.months
    starts, ends = [None, *months[1:]], [*months[:-1], None]
    segments = {segment for *_, kind, _ in place.people for segment in kind}
    return [
        (facets, paths, segment, since, until)
        for (facets, paths), one in told.items()
        for segment in sorted(segments)
        for i, since in enumerate(starts)
        for until in ends[i:]
        if one.why_hidden(segment, since, until) is Hidden.NO
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
        ground = place.ground
        told: dict[Asked, Publication] = {
            (facets, PATHS): place.town.published(facets) for facets in CHOICES
        }
        some = [UNFLAGGED, Facets(flagged=True), *(Facets(channel=each) for each in CHANNELS)]
        for facets, paths in product(some, GROUPS):
            told[facets, paths] = ground.publication(paths, facets)
        figures = shown(place, told)
        assert not attacked(place, figures), f"world {number}: {place}"
        cut += sum(
            any(held(person, each) for person in place.people)
            for each in figures
            if each[1] != PATHS
        )
    assert cut > WORLDS, "hiding everything is no protection"


def counted(**sizes: int) -> PathGround:
    names = {"web": WEB, "phone": PHONE, "over": OVER, "back": BACK, "unknown": UNKNOWN}
    by_path = {names[name]: {EVERYBODY: {(2026, 1): n}} for name, n in sizes.items()}
    return PathGround({Facet("link", "en", flagged=False): by_path}, overlaps(()), minimum=5)


@pytest.mark.parametrize(
    ("sizes", "hidden"),
    [
        ({"web": 9, "phone": 8, "over": 7}, []),
        ({"web": 9, "phone": 3, "over": 7}, [(WEB,), (PHONE,)]),  # with each other, they are 12
        ({"web": 9, "phone": 8, "over": 7, "back": 2}, [(OVER,), (BACK,)]),
        ({"web": 9, "phone": 8, "over": 2}, [(PHONE,), (OVER,), (WEB, PHONE), (OVER, BACK)]),
        ({"web": 9, "over": 7, "unknown": 1}, [(OVER,), (UNKNOWN,), (OVER, BACK), GROUPS[-1]]),
    ],
)
def test_rare_paths_are_taken_together(sizes, hidden):
    ground = counted(**sizes)
    found = [
        paths
        for paths in GROUPS
        if ground.publication(paths, UNFLAGGED).why_hidden(EVERYBODY) is not Hidden.NO
    ]
    assert found == hidden
