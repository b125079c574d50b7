"""Journeys beside journeys, channels beside channels, partners beside partners, with all pairs tested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from sqlalchemy.orm import Session

from instruments.loader import Library
from instruments.schema import Metric
from surveyapp.errors import Invalid
from surveyapp.journeys.portfolio import Listed
from surveyapp.results.cells import NOTHING, Sums
from surveyapp.results.definitions import Scored
from surveyapp.results.figures import differences, figure
from surveyapp.results.invariance.comparability import Comparability
from surveyapp.results.invariance.journey_verdicts import verdicts_between
from surveyapp.results.partners import partner_name
from surveyapp.results.portfolio.details import cells_of, grounds
from surveyapp.results.portfolio.headlines import HEADLINES, Monthly, headlines
from surveyapp.results.scope import Period
from surveyapp.results.view_models import Contrast, Definition, Figure, Hidden
from surveyapp.store.models import Touchpoint

MOST = 12  # groups: 66 pairs
MOST_JOURNEYS = 25  # whose touchpoints are read at once


class Groups(StrEnum):
    """What is set side by side."""

    JOURNEYS = "journeys"
    CHANNELS = "channels"
    PARTNERS = "partners"


@dataclass(frozen=True)
class Member:
    """A group's figure; of channels and partners all touchpoints that may be shown together."""

    name: str
    figure: Figure


@dataclass(frozen=True)
class Pair:
    """The first group minus the second; None where one of them is not shown, or has a single answer."""

    first: str
    second: str
    contrast: Contrast | None


@dataclass(frozen=True)
class Compared:
    """One score of all groups. ``pairs`` is None where nothing says that it measures the same in them.

    ``verdict``: of an index between journeys, the test of that; ``unpaired``: the journeys that the
    test does not speak of, and hence no pair.
    """

    definition: Definition
    members: tuple[Member, ...]
    pairs: tuple[Pair, ...] | None
    verdict: Comparability | None = None
    unpaired: tuple[str, ...] = ()


@dataclass(frozen=True)
class SideBySide:
    """The scores of all groups; ``tested``: differences that Holm's correction counts."""

    groups: Groups
    when: Period
    scores: tuple[Compared, ...]
    tested: int
    left_out: int  # groups beyond the most that are set side by side


_Found = dict[str, tuple[Scored, dict[str, tuple[Sums, Hidden]]]]  # by scale, then group


def side_by_side(
    session: Session,
    journeys: Sequence[Listed],
    groups: Groups,
    when: Period,
    *,
    minimum_cell: int = 5,
    library: Library,
) -> SideBySide:
    """The scores of these journeys, or of the channels or partners of their touchpoints.

    An index of several items is compared between journeys only where a stored test says that it
    measures the same in them from the same level, at least but for some items; between channels and
    partners, which no test compares, it stands side by side without differences. Raises Invalid for
    more journeys than can be set side by side.
    """
    most = most_journeys(groups)
    if len(journeys) > most:
        raise Invalid(f"{len(journeys)} journeys are too many; choose at most {most}.")
    verdicts: dict[str, Comparability] = {}
    known = _names(journeys)
    if groups is Groups.JOURNEYS:
        read = headlines(
            session, [each.id for each in journeys], minimum=minimum_cell, library=library
        )
        found, verdicts = _journeys(read, known, when), verdicts_between(session, read)
    else:
        found = _touchpoints(session, journeys, groups, when, minimum_cell, library)
    names = _most_answered(found)
    kept: _Found = {
        scale: (scored, {name: each for name, each in members.items() if name in names[:MOST]})
        for scale, (scored, members) in found.items()
    }
    paired = {
        scale: _paired(scored, list(members), verdicts.get(scale), known)
        for scale, (scored, members) in kept.items()
    }
    tested = {
        scale: list(combinations(several, 2))
        for scale, several in paired.items()
        if several is not None
    }
    contrasts = iter(
        differences(
            [
                (kept[scale][0], _shown(kept[scale][1][one]), _shown(kept[scale][1][other]))
                for scale, pairs in tested.items()
                for one, other in pairs
            ]
        )
    )
    pairs = {
        scale: tuple(Pair(one, other, next(contrasts)) for one, other in several)
        for scale, several in tested.items()
    }
    return SideBySide(
        groups=groups,
        when=when,
        scores=tuple(
            Compared(
                scored.definition,
                tuple(Member(name, figure(scored, *each)) for name, each in members.items()),
                pairs.get(scale),
                verdicts.get(scale),
                _unpaired(list(members), paired[scale]),
            )
            for scale, (scored, members) in kept.items()
        ),
        tested=sum(pair.contrast is not None for each in pairs.values() for pair in each),
        left_out=len(names) - len(names[:MOST]),
    )


def most_journeys(groups: Groups) -> int:
    """How many journeys can be chosen."""
    return MOST if groups is Groups.JOURNEYS else MOST_JOURNEYS


def _shown(each: tuple[Sums, Hidden]) -> Sums:
    sums, hidden = each
    return NOTHING if hidden else sums


def _most_answered(found: _Found) -> list[str]:
    """The groups, those with the most answers first."""
    answers: dict[str, int] = {}
    for _, members in found.values():
        for name, each in members.items():
            answers[name] = max(answers.get(name, 0), _shown(each).n)
    return sorted(answers, key=lambda name: (-answers[name], name))


def _paired(
    scored: Scored, members: list[str], verdict: Comparability | None, names: Mapping[int, str]
) -> list[str] | None:
    """The groups of which each pair is tested; None where no pair may be."""
    if scored.definition.metric is not Metric.INDEX:
        return members
    if verdict is None or not verdict.allows:
        return None
    covered = {names[number] for number in verdict.covered}
    return [name for name in members if name in covered]


def _unpaired(members: list[str], paired: list[str] | None) -> tuple[str, ...]:
    if paired is None:
        return ()
    return tuple(name for name in members if name not in paired)


def _journeys(
    read: Mapping[tuple[int, str], Monthly], names: Mapping[int, str], when: Period
) -> _Found:
    found: _Found = {}
    for scale in HEADLINES:
        for number, name in names.items():
            if (number, scale) in read:
                monthly = read[number, scale]
                _, members = found.setdefault(scale, (monthly.scored, {}))
                members[name] = monthly.sums(when)
    return found


def _names(journeys: Sequence[Listed]) -> Mapping[int, str]:
    """The journeys' names; of several with one name also their codes."""
    several = [each.name for each in journeys]
    return {
        each.id: each.name if several.count(each.name) == 1 else f"{each.name} ({each.code})"
        for each in journeys
    }


def _touchpoints(
    session: Session,
    journeys: Sequence[Listed],
    groups: Groups,
    when: Period,
    minimum: int,
    library: Library,
) -> _Found:
    """Touchpoints of a channel or partner together, without those that are hidden: a sum that held
    one would give it away.
    """
    bases = grounds(session, [each.id for each in journeys], library)
    scales = {scale for base in bases.values() for own in base.scored.values() for scale in own}
    cells = cells_of(session, bases, scales, when, minimum=minimum)
    spelled: dict[str, str] = {}
    found: _Found = {}
    for key, base in bases.items():
        for point in (point for stage in base.journey.stages for point in stage.touchpoints):
            name = _group_of(point, groups)
            if not name:
                continue
            name = spelled.setdefault(name.casefold(), name)
            for scale, scored in base.scored.get(point.id, {}).items():
                if scored.definition.parent is not None:
                    continue
                _, members = found.setdefault(scale, (scored, {}))
                if scored.definition.answers != found[scale][0].definition.answers:
                    continue
                before, was_hidden = members.get(name, (NOTHING, Hidden.NO))
                sums, hidden = cells[key].get((point.id, scale), (NOTHING, Hidden.NO))
                together = before + (NOTHING if hidden else sums)
                # Nothing to show where every touchpoint with answers is hidden.
                reason = Hidden.COMPLEMENT if hidden or was_hidden else Hidden.NO
                members[name] = together, Hidden.NO if together.n else reason
    return found


def _group_of(point: Touchpoint, groups: Groups) -> str:
    if groups is Groups.PARTNERS:
        return partner_name(point)
    return " ".join(point.channel.split())
